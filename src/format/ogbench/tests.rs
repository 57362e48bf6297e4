#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use super::*;
use crate::format::npz::tests::{Array, sweep, write, write_stored};
use crate::format::place::Place;
use crate::format::reader::tests::agree;
use crate::format::reader::tests::opened;

/// Rows whose observation is (row, -row) and whose action is 10 row.
fn arrays(rows: usize, ends: &[usize]) -> Vec<Array> {
    vec![
        Array::f32("observations", &[rows, 2], (0..rows).flat_map(|r| [r as f32, -(r as f32)])),
        Array::f32("actions", &[rows, 1], (0..rows).map(|r| 10.0 * r as f32)),
        Array::flags("terminals", rows, ends),
    ]
}

fn open(arrays: &[Array]) -> Result<Dataset, String> {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("maze.npz");
    write(&path, arrays);
    assert!(OgBench.probe(&Place::new(&path)), "is recognised");
    opened(&OgBench, &path, &Ctx::quiet()).map_err(|e| e.to_string())
}

#[test]
fn the_row_that_closes_an_episode_is_its_last_state() {
    let data = open(&arrays(7, &[3, 6])).unwrap();
    assert_eq!((data.num_episodes(), data.num_steps()), (2, 5));
    let second = data.episode(1);
    assert_eq!((second.span.steps, second.span.obs_rows), (2, 3));
    assert_eq!((second.actions, second.obs_at(2)), (&[40.0, 50.0][..], &[6.0, -6.0][..]));
    assert!(data.spans().iter().all(|s| s.truncated && !s.terminated));
    assert_eq!(data.rewards, [0.0; 5]);
    assert_eq!(data.obs_space.names, ["obs[0]", "obs[1]"]);
    assert!(data.origin.warnings.is_empty());
    let rules = data.origin.rules.join("\n");
    for said in ["its action leads nowhere and is dropped", "none is terminated", "every reward is 0"] {
        assert!(rules.contains(said), "{rules}");
    }
}

#[test]
fn pairs_of_terminals_are_the_compact_form_and_an_open_end_is_said() {
    let data = open(&arrays(8, &[2, 3, 6, 7])).unwrap();
    assert_eq!(data.spans().iter().map(|s| s.steps).collect::<Vec<_>>(), [3, 3]);
    assert!(data.origin.rules[0].starts_with("two rows with terminals = 1"));
    let data = open(&arrays(7, &[3])).unwrap();
    assert_eq!(data.spans().iter().map(|s| (s.steps, s.truncated)).collect::<Vec<_>>(), [(3, true), (2, false)]);
    assert!(data.origin.warnings[0].contains("the last 3 rows"), "{:?}", data.origin.warnings);
}

#[test]
fn what_is_not_read_is_listed_and_the_other_file_of_a_pair_named() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let mut all = arrays(4, &[3]);
    all.extend([Array::objects("infos"), Array::f32("qpos", &[4], [0.0; 4])]);
    for name in ["maze.npz", "maze-val.npz"] {
        write(&dir.path().join(name), &all);
    }
    for (name, other) in [("maze.npz", "maze-val.npz"), ("maze-val.npz", "maze.npz")] {
        let rules = opened(&OgBench, &dir.path().join(name), &Ctx::quiet()).unwrap().origin.rules;
        assert!(rules.contains(&"not read: 'infos', 'qpos'".to_owned()), "{rules:?}");
        assert!(rules.iter().any(|r| r.starts_with(other) && r.contains("not merged")), "{rules:?}");
    }
}

#[test]
fn whole_actions_are_choices() {
    let mut all = arrays(4, &[3]);
    all[1] = Array::i64("actions", &[4], [2, 0, 1, 7]);
    let data = open(&all).unwrap();
    assert!(data.action_space.is_discrete());
    assert!(data.origin.rules.iter().any(|r| r.contains("actions are whole numbers (int64)")));
}

#[test]
fn bad_files_are_named_with_key_and_remedy() {
    let with = |at: usize, array: Array| {
        let mut all = arrays(4, &[3]);
        all[at] = array;
        open(&all).unwrap_err()
    };
    let image = Array::new("observations", "|u1", &[4, 2, 2, 3], vec![0; 48]);
    assert!(with(0, image).contains("'observations' holds images (uint8, 4 x 2 x 2 x 3)"));
    assert!(with(0, Array::objects("observations")).contains("'observations' holds Python objects"));
    assert!(with(1, Array::f32("actions", &[3, 1], [0.0; 3])).contains("'actions' has 3 rows and 'observations' 4"));
    assert!(with(2, Array::f32("terminals", &[4, 2], [0.0; 8])).contains("'terminals' has 2 values a row"));
    assert!(with(2, Array::f32("terminals", &[4], [f32::NAN; 4])).contains("NaN in row 0"));
    assert!(with(2, Array::f32("other", &[4], [0.0; 4])).contains("'terminals' is missing; the file has"));
    let empty = [
        Array::f32("observations", &[0, 2], []),
        Array::f32("actions", &[0, 1], []),
        Array::flags("terminals", 0, &[]),
    ];
    assert!(open(&empty).unwrap_err().contains("empty"));
    let one_row = open(&arrays(1, &[0])).unwrap_err();
    assert!(one_row.contains("no episode has a step"), "{one_row}");
}

#[test]
fn rewards_make_it_another_layout_and_every_prefix_is_survived() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("maze.npz");
    let mut all = arrays(4, &[3]);
    all.push(Array::f32("rewards", &[4], [0.0; 4]));
    write(&path, &all);
    assert!(!OgBench.probe(&Place::new(&path)));
    for named in [None, Some("ogbench")] {
        let data = crate::format::open(&path, named, &Ctx::quiet()).unwrap();
        assert_eq!((data.num_steps(), data.origin.format.as_str()), (4, "plain"), "a row is a step");
    }
    write(&path, &arrays(4, &[3]));
    sweep(&path, |path| assert!(opened(&OgBench, path, &Ctx::quiet()).is_err()));
}

#[test]
fn parts_are_what_the_whole_has_there_packed_or_not() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("maze.npz");
    for (ends, packed) in [(&[3, 4, 9][..], false), (&[3, 4, 9], true), (&[2, 3, 6, 7, 12, 13], true), (&[], false)] {
        let write = if packed { write } else { write_stored };
        write(&path, &arrays(16, ends));
        let cx = Ctx::quiet();
        let whole = opened(&OgBench, &path, &cx).unwrap();
        let episodes = OgBench.open(&Place::new(&path), &cx).unwrap();
        agree(&whole, &*episodes);
        assert_eq!(episodes.index(&cx).unwrap().expect("in parts").origin.warnings, whole.origin.warnings);
    }
}
