use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ActingSpec;

/// Episodes of a policy in an environment, written as a new dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectSpec {
    /// Environment to act in; [`CollectSpec::ENV`] if none is named.
    #[serde(flatten)]
    pub acting: ActingSpec,
    /// Who acts: a script of the environment, `random`, a policy's file, or a function of Python's.
    pub policy: PathBuf,
    /// Statistics that the policy's observations are normalised by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_normalize: Option<PathBuf>,
    /// The policy's most likely actions are taken; they are drawn otherwise.
    pub greedy: bool,
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
            acting: ActingSpec::default(),
            policy: PathBuf::new(),
            policy_normalize: None,
            greedy: false,
            episodes: 100,
            x_init: None,
            y_init: None,
            out: PathBuf::new(),
            seed: 0,
        }
    }
}

impl CollectSpec {
    /// The environment where none is named.
    pub const ENV: &str = "Pendulum-v1";

    /// Where it is acted.
    pub fn acting(&self) -> ActingSpec {
        let env = self.acting.env.clone().unwrap_or_else(|| Self::ENV.into());
        ActingSpec { env: Some(env), ..self.acting.clone() }
    }

    /// Id of the environment, without the word that says whose it is.
    pub fn env(&self) -> &str {
        let named = self.acting.env.as_deref().unwrap_or(Self::ENV);
        named.strip_prefix("gym:").unwrap_or(named)
    }
}
