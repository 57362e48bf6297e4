//! `oodscope active`: learn a task online, from random data.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{EnvArgs, OutputArgs, count, part, positive, weight};
use super::headless::{self, Status};
use crate::agent::learner::LearnerKind;
use crate::engine::job::{ActiveSpec, JobSpec, ModelKind};
use crate::ground::fault::Fault;
use crate::topup::active::options::{Newness, Options};

/// What calls a state new.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    /// Its distance to the states that were seen
    Novelty,
    /// The members' disagreement
    Disagreement,
}

impl From<By> for Newness {
    fn from(by: By) -> Self {
        match by {
            By::Novelty => Self::Novelty,
            By::Disagreement => Self::Disagreement,
        }
    }
}

/// Options of `oodscope active`.
#[derive(Debug, Args)]
pub struct ActiveArgs {
    #[command(flatten)]
    acting: EnvArgs,
    /// Go on with a run that was stopped or killed, with everything that it was begun with
    #[arg(long, value_name = "RUN", conflicts_with_all = ["env", "out"])]
    resume: Option<PathBuf>,
    /// What is imagined with: an ensemble, or an rssm, a recurrent state-space model
    #[arg(long, value_name = "KIND", default_value_t = Options::default().model)]
    model: ModelKind,
    /// What learns in its imagination: sac, on imagined transitions, or lambda, on the λ-returns of rollouts (Dreamer's learner) [default:
    /// sac in an ensemble, lambda in an rssm]
    #[arg(long, value_name = "KIND")]
    learner: Option<LearnerKind>,
    /// Environment steps that it may act, evaluations apart
    #[arg(long, value_name = "N", default_value_t = Options::default().steps, value_parser = count)]
    steps: usize,
    /// The first of them are random
    #[arg(long, value_name = "N", default_value_t = Options::default().random_steps, value_parser = count)]
    random_steps: usize,
    /// Mean return at which it ends: reached by an evaluation, and confirmed on 20 other starts
    #[arg(long, value_name = "RETURN", allow_negative_numbers = true)]
    target: Option<f64>,
    /// Steps, in whole episodes, between two trainings
    #[arg(long, value_name = "N", default_value_t = Options::default().every, value_parser = count)]
    every: usize,
    /// Gradient steps of the world model for each environment step
    #[arg(long, value_name = "X", default_value_t = Options::default().model_ratio, value_parser = positive)]
    model_ratio: f64,
    /// Gradient steps of the policy for each environment step
    #[arg(long, value_name = "X", default_value_t = Options::default().policy_ratio, value_parser = positive)]
    policy_ratio: f64,
    /// Steps between two evaluations
    #[arg(long, value_name = "N", default_value_t = Options::default().eval_every, value_parser = count)]
    eval_every: usize,
    /// Episodes of an evaluation
    #[arg(long, value_name = "N", default_value_t = Options::default().eval_episodes, value_parser = count)]
    eval_episodes: usize,
    /// Discount of rewards (0 to 1)
    #[arg(long, value_name = "X", default_value_t = Options::default().gamma, value_parser = part)]
    gamma: f64,
    /// Steps of an imagined rollout of sac
    #[arg(long, value_name = "N", default_value_t = Options::default().rollout, value_parser = count)]
    rollout: usize,
    /// Steps that the λ-returns of lambda look ahead
    #[arg(long, value_name = "N", default_value_t = Options::default().horizon, value_parser = count)]
    horizon: usize,
    /// Weight of the policy's entropy in lambda [default: 0.0003 for choices, 0.01 for real numbers]
    #[arg(long, value_name = "X", value_parser = weight)]
    entropy: Option<f64>,
    /// Share of the policy's batches that are real transitions (0 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = Options::default().real, value_parser = part)]
    real: f64,
    /// Weight of the model's uncertainty, taken off imagined rewards (MOPO's lambda)
    #[arg(long, value_name = "X", default_value_t = Options::default().penalty, value_parser = weight)]
    penalty: f64,
    /// Environment steps that an action is held for; --steps counts the environment's
    #[arg(long, value_name = "N", default_value_t = Options::default().action_repeat, value_parser = count)]
    action_repeat: usize,
    /// Share of imagined reward that is for what is new: all of it until more reward was seen than random actions give, less and
    /// less from then on (0 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = Options::default().explore, value_parser = part)]
    explore: f64,
    /// What is new: novelty (far from the states that were seen) or disagreement (of the world model's members)
    #[arg(long, value_enum, default_value = "disagreement")]
    explore_by: By,
    /// Width of the hidden layers of policy and critics
    #[arg(long, value_name = "N", default_value_t = Options::default().hidden, value_parser = count)]
    hidden: usize,
    /// Folder of run directories
    #[arg(long, value_name = "FOLDER", default_value_os_t = ActiveSpec::default().out)]
    out: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

impl ActiveArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.job() {
            Ok(job) => headless::run(&[job], &self.output),
            Err(ended) => headless::complain(&ended),
        }
    }

    /// The job that is meant.
    ///
    /// # Errors
    /// A sentence where the run to go on with is none.
    pub fn job(&self) -> Result<JobSpec, Fault> {
        if let Some(folder) = &self.resume {
            return ActiveSpec::resumed(folder.clone()).map(JobSpec::Active);
        }
        Ok(JobSpec::Active(ActiveSpec {
            acting: self.acting.acting(),
            options: Options {
                model: self.model,
                learner: self.learner,
                steps: self.steps,
                random_steps: self.random_steps,
                every: self.every,
                model_ratio: self.model_ratio,
                policy_ratio: self.policy_ratio,
                eval_every: self.eval_every,
                eval_episodes: self.eval_episodes,
                target: self.target,
                gamma: self.gamma,
                rollout: self.rollout,
                horizon: self.horizon,
                entropy: self.entropy,
                real: self.real,
                penalty: self.penalty,
                action_repeat: self.action_repeat,
                explore: self.explore,
                explore_by: self.explore_by.into(),
                hidden: self.hidden,
                seed: self.output.seed,
                ..Options::default()
            },
            out: self.out.clone(),
            resume: None,
        }))
    }
}
