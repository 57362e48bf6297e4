use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::format;
use crate::format::arrays::tests::{Episode, Value, compare, episodes, hdf5, read, says};

const JSON: &str = r#"{"env_info": {"env_id": "PickCube-v1"}, "episodes": [{"episode_id": 0, "elapsed_steps": 4},
    {"episode_id": 3, "elapsed_steps": 3}, {"episode_id": 10, "elapsed_steps": 5}]}"#;

fn rows(values: &[f32], width: usize) -> Value {
    let n = (values.len() / width) as u64;
    Value::F32(values.to_vec(), if width == 1 { vec![n] } else { vec![n, width as u64] })
}

fn flags(e: &Episode, set: bool) -> Value {
    Value::Flags((0..e.steps).map(|t| set && t + 1 == e.steps).collect())
}

/// The trajectories 0, 3 and 10, and their description.
fn file(json: &str, of: impl Fn(&Episode) -> Vec<(&'static str, Value)>) -> (TempDir, PathBuf) {
    let mut values = Vec::new();
    for (k, e) in episodes().iter().enumerate() {
        let mut all = of(e);
        all.push(("actions", rows(&e.actions, 1)));
        all.push(("success", flags(e, true)));
        let group = format!("traj_{}", [0, 3, 10][k]);
        values.extend(all.into_iter().map(|(key, value)| (format!("{group}/{key}"), value)));
    }
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("trajectory.state.h5");
    hdf5(&path, &values, &[]);
    std::fs::write(path.with_extension("json"), json).expect("written");
    (dir, path)
}

fn ended(e: &Episode) -> Vec<(&'static str, Value)> {
    vec![
        ("rewards", rows(&e.rewards, 1)),
        ("terminated", flags(e, e.terminated)),
        ("truncated", flags(e, !e.terminated)),
    ]
}

#[test]
fn trajectories_are_read_in_the_order_of_their_numbers() {
    let (_dir, path) = file(JSON, |e| [ended(e), vec![("obs", rows(&e.obs, 2))]].concat());
    let data = read(&ManiSkill, &path).expect("reads");
    compare(&data, true, true, true);
    assert_eq!((data.origin.env_id.as_deref(), data.spans()[2].id), (Some("PickCube-v1"), 10));
    assert!(data.origin.warnings.is_empty() && says(&data, "success"), "{:?}", data.origin);
}

#[test]
fn nested_observations_are_put_side_by_side_and_cameras_are_not_read() {
    let (_dir, path) = file("no json", |e| {
        let part = |d: usize| rows(&e.obs.iter().skip(d).step_by(2).copied().collect::<Vec<_>>(), 1);
        let n = e.steps as u64 + 1;
        let camera = Value::F32(vec![0.0; 9 * n as usize], vec![n, 3, 3]);
        let obs = vec![
            ("obs/agent/qpos", part(0)),
            ("obs/extra/pose", part(1)),
            ("obs/sensor_data/cam/rgb", Value::Images(n)),
            ("obs/sensor_param/cam/intrinsic", camera),
        ];
        [ended(e), obs].concat()
    });
    let data = read(&ManiSkill, &path).expect("reads");
    compare(&data, true, true, true);
    assert_eq!(data.obs_space.names, ["agent/qpos", "extra/pose"]);
    assert!(says(&data, "obs/sensor_param/cam/intrinsic") && says(&data, "rgb (images of 2 x 2 x 3)"));
}

#[test]
fn states_of_the_simulator_stand_in_where_there_are_no_observations() {
    let (_dir, path) = file(JSON, |e| vec![("env_states/actors/cube", rows(&e.obs, 2)), ("dones", flags(e, true))]);
    let data = read(&ManiSkill, &path).expect("reads");
    compare(&data, true, false, false);
    assert!(says(&data, "'env_states' stands in") && says(&data, "every reward is 0"), "{:?}", data.origin.rules);
    assert!(says(&data, "'dones' does not say why"));
}

#[test]
fn a_description_that_does_not_fit_is_told() {
    let json = JSON.replace("\"elapsed_steps\": 3", "\"elapsed_steps\": 30").replace("10,", "7,");
    let (_dir, path) = file(&json, |e| [ended(e), vec![("obs", rows(&e.obs, 2))]].concat());
    let data = format::open(&path, None, &Ctx::quiet()).expect("reads");
    assert_eq!(data.origin.format, "maniskill");
    assert!(says(&data, "lists 1 trajectories that the file has not (first: traj_7)"), "{:?}", data.origin.warnings);
    assert!(says(&data, "1 episodes have another length than the description"), "{:?}", data.origin.warnings);
}
