#![allow(clippy::float_cmp, reason = "copies")]

use std::fs;

use polars_core::prelude::Column;
use tempfile::TempDir;

use super::super::frame::tests::{lists, write_parquet};
use super::*;
use crate::data::space::SpaceKind;
use crate::format::place::Place;
use crate::format::reader::tests::{agree, opened};
use crate::ground::fault::Fault;

mod odd;

const FEATURES: &str = r#"{
    "observation.state": {"dtype": "float32", "shape": [2], "names": {"motors": ["pan", "lift"]}},
    "observation.environment_state": {"dtype": "float32", "shape": [1], "names": null},
    "observation.images.top": {"dtype": "video", "shape": [3, 4, 4]},
    "observation.effort": {"dtype": "float32", "shape": [1]},
    "action": {"dtype": "int64", "shape": [1], "names": null},
    "next.reward": {"dtype": "float32", "shape": [1]}, "next.done": {"dtype": "bool", "shape": [1]}}"#;

/// Frames of the episodes `(number, length)`, the first frame's index being `index`.
fn frames(episodes: &[(i64, usize)], index: i64) -> Vec<Column> {
    let each = || episodes.iter().flat_map(|&(e, n)| (0..n as i64).map(move |t| (e, t, t + 1 == n as i64)));
    let total = each().count();
    let state: Vec<f64> = each().flat_map(|(e, t, _)| [e as f64, t as f64]).collect();
    vec![
        lists("observation.state", &state, 2, true),
        Column::new("observation.environment_state".into(), vec![0.5f32; total]),
        Column::new("action".into(), each().map(|(_, t, _)| t % 2).collect::<Vec<i64>>()),
        Column::new("next.reward".into(), vec![1.5f32; total]),
        Column::new("next.done".into(), each().map(|(e, _, last)| last && e % 2 == 0).collect::<Vec<bool>>()),
        Column::new("frame_index".into(), each().map(|f| f.1).collect::<Vec<i64>>()),
        Column::new("episode_index".into(), each().map(|f| f.0).collect::<Vec<i64>>()),
        Column::new("index".into(), (index..index + total as i64).collect::<Vec<i64>>()),
    ]
}

fn write(dir: &TempDir, path: &str, columns: Vec<Column>) {
    let path = dir.path().join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("folder");
    write_parquet(&path, columns);
}

fn describe(dir: &TempDir, info: &str) {
    fs::create_dir_all(dir.path().join("meta")).expect("folder");
    fs::write(dir.path().join("meta/info.json"), info).expect("written");
}

fn info(version: &str, episodes: usize, frames: usize, more: &str) -> String {
    format!(
        r#"{{"codebase_version": "{version}", "fps": 10, "total_episodes": {episodes}, "total_frames": {frames},
           "features": {FEATURES}{more}}}"#
    )
}

/// Three episodes of 2, 3 and 1 frames in two files.
fn v3() -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    describe(&dir, &info("v3.0", 3, 6, ""));
    write(&dir, "data/chunk-000/file-000.parquet", frames(&[(0, 2), (1, 3)], 0));
    write(&dir, "data/chunk-000/file-001.parquet", frames(&[(2, 1)], 5));
    episodes(&dir, &[(0, 2, 0), (1, 3, 0), (2, 1, 1)]);
    dir
}

/// The list of episodes: number, length, file.
fn episodes(dir: &TempDir, list: &[(i64, i64, i64)]) {
    let column =
        |name: &str, f: fn(&(i64, i64, i64)) -> i64| Column::new(name.into(), list.iter().map(f).collect::<Vec<_>>());
    let columns = vec![
        column("episode_index", |e| e.0),
        column("length", |e| e.1),
        column("data/chunk_index", |_| 0),
        column("data/file_index", |e| e.2),
    ];
    write(dir, "meta/episodes/chunk-000/file-000.parquet", columns);
}

fn open(dir: &TempDir) -> Result<Dataset, Fault> {
    opened(&LeRobot, dir.path(), &Ctx::quiet())
}

fn failure(dir: &TempDir) -> String {
    open(dir).expect_err("refused").to_string()
}

#[test]
fn a_folder_of_v3_is_read_with_its_names_and_ends() {
    let dir = v3();
    assert!(LeRobot.probe(&Place::new(dir.path())) && LeRobot.probe(&Place::new(&dir.path().join("meta"))));
    let data = open(&dir).expect("opens");
    let names = ["observation.environment_state", "observation.state.pan", "observation.state.lift"];
    assert_eq!(data.obs_space.names, names);
    assert_eq!(
        (&data.action_space.names[..], &data.action_space.kind),
        (&["action".to_owned()][..], &SpaceKind::Discrete { n: 2, start: 0 })
    );
    let spans: Vec<_> = data.spans().iter().map(|s| (s.id, s.steps, s.obs_rows, s.terminated, s.truncated)).collect();
    assert_eq!(spans, [(0, 2, 2, true, false), (1, 3, 3, false, true), (2, 1, 1, true, false)]);
    assert_eq!((data.episode(1).obs_at(2), data.rewards[5]), (&[0.5, 1.0, 2.0][..], 1.5));
    assert!(data.origin.warnings.is_empty(), "{:?}", data.origin.warnings);
    let rules = data.origin.rules.join("; ");
    let ends = "next.done is terminated (also where a time limit ended it";
    for part in
        [ends, "'observation.images.top' (video) is not read", "not read: observation.effort", "10 frames a second"]
    {
        assert!(rules.contains(part), "{rules}");
    }
}

#[test]
fn a_folder_of_v2_has_a_file_an_episode() {
    let dir = tempfile::tempdir().expect("temporary folder");
    describe(&dir, &info("v2.1", 3, 6, r#", "chunks_size": 2"#));
    for (e, n, index) in [(0, 2, 0), (1, 3, 2), (2, 1, 5)] {
        write(&dir, &format!("data/chunk-{:03}/episode_{e:06}.parquet", e / 2), frames(&[(e, n)], index));
    }
    let same = open(&dir).expect("opens without a list of episodes");
    assert_eq!((&same.obs, same.spans()), (&open(&v3()).unwrap().obs, open(&v3()).unwrap().spans()));
    let list = "{\"episode_index\": 0, \"length\": 2}\n{\"episode_index\": 1, \"length\": 9}\n{\"episode_index\": 2}\n";
    fs::write(dir.path().join("meta/episodes.jsonl"), list).expect("written");
    let warnings = open(&dir).expect("opens").origin.warnings;
    assert_eq!(warnings[0], "1 episodes are not as long as meta/episodes says (first: episode 1)");
    fs::write(dir.path().join("meta/episodes.jsonl"), list.replace("\"episode_index\": 2", "")).expect("written");
    assert!(failure(&dir).contains("line 3 has no 'episode_index'"));
    fs::remove_file(dir.path().join("meta/episodes.jsonl")).expect("removed");
    fs::remove_file(dir.path().join("data/chunk-001/episode_000002.parquet")).expect("removed");
    assert!(failure(&dir).contains("episode 2 is missing"), "{}", failure(&dir));
}

#[test]
fn what_does_not_fit_the_description_is_told() {
    let dir = v3();
    describe(&dir, &info("v3.0", 90, 7, ""));
    write(&dir, "data/chunk-000/file-001.parquet", frames(&[(2, 1)], 9));
    let warnings = open(&dir).expect("opens").origin.warnings.join("; ");
    for part in [
        "total_episodes 90, the data files have 3",
        "total_frames 7, the data files have 6",
        "1 frames do not have the index after that of the frame before them (first: episode 2)",
    ] {
        assert!(warnings.contains(part), "{warnings}");
    }
    episodes(&dir, &[(0, 2, 0), (1, 3, 0), (2, 1, 1), (3, 1, 1)]);
    assert!(failure(&dir).contains("episode 3 is missing from the data files"));
    // An episode is where it is, whatever is said of its file.
    episodes(&dir, &[(0, 2, 0), (1, 3, 0), (2, 1, 2)]);
    let warnings = open(&dir).expect("opens").origin.warnings.join("; ");
    assert!(
        warnings.contains("data/file_index") && warnings.contains("file-002.parquet, which is not there"),
        "{warnings}"
    );
    fs::remove_file(dir.path().join("data/chunk-000/file-001.parquet")).expect("removed");
    let text = failure(&dir);
    assert!(
        text.contains("episode 2 is missing from the data files (data/chunk-000/file-002.parquet is not there)"),
        "{text}"
    );
    write(&dir, "data/chunk-000/file-001.parquet", frames(&[(2, 1)], 9));
    let narrow = FEATURES.replace("\"shape\": [2], \"names\": {\"motors\": [\"pan\", \"lift\"]}", "\"shape\": [3]");
    describe(&dir, &info("v3.0", 3, 6, "").replace(FEATURES, &narrow));
    episodes(&dir, &[(0, 2, 0), (1, 3, 0), (2, 1, 1)]);
    assert!(failure(&dir).contains("'observation.state' has 2 numbers a frame, info.json says 3"), "{}", failure(&dir));
}

#[test]
fn frames_that_the_description_does_not_tell_of_are_not_left_out_in_parts() {
    let dir = v3();
    let whole = open(&dir).expect("opens");
    let apart = |dir: &TempDir| LeRobot.open(&Place::new(dir.path()), &Ctx::quiet()).expect("described");
    agree(&whole, &*apart(&dir));
    // The last episode of a file is said to be shorter than it is, or not to be there, or to be nowhere.
    for (list, said) in [
        (&[(0, 2, 0), (1, 1, 0), (2, 1, 1)][..], "1 episodes are not as long as meta/episodes says (first: episode 1)"),
        (&[(0, 2, 0), (2, 1, 1)][..], "1 episodes are in the data files and not in meta/episodes (first: 1)"),
        (&[(0, 2, 0), (1, 3, 0), (2, 0, 1)][..], "(first: episode 2)"),
    ] {
        episodes(&dir, list);
        let whole = open(&dir).expect("opens");
        assert_eq!(whole.num_steps(), 6);
        assert!(whole.origin.warnings.iter().any(|w| w.contains(said)), "{:?}", whole.origin.warnings);
        let parts = apart(&dir);
        agree(&whole, &*parts);
        let index = parts.index(&Ctx::quiet()).expect("looks").expect("has episodes");
        assert_eq!(index.origin.warnings, whole.origin.warnings);
    }
}

#[test]
fn wrong_descriptions_are_named() {
    let dir = v3();
    for (text, wanted) in [
        (info("v1.6", 3, 6, ""), "'codebase_version' is 'v1.6'"),
        (info("v3.0", 3, 6, r#", "data_path": "../../{file_index}""#), "'data_path' leads out of the dataset's folder"),
        (info("v3.0", 3, 6, r#", "data_path": "/etc/{file_index}""#), "'data_path' leads out of the dataset's folder"),
        (info("v3.0", 3, 6, r#", "data_path": "data/x.parquet""#), "'data_path' names one file for all episodes"),
        (info("v3.0", 3, 6, r#", "data_path": "{user}/{file_index}""#), "a place 'user' that is not known"),
        (info("v3.0", 3, 6, r#", "data_path": "{file_index:99999999d}""#), "a format that is not known"),
        (info("v3.0", 3, 6, "").replace("\"action\"", "\"act\""), "no 'action' of numbers; there are act (int64)"),
        (info("v3.0", 3, 6, "").replace("[1]", "[99999999999, 99999999999]"), "a shape that is no number of numbers"),
        ("{\"codebase_version\": \"v3.0\", ".into(), "is no valid JSON"),
    ] {
        describe(&dir, &text);
        let text = failure(&dir);
        assert!(text.contains(wanted), "{text}");
    }
    let empty = tempfile::tempdir().expect("temporary folder");
    describe(&empty, &info("v2.1", 3, 6, ""));
    assert!(failure(&empty).contains("no data file of this LeRobot v2.1 dataset is there"), "{}", failure(&empty));
}

#[test]
#[cfg(unix)]
fn links_out_of_the_folder_are_not_followed_but_those_of_a_hub_cache_are() {
    let cache = tempfile::tempdir().expect("temporary folder");
    let blobs = cache.path().join("blobs");
    fs::create_dir(&blobs).expect("folder");
    write_parquet(&blobs.join("x"), frames(&[(0, 2)], 0));
    let link = |folder: &Path| {
        fs::create_dir_all(folder.join("data/chunk-000")).expect("folder");
        fs::create_dir_all(folder.join("meta")).expect("folder");
        fs::write(folder.join("meta/info.json"), info("v3.0", 1, 2, "")).expect("written");
        std::os::unix::fs::symlink(blobs.join("x"), folder.join("data/chunk-000/file-000.parquet")).expect("linked");
        opened(&LeRobot, folder, &Ctx::quiet())
    };
    assert_eq!(link(&cache.path().join("snapshots/abc")).expect("a hub's own link").num_steps(), 2);
    let text = link(&cache.path().join("elsewhere")).expect_err("outside").to_string();
    assert!(text.contains("is a link out of the dataset"), "{text}");
}

#[test]
fn every_prefix_of_a_data_file_and_of_the_description_ends_in_an_error() {
    let dir = v3();
    for name in ["data/chunk-000/file-001.parquet", "meta/episodes/chunk-000/file-000.parquet", "meta/info.json"] {
        let path = dir.path().join(name);
        let whole = fs::read(&path).expect("written");
        for cut in (0..whole.len()).step_by(whole.len().div_ceil(60)) {
            fs::write(&path, &whole[..cut]).expect("cut");
            assert!(open(&dir).is_err(), "{name} cut at {cut}");
        }
        fs::write(&path, whole).expect("restored");
    }
    open(&dir).expect("whole again");
}
