#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use super::*;
use crate::format::npz::tests::{Array, sweep, write, write_stored};
use crate::format::place::Place;
use crate::format::reader::tests::agree;
use crate::format::reader::tests::opened;

/// Rows whose observation is (row, 1), the next one (row + 1, 1), action and reward 10 row; `jumps` are rows whose next
/// observation is another.
fn arrays(rows: usize, terminated: &[usize], truncated: &[usize], jumps: &[usize]) -> Vec<Array> {
    let next = |r: usize| if jumps.contains(&r) { 100.0 } else { r as f32 + 1.0 };
    vec![
        Array::f32("obs", &[rows, 2], (0..rows).flat_map(|r| [r as f32, 1.0])),
        Array::f32("next_obs", &[rows, 2], (0..rows).flat_map(|r| [next(r), 1.0])),
        Array::f32("action", &[rows, 1], (0..rows).map(|r| 10.0 * r as f32)),
        Array::f32("reward", &[rows], (0..rows).map(|r| 10.0 * r as f32)),
        Array::flags("terminated", rows, terminated),
        Array::flags("truncated", rows, truncated),
    ]
}

fn along(mut arrays: Vec<Array>, trajectories: &[[i64; 2]]) -> Vec<Array> {
    arrays.push(Array::i64("trajectory_indices", &[trajectories.len(), 2], trajectories.iter().flatten().copied()));
    arrays
}

fn open(arrays: &[Array]) -> Result<Dataset, String> {
    let dir = tempfile::tempdir().expect("temporary folder");
    write(&dir.path().join(FILE), arrays);
    assert!(
        MbrlReplay.probe(&Place::new(dir.path())) && MbrlReplay.probe(&Place::new(&dir.path().join(FILE))),
        "folder and file are recognised"
    );
    opened(&MbrlReplay, dir.path(), &Ctx::quiet()).map_err(|e| e.to_string())
}

fn ends(data: &Dataset) -> Vec<(usize, bool, bool)> {
    data.spans().iter().map(|s| (s.steps, s.terminated, s.truncated)).collect()
}

#[test]
fn trajectories_are_episodes_and_rows_outside_come_last() {
    let data = open(&along(arrays(9, &[4], &[], &[1, 4]), &[[5, 8], [2, 5]])).unwrap();
    assert_eq!(ends(&data), [(3, false, true), (3, true, false), (2, false, true), (1, false, false)]);
    let e = data.episode(1);
    assert_eq!(
        (e.actions, e.rewards, e.obs_at(3)),
        (&[20.0, 30.0, 40.0][..], &[20.0, 30.0, 40.0][..], &[100.0, 1.0][..])
    );
    assert!(data.next_obs.is_none());
    assert_eq!(data.obs_space.names, ["obs[0]", "obs[1]"]);
    assert!(data.origin.warnings[0].contains("3 rows belong to no trajectory"), "{:?}", data.origin.warnings);
    assert!(data.origin.rules[0].starts_with("episodes are the trajectories of the file"));
}

#[test]
fn a_flag_inside_a_trajectory_ends_an_episode_and_a_jump_is_kept_with_a_warning() {
    let data = open(&along(arrays(6, &[1], &[5], &[3]), &[[0, 6]])).unwrap();
    assert_eq!(ends(&data), [(2, true, false), (4, false, true)]);
    assert!(data.origin.warnings[0].contains("1 differ"), "{:?}", data.origin.warnings);
    assert_eq!(data.episode(1).next_obs_at(1), Some(&[100.0, 1.0][..]));
}

#[test]
fn without_trajectories_flags_and_jumps_cut() {
    let none = Array::new("trajectory_indices", "<f8", &[0], vec![]);
    let mut listed = arrays(8, &[1], &[3], &[5]);
    for arrays in [listed.clone(), {
        listed.push(none);
        listed
    }] {
        let data = open(&arrays).unwrap();
        assert_eq!(ends(&data), [(2, true, false), (2, false, true), (2, false, true), (2, false, false)]);
        assert!(data.origin.rules[0].contains("where next_obs is not the following obs"), "{:?}", data.origin.rules);
        assert!(data.origin.warnings.is_empty());
    }
}

#[test]
fn buffers_of_older_versions_have_done() {
    let mut old = arrays(4, &[], &[], &[]);
    old.truncate(4);
    old.push(Array::flags("done", 4, &[1]));
    let data = open(&old).unwrap();
    assert_eq!(ends(&data), [(2, true, false), (2, false, false)]);
    assert!(data.origin.rules.iter().any(|r| r.starts_with("done is taken as terminated")));
}

#[test]
fn bad_files_are_named_with_key_and_remedy() {
    let with = |at: usize, array: Array| {
        let mut bad = arrays(4, &[], &[], &[]);
        bad[at] = array;
        open(&bad).unwrap_err()
    };
    let lists = |trajectories: &[[i64; 2]]| open(&along(arrays(4, &[], &[], &[]), trajectories)).unwrap_err();
    for (problem, why) in [
        (with(3, Array::f32("x", &[4], [0.0; 4])), "'reward' is missing; the file has"),
        (with(5, Array::f32("x", &[4], [0.0; 4])), "'truncated' is missing"),
        (with(1, Array::f32("next_obs", &[4, 1], [0.0; 4])), "'next_obs' has 1 values a row, 2 are needed"),
        (with(2, Array::f32("action", &[3, 1], [0.0; 3])), "'action' has 3 rows and 'obs' 4"),
        (with(0, Array::objects("obs")), "'obs' holds Python objects"),
        (with(0, Array::new("obs", "|u1", &[4, 2, 2], vec![0; 16])), "'obs' holds images"),
        (lists(&[[0, 5]]), "'trajectory_indices' row 0 goes from 0 to 5, the file has 4 rows"),
        (lists(&[[0, 2], [3, 2]]), "row 1 goes from 3 to 2"),
        (lists(&[[-1, 2]]), "row 0 goes from -1 to 2"),
        (lists(&[[0, 3], [2, 4]]), "'trajectory_indices' has two trajectories with row 2 in common"),
    ] {
        assert!(problem.contains(why) && problem.contains(FILE), "{problem}");
    }
    let mut wide = arrays(4, &[], &[], &[]);
    wide.push(Array::i64("trajectory_indices", &[2, 3], [0; 6]));
    assert!(open(&wide).unwrap_err().contains("begin and end are needed"));
}

#[test]
fn every_prefix_of_a_file_is_survived() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join(FILE);
    write(&path, &along(arrays(6, &[1], &[5], &[]), &[[0, 2], [2, 6]]));
    sweep(&path, |path| assert!(opened(&MbrlReplay, path, &Ctx::quiet()).is_err()));
}

#[test]
fn parts_are_what_the_whole_has_there() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let buffers = [
        along(arrays(9, &[4], &[], &[1, 4]), &[[5, 8], [2, 5]]),
        arrays(9, &[1], &[3], &[5, 6]),
        along(arrays(6, &[1], &[5], &[3]), &[[0, 6]]),
    ];
    for (buffer, write) in buffers.iter().flat_map(|b| [(b, write as fn(&Path, &[Array])), (b, write_stored)]) {
        write(&dir.path().join(FILE), buffer);
        let cx = Ctx::quiet();
        let whole = opened(&MbrlReplay, dir.path(), &cx).unwrap();
        let episodes = MbrlReplay.open(&Place::new(dir.path()), &cx).unwrap();
        agree(&whole, &*episodes);
    }
}

#[test]
fn what_is_not_read_is_listed() {
    let mut arrays = arrays(4, &[3], &[], &[]);
    let rules =
        |arrays: &[Array]| open(arrays).expect("opens").origin.left_out().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rules(&arrays), Vec::<String>::new());
    arrays.push(Array::f32("cost", &[4], [0.0; 4]));
    assert_eq!(rules(&arrays), ["cost"]);
}
