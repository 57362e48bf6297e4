use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Source;
use crate::topup::controller::Schedule;
use crate::topup::controller::trigger::Trigger;
use crate::world::fit::FitOptions;

/// How a world model and a policy are trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FitSpec {
    /// Data; a checkpoint here is the starting point.
    pub source: Source,
    /// Ensemble members.
    pub members: usize,
    /// Members kept for prediction: the best on held-out episodes.
    pub elites: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Number of hidden layers.
    pub layers: usize,
    /// At most so many passes over the data.
    pub epochs: usize,
    /// Passes without improvement on held-out episodes before training stops.
    pub patience: usize,
    /// Gradient steps of the policy in imagination; 0 trains no policy.
    pub policy_steps: usize,
    /// Folder that the checkpoint is written to.
    pub out: PathBuf,
    /// Seed of weights and batches.
    pub seed: u64,
}

impl Default for FitSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            members: 5,
            elites: 5,
            hidden: 64,
            layers: 3,
            epochs: 200,
            patience: 10,
            policy_steps: 0,
            out: PathBuf::from("checkpoint"),
            seed: 0,
        }
    }
}

impl FitSpec {
    /// What the trainer is told: one look at the held-out part a pass over `rows` transitions.
    pub fn options(&self, rows: usize) -> FitOptions {
        let defaults = FitOptions::default();
        FitOptions {
            members: self.members,
            elites: self.elites,
            hidden: self.hidden,
            layers: self.layers,
            check_every: rows.div_ceil(defaults.batch).max(1),
            checks: self.epochs,
            patience: self.patience,
            ..defaults
        }
    }
}

/// How a top-up is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopUpSpec {
    /// Data and model.
    pub source: Source,
    /// Environment to collect in; the dataset's own if none is named.
    pub env: Option<String>,
    /// When data is collected.
    pub schedule: Schedule,
    /// What calls for data under the adaptive schedule.
    pub trigger: Trigger,
    /// Share of runs that may collect although nothing is new, and level of what R reaches by chance at one check.
    pub alpha: f64,
    /// Threshold of the loss ratio R; nothing = the larger of the paper's 1.35 and what R reaches by chance.
    pub threshold: Option<f64>,
    /// Most data added, as a share of the dataset's steps.
    pub budget: f64,
    /// Probe episodes at each check.
    pub probes: usize,
    /// Most checks.
    pub rounds: usize,
    /// Gradient steps of the world model between checks.
    pub model_steps: usize,
    /// Gradient steps of the policy between checks.
    pub policy_steps: usize,
    /// Evaluation episodes before and after.
    pub eval_episodes: usize,
    /// Folder of run directories.
    pub out: PathBuf,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for TopUpSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            env: None,
            schedule: Schedule::Adaptive,
            trigger: Trigger::PerRun,
            alpha: 0.05,
            threshold: None,
            budget: 0.1,
            probes: 4,
            rounds: 24,
            model_steps: 3000,
            policy_steps: 1000,
            eval_episodes: 20,
            out: PathBuf::from("runs"),
            seed: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_one_look() {
        let spec = FitSpec { epochs: 7, ..FitSpec::default() };
        let o = spec.options(1000);
        assert_eq!((o.check_every, o.checks, o.patience), (4, 7, spec.patience));
        assert_eq!(spec.options(1).check_every, 1);
    }
}
