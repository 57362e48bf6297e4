use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Episodes of a scripted policy in a built-in environment, written as a new dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectSpec {
    /// Environment to act in.
    pub env: String,
    /// Name of the scripted policy that acts.
    pub policy: String,
    /// How many episodes.
    pub episodes: usize,
    /// Half-width of the start angles; the policy's own if none is named.
    pub x_init: Option<f64>,
    /// Half-width of the start velocities; the policy's own if none is named.
    pub y_init: Option<f64>,
    /// New folder that the Minari dataset is written to.
    pub out: PathBuf,
    /// Seed of starts and policy.
    pub seed: u64,
}

impl Default for CollectSpec {
    fn default() -> Self {
        Self {
            env: "Pendulum-v1".into(),
            policy: String::new(),
            episodes: 100,
            x_init: None,
            y_init: None,
            out: PathBuf::new(),
            seed: 0,
        }
    }
}
