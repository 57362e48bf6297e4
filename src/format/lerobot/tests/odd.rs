//! Datasets whose parts contradict each other, or have other names.

use super::*;

/// Three episodes of 2, 3 and 1 frames in a v2.1 file each, of which the frames say `ids`.
fn v2(ids: [i64; 3]) -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    describe(&dir, &info("v2.1", 3, 6, ""));
    for (e, (n, index)) in [(2, 0), (3, 2), (1, 5)].into_iter().enumerate() {
        write(&dir, &format!("data/chunk-000/episode_{e:06}.parquet"), frames(&[(ids[e], n)], index));
    }
    dir
}

#[test]
fn files_that_were_put_together_by_hand_are_episodes_by_their_names() {
    let dir = v2([0, 0, 1]);
    let data = open(&dir).expect("opens");
    assert_eq!(data.spans().iter().map(|s| (s.id, s.steps)).collect::<Vec<_>>(), [(0, 2), (1, 3), (2, 1)]);
    let warnings = data.origin.warnings.join("; ");
    assert!(
        warnings.contains("2 data files hold another episode_index")
            && warnings.contains("episode_000001.parquet holds 0")
    );
    agree(&data, &*LeRobot.open(&Place::new(dir.path()), &Ctx::quiet()).expect("opens"));

    // In v3 the list tells which is which, if the lengths do.
    let dir = v3();
    write(&dir, "data/chunk-000/file-001.parquet", frames(&[(0, 1)], 5));
    let data = open(&dir).expect("opens");
    assert_eq!(data.spans().iter().map(|s| s.id).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(data.origin.warnings[0].contains("episode_index 0 comes back"), "{:?}", data.origin.warnings);
    agree(&data, &*LeRobot.open(&Place::new(dir.path()), &Ctx::quiet()).expect("opens"));
    episodes(&dir, &[(0, 2, 0), (1, 3, 0), (2, 7, 1)]);
    let text = failure(&dir);
    assert!(text.contains("no frame has episode_index 2, and episode_index 0 comes back"), "{text}");
    assert!(!text.contains("download"), "{text}");
}

#[test]
fn gaps_in_numbers_of_files_and_episodes_are_told() {
    let dir = v2([0, 1, 2]);
    let list = "{\"episode_index\": 0, \"length\": 2}\n{\"episode_index\": 2, \"length\": 1}\n";
    fs::write(dir.path().join("meta/episodes.jsonl"), list).expect("written");
    fs::remove_file(dir.path().join("data/chunk-000/episode_000001.parquet")).expect("removed");
    let data = open(&dir).expect("opens");
    assert_eq!(data.spans().iter().map(|s| s.id).collect::<Vec<_>>(), [0, 2]);
    let warnings = data.origin.warnings.join("; ");
    for said in ["total_episodes 3, the data files have 2", "1 numbers below 3 are no episode_index (first: 1)"] {
        assert!(warnings.contains(said), "{warnings}");
    }
}

#[test]
fn places_splits_and_statistics_that_contradict_the_frames_are_named() {
    let dir = v3();
    describe(&dir, &info("v3.0", 3, 6, r#", "splits": {"train": "0:9"}"#));
    let column = |name: &str, values: [i64; 3]| Column::new(name.into(), values.to_vec());
    write(
        &dir,
        "meta/episodes/chunk-000/file-000.parquet",
        vec![
            column("episode_index", [0, 1, 2]),
            column("length", [2, 3, 1]),
            column("data/chunk_index", [0; 3]),
            column("data/file_index", [0, 0, 1]),
            column("dataset_from_index", [0, 3, 5]),
            column("dataset_to_index", [2, 6, 6]),
        ],
    );
    let stats = r#"{"observation.state": {"mean": [0.8333, 7.0]}, "action": {"max": [1]}}"#;
    fs::write(dir.path().join("meta/stats.json"), stats).expect("written");
    let data = open(&dir).expect("opens");
    let warnings = data.origin.warnings.join("; ");
    for said in [
        "dataset_from_index and dataset_to_index of 1 of 3 episodes",
        "(first: episode 1, 3 to 6 for 2 to 5)",
        "splits.train is 0:9, there are 3 episodes",
        "meta/stats.json: mean of 'observation.state' [1] is 7.0000",
    ] {
        assert!(warnings.contains(said), "{said}: {warnings}");
    }
    describe(&dir, &info("v3.0", 3, 6, r#", "splits": {"train": "0:2", "val": "1:2"}"#));
    let warnings = open(&dir).expect("opens").origin.warnings.join("; ");
    assert!(
        warnings.contains("leave 1 episodes out") && warnings.contains("splits.train and splits.val have"),
        "{warnings}"
    );
}

/// One v3 file with the features `names`, all of one number, and two episodes of two frames.
fn features(names: &[&str], map: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    let told = names.iter().map(|n| format!(r#""{n}": {{"dtype": "float32", "shape": [1]}}"#));
    let told = told.collect::<Vec<_>>().join(", ");
    describe(&dir, &format!(r#"{{"codebase_version": "v3.0", "fps": 10, "features": {{{told}}}}}"#));
    if !map.is_empty() {
        fs::write(dir.path().join("oodscope.toml"), map).expect("written");
    }
    let mut columns = vec![Column::new("episode_index".into(), [0i64, 0, 1, 1])];
    for (at, name) in names.iter().enumerate() {
        let flag = ["done", "truncated", "terminated"].iter().any(|end| name.ends_with(end));
        columns.push(if flag {
            Column::new((*name).into(), [false, true, false, at % 2 == 0])
        } else {
            Column::new((*name).into(), [0.5f32 + at as f32; 4])
        });
    }
    write(&dir, "data/chunk-000/file-000.parquet", columns);
    dir
}

#[test]
fn features_are_found_by_the_names_that_others_give_them() {
    for (names, obs, actions) in [
        (&["state", "actions"][..], &["state"][..], &["actions"][..]),
        (
            &["observation.states.arm", "observation.states.hand", "actions.arm", "actions.hand"],
            &["observation.states.arm", "observation.states.hand"],
            &["actions.arm", "actions.hand"],
        ),
        (&["observation.state", "state", "action", "action.delta"], &["observation.state"], &["action"]),
        (&["state.arm", "state.hand", "action.arm"], &["state.arm", "state.hand"], &["action.arm"]),
    ] {
        let data = open(&features(names, "")).unwrap_or_else(|e| panic!("{names:?}: {e}"));
        assert_eq!(
            (&data.obs_space.names[..], &data.action_space.names[..]),
            (
                &obs.iter().map(|&n| n.to_owned()).collect::<Vec<_>>()[..],
                &actions.iter().map(|&n| n.to_owned()).collect::<Vec<_>>()[..]
            )
        );
    }
    for (names, line) in [
        (
            &["state", "observation.effort", "action"][..],
            r#"observation = "observation.effort" or observation = "state""#,
        ),
        (&["state", "actions", "actions.arm"], r#"action = "actions" or action = "actions.arm""#),
        (&["joints", "action"], r#"observation = ["action", "joints"]"#),
    ] {
        let text = failure(&features(names, ""));
        assert!(text.contains(line) && text.contains("oodscope.toml") && text.contains("--map"), "{text}");
    }
    let map = "observation = [\"joints\"]\naction = \"cmd\"\nreward = \"gain\"\nterminated = \"fell.done\"\n";
    let data = open(&features(&["cmd", "fell.done", "gain", "joints"], map)).expect("mapped");
    assert_eq!((data.obs[0], data.actions[0], data.rewards[0]), (3.5, 0.5, 2.5));
    assert_eq!(data.spans().iter().map(|s| s.terminated).collect::<Vec<_>>(), [true, false]);
    let text = failure(&features(&["state", "action"], "episode = \"state\""));
    assert!(text.contains("'episode' cannot be chosen in a lerobot dataset"), "{text}");
}

#[test]
fn how_an_episode_ended_is_read_of_all_that_say_it() {
    let ends = |names: &[&str]| {
        let dir = features(names, "");
        let data = open(&dir).expect("opens");
        agree(&data, &*LeRobot.open(&Place::new(dir.path()), &Ctx::quiet()).expect("opens"));
        data.spans().iter().map(|s| (s.terminated, s.truncated)).collect::<Vec<_>>()
    };
    // At an odd place a flag is set at the end of the first episode alone.
    assert_eq!(ends(&["action", "state", "next.done", "next.truncated"]), [(false, true), (true, false)]);
    assert_eq!(ends(&["action", "next.terminated", "state", "x", "next.truncated"]), [(true, true), (false, true)]);
    assert_eq!(ends(&["action", "state", "next.terminated"]), [(true, false), (true, false)]);
    assert_eq!(ends(&["action", "state"]), [(false, true), (false, true)]);
}

#[test]
fn a_clock_that_jumps_is_told_in_whole_and_in_parts() {
    let dir = v3();
    let mut columns = frames(&[(0, 40)], 0);
    let times: Vec<f64> = (0..40).map(|t| f64::from(t) * 0.1 + if t > 20 { 9.0 } else { 0.0 }).collect();
    columns.push(Column::new("timestamp".into(), times));
    write(&dir, "data/chunk-000/file-000.parquet", columns);
    fs::remove_file(dir.path().join("data/chunk-000/file-001.parquet")).expect("removed");
    episodes(&dir, &[(0, 40, 0)]);
    let data = open(&dir).expect("opens");
    let told = |warnings: &[String]| {
        warnings.iter().any(|w| w.contains("timestamp: 1 gap in 1 of 1 episodes, the longest of 9.1 s"))
    };
    assert!(told(&data.origin.warnings), "{:?}", data.origin.warnings);
    let parts = LeRobot.open(&Place::new(dir.path()), &Ctx::quiet()).expect("opens");
    assert!(told(&parts.index(&Ctx::quiet()).expect("looks").expect("has episodes").origin.warnings));
    assert!(
        data.origin.rules.iter().any(|r| r == "checked and not kept: frame_index, index, timestamp"),
        "{:?}",
        data.origin.rules
    );
}
