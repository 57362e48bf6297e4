#![allow(clippy::float_cmp, reason = "copies")]

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::data::dataset::Dataset;
use crate::format;
use crate::format::arrays::tests::{Columns, Value, compare, hdf5, read, says};
use crate::format::npz::tests::{Array, sweep, write, write_stored};

const USUAL: [&str; 3] = ["observations", "actions", "rewards"];

fn at(name: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join(name);
    (dir, path)
}

fn npz(arrays: &[Array]) -> Result<Dataset, String> {
    let (_dir, path) = at("x.npz");
    write(&path, arrays);
    read(&Plain, &path)
}

/// The message about arrays, and a mapping of theirs if one is given.
fn message(arrays: &[Array], toml: Option<&str>) -> String {
    let (_dir, path) = at("x.npz");
    write(&path, arrays);
    if let Some(toml) = toml {
        std::fs::write(path.with_extension("npz.toml"), toml).expect("written");
    }
    format::open(&path, None, &Ctx::quiet()).expect_err("not read").to_string()
}

#[test]
fn any_usual_names_are_read_in_archives_and_hdf5_files() {
    let c = Columns::new();
    for names in [USUAL, ["obs", "act", "rew"], ["state", "action", "reward"], ["Observations", "acts", "rews"]] {
        let mut all = c.arrays(names);
        all.push(Array::flags("terminated", c.rows, &c.terminated));
        all.push(Array::flags("truncated", c.rows, &c.truncated));
        let data = npz(&all).expect("reads");
        compare(&data, false, true, true);
        assert!(data.origin.warnings.is_empty(), "{:?}", data.origin.warnings);
        let mut all = c.values(names);
        all.push(("terminated".into(), c.flags(&c.terminated)));
        all.push(("truncated".into(), c.flags(&c.truncated)));
        for group in ["", "data/", "buffer/"] {
            let (_dir, path) = at("x.h5");
            let all: Vec<_> = all.iter().map(|(key, value)| (format!("{group}{key}"), value.clone())).collect();
            hdf5(&path, &all, &[]);
            compare(&read(&Plain, &path).expect("reads"), false, true, true);
        }
    }
}

#[test]
fn next_observations_end_episodes_where_time_limits_are_not_marked() {
    let c = Columns::new();
    let mut all = c.arrays(USUAL);
    all.push(Array::flags("terminals", c.rows, &c.terminated));
    all.push(Array::f32("next_observations", &[c.rows, 2], c.next.clone()));
    compare(&npz(&all).expect("reads"), true, true, true);
    // OGBench's wide form: terminals close a recording, masks say why.
    let mut wide = c.arrays(USUAL);
    wide.push(Array::flags("terminals", c.rows, &c.ends()));
    wide.push(Array::f32("next_observations", &[c.rows, 2], c.next.clone()));
    let masks = (0..c.rows).map(|row| f32::from(u8::from(!c.terminated.contains(&row))));
    wide.push(Array::f32("masks", &[c.rows], masks));
    compare(&npz(&wide).expect("reads"), true, true, true);
    let (_dir, path) = at("wide.npz");
    write_stored(&path, &wide);
    let named = format::open(&path, Some("ogbench"), &Ctx::quiet()).expect("reads");
    compare(&named, true, true, true);
}

#[test]
fn masks_alone_and_not_done_end_episodes() {
    let c = Columns::new();
    for name in ["masks", "not_done"] {
        let mut all = c.arrays(["state", "action", "reward"]);
        let masks = (0..c.rows).map(|row| f32::from(u8::from(!c.terminated.contains(&row))));
        all.push(Array::f32(name, &[c.rows, 1], masks));
        all.push(Array::f32("next_state", &[c.rows, 2], c.next.clone()));
        compare(&npz(&all).expect("reads"), true, true, true);
    }
}

#[test]
fn done_alone_is_told_and_numbers_of_episodes_end_them() {
    let c = Columns::new();
    let mut all = c.arrays(USUAL);
    all.push(Array::flags("dones", c.rows, &c.ends()));
    let data = npz(&all).expect("reads");
    compare(&data, false, true, false);
    assert!(says(&data, "'dones' does not say why"), "{:?}", data.origin);
    all.pop();
    all.push(Array::i64(
        "episode_id",
        &[c.rows],
        (0..c.rows as i64).map(|row| 3 - i64::from(row > 3) - i64::from(row > 6)),
    ));
    let data = npz(&all).expect("reads");
    compare(&data, false, true, false);
    assert!(data.spans().iter().all(|s| s.truncated && !s.terminated));
    all.pop();
    let data = npz(&all).expect("reads");
    assert_eq!(data.num_episodes(), 1);
    assert!(says(&data, "no array says where an episode ends") && says(&data, "x.npz.toml"), "{:?}", data.origin);
}

#[test]
fn what_is_not_read_is_listed_and_objects_are_never_opened() {
    let c = Columns::new();
    let mut all = c.arrays(USUAL);
    all.push(Array::flags("done", c.rows, &c.ends()));
    all.push(Array::flags("truncated", c.rows, &c.truncated));
    all.extend([Array::objects("infos"), Array::f32("costs", &[c.rows], vec![0.0; c.rows])]);
    all.push(Array::new("pixels", "|u1", &[c.rows, 2, 2, 3], vec![1; c.rows * 12]));
    all.push(Array::f32("mean", &[2], [0.0; 2]));
    let data = npz(&all).expect("reads");
    compare(&data, false, true, true);
    for what in ["infos (holds Python objects, which are never unpickled", "costs", "pixels (images", "mean (2)"] {
        assert!(says(&data, what), "{what}: {:?}", data.origin.rules);
    }
}

#[test]
fn rivals_are_asked_with_the_line_that_decides() {
    let c = Columns::new();
    let mut all = c.arrays(USUAL);
    all.push(Array::flags("done", c.rows, &c.ends()));
    all.push(Array::f32("state", &[c.rows, 1], vec![0.0; c.rows]));
    let text = message(&all, None);
    assert!(text.contains("'observations', 'state' could each be the observation"), "{text}");
    assert!(text.contains("x.npz.toml") && text.contains("--map") && text.contains("observation = \"observations\""));
    // Of other sizes, it is none.
    all.pop();
    all.push(Array::f32("state", &[3], [0.0; 3]));
    compare(&npz(&all).expect("reads"), false, true, false);
    let mut two = c.arrays(USUAL);
    two.push(Array::flags("terminals", c.rows, &c.terminated));
    two.push(Array::flags("terminated", c.rows, &[]));
    let text = message(&two, None);
    assert!(text.contains("terminated = \"terminals\""), "{text}");
}

#[test]
fn a_mapping_gives_any_array_any_role() {
    let c = Columns::new();
    let mut all = c.arrays(["q", "u", "gain"]);
    all.push(Array::flags("stop", c.rows, &c.terminated));
    all.push(Array::flags("late", c.rows, &c.truncated));
    all.push(Array::f32("then", &[c.rows, 2], c.next.clone()));
    let text = message(&all, None);
    assert!(text.contains("not a dataset that oodscope knows") && text.contains("x.npz.toml"), "{text}");
    let (_dir, path) = at("x.npz");
    write(&path, &all);
    let toml = path.with_extension("npz.toml");
    let roles = "observation = \"q\"\naction = \"u\"\nreward = \"gain\"\nterminated = \"stop\"\ntruncated = \"late\"\n";
    std::fs::write(&toml, format!("{roles}next_observation = \"then\"")).expect("written");
    let data = read(&Plain, &path).expect("reads");
    compare(&data, true, true, true);
    assert!(says(&data, "x.npz.toml says"));
    std::fs::write(&toml, format!("{}\nobservation = [\"q\", \"gain\"]", roles.replacen("observation = \"q\"", "", 1)))
        .expect("written");
    let text = read(&Plain, &path).expect_err("twice");
    assert!(text.contains("'gain' is given two roles"), "{text}");
    for (toml, why) in [
        ("observation = \"q\"\naction = \"v\"", "names column 'v', which is not there"),
        ("observation = \"q\"\naction = \"u\"\nreward = \"q\"", "is no reward: one number for each of 12 steps"),
        ("observation = \"q\"\naction = \"u\"\ndone = [\"stop\", \"late\"]", "'done' names 2 arrays"),
    ] {
        let text = message(&all, Some(toml));
        assert!(text.contains(why), "{text}");
    }
}

#[test]
fn a_mapping_names_arrays_in_groups_and_those_of_d4rl() {
    let c = Columns::new();
    let (_dir, path) = at("x.hdf5");
    let mut all = c.values(USUAL);
    all.push(("rewards_sparse".into(), Value::F32(vec![2.5; c.rows], vec![c.rows as u64])));
    all.push(("infos/goal".into(), Value::F32(vec![9.0; c.rows], vec![c.rows as u64, 1])));
    all.push(("terminals".into(), c.flags(&c.terminated)));
    all.push(("timeouts".into(), c.flags(&c.truncated)));
    hdf5(&path, &all, &[]);
    let toml = "observation = [\"observations\", \"infos/goal\"]\nreward = \"rewards_sparse\"";
    std::fs::write(path.with_extension("hdf5.toml"), toml).expect("written");
    for format in [None, Some("d4rl")] {
        let data = format::open(&path, format, &Ctx::quiet()).expect("reads");
        assert_eq!((data.num_episodes(), data.obs_dim(), data.rewards[0]), (3, 3, 2.5));
        assert_eq!(data.episode(1).obs_at(0), [100.0, 0.0, 9.0]);
        assert_eq!(data.obs_space.names, ["observations.0", "observations.1", "infos/goal"]);
    }
}

#[test]
fn observations_in_a_group_are_put_side_by_side() {
    let c = Columns::new();
    let (_dir, path) = at("x.h5");
    let column = |all: &[f32], d: usize| all.iter().skip(d).step_by(2).copied().collect::<Vec<f32>>();
    let one = |values: Vec<f32>| Value::F32(values, vec![c.rows as u64]);
    let mut all = c.values(["spare", "action", "reward"]);
    all.extend([
        ("obs/a".to_owned(), one(column(&c.obs, 0))),
        ("obs/b".to_owned(), one(column(&c.obs, 1))),
        ("obs/cam".to_owned(), Value::Images(c.rows as u64)),
        ("next_obs/a".to_owned(), one(column(&c.next, 0))),
        ("next_obs/b".to_owned(), one(column(&c.next, 1))),
        ("done".to_owned(), c.flags(&c.ends())),
        ("truncated".to_owned(), c.flags(&c.truncated)),
    ]);
    hdf5(&path, &all, &[]);
    let data = read(&Plain, &path).expect("reads");
    compare(&data, true, true, true);
    assert_eq!(data.obs_space.names, ["a", "b"]);
    assert!(says(&data, "obs/cam (images of 2 x 2 x 3)") && says(&data, "spare"), "{:?}", data.origin.rules);
}

#[test]
fn several_groups_of_steps_are_asked() {
    let c = Columns::new();
    let (_dir, path) = at("x.h5");
    let mut all = Vec::new();
    for group in ["train", "test"] {
        all.extend(c.values(USUAL).into_iter().map(|(key, value)| (format!("{group}/{key}"), value)));
        all.push((format!("{group}/dones"), c.flags(&c.ends())));
    }
    hdf5(&path, &all, &[]);
    let text = format::open(&path, Some("plain"), &Ctx::quiet()).expect_err("asks").to_string();
    assert!(text.contains("'test', 'train' each hold steps") && text.contains("observation = \"test/NAME\""), "{text}");
    let toml = "observation = \"train/observations\"\naction = \"train/actions\"\nreward = \"train/rewards\"\n\
        done = \"train/dones\"";
    std::fs::write(path.with_extension("h5.toml"), toml).expect("written");
    compare(&format::open(&path, None, &Ctx::quiet()).expect("reads"), false, true, false);
}

#[test]
fn a_folder_of_numpy_arrays_is_one_archive() {
    let c = Columns::new();
    let dir = tempfile::tempdir().expect("temporary folder");
    let mut all = c.arrays(USUAL);
    all.push(Array::flags("terminals", c.rows, &c.terminated));
    all.push(Array::flags("timeouts", c.rows, &c.truncated));
    crate::format::npz::tests::write_apart(dir.path(), &all);
    compare(&read(&Plain, dir.path()).expect("reads"), false, true, true);
}

#[test]
fn columns_that_do_not_fit_and_files_cut_short_are_told() {
    let c = Columns::new();
    let mut all = c.arrays(USUAL);
    all.push(Array::f32("next_observations", &[c.rows, 1], vec![0.0; c.rows]));
    all.push(Array::flags("done", c.rows, &c.ends()));
    assert!(message(&all, None).contains("next observations (next_observations) have 1 values a row"));
    let mut all = c.arrays(["observations", "actions", "spare"]);
    all.push(Array::f32("rewards", &[c.rows, 2], vec![0.0; 2 * c.rows]));
    let text = message(&all, None);
    assert!(text.contains("'rewards' holds 12 x 2 values") && text.contains("reward = \"NAME\""), "{text}");
    let mut all = c.arrays(USUAL);
    all.push(Array::flags("done", c.rows, &c.ends()));
    for store in [write, write_stored] {
        let (_dir, path) = at("x.npz");
        store(&path, &all);
        sweep(&path, |path| drop(crate::format::reader::tests::opened(&Plain, path, &Ctx::quiet())));
    }
}

#[test]
fn rewards_of_another_name_are_told() {
    let c = Columns::new();
    let mut all = c.arrays(["observations", "actions", "rewards_sparse"]);
    all.push(Array::flags("dones", c.rows, &c.ends()));
    let data = npz(&all).expect("reads");
    assert!(says(&data, "every reward is 0; 'rewards_sparse' may be: say it in x.npz.toml"), "{:?}", data.origin);
}
