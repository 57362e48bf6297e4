//! What an online run is asked for.

use serde::{Deserialize, Serialize};

use crate::agent::learner::{LearnerKind, LearnerOptions};
use crate::world::fit::{FitOptions, ModelKind};
use crate::world::rssm;

/// How an agent learns online.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What is imagined with.
    pub model: ModelKind,
    /// What learns in its imagination; nothing = what [`Options::learns_by`] says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learner: Option<LearnerKind>,
    /// Environment steps that it may act, evaluations apart.
    pub steps: usize,
    /// The first of them are random.
    pub random_steps: usize,
    /// Steps, in whole episodes, between two trainings.
    pub every: usize,
    /// Gradient steps of the world model for each environment step.
    pub model_ratio: f64,
    /// Gradient steps of a world model that begins anew, at least.
    pub first_model_steps: usize,
    /// Gradient steps of the policy for each environment step.
    pub policy_ratio: f64,
    /// Steps between two evaluations.
    pub eval_every: usize,
    /// Episodes of an evaluation.
    pub eval_episodes: usize,
    /// Mean return at which the task counts as learned; nothing = all steps are taken.
    pub target: Option<f64>,
    /// Discount of rewards.
    pub gamma: f64,
    /// Steps of an imagined rollout.
    pub rollout: usize,
    /// Steps that λ-returns look ahead.
    #[serde(skip_serializing_if = "is_usual")]
    pub horizon: usize,
    /// Weight of the policy's entropy beside λ-returns in units of their range; nothing = the usual one of such actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f64>,
    /// Share of the policy's batches that are real transitions.
    pub real: f64,
    /// Weight of the model's uncertainty, taken off imagined rewards (MOPO's λ).
    pub penalty: f64,
    /// Environment steps that an action is held for.
    pub action_repeat: usize,
    /// Share of imagined reward that is for what is new: all of it as long as no better than the random policy was seen, less
    /// and less from then on.
    pub explore: f64,
    /// What is new.
    pub explore_by: Newness,
    /// Width of the policy's and the critics' two hidden layers.
    pub hidden: usize,
    /// The share for what is new falls with the steps; it stays what it is otherwise, for data that explores.
    pub explore_fades: bool,
    /// The rows of batches are drawn from random numbers of their own, so that a tandem can be given the same ones.
    pub apart: bool,
    /// Seed of everything random.
    pub seed: u64,
}

/// That of Hafner et al. 2023.
const HORIZON: usize = 15;

/// What is written down of a run that learns by other means stays what it was before there was a horizon.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_usual(horizon: &usize) -> bool {
    *horizon == HORIZON
}

impl Default for Options {
    fn default() -> Self {
        Self {
            model: ModelKind::Ensemble,
            learner: None,
            steps: 10_000,
            random_steps: 1000,
            every: 250,
            model_ratio: 1.0,
            first_model_steps: 2000,
            policy_ratio: 4.0,
            eval_every: 1000,
            eval_episodes: 5,
            target: None,
            gamma: 0.99,
            rollout: 5,
            horizon: HORIZON,
            entropy: None,
            real: 0.05,
            penalty: 0.0,
            action_repeat: 1,
            explore: 0.0,
            explore_by: Newness::Disagreement,
            hidden: 128,
            explore_fades: true,
            apart: false,
            seed: 0,
        }
    }
}

/// What calls a state new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Newness {
    /// Its distance to the 5th nearest state that was seen (as particle-based entropy has it: Liu and Abbeel 2021).
    Novelty,
    /// The ensemble members' disagreement about it (Sekar et al. 2020); near zero wherever all of them extrapolate alike.
    Disagreement,
}

impl Options {
    /// Environment steps of one of the agent's.
    pub fn times(&self) -> usize {
        self.action_repeat.max(1)
    }

    /// What learns: SAC in an ensemble, on λ-returns in a recurrent model, unless another is asked for.
    pub fn learns_by(&self) -> LearnerKind {
        let usual = if self.model == ModelKind::Rssm { LearnerKind::Lambda } else { LearnerKind::Sac };
        self.learner.unwrap_or(usual)
    }

    /// How the policy learns.
    pub fn learner(&self) -> LearnerOptions {
        LearnerOptions {
            kind: self.learns_by(),
            gamma: self.gamma as f32,
            learning_rate: 5e-4,
            batch: 256,
            real: self.real,
            hidden: self.hidden,
            horizon: self.horizon,
            entropy: self.entropy.map(|weight| weight as f32),
            rollout: self.rollout,
            penalty: self.penalty,
            explore: self.explore,
            tau: 0.01,
            ..LearnerOptions::default()
        }
    }

    /// How the world model is trained for `steps` gradient steps.
    pub fn fit(&self, steps: usize) -> FitOptions {
        FitOptions {
            check_every: 50,
            checks: steps.div_ceil(50),
            patience: usize::MAX,
            keep_last: true,
            learning_rate: 1e-3,
            batch: if self.model == ModelKind::Rssm { rssm::STRETCHES } else { FitOptions::default().batch },
            kind: self.model,
            ..FitOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recurrent_model_is_learned_in_on_lambda_returns_and_what_is_not_asked_for_is_not_written_down() {
        let usual = Options::default();
        let recurrent = Options { model: ModelKind::Rssm, ..usual.clone() };
        assert_eq!((usual.learns_by(), recurrent.learns_by()), (LearnerKind::Sac, LearnerKind::Lambda));
        let text = toml::to_string(&recurrent).unwrap();
        assert!(["learner", "horizon", "entropy"].iter().all(|key| !text.contains(key)), "{text}");
        assert_eq!(toml::from_str::<Options>(&text).unwrap(), recurrent);
        let asked = Options { learner: Some("sac".parse().unwrap()), horizon: 5, entropy: Some(0.1), ..recurrent };
        assert_eq!(toml::from_str::<Options>(&toml::to_string(&asked).unwrap()).unwrap(), asked);
        assert_eq!(asked.learner().kind, LearnerKind::Sac);
        assert!("dqn".parse::<LearnerKind>().unwrap_err().contains("lambda"));
    }
}
