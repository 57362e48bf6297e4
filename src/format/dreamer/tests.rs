#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use tempfile::TempDir;

use super::*;
use crate::data::dataset::Dataset;
use crate::format::npz::tests::{Array, sweep, write};
use crate::format::place::Place;
use crate::format::reader::tests::agree;
use crate::format::reader::tests::opened;

/// Rows `from..from + rows` of a stream: observations (row, row + 0.5) and -row, action and reward 10 row.
fn chunk(from: usize, rows: usize, first: &[usize], last: &[usize], terminal: &[usize]) -> Vec<Array> {
    let row = move || (from..from + rows).map(|r| r as f32);
    vec![
        Array::f32("velocity", &[rows], row().map(|r| -r)),
        Array::f32("joints", &[rows, 2], row().flat_map(|r| [r, r + 0.5])),
        Array::f32("action", &[rows, 1], row().map(|r| 10.0 * r)),
        Array::f32("reward", &[rows], row().map(|r| 10.0 * r)),
        Array::flags("is_first", rows, first),
        Array::flags("is_last", rows, last),
        Array::flags("is_terminal", rows, terminal),
        Array::new("stepid", "|u1", &[rows, 20], vec![7; 20 * rows]),
        Array::new("image", "|u1", &[rows, 2, 2, 3], vec![7; 12 * rows]),
        Array::f32("dyn/deter", &[rows, 4], vec![0.0; 4 * rows]),
    ]
}

/// An episode as NM512 writes it.
fn episode(rows: usize, terminal: bool) -> Vec<Array> {
    let mut arrays = chunk(0, rows, &[0], &[], &[]);
    arrays.retain(|a| !a.is("is_last") && !a.is("is_terminal") && !a.is("stepid"));
    let end = if terminal { rows - 1 } else { rows };
    arrays.push(Array::flags("is_terminal", rows, &[end]));
    arrays.push(Array::f32("discount", &[rows], (0..rows).map(|r| if r == end { 0.0 } else { 1.0 })));
    arrays.push(Array::f32("logprob", &[rows], vec![0.0; rows]));
    arrays
}

fn folder(files: &[(&str, Vec<Array>)]) -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    for (name, arrays) in files {
        write(&dir.path().join(name), arrays);
    }
    dir
}

fn open(dir: &TempDir) -> Result<Dataset, String> {
    opened(&Dreamer, dir.path(), &Ctx::quiet()).map_err(|e| e.to_string())
}

#[test]
fn chunks_are_put_end_to_end_and_cut_where_episodes_begin_and_end() {
    // The second chunk by name is a stream of its own, between the two of the first.
    let dir = folder(&[
        ("1F0-aa-cc-3.npz", chunk(0, 3, &[0], &[], &[])),
        ("2F0-bb-00-4.npz", chunk(100, 4, &[0], &[3], &[3])),
        ("3F0-cc-zz-5.npz", chunk(3, 5, &[2], &[1], &[])),
    ]);
    assert!(Dreamer.probe(&Place::new(dir.path())));
    let data = open(&dir).unwrap();
    let ends: Vec<_> = data.spans().iter().map(|s| (s.steps, s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(4, false, true), (2, false, false), (3, true, false)]);
    let e = data.episode(0);
    assert_eq!(e.actions, [0.0, 10.0, 20.0, 30.0], "the action of a row was taken at its observation");
    assert_eq!(e.rewards, [10.0, 20.0, 30.0, 40.0], "the reward of a row came with its observation");
    assert_eq!((e.obs_at(1), e.obs_at(4)), (&[1.0, 1.5, -1.0][..], &[4.0, 4.5, -4.0][..]));
    assert_eq!(data.obs_space.names, ["joints.0", "joints.1", "velocity"]);
    let rules = data.origin.rules.join("\n");
    for said in
        ["begins at is_first", "action taken at it", "'image' (images, 3 x 2 x 2 x 3)", "'dyn/deter' (the agent's own)"]
    {
        assert!(rules.contains(said), "{rules}");
    }
    assert!(!rules.contains("stepid") && data.origin.warnings.is_empty(), "{:?}", data.origin);
}

#[test]
fn streams_without_a_beginning_or_an_end_become_warnings() {
    let dir = folder(&[
        ("1F0-aa-bb-4.npz", chunk(0, 4, &[2], &[], &[])),
        ("2F0-bb-cc-9.npz", chunk(4, 3, &[], &[0, 1], &[])),
    ]);
    let data = open(&dir).unwrap();
    let ends: Vec<_> = data.spans().iter().map(|s| (s.steps, s.truncated)).collect();
    assert_eq!(ends, [(1, true), (2, true)]);
    let warnings = data.origin.warnings.join("\n");
    for said in [
        "3 episodes begin in the middle",
        "1 episodes were left without is_last before the next began; they are truncated (first: 1F0-aa-bb-4.npz)",
        "2 episodes are of a single row, have no step and are left out (first: 2F0-bb-cc-9.npz)",
        "1 files have another length than their name says; what is in them is read (first: 2F0-bb-cc-9.npz)",
    ] {
        assert!(warnings.contains(said), "{warnings}");
    }
}

#[test]
fn in_files_of_one_episode_the_action_of_a_row_led_to_it() {
    let dir = folder(&[
        ("20240101T000000-aa-4.npz", episode(4, true)),
        ("20240101T000001-bb-3.npz", episode(3, false)),
        ("20240101T000002-cc-9.npz", episode(3, false)),
        ("20240101T000003-dd-1.npz", episode(1, false)),
    ]);
    assert!(Dreamer.probe(&Place::new(dir.path())));
    let data = open(&dir).unwrap();
    let ends: Vec<_> = data.spans().iter().map(|s| (s.steps, s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(3, true, false), (2, false, true), (2, false, true)]);
    let e = data.episode(0);
    assert_eq!((e.actions, e.rewards), (&[10.0, 20.0, 30.0][..], &[10.0, 20.0, 30.0][..]));
    assert_eq!((e.obs_at(0), e.obs_at(3)), (&[0.0, 0.5, 0.0][..], &[3.0, 3.5, -3.0][..]));
    assert_eq!(data.obs_space.names, ["joints.0", "joints.1", "velocity"], "logprob and discount are no observations");
    let warnings = data.origin.warnings.join("\n");
    assert!(warnings.contains("1 files have another length") && warnings.contains("cc-9.npz"), "{warnings}");
    assert!(warnings.contains("1 files have no step and are left out (first: 20240101T000003-dd-1.npz)"), "{warnings}");
}

#[test]
fn the_discount_ends_an_episode_where_there_is_no_is_terminal() {
    let mut arrays = episode(3, true);
    arrays.retain(|a| !a.is("is_terminal"));
    let dir = folder(&[("a-3.npz", arrays)]);
    assert!(open(&dir).unwrap().spans()[0].terminated);
}

#[test]
fn single_files_open_too_and_whole_actions_are_choices() {
    let mut arrays = chunk(0, 4, &[0], &[3], &[]);
    arrays[2] = Array::i64("action", &[4], [2, 0, 1, 9]);
    let dir = folder(&[("renamed.npz", arrays)]);
    let path = dir.path().join("renamed.npz");
    assert!(Dreamer.probe(&Place::new(&path)));
    let data = opened(&Dreamer, &path, &Ctx::quiet()).unwrap();
    assert_eq!(data.num_steps(), 3);
    assert_eq!(data.action_space.kind, crate::data::space::SpaceKind::Discrete { n: 3, start: 0 }, "9 is never taken");
}

#[test]
fn bad_files_are_named_with_key_and_remedy() {
    let with = |at: usize, array: Array| {
        let mut bad = chunk(4, 4, &[], &[3], &[]);
        bad[at] = array;
        open(&folder(&[("1F0-aa-bb-4.npz", chunk(0, 4, &[0], &[], &[])), ("2F0-bb-cc-4.npz", bad)])).unwrap_err()
    };
    for (problem, why) in [
        (with(1, Array::f32("x", &[4], [0.0; 4])), "'joints' is missing; the file has"),
        (
            with(1, Array::f32("joints", &[4, 3], [0.0; 12])),
            "'joints' has 3 values a row, 2 are needed as in the first",
        ),
        (with(0, Array::f32("velocity", &[3], [0.0; 3])), "'velocity' has 3 rows and 'reward' 4"),
        (with(6, Array::f32("x", &[4], [0.0; 4])), "'is_terminal' is missing"),
        (with(2, Array::objects("action")), "'action' holds Python objects"),
    ] {
        assert!(problem.contains(why) && problem.contains("2F0-bb-cc-4.npz"), "{problem}");
    }
    let mut pixels = chunk(0, 4, &[0], &[3], &[]);
    pixels.retain(|a| !a.is("joints") && !a.is("velocity"));
    let problem = open(&folder(&[("1F0-aa-bb-4.npz", pixels)])).unwrap_err();
    assert!(
        problem.contains("no array holds observations as numbers") && problem.contains("'image' (images"),
        "{problem}"
    );
    let mut text = chunk(0, 4, &[0], &[3], &[]);
    text.push(Array::new("task", "<U1", &[4], vec![0; 16]));
    let rules = open(&folder(&[("1F0-aa-bb-4.npz", text)])).unwrap().origin.rules.join("\n");
    assert!(rules.contains("'task' (holds text"), "{rules}");
}

#[test]
fn every_prefix_of_a_file_is_survived() {
    for (name, arrays) in [("1F0-aa-bb-4.npz", chunk(0, 4, &[0], &[3], &[])), ("aa-4.npz", episode(4, true))] {
        let dir = folder(&[(name, arrays)]);
        sweep(&dir.path().join(name), |_| assert!(open(&dir).is_err()));
    }
}

#[test]
fn parts_of_streams_and_of_episodes_are_what_the_whole_has_there() {
    let streams = folder(&[
        ("1F0-aa-bb-3.npz", chunk(0, 3, &[0, 2], &[1], &[])),
        ("2F0-bb-cc-2.npz", chunk(3, 2, &[], &[], &[])),
        ("3F0-cc-dd-6.npz", chunk(5, 6, &[2, 3], &[1], &[1])),
        ("4F0-ee-00-4.npz", chunk(50, 4, &[0], &[], &[3])),
    ]);
    let episodes = folder(&[
        ("20240101T0-aa-3.npz", episode(3, true)),
        ("20240101T1-bb-1.npz", episode(1, false)),
        ("20240101T2-cc-4.npz", episode(4, false)),
    ]);
    for dir in [&streams, &episodes] {
        let (whole, cx) = (open(dir).unwrap(), Ctx::quiet());
        let episodes = Dreamer.open(&Place::new(dir.path()), &cx).unwrap();
        agree(&whole, &*episodes);
        let index = episodes.index(&cx).unwrap().expect("in parts");
        let least = episodes.bytes().unwrap().expect("known");
        assert!(least >= episodes.shape().width().bytes(index.lengths.len() as u64, index.steps()));
    }
}

#[test]
fn early_files_call_their_flags_otherwise() {
    let early = |terminal: bool| {
        let mut arrays = episode(4, false);
        arrays.retain(|a| !a.is("is_first") && !a.is("is_terminal") && !a.is("discount"));
        arrays.push(Array::flags("reset", 4, &[0]));
        arrays.push(Array::flags("terminal", 4, if terminal { &[3] } else { &[] }));
        arrays
    };
    let dir = folder(&[("a-4.npz", early(true)), ("b-4.npz", early(false))]);
    assert!(Dreamer.probe(&Place::new(dir.path())));
    let data = open(&dir).unwrap();
    let ends: Vec<_> = data.spans().iter().map(|s| (s.steps, s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(3, true, false), (3, false, true)]);
    assert_eq!(data.obs_space.names, ["joints.0", "joints.1", "velocity"], "flags are no observations");
    let one = opened(&Dreamer, &dir.path().join("a-4.npz"), &Ctx::quiet()).unwrap();
    assert_eq!((one.num_steps(), one.spans()[0].terminated), (3, true));
}
