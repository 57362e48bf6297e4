//! `env_traces/*.json`: what real environments answered, step by step.

use std::path::Path;

use oodscope::data::space::Actions;
use oodscope::env;
use serde_json::Value;

use super::{Finding, Verdict};

/// Largest difference allowed: observations are float32 of states up to 8, so 1e-5 is the stated bound.
const TOLERANCE: f64 = 1e-5;

pub fn compare(_root: &Path, path: &Path, json: &Value) -> Vec<Finding> {
    let id = json["env"].as_str().unwrap_or_default();
    let what = format!("{} ({id})", path.file_name().unwrap_or_default().to_string_lossy());
    let Ok(Some(mut environment)) = env::make(id, 1, &[]) else {
        return vec![(what, Verdict::Unsupported(format!("no environment called '{id}'")))];
    };
    let space = environment.spec().action_space.clone();
    let mut worst = (0.0f64, String::from("-"));
    let (mut steps, mut numbers_compared) = (0, 0);
    for (e, episode) in json["episodes"].as_array().into_iter().flatten().enumerate() {
        let put = environment.restorable().map(|states| states.set_state(&[0], &numbers(&episode["state0"])));
        assert!(put.is_some_and(|put| put.is_ok()), "{id} can be put into a state");
        for (t, action) in episode["actions"].as_array().into_iter().flatten().enumerate() {
            let action: Vec<f32> = numbers(action).iter().map(|&v| v as f32).collect();
            let Ok(step) = environment.step(&[0], &Actions::new(&space, action)) else { continue };
            let obs = numbers(&episode["obs"][t]);
            if obs.len() != step.obs.len() {
                let how = format!("{} columns against {} in the reference", step.obs.len(), obs.len());
                return vec![(what, Verdict::Differs(how))];
            }
            let gaps = step.obs.iter().zip(&obs).map(|(&a, b)| (f64::from(a) - b).abs());
            let reward = episode["rewards"][t].as_f64().unwrap_or(f64::NAN);
            // NaN (a missing key) must not pass for agreement.
            let gap = gaps.fold((step.reward[0] - reward).abs(), |m, g| if g.is_nan() || g > m { g } else { m });
            if gap.is_nan() || gap > worst.0 {
                worst = (gap, format!("episode {e} step {t}"));
            }
            steps += 1;
            numbers_compared += obs.len() + 1;
        }
    }
    let text = format!("{steps} steps, largest difference {:.1e} at {}", worst.0, worst.1);
    let agrees = steps > 0 && worst.0 <= TOLERANCE;
    vec![(what, if agrees { Verdict::Agrees(numbers_compared, text) } else { Verdict::Differs(text) })]
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().into_iter().flatten().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}
