//! The agents of the paper that are given data (Chen et al., RLC 2025, sections 2.2, 3.5 and 4.2): passive, tandem, and passive with
//! a little interaction of their own. They learn as [`super::active::Active`] did, lesson for lesson, so that every agent takes as
//! many gradient steps and is evaluated at the same moments.
//!
//! A run is a directory as a top-up's, and is gone on with in the same way: what was acted is played back, networks are those of the
//! last whole round.

mod finish;
pub mod history;
pub mod options;
mod resume;
mod schedule;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::Serialize;

use super::active::{EVALUATION, Lesson, at};
use super::learning::{Block, Learning, Networks, Seeds};
use super::loss::{self, Yardstick};
use super::measured::measured;
use super::run::RunDir;
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::Acting;
use crate::agent::replay::{Mix, Replay};
use crate::data::dataset::Dataset;
use crate::data::split::Split;
use crate::env::recorded::Recorded;
use crate::env::repeated::Repeated;
use crate::env::vector::VectorEnv;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::world::world_model::WorldModel;
use history::{History, Round};
use options::Options;

/// What an agent is given.
pub struct Given<'a> {
    /// Its data.
    pub data: &'a Dataset,
    /// Episodes of it that are never learned from: what fresh ones are held against.
    pub heldout: Vec<usize>,
    /// When it learns how much: the lessons before each evaluation, and the clock at it.
    pub course: Vec<(usize, Vec<Lesson>)>,
    /// It sees only the episodes that had been acted at each lesson, and draws the same rows: a tandem.
    pub in_order: bool,
    /// World model that stays as it is.
    pub model: Option<Box<dyn WorldModel>>,
    /// Its random numbers.
    pub seeds: Seeds,
}

/// A run in progress.
pub struct Offline<'a> {
    options: Options,
    given: Given<'a>,
    env: Recorded,
    run: RunDir,
    finished: usize,
    learning: Learning,
    replay: Replay,
    /// Episodes that may be learned from; those of a tandem are revealed one after the other.
    train: Vec<usize>,
    revealed: usize,
    yardstick: Option<Yardstick<'a>>,
    /// What it collected itself.
    fresh: Option<Dataset>,
    /// Episodes of the last evaluation.
    trajectories: Option<Dataset>,
    history: History,
}

impl<'a> Offline<'a> {
    /// Begins in the folder `place`, or goes on there; `spec` is what is written down as asked for.
    ///
    /// # Errors
    /// [`Fault`] where the folder cannot be used, or no policy over such actions learns here.
    pub fn at(
        given: Given<'a>,
        env: Box<dyn VectorEnv>,
        options: Options,
        (place, spec): (&Path, &impl Serialize),
    ) -> Result<Self, Fault> {
        let (run, known) = RunDir::begin_or_resume(place, spec)?;
        let repeat = options.learn.action_repeat;
        let env: Box<dyn VectorEnv> = if repeat > 1 { Box::new(Repeated::new(env, repeat)) } else { env };
        let data = given.data;
        let spec = env.spec();
        spec.fits(&data.obs_space, &data.action_space, "the dataset").map_err(Fault::bad)?;
        let train: Vec<usize> = (0..data.num_episodes()).filter(|e| !given.heldout.contains(e)).collect();
        let at_first: &[usize] = if given.in_order { &[] } else { &train };
        let mix = if given.in_order { Mix::Uniform } else { options.mix };
        let learning = Learning::new(&spec.action_space, options.learn.clone(), given.seeds)?;
        let split =
            || Split { train: train.clone(), heldout: given.heldout.clone(), calibration: given.heldout.clone() };
        Ok(Self {
            history: History::new(&spec.id, &options, data.num_steps()),
            env: Recorded::new(env, known, run.sink()),
            finished: run.finished_rounds(),
            run,
            learning: learning.within(given.model.clone()),
            replay: Replay::new(data.transitions(at_first), mix),
            revealed: 0,
            yardstick: (!given.heldout.is_empty()).then(|| Yardstick::new(data, &split())),
            train,
            fresh: None,
            trajectories: None,
            options,
            given,
        })
    }

    /// Learns to the end of its course; answers its rounds.
    ///
    /// # Errors
    /// [`Fault`]; what was acted and the last whole round stay in the run directory.
    pub fn run(mut self, cx: &Ctx) -> Result<Vec<Round>, Fault> {
        self.catch_up(&cx.phase("going on from what was acted"))?;
        while let Some((clock, lessons)) = self.given.course.get(self.history.rounds.len()).cloned() {
            for lesson in lessons {
                cx.check()?;
                self.learn(lesson, cx)?;
            }
            let round = self.round(clock, cx)?;
            self.keep_round(round)?;
        }
        self.finish()
    }

    /// One lesson.
    fn learn(&mut self, lesson: Lesson, cx: &Ctx) -> Result<(), Fault> {
        let newest = self.reveal(lesson)?;
        let first = self.learning.ready(self.replay.rows(), lesson.block)?;
        let block = Block { number: lesson.block, seen: lesson.seen };
        self.learning.learn((&self.replay, &self.given.data.transitions(&newest)), block, first, (0.0, None), cx)
    }

    /// Shows a tandem what had been acted at `lesson`; answers the episodes that a curve of the fit is drawn on.
    fn reveal(&mut self, lesson: Lesson) -> Result<Vec<usize>, Fault> {
        if !self.given.in_order {
            let heldout = &self.given.heldout;
            return Ok(if heldout.is_empty() { self.train.iter().take(1).copied().collect() } else { heldout.clone() });
        }
        let newest: Vec<usize> = (self.revealed..lesson.episodes.min(self.train.len())).collect();
        self.replay.push(&self.given.data.transitions(&newest)).map_err(Fault::Bad)?;
        self.revealed = lesson.episodes;
        Ok(newest)
    }

    /// Evaluates the policy, and sees to what it collects.
    fn round(&mut self, clock: usize, cx: &Ctx) -> Result<Round, Fault> {
        let mut evaluation = self.evaluation(clock);
        let networks = networks(&self.learning)?;
        let policy = networks.policy();
        let limit = Limit::episodes(self.options.learn.eval_episodes.max(1));
        evaluation.run(&mut self.env, &*policy, Acting::Greedy, limit, &cx.phase("evaluating"))?;
        let episodes =
            evaluation.dataset(&self.env).ok_or_else(|| Fault::failed("no evaluation episode has a step"))?;
        self.history.evaluated += self.options.learn.times() * evaluation.steps();
        let measured = measured(networks, &episodes, self.options.learn.gamma, &cx.untold())?;
        let heldout = match &self.yardstick {
            Some(_) => {
                loss::squared_errors(&*networks.model, &self.given.data.subset(&self.given.heldout), &cx.untold())?
            }
            None => Vec::new(),
        };
        self.trajectories = Some(episodes);
        let returns = evaluation.returns();
        let (score, score_se) = stats::mean_se(&returns);
        let checked = self.check(cx)?;
        Ok(Round {
            clock,
            score,
            score_se: if score_se.is_finite() { score_se } else { 0.0 },
            added: self.history.added,
            probed: self.history.probed,
            evaluated: self.history.evaluated,
            heldout,
            measured,
            checked,
        })
    }

    /// What acts the evaluation at `clock`: the same starts each time, and for every agent of the same seed.
    fn evaluation(&mut self, clock: usize) -> Collector {
        self.env.act_for(&at(EVALUATION, clock));
        Collector::new(self.options.learn.seed, EVALUATION, 0)
    }

    /// Writes down a round, with what the run goes on from.
    fn keep_round(&mut self, round: Round) -> Result<(), Fault> {
        let n = self.history.rounds.len() + 1;
        let networks = networks(&self.learning)?;
        let checkpoint = networks.checkpoint(self.env.spec(), self.options.learn.seed);
        self.run.metric(&round)?;
        self.run.scalars(round.clock, &round.scalars())?;
        self.run.sync()?;
        self.run.save_round(n, &checkpoint, &networks.learner.state(), Some(&round))?;
        self.history.rounds.push(round);
        Ok(())
    }
}

/// The networks of `learning`, which has had a lesson.
fn networks(learning: &Learning) -> Result<&Networks, Fault> {
    learning.networks().ok_or_else(|| Fault::failed("the course has no lesson before its first evaluation"))
}

/// A course of its own for data that no online run left: as the online agent's blocks would be of whole steps.
pub fn course(options: &super::active::options::Options) -> Vec<(usize, Vec<Lesson>)> {
    let (every, between, steps) = (options.every.max(1), options.eval_every.max(1), options.steps);
    let (mut acted, mut learned, mut blocks, mut rounds) = (0, 0, 0, Vec::new());
    while acted < steps {
        let until = (acted + between).min(steps);
        let mut lessons = Vec::new();
        while acted < until {
            acted = (acted + every).min(until);
            blocks += 1;
            if acted >= options.random_steps.min(steps) {
                lessons.push(Lesson { block: blocks, episodes: 0, seen: acted - learned, acted });
                learned = acted;
            }
        }
        if learned > 0 {
            rounds.push((acted, lessons));
        }
    }
    rounds
}
