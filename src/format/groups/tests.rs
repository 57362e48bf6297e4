use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::format;
use crate::format::arrays::tests::{Episode, Value, compare, episodes, hdf5, read, says};

/// A file with the arrays that `of` makes of every episode.
fn file(stem: &str, of: impl Fn(&Episode) -> Vec<(&'static str, Value)>) -> (TempDir, PathBuf) {
    let mut values = Vec::new();
    for (k, episode) in episodes().iter().enumerate() {
        // Numbers as text would come in another order.
        let group = format!("{stem}{}", [2, 9, 10][k]);
        values.extend(of(episode).into_iter().map(|(key, value)| (format!("{group}/{key}"), value)));
    }
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.h5");
    hdf5(&path, &values, &[]);
    (dir, path)
}

fn rows(values: Vec<f32>, width: usize) -> Value {
    let n = (values.len() / width) as u64;
    Value::F32(values, if width == 1 { vec![n] } else { vec![n, width as u64] })
}

fn last(e: &Episode, set: bool) -> Value {
    Value::Flags((0..e.steps).map(|t| set && t + 1 == e.steps).collect())
}

#[test]
fn robohive_closes_an_episode_with_an_action_of_nan() {
    let trial = |e: &Episode| {
        let before = |first: f32, rest: &[f32]| std::iter::once(first).chain(rest.iter().copied()).collect::<Vec<_>>();
        let mut done = vec![false; e.steps + 1];
        done[e.steps] = e.terminated;
        vec![
            ("observations", rows(e.obs.clone(), 2)),
            ("actions", rows(e.actions.iter().copied().chain([f32::NAN]).collect(), 1)),
            // A reward is that of the row's own observation.
            ("rewards", rows(before(-5.0, &e.rewards), 1)),
            ("done", Value::Flags(done)),
            ("time", rows(vec![0.0; e.steps + 1], 1)),
            ("env_infos/solved", rows(vec![0.0; e.steps + 1], 1)),
        ]
    };
    for stem in ["Trial", "Rollout", "Trial "] {
        let (_dir, path) = file(stem, trial);
        let data = read(&EpisodeGroups, &path).expect("reads");
        compare(&data, true, true, true);
        assert_eq!(data.spans().iter().map(|s| s.id).collect::<Vec<_>>(), [2, 9, 10]);
        assert!(says(&data, "env_infos/solved") && says(&data, "time"), "{:?}", data.origin.rules);
    }
}

#[test]
fn groups_have_a_row_more_of_observations_next_observations_or_neither() {
    let parts = |e: &Episode, kind: usize| {
        let mut parts = vec![("action", rows(e.actions.clone(), 1)), ("reward", rows(e.rewards.clone(), 1))];
        parts.push(("obs", rows(if kind == 0 { e.obs.clone() } else { e.obs[..2 * e.steps].to_vec() }, 2)));
        if kind == 1 {
            parts.push(("next_obs", rows(e.obs[2..].to_vec(), 2)));
        }
        parts.push(("terminated", last(e, e.terminated)));
        parts.push(("truncated", last(e, !e.terminated)));
        parts
    };
    for kind in 0..3 {
        let (_dir, path) = file("episode_", |e| parts(e, kind));
        let data = read(&EpisodeGroups, &path).expect("reads");
        compare(&data, kind < 2, true, true);
        assert!(data.origin.warnings.is_empty(), "{:?}", data.origin.warnings);
    }
}

#[test]
fn groups_that_are_not_alike_and_rivals_are_told() {
    let lengths = std::cell::Cell::new(0);
    let (_dir, path) = file("ep", |e| {
        lengths.set(lengths.get() + 1);
        let odd = usize::from(lengths.get() == 2);
        vec![("obs", rows(e.obs[..2 * (e.steps - odd)].to_vec(), 2)), ("act", rows(e.actions.clone(), 1))]
    });
    let text = format::open(&path, None, &Ctx::quiet()).expect_err("short").to_string();
    assert!(text.contains("'ep9/obs' has 2 rows, 3 are needed"), "{text}");
    let (_dir, path) = file("ep", |e| {
        vec![("obs", rows(e.obs.clone(), 2)), ("state", rows(e.obs.clone(), 2)), ("act", rows(e.actions.clone(), 1))]
    });
    let text = format::open(&path, None, &Ctx::quiet()).expect_err("rivals").to_string();
    assert!(text.contains("'obs', 'state' could each be the observation"), "{text}");
    std::fs::write(path.with_extension("h5.toml"), "observation = [\"obs\", \"state\"]").expect("written");
    let data = format::open(&path, None, &Ctx::quiet()).expect("reads");
    assert_eq!((data.obs_dim(), data.num_episodes(), data.origin.format.as_str()), (4, 3, "groups"));
}
