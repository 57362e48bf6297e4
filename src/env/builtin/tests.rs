//! What holds of every built-in environment and its scripts. A new one is found by its line in [`ENVIRONMENTS`].

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::data::space::{Actions, SpaceKind};
use crate::env::make;
use crate::ground::seed::stream;

/// Calls `visit` with every observation, action and reward of an episode by a script, up to the environment's own limit.
fn episode(entry: &Builtin, script: &str, seed: u64, visit: &mut impl FnMut(&[f32], &[f32], f64)) {
    let mut rng = stream(seed, "t", 0);
    let mut env = (entry.make)();
    let mut behaviour = entry.behaviours.iter().find(|s| s.name == script).map(|s| (s.make)()).unwrap();
    let mut obs = env.reset(&mut rng);
    behaviour.begin(&mut rng);
    for _ in 0..env.spec().max_episode_steps.unwrap() {
        let action = behaviour.act(&obs, &mut rng);
        let step = env.step(&action);
        visit(&obs, &action, step.reward);
        obs = step.obs;
        if step.terminated {
            break;
        }
    }
    visit(&obs, &[], 0.0);
}

/// Mean return of a script over `episodes`.
pub fn mean_return(entry: &Builtin, script: &str, episodes: u64) -> f64 {
    let mut sum = 0.0;
    for seed in 0..episodes {
        episode(entry, script, seed, &mut |_, _, reward| sum += reward);
    }
    sum / episodes as f64
}

/// What a script sees in `episodes`.
pub fn observations(entry: &Builtin, script: &str, episodes: u64) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    for seed in 0..episodes {
        episode(entry, script, seed, &mut |obs, _, _| all.push(obs.to_vec()));
    }
    all
}

#[test]
fn ids_and_scripts_are_named_once_and_every_one_has_the_three() {
    for (i, entry) in ENVIRONMENTS.iter().enumerate() {
        assert!(ENVIRONMENTS[..i].iter().all(|other| other.id != entry.id), "{}", entry.id);
        assert_eq!((entry.make)().spec().id, entry.id);
        for name in ["narrow", "mixed", "random"] {
            assert_eq!(entry.behaviours.iter().filter(|s| s.name == name).count(), 1, "{} {name}", entry.id);
        }
    }
}

#[test]
fn scripts_act_within_the_spaces_and_a_seed_repeats_them() {
    let within = |space: &crate::data::space::Space, row: &[f32]| match &space.kind {
        SpaceKind::Discrete { n, start } => {
            row.iter().all(|v| v.fract() == 0.0 && (0..*n as i64).contains(&(*v as i64 - start)))
        }
        _ => (0..space.dim()).all(|d| space.bounds(d).is_none_or(|(low, high)| (low..=high).contains(&row[d]))),
    };
    for entry in ENVIRONMENTS {
        let spec = (entry.make)().spec();
        for script in entry.behaviours {
            let mut runs = [Vec::new(), Vec::new(), Vec::new()];
            for (run, seed) in runs.iter_mut().zip([5, 5, 6]) {
                episode(entry, script.name, seed, &mut |obs, action, reward| {
                    assert_eq!(obs.len(), spec.obs_space.dim(), "{}", entry.id);
                    assert!(within(&spec.obs_space, obs) && reward.is_finite(), "{} {obs:?}", entry.id);
                    assert!(action.is_empty() || within(&spec.action_space, action), "{} {action:?}", entry.id);
                    run.push((obs.to_vec(), action.to_vec()));
                });
            }
            assert!(runs[0] == runs[1] && runs[0] != runs[2], "{} {}", entry.id, script.name);
        }
    }
}

#[test]
fn a_state_that_is_restored_goes_on_as_it_did() {
    for entry in ENVIRONMENTS {
        let mut rng = stream(7, "t", 0);
        let (mut env, mut again) = ((entry.make)(), (entry.make)());
        let mut random = scripted::HeldRandom::new(env.spec().action_space, 3);
        let mut obs = env.reset(&mut rng);
        for t in 0..50 {
            let restored = again.set_state(&env.state());
            assert_eq!((restored, again.state()), (obs, env.state()), "{} step {t}", entry.id);
            let action = random.act(&[], &mut rng);
            let step = env.step(&action);
            assert_eq!(again.step(&action), step, "{} step {t}", entry.id);
            if step.terminated {
                break;
            }
            obs = step.obs;
        }
    }
}

/// Cuts of what the original environments answered, with the ends of their episodes.
#[test]
fn they_answer_as_the_originals() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/env_traces");
    let mut compared = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let trace: Value = serde_json::from_str(&text).unwrap();
        let id = trace["env"].as_str().unwrap();
        let mut env = make(id, 1, &[]).unwrap().unwrap();
        let space = env.spec().action_space.clone();
        for episode in trace["episodes"].as_array().unwrap() {
            env.restorable().unwrap().set_state(&[0], &row(&episode["state0"])).unwrap();
            for (t, action) in episode["actions"].as_array().unwrap().iter().enumerate() {
                let action: Vec<f32> = row(action).into_iter().map(|v| v as f32).collect();
                let step = env.step(&[0], &Actions::new(&space, action)).unwrap();
                let truth = row(&episode["obs"][t]);
                assert_eq!(step.obs.len(), truth.len(), "{id}");
                let near = |a: f64, b: f64| (a - b).abs() <= 1e-5;
                assert!(step.obs.iter().zip(&truth).all(|(a, b)| near((*a).into(), *b)), "{id} step {t}");
                assert!(near(step.reward[0], episode["rewards"][t].as_f64().unwrap()), "{id} step {t}");
                assert_eq!(Some(step.terminated[0]), episode["terminated"][t].as_bool(), "{id} step {t}");
            }
        }
        compared.push(id.trim_end_matches("-v0").to_owned());
    }
    let known = |id: &str| compared.iter().any(|c| id.trim_end_matches("-v0") == c);
    let left: Vec<&str> = ENVIRONMENTS.iter().map(|e| e.id).filter(|id| !known(id)).collect();
    assert_eq!(left, ["oodscope/PointMaze-FourRooms-v0"], "it has no original");
}

/// A number or a list of them.
fn row(v: &Value) -> Vec<f64> {
    v.as_array().map_or_else(|| vec![v.as_f64().unwrap()], |all| all.iter().map(|v| v.as_f64().unwrap()).collect())
}
