//! `env_traces/*.json`: what real environments answered, step by step.

use std::path::Path;

use oodscope::data::space::Actions;
use oodscope::env;
use oodscope::env::vector::VectorEnv;
use serde_json::Value;

use super::{Finding, Verdict};

/// Largest difference allowed: observations are float32 of states up to 8, so 1e-5 is the stated bound.
const TOLERANCE: f64 = 1e-5;

/// The same for `MuJoCo`'s models, whose numbers differ a little between its versions.
const MUJOCO_TOLERANCE: f64 = 1e-3;

/// From here on the soft ends of the rail may act on the suite's cart (they are at 1.8), which the references leave out.
const RAIL: f64 = 1.75;

/// What was compared so far.
#[derive(Default)]
struct Compared {
    steps: usize,
    numbers: usize,
    worst: f64,
    at: String,
}

pub fn compare(_root: &Path, path: &Path, json: &Value) -> Vec<Finding> {
    let named = json["env"].as_str().unwrap_or_default();
    let what = format!("{} ({named})", path.file_name().unwrap_or_default().to_string_lossy());
    // `dm_control` names its tasks without a version, Gymnasium with one.
    let versioned = format!("{named}-v0");
    let known = [named, &versioned].into_iter().find_map(|id| Some((id, env::make(id, 1, &[]).ok()??)));
    let Some((id, mut environment)) = known else {
        return vec![(what, Verdict::Unsupported(format!("no environment called '{named}'")))];
    };
    let mut so_far = Compared { at: "-".into(), ..Compared::default() };
    for (e, episode) in json["episodes"].as_array().into_iter().flatten().enumerate() {
        if let Err(how) = follow(&mut *environment, episode, e, &mut so_far) {
            return vec![(what, Verdict::Differs(how))];
        }
    }
    let tolerance = if id.starts_with("dm_control/") { MUJOCO_TOLERANCE } else { TOLERANCE };
    let Compared { steps, numbers, worst, at } = so_far;
    let text = format!("{steps} steps, largest difference {worst:.1e} at {at}");
    let agrees = steps > 0 && worst <= tolerance;
    vec![(what, if agrees { Verdict::Agrees(numbers, text) } else { Verdict::Differs(text) })]
}

/// Repeats episode `e` of a trace from its first state; an error says what is off by more than a number.
fn follow(environment: &mut dyn VectorEnv, episode: &Value, e: usize, so_far: &mut Compared) -> Result<(), String> {
    let space = environment.spec().action_space.clone();
    let on_rail = environment.spec().id.starts_with("dm_control/cartpole");
    let start = [&episode["state0"], &episode["qpos0"], &episode["qvel0"]].map(numbers).concat();
    let states = environment.restorable().ok_or("it can't be put into a state")?;
    let first = states.set_state(&[0], &start).map_err(|fault| fault.to_string())?;
    if !episode["obs0"].is_null() {
        so_far.hold(&first, None, &episode["obs0"], &format!("the start of episode {e}"))?;
    }
    for (t, action) in episode["actions"].as_array().into_iter().flatten().enumerate() {
        let action: Vec<f32> = numbers(action).iter().map(|&v| v as f32).collect();
        let step = environment.step(&[0], &Actions::new(&space, action)).map_err(|fault| fault.to_string())?;
        let at = format!("episode {e} step {t}");
        for (flag, ours) in [("terminated", step.terminated[0]), ("truncated", step.truncated[0])] {
            if episode[flag][t].as_bool().is_some_and(|theirs| theirs != ours) {
                return Err(format!("{flag} is {ours} at {at}, which it is not in the reference"));
            }
        }
        if on_rail && f64::from(step.obs[0].abs()) >= RAIL {
            continue;
        }
        so_far.hold(&step.obs, Some((step.reward[0], &episode["rewards"][t])), &episode["obs"][t], &at)?;
        so_far.steps += 1;
    }
    Ok(())
}

impl Compared {
    /// Holds an observation, and a reward where there is one, to the reference.
    fn hold(&mut self, obs: &[f32], reward: Option<(f64, &Value)>, truth: &Value, at: &str) -> Result<(), String> {
        let truth = numbers(truth);
        if obs.len() != truth.len() {
            return Err(format!("{} columns against {} in the reference at {at}", obs.len(), truth.len()));
        }
        let reward = reward.map(|(ours, theirs)| (ours - theirs.as_f64().unwrap_or(f64::NAN)).abs());
        for gap in obs.iter().zip(&truth).map(|(&a, b)| (f64::from(a) - b).abs()).chain(reward) {
            // NaN (a missing key) must not pass for agreement.
            if gap.is_nan() {
                return Err(format!("a number is missing at {at}"));
            }
            if gap > self.worst {
                (self.worst, self.at) = (gap, at.to_owned());
            }
            self.numbers += 1;
        }
        Ok(())
    }
}

/// The numbers of a value: of a list in its order, of a dictionary by its keys in alphabetical order.
fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        Value::Object(parts) => parts.values().flat_map(numbers).collect(),
        Value::Null => Vec::new(),
        one => vec![one.as_f64().unwrap_or(f64::NAN)],
    }
}
