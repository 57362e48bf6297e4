#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use tempfile::TempDir;

use super::*;
use crate::data::dataset::Dataset;
use crate::format::npz::tests::{Array, sweep, write};
use crate::format::place::Place;
use crate::format::reader::tests::opened;
use crate::ground::fault::Fault;

/// Rows whose observation is (row, 0.5), action and reward 10 row; the discount is 1, and `last` in the last row.
fn arrays(rows: usize, last: f32) -> Vec<Array> {
    vec![
        Array::f32("observation", &[rows, 2], (0..rows).flat_map(|r| [r as f32, 0.5])),
        Array::f32("action", &[rows, 1], (0..rows).map(|r| 10.0 * r as f32)),
        Array::f32("reward", &[rows, 1], (0..rows).map(|r| 10.0 * r as f32)),
        Array::f32("discount", &[rows, 1], (0..rows).map(|r| if r + 1 == rows { last } else { 1.0 })),
        Array::f32("physics", &[rows, 3], vec![0.0; 3 * rows]),
    ]
}

fn folder(files: &[(&str, Vec<Array>)]) -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    for (name, arrays) in files {
        write(&dir.path().join(name), arrays);
    }
    dir
}

fn open(dir: &TempDir) -> Result<Dataset, String> {
    opened(&ExOrl, dir.path(), &Ctx::quiet()).map_err(|e| e.to_string())
}

#[test]
fn the_dummy_row_is_dropped_and_files_are_in_the_order_of_their_numbers() {
    let dir = folder(&[
        ("episode_10_2.npz", arrays(3, 1.0)),
        ("episode_9_3.npz", arrays(4, 0.0)),
        ("notes.npz", arrays(2, 1.0)),
    ]);
    assert!(ExOrl.probe(&Place::new(dir.path())));
    let data = open(&dir).unwrap();
    let ends: Vec<_> = data.spans().iter().map(|s| (s.id, s.steps, s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(9, 3, true, false), (10, 2, false, true)]);
    let e = data.episode(0);
    assert_eq!((e.actions, e.rewards), (&[10.0, 20.0, 30.0][..], &[10.0, 20.0, 30.0][..]));
    assert_eq!((e.obs_at(0), e.obs_at(3)), (&[0.0, 0.5][..], &[3.0, 0.5][..]));
    assert!(data.origin.warnings.is_empty(), "{:?}", data.origin.warnings);
    let rules = data.origin.rules.join("\n");
    for said in ["row 0 is the reset", "last discount is 0", "not read: 'physics'"] {
        assert!(rules.contains(said), "{rules}");
    }
}

#[test]
fn gaps_wrong_names_and_early_zeros_become_warnings() {
    let mut early = arrays(4, 1.0);
    early[3] = Array::f32("discount", &[4], [1.0, 0.0, 1.0, 1.0]);
    let dir =
        folder(&[("episode_2_9.npz", arrays(3, 1.0)), ("episode_5_3.npz", early), ("episode_6_0.npz", arrays(1, 1.0))]);
    let data = open(&dir).unwrap();
    assert_eq!(data.num_episodes(), 2);
    let warnings = data.origin.warnings.join("\n");
    for said in [
        "1 files have another length than their name says; what is in them is read (first: episode_2_9.npz)",
        "1 files have no step and are left out (first: episode_6_0.npz)",
        "1 files have a discount of 0 before their last row",
        "2 episode numbers are missing (first: 3)",
    ] {
        assert!(warnings.contains(said), "{warnings}");
    }
}

#[test]
fn a_single_file_opens_too() {
    let dir = folder(&[("some.npz", arrays(4, 1.0))]);
    let path = dir.path().join("some.npz");
    assert!(ExOrl.probe(&Place::new(&path)));
    assert_eq!(opened(&ExOrl, &path, &Ctx::quiet()).unwrap().num_steps(), 3);
}

#[test]
fn bad_files_are_named_with_key_and_remedy() {
    let with = |at: usize, array: Array| {
        let mut bad = arrays(4, 1.0);
        bad[at] = array;
        // The third one is bad as well, the second is named.
        let third = bad.clone();
        open(&folder(&[("episode_0_3.npz", arrays(4, 1.0)), ("episode_1_3.npz", bad), ("episode_2_3.npz", third)]))
            .unwrap_err()
    };
    for (problem, why) in [
        (with(2, Array::f32("x", &[4], [0.0; 4])), "'reward' is missing; the file has"),
        (with(1, Array::f32("action", &[4, 2], [0.0; 8])), "'action' has 2 values a row, 1 are needed"),
        (with(0, Array::f32("observation", &[4, 3], [0.0; 12])), "'observation' has 3 values a row, 2 are needed"),
        (with(3, Array::f32("discount", &[3], [0.0; 3])), "'discount' has 3 rows and 'observation' 4"),
        (with(1, Array::objects("action")), "'action' holds Python objects"),
    ] {
        assert!(problem.contains(why) && problem.contains("episode_1_3.npz"), "{problem}");
    }
    let mut pixels = arrays(2, 1.0);
    pixels[0] = Array::new("observation", "|u1", &[2, 3, 2, 2], vec![0; 24]);
    assert!(open(&folder(&[("episode_0_1.npz", pixels)])).unwrap_err().contains("holds images"));
    assert!(open(&folder(&[])).unwrap_err().contains("episode_<number>_<length>.npz"));
}

#[test]
fn every_prefix_of_a_file_is_survived_and_links_out_are_not_followed() {
    let dir = folder(&[("episode_0_3.npz", arrays(4, 1.0))]);
    let path = dir.path().join("episode_0_3.npz");
    #[cfg(unix)]
    {
        let other = tempfile::tempdir().expect("temporary folder");
        std::os::unix::fs::symlink(&path, other.path().join("episode_0_3.npz")).expect("linked");
        assert!(!ExOrl.probe(&Place::new(other.path())));
        assert!(open(&other).unwrap_err().contains("link out of its folder"));
    }
    sweep(&path, |_| assert!(open(&dir).is_err()));
}

#[test]
fn a_cancel_stops_between_files() {
    let dir = folder(&[("episode_0_3.npz", arrays(4, 1.0))]);
    let cancel = crate::ground::task::Cancel::default();
    cancel.cancel();
    let stopped = opened(&ExOrl, dir.path(), &Ctx::new(cancel, |_| {}));
    assert!(matches!(stopped, Err(Fault::Cancelled)));
}
