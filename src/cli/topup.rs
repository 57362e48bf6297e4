//! `oodscope topup`: collect a little, fine-tune, compare.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{EnvArgs, OutputArgs, SourceArgs, budget, count, level, part, positive, weight};
use super::headless::{self, Status};
use super::{config, dashboard, on_terminal};
use crate::agent::replay::Mix;
use crate::engine::job::{JobSpec, Schedule, Source, TopUpSpec, Trigger};
use crate::ground::fault::Fault;
use crate::topup::options::Options;
use crate::ui::app::OpenSpec;
use crate::ui::panel;

/// When data is collected.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    /// Never: the baseline without new data
    None,
    /// Evenly over the checks
    Fixed,
    /// When the loss ratio is above its threshold
    Adaptive,
    /// As much as the adaptive run that --yoked names, at random checks: its control
    Yoked,
}

impl From<When> for Schedule {
    fn from(when: When) -> Self {
        match when {
            When::None => Self::None,
            When::Fixed => Self::Fixed,
            When::Adaptive => Self::Adaptive,
            When::Yoked => Self::Yoked,
        }
    }
}

/// What calls for data.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Calls {
    /// R above its threshold, and evidence over all checks that it is no chance
    PerRun,
    /// R above its threshold at one check (the paper's rule)
    PerCheck,
}

impl From<Calls> for Trigger {
    fn from(calls: Calls) -> Self {
        match calls {
            Calls::PerRun => Self::PerRun,
            Calls::PerCheck => Self::PerCheck,
        }
    }
}

/// How batches mix old and new data.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mixed {
    /// Every transition is equally likely
    Uniform,
    /// Half of a batch is new
    Half,
    /// Equally likely, but at least a tenth of a batch is new
    Floor,
}

impl From<Mixed> for Mix {
    fn from(mixed: Mixed) -> Self {
        match mixed {
            Mixed::Uniform => Self::Uniform,
            Mixed::Half => Self::Half,
            Mixed::Floor => Self::Floor,
        }
    }
}

/// Options of `oodscope topup`.
#[derive(Debug, Args)]
pub struct TopUpArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Go on with a run that was stopped or killed, with everything that it was begun with
    #[arg(long, value_name = "RUN", conflicts_with_all = ["dataset", "checkpoint", "env", "out"])]
    resume: Option<PathBuf>,
    /// When data is collected
    #[arg(long, value_enum, default_value = "adaptive")]
    schedule: When,
    /// Run directory of the adaptive run that --schedule yoked is the control of: its chunks at random checks
    #[arg(long, value_name = "RUN", required_if_eq("schedule", "yoked"), conflicts_with = "resume")]
    yoked: Option<PathBuf>,
    /// Print instead of opening the dashboard
    #[arg(long)]
    headless: bool,
    #[command(flatten)]
    acting: EnvArgs,
    /// What calls for data under the adaptive schedule
    #[arg(long, value_enum, default_value = "per-run")]
    trigger: Calls,
    /// Share of whole runs that may collect although nothing is new (with --trigger per-check: share of checks whose R is above
    /// what it reaches by chance)
    #[arg(long, value_name = "LEVEL", default_value_t = Options::default().alpha, value_parser = level)]
    alpha: f64,
    /// Threshold of the loss ratio R; the larger of 1.35 and what R reaches by chance at a check if none is named
    #[arg(long, value_name = "R", value_parser = positive, allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Most data added, as a share of the dataset's steps (0 to 0.2)
    #[arg(long, value_name = "SHARE", default_value_t = Options::default().budget, value_parser = budget)]
    budget: f64,
    /// Most probe episodes at each check; an adaptive run acts as few as will do
    #[arg(long, value_name = "N", default_value_t = Options::default().probes, value_parser = count)]
    probes: usize,
    /// Most checks
    #[arg(long, value_name = "N", default_value_t = Options::default().rounds, value_parser = count)]
    rounds: usize,
    /// Gradient steps of the world model between checks
    #[arg(long, value_name = "N", default_value_t = Options::default().model_steps, value_parser = count)]
    model_steps: usize,
    /// Gradient steps of the policy between checks
    #[arg(long, value_name = "N", default_value_t = Options::default().policy_steps, value_parser = count)]
    policy_steps: usize,
    /// How the world model's batches mix the dataset and what was added: uniform, half, or floor (at least a tenth is new)
    #[arg(long, value_enum, default_value = "floor")]
    mix: Mixed,
    /// Adam's step size for the world model at the beginning of each round
    #[arg(long, value_name = "RATE", default_value_t = Options::default().learning_rate, value_parser = positive)]
    learning_rate: f64,
    /// Environment steps of the policy as it is that are added before the first update; they count as added, within the budget
    #[arg(long, value_name = "N", default_value_t = Options::default().warm_up)]
    warm_up: usize,
    /// Weight of the model's uncertainty, taken off imagined rewards (MOPO's lambda)
    #[arg(long, value_name = "X", default_value_t = Options::default().penalty, value_parser = weight)]
    penalty: f64,
    /// Share of imagined reward that is the world model's disagreement with itself, for a policy that seeks what it does not know
    /// (0 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = Options::default().explore, value_parser = part)]
    explore: f64,
    /// Evaluation episodes before and after
    #[arg(long, value_name = "N", default_value_t = Options::default().eval_episodes, value_parser = count)]
    eval_episodes: usize,
    /// Folder of run directories
    #[arg(long, value_name = "FOLDER", default_value_os_t = TopUpSpec::default().out)]
    out: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

impl TopUpArgs {
    /// Does it: in the dashboard where a person looks and did not say otherwise.
    pub fn run(&self) -> Status {
        let asked = match &self.resume {
            Some(folder) => TopUpSpec::resumed(folder.clone()),
            None if self.yoked.is_some() && !matches!(self.schedule, When::Yoked) => {
                Err(Fault::bad("--yoked goes with --schedule yoked"))
            }
            None => self.source.source().map(|source| self.job(self.acting.of(source))),
        };
        let topup = match asked {
            Ok(topup) => topup,
            Err(ended) => return headless::complain(&ended),
        };
        if self.headless || !on_terminal(&self.output) {
            return headless::run(&[JobSpec::TopUp(topup)], &self.output);
        }
        match config::settled(None, None) {
            Ok(settings) => {
                let (seed, source) = (topup.options.seed, topup.source.clone());
                let open = OpenSpec { topup, ..OpenSpec::new(source, seed) };
                let opening = dashboard::Opening::with(open, settings);
                dashboard::Opening { panel: Some(panel::topup::ID), ..opening }.show()
            }
            Err(fault) => headless::complain(&fault),
        }
    }

    /// The job that is meant.
    pub fn job(&self, source: Source) -> TopUpSpec {
        TopUpSpec {
            source,
            options: Options {
                schedule: self.schedule.into(),
                chunks: Vec::new(),
                trigger: self.trigger.into(),
                alpha: self.alpha,
                threshold: self.threshold,
                budget: self.budget,
                probes: self.probes,
                rounds: self.rounds,
                model_steps: self.model_steps,
                policy_steps: self.policy_steps,
                mix: self.mix.into(),
                learning_rate: self.learning_rate,
                warm_up: self.warm_up,
                penalty: self.penalty,
                explore: self.explore,
                eval_episodes: self.eval_episodes,
                seed: self.output.seed,
            },
            yoked: self.yoked.clone(),
            out: self.out.clone(),
            resume: None,
        }
    }
}
