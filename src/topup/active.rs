//! The paper's Active agent (Chen et al., RLC 2025): from random data on it acts with its own policy, and after every few
//! hundred steps world model and policy learn on all that was seen. Its data is what the offline agents get.
//!
//! A run is a directory as a top-up's: every episode is in the log as it ends, every evaluation leaves networks and learner, so
//! that a killed run goes on with the numbers that it would have had.

mod curiosity;
mod finish;
mod history;
pub mod options;
mod resume;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::learning::{Block, Learning, Seeds};
use super::loss::{self, LossScale};
use super::measured::measured;
use super::run::{self, RunDir};
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::{Acting, Policy, Uniform};
use crate::agent::replay::{Mix, Replay};
use crate::data::dataset::Dataset;
use crate::data::episode::TransitionBatch;
use crate::env::recorded::{Recorded, Recording};
use crate::env::repeated::Repeated;
use crate::env::vector::VectorEnv;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;
pub use history::{Ended, Evaluation, History, Lesson};
use options::Options;

/// Name of the agent in the paper, and in what its runs say of themselves.
pub const ACTIVE: &str = "active";

/// Episodes that confirm an evaluation that reached the target: other starts than those that chose the policy.
const CONFIRMING: usize = 20;

/// What evaluation episodes are acted for.
pub(super) const EVALUATION: &str = "evaluation";
const CONFIRMATION: &str = "confirmation";

/// The purpose of episodes that are acted once `acted` steps were: the same starts at another time are other episodes.
pub(super) fn at(purpose: &str, acted: usize) -> String {
    format!("{purpose} at {acted}")
}

/// What an online run leaves behind.
#[derive(Debug)]
pub struct Finished {
    /// The last report.
    pub report: Report,
    /// Files and folders written.
    pub written: Vec<PathBuf>,
    /// One sentence for people.
    pub summary: String,
}

/// An online run in progress.
pub struct Active<'a> {
    options: Options,
    env: Recorded,
    run: RunDir,
    finished: usize,
    learning: Learning,
    replay: Replay,
    /// Everything that was acted, evaluations apart.
    data: Option<Dataset>,
    /// Episodes of the last evaluation.
    trajectories: Option<Dataset>,
    history: History,
    emit: &'a dyn Fn(Report),
}

impl<'a> Active<'a> {
    /// Makes the run directory; `spec` is what is written down as asked for.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be made, or no policy over such actions learns here.
    pub fn new(
        env: Box<dyn VectorEnv>,
        options: Options,
        (root, spec): (&Path, &impl Serialize),
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        let run = RunDir::create(root, &format!("{}-active", env.spec().id), spec)?;
        Self::build(env, options, (run, Vec::new()), emit)
    }

    /// Begins in the folder `place` itself, or goes on there.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be used, or no policy over such actions learns here.
    pub fn at(
        env: Box<dyn VectorEnv>,
        options: Options,
        (place, spec): (&Path, &impl Serialize),
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        Self::build(env, options, RunDir::begin_or_resume(place, spec)?, emit)
    }

    /// Goes on with the run in `folder`.
    ///
    /// # Errors
    /// [`Fault`] if it is no run directory, has ended, is written to by another process, or holds nothing to go on from.
    pub fn resume(
        env: Box<dyn VectorEnv>,
        options: Options,
        folder: &Path,
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        if folder.join("outcome.toml").is_file() && run::ended::<Ended>(folder).is_none_or(|e| !e.stopped) {
            return Err(Fault::at(folder, "the run has ended; begin a new one"));
        }
        let (run, known) = RunDir::resume(folder)?;
        run.reopen()?;
        Self::build(env, options, (run, known), emit)
    }

    /// A run acts in agent's steps, each of which holds an action for so many of the environment's; it counts the latter.
    fn build(
        env: Box<dyn VectorEnv>,
        options: Options,
        (run, known): (RunDir, Vec<Recording>),
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        let env: Box<dyn VectorEnv> =
            if options.action_repeat > 1 { Box::new(Repeated::new(env, options.action_repeat)) } else { env };
        let spec = env.spec();
        let rows = TransitionBatch::within(spec.obs_space.dim(), spec.action_space.clone().into());
        let learning = Learning::new(&spec.action_space, options.clone(), Seeds::all(options.seed))?;
        Ok(Self {
            history: History::new(&spec.id, &options),
            env: Recorded::new(env, known, run.sink()),
            finished: run.finished_rounds(),
            run,
            learning,
            replay: Replay::new(rows, Mix::Uniform),
            data: None,
            trajectories: None,
            options,
            emit,
        })
    }

    /// Puts a word for the user into the report.
    pub fn inform(&mut self, text: String) {
        self.history.informed.push(text);
    }

    /// Acts and learns until the target is reached, the steps are used up, or the user stops it.
    ///
    /// # Errors
    /// [`Fault`]; what was acted and the last whole round stay in the run directory.
    pub fn run(mut self, cx: &Ctx) -> Result<Finished, Fault> {
        self.catch_up(&cx.phase("going on from what was acted"))?;
        let stopped = loop {
            // A process that died after the last evaluation left nothing to do but the end.
            if self.is_over() {
                break false;
            }
            match self.round(cx) {
                Ok(()) => {}
                Err(Fault::Cancelled) => break true,
                Err(other) => {
                    if let Err(why) = self.save_data() {
                        log::warn!("{why}");
                    }
                    return Err(other);
                }
            }
        };
        self.finish(stopped)
    }

    /// True once the target is reached or the steps are used up.
    fn is_over(&self) -> bool {
        self.history.rounds.last().is_some_and(|round| round.reached) || self.history.acted >= self.options.steps
    }

    /// Acts and learns until the next evaluation, and makes it.
    fn round(&mut self, cx: &Ctx) -> Result<(), Fault> {
        let until = (self.history.acted + self.options.eval_every.max(1)).min(self.options.steps);
        while self.history.acted < until {
            cx.check()?;
            self.act(until, cx)?;
            if self.history.acted >= self.options.random_steps.min(self.options.steps) {
                self.learn(cx)?;
            }
            (self.emit)(self.history.report());
        }
        self.evaluate(cx)?;
        let n = self.history.rounds.len();
        if let (Some(networks), Some(round)) = (self.learning.networks(), self.history.rounds.last()) {
            let checkpoint = networks.checkpoint(self.env.spec(), self.options.seed);
            self.run.save_round(n, &checkpoint, &networks.learner.state(), Some(round))?;
        }
        (self.emit)(self.history.report());
        Ok(())
    }

    /// Acts the next block of whole episodes.
    fn act(&mut self, until: usize, cx: &Ctx) -> Result<(), Fault> {
        let mut collector = self.block();
        let times = self.options.times();
        let least = self.options.every.min(until - self.history.acted).div_ceil(times);
        let (policy, name): (Box<dyn Policy>, _) = match self.learning.networks() {
            None => (Box::new(Uniform::new(self.env.spec().action_space.clone())), "acting at random"),
            Some(networks) => (networks.policy(), "acting"),
        };
        let phase = cx.phase(name);
        let mut acted = Ok(());
        // An episode that the budget runs out in is cut off; others are whole, however long.
        while acted.is_ok() && collector.steps() < least {
            let rest = (self.options.steps - self.history.acted).div_ceil(times) - collector.steps();
            let limit = Limit { episodes: 1, steps: rest };
            acted = collector.run(&mut self.env, &*policy, Acting::Sampled, limit, &phase);
        }
        self.history.total += times * collector.steps();
        self.take(&collector)?;
        acted
    }

    /// What acts the next block.
    fn block(&mut self) -> Collector {
        let purpose = format!("act {}", self.history.blocks);
        self.env.act_for(&purpose);
        Collector::new(self.options.seed, &purpose, self.data.as_ref().map_or(0, |d| d.num_episodes() as u64))
    }

    /// Adds what `collector` acted to the data.
    fn take(&mut self, collector: &Collector) -> Result<(), Fault> {
        let Some(new) = collector.dataset(&self.env) else { return Ok(()) };
        self.history.take(&collector.returns(), self.options.times() * new.num_steps());
        let all: Vec<usize> = (0..new.num_episodes()).collect();
        self.replay.push(&new.transitions(&all)).map_err(Fault::Bad)?;
        self.data = Some(match self.data.take() {
            Some(data) => data.join(&new).map_err(Fault::Bad)?,
            None => new,
        });
        self.run.sync()
    }

    /// World model and policy learn on all that was acted.
    fn learn(&mut self, cx: &Ctx) -> Result<(), Fault> {
        let number = self.history.blocks as u64;
        let Some(data) = self.data.as_ref().filter(|data| data.num_episodes() > self.history.learned) else {
            return Ok(());
        };
        let newest: Vec<usize> = (self.history.learned..data.num_episodes()).collect();
        let fresh = data.transitions(&newest);
        let first = self.learning.ready(self.replay.rows(), number)?;
        if let Some(networks) = self.learning.networks().filter(|_| !first) {
            let unit = LossScale::new(data, &newest);
            let losses = loss::episode_losses(&*networks.model, data, &newest, &unit, &cx.untold())?;
            self.history.loss = Some(stats::mean(&losses));
        }
        let block = Block { number, seen: fresh.len() * self.options.times() };
        let explore = self.exploration();
        let curiosity = self.curiosity(explore, cx)?;
        self.learning.learn((&self.replay, &fresh), block, first, (explore, curiosity), cx)?;
        self.history.learned = data.num_episodes();
        self.history.lesson(block);
        Ok(())
    }

    /// Lets the policy act greedily on the evaluation's starts. Where it reaches the target, other starts have to confirm it.
    fn evaluate(&mut self, cx: &Ctx) -> Result<(), Fault> {
        let Some(networks) = self.learning.networks() else { return Ok(()) };
        let (policy, target) = (networks.policy(), self.options.target);
        let mut acted_in = None;
        let mut evaluated = |purpose: &str, episodes: usize| {
            self.env.act_for(&at(purpose, self.history.acted));
            // The seeds are the purpose's, so that all evaluations have the same starts.
            let mut collector = Collector::new(self.options.seed, purpose, 0);
            let phase = cx.phase("evaluating");
            let acted = collector.run(&mut self.env, &*policy, Acting::Greedy, Limit::episodes(episodes), &phase);
            let steps = self.options.times() * collector.steps();
            self.history.total += steps;
            self.history.evaluated += steps;
            acted?;
            acted_in = acted_in.take().or_else(|| collector.dataset(&self.env));
            Ok::<Vec<f64>, Fault>(collector.returns())
        };
        let returns = evaluated(EVALUATION, self.options.eval_episodes.max(1))?;
        let promising = target.is_some_and(|target| stats::mean(&returns) >= target);
        let confirmed = if promising { evaluated(CONFIRMATION, CONFIRMING)? } else { Vec::new() };
        let reached = promising && target.is_some_and(|target| stats::mean(&confirmed) >= target);
        let gamma = self.options.gamma;
        let measured =
            acted_in.as_ref().map(|episodes| measured(networks, episodes, gamma, &cx.untold())).transpose()?;
        self.trajectories = acted_in;
        let round = self.history.evaluation(&returns, &confirmed, reached, measured.unwrap_or_default());
        self.run.metric(&round)?;
        self.run.scalars(round.acted, &round.scalars())?;
        self.run.sync()?;
        self.history.rounds.push(round);
        Ok(())
    }
}

/// True for a run directory of such a run.
pub fn is_active(folder: &Path) -> bool {
    let agent = |spec: toml::Table| spec.get("agent").and_then(|agent| agent.as_str()).is_some_and(|a| a == ACTIVE);
    RunDir::spec(folder).is_ok_and(agent)
}
