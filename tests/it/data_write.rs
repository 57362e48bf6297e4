//! Written datasets as Minari itself and h5py read them. Runs where `OODSCOPE_PYTHON` names a Python with `minari` and
//! `h5py`; says so and checks nothing where it does not.

use std::path::Path;
use std::process::Command;

use oodscope::data::dataset::{Dataset, Origin, Parts};
use oodscope::data::episode::EpisodeSpan;
use oodscope::data::space::{Space, SpaceKind};
use oodscope::env::minari_spec;
use oodscope::format::write::{MinariAbout, Reset, write_minari};
use serde_json::Value;

/// Reads the folder with Minari and h5py and prints what it found.
const READER: &str = r#"
import json, sys, h5py, numpy as np, minari
ds = minari.load_dataset("pendulum/written-v0")
out = {"episodes": ds.total_episodes, "steps": int(ds.total_steps), "obs": 0.0, "act": 0.0, "rew": 0.0, "term": 0, "trunc": 0}
lengths = []
for e in ds.iterate_episodes():
    assert e.observations.dtype == np.float32 and e.rewards.dtype == np.float64
    assert e.terminations.dtype == bool and e.truncations.dtype == bool
    assert len(e.observations) == len(e.actions) + 1 == len(e.rewards) + 1
    assert ds.observation_space.contains(e.observations[0]) and ds.action_space.contains(e.actions[0])
    lengths.append(len(e.rewards))
    out["obs"] += e.observations.astype(np.float64).sum(); out["act"] += e.actions.astype(np.float64).sum()
    out["rew"] += e.rewards.sum(); out["term"] += int(e.terminations[-1]); out["trunc"] += int(e.truncations[-1])
assert len(list(ds.sample_episodes(3))) == 3
out["lengths"] = lengths
out["env"] = ds.env_spec.id
out["spaces"] = [str(ds.observation_space), str(ds.action_space)]
meta = list(ds.storage.get_episode_metadata([1]))[0]
out["seed"], out["option"], out["id"] = int(meta["seed"]), float(meta["options"]["x"]), int(meta["id"])
with h5py.File(sys.argv[1] + "/data/main_data.hdf5") as f:
    g = f["episode_1"]
    out["maxshape"] = str(g["observations"].maxshape)
env = ds.recover_environment()
assert env.spec.id == "Pendulum-v1" and env.reset(seed=0)[0].shape == (3,)
# Minari itself may go on writing into the file.
ds.storage.update_episode_metadata([{"note": 1.0}], [0])
assert list(ds.storage.get_episode_metadata([0]))[0]["note"] == 1.0
print(json.dumps(out))
"#;

fn dataset(episodes: usize, action_space: Space) -> Dataset {
    let mut parts = Parts::default();
    for id in 0..episodes {
        let steps = 1 + id % 5;
        let last = parts.spans.last();
        parts.spans.push(EpisodeSpan {
            id: id as u64,
            first_step: last.map_or(0, |s: &EpisodeSpan| s.first_step + s.steps),
            steps,
            first_obs: last.map_or(0, |s: &EpisodeSpan| s.first_obs + s.obs_rows),
            obs_rows: steps + 1,
            terminated: id % 2 == 0,
            truncated: id % 2 == 1,
        });
        parts.obs.extend((0..3 * (steps + 1)).map(|i| ((i + id) as f32 * 0.1).sin()));
        parts.rewards.extend((0..steps).map(|i| -0.1 * i as f64));
        parts.actions.extend((0..steps).map(|i| if action_space.is_discrete() { (i % 2) as f32 } else { 0.3 }));
    }
    let obs = SpaceKind::Box { low: vec![-1.0, -1.0, f32::NEG_INFINITY], high: vec![1.0, 1.0, f32::INFINITY] };
    let obs_space = Space { kind: obs, ..Space::unnamed("obs", 3) };
    Dataset::from_parts(Origin::default(), obs_space, action_space, parts).unwrap()
}

fn about(episodes: usize) -> MinariAbout {
    MinariAbout {
        dataset_id: "pendulum/written-v0".into(),
        env_spec: Some(minari_spec("Pendulum-v1")),
        algorithm_name: "test".into(),
        authors: vec!["somebody".into()],
        resets: (0..episodes).map(|i| Reset { seed: Some(i as u64), options: vec![("x".into(), 0.5)] }).collect(),
        ..MinariAbout::default()
    }
}

fn read_by_minari(python: &Path, data: &Dataset, episodes: usize) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("pendulum/written-v0");
    write_minari(&folder, data, &about(episodes)).unwrap();
    let out = Command::new(python)
        .args(["-c", READER])
        .arg(&folder)
        .env("MINARI_DATASETS_PATH", dir.path())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn minari_and_h5py_read_what_is_written() {
    let Some(python) = std::env::var_os("OODSCOPE_PYTHON") else {
        println!("OODSCOPE_PYTHON is not set: nothing is checked against Minari itself");
        return;
    };
    let continuous = Space { kind: SpaceKind::Box { low: vec![-2.0], high: vec![2.0] }, ..Space::unnamed("action", 1) };
    let choices = Space { kind: SpaceKind::Discrete { n: 2, start: 0 }, ..Space::unnamed("action", 1) };
    for (space, episodes) in [(continuous.clone(), 7), (choices, 12), (continuous, 3000)] {
        let data = dataset(episodes, space);
        let got = read_by_minari(Path::new(&python), &data, episodes);
        assert_eq!(got["episodes"], episodes);
        assert_eq!(got["steps"], data.num_steps());
        let lengths: Vec<usize> = data.spans().iter().map(|s| s.steps).collect();
        assert_eq!(got["lengths"], serde_json::json!(lengths));
        let all: Vec<usize> = (0..episodes).collect();
        let sum = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>();
        let obs = sum(&mut data.episodes(&all).flat_map(|e| e.obs.iter().map(|&v| f64::from(v))));
        let actions = sum(&mut data.episodes(&all).flat_map(|e| e.actions.iter().map(|&v| f64::from(v))));
        let rewards = sum(&mut data.episodes(&all).flat_map(|e| e.rewards.iter().copied()));
        // Sums of up to 30,000 values below 2 in another order.
        for (name, want) in [("obs", obs), ("act", actions), ("rew", rewards)] {
            assert!((got[name].as_f64().unwrap() - want).abs() < 1e-9, "{name}: {} and {want}", got[name]);
        }
        assert_eq!(got["term"], data.spans().iter().filter(|s| s.terminated).count());
        assert_eq!(got["trunc"], data.spans().iter().filter(|s| s.truncated).count());
        assert_eq!((&got["seed"], &got["option"], &got["id"]), (&1.into(), &0.5.into(), &1.into()));
        assert_eq!((&got["env"], &got["maxshape"]), (&"Pendulum-v1".into(), &"(None, 3)".into()));
        println!("{episodes} episodes as Minari reads them: {}", got["spaces"]);
    }
}
