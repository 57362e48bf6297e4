use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::format;
use crate::format::arrays::tests::{Value, compare, episodes, hdf5, read, says};

/// The rows of all episodes: an observation, the reward that came with it, and the action taken at it.
fn file(observation: &str, change: impl FnOnce(&mut Vec<(String, Value)>)) -> (TempDir, PathBuf) {
    let all = episodes();
    let rows: u64 = all.iter().map(|e| e.steps as u64 + 1).sum();
    let flat =
        |of: &dyn Fn(&crate::format::arrays::tests::Episode) -> Vec<f32>| all.iter().flat_map(of).collect::<Vec<f32>>();
    let obs = flat(&|e| e.obs.clone());
    // The action before the first observation comes last.
    let actions = flat(&|e| e.actions.iter().copied().chain([-77.0]).collect());
    let rewards = flat(&|e| std::iter::once(-77.0).chain(e.rewards.iter().copied()).collect());
    let ended = all.iter().flat_map(|e| (0..=e.steps).map(|t| t == e.steps && e.terminated)).collect();
    let lengths: Vec<i64> = all.iter().map(|e| e.steps as i64 + 1).collect();
    let offsets = lengths.iter().scan(0, |sum, n| Some(std::mem::replace(sum, *sum + n))).collect();
    let mut values = vec![
        (observation.to_owned(), Value::F32(obs, vec![rows, 2])),
        ("action".to_owned(), Value::F32(actions, vec![rows, 1])),
        ("reward".to_owned(), Value::F32(rewards, vec![rows])),
        ("terminated".to_owned(), Value::Flags(ended)),
        ("pixels".to_owned(), Value::Images(rows)),
        ("ep_len".to_owned(), Value::Whole(lengths)),
        ("ep_offset".to_owned(), Value::Whole(offsets)),
    ];
    change(&mut values);
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.h5");
    hdf5(&path, &values, &[]);
    (dir, path)
}

#[test]
fn a_row_is_an_observation_and_the_reward_that_came_with_it() {
    for name in ["observation", "state", "proprio"] {
        let (_dir, path) = file(name, |_| {});
        let data = read(&StableWorldModel, &path).expect("reads");
        compare(&data, true, true, true);
        assert!(says(&data, "pixels (images of 2 x 2 x 3)"), "{:?}", data.origin.rules);
    }
}

#[test]
fn two_states_are_asked_and_lengths_that_lie_told() {
    let second = |all: &mut Vec<(String, Value)>| all.push(("state".to_owned(), all[0].1.clone()));
    let (_dir, path) = file("observation", second);
    let text = format::open(&path, None, &Ctx::quiet()).expect_err("asks").to_string();
    assert!(text.contains("'observation', 'state' could each be the observation"), "{text}");
    let longer = |all: &mut Vec<(String, Value)>| all[5].1 = Value::Whole(vec![5, 4, 60]);
    let (_dir, path) = file("observation", longer);
    assert!(read(&StableWorldModel, &path).expect_err("past").contains("an episode goes to row 69"));
    let single = |all: &mut Vec<(String, Value)>| all[5].1 = Value::Whole(vec![5, 4, 1]);
    let (_dir, path) = file("observation", single);
    let data = read(&StableWorldModel, &path).expect("reads");
    assert!(data.num_episodes() == 2 && says(&data, "1 episodes have fewer than two rows"), "{:?}", data.origin);
}
