//! What a top-up is asked for.

use serde::{Deserialize, Serialize};

use super::controller::Schedule;
use super::controller::trigger::Trigger;
use crate::agent::learner::LearnerOptions;
use crate::agent::replay::Mix;

/// How a top-up is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// When data is collected.
    pub schedule: Schedule,
    /// Steps of each chunk of the adaptive run that [`Schedule::Yoked`] is the control of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<usize>,
    /// What calls for data.
    pub trigger: Trigger,
    /// Fixed threshold of R; nothing = the larger of the paper's 1.35 and what R reaches by chance.
    pub threshold: Option<f64>,
    /// Most data added, as a share of the dataset's steps.
    pub budget: f64,
    /// Most probe episodes at each check.
    pub probes: usize,
    /// Most checks that are followed by training.
    pub rounds: usize,
    /// Gradient steps of the world model between checks.
    pub model_steps: usize,
    /// Gradient steps of the policy between checks.
    pub policy_steps: usize,
    /// How the world model's batches mix old and new transitions.
    pub mix: Mix,
    /// Adam's step size for the world model, at the beginning of each round.
    pub learning_rate: f64,
    /// Steps of the policy as it is that are added before the first update, within the budget (WSRL, Zhou et al. 2024).
    pub warm_up: usize,
    /// Weight of the model's uncertainty, taken off imagined rewards (MOPO's λ).
    pub penalty: f64,
    /// Share of imagined reward that is the members' disagreement (`w_expl`); 0 is the paper's rule.
    pub explore: f64,
    /// Evaluation episodes before and after.
    pub eval_episodes: usize,
    /// Share of runs that may collect although nothing is new, and level of what R reaches by chance at one check.
    pub alpha: f64,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schedule: Schedule::Adaptive,
            chunks: Vec::new(),
            trigger: Trigger::PerRun,
            threshold: None,
            budget: 0.1,
            probes: 2,
            rounds: 24,
            model_steps: 3000,
            policy_steps: 3000,
            mix: Mix::Floor,
            learning_rate: 1e-3,
            warm_up: 0,
            penalty: 0.0,
            explore: 0.0,
            eval_episodes: 6,
            alpha: 0.05,
            seed: 0,
        }
    }
}

impl Options {
    /// How the policy learns.
    pub fn learner(&self) -> LearnerOptions {
        LearnerOptions { penalty: self.penalty, explore: self.explore, ..LearnerOptions::default() }
    }
}
