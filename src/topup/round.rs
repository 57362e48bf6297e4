//! The rounds of a top-up: probe, decide, collect, fine-tune, and the same evaluation before and after.

use std::path::{Path, PathBuf};

mod collect;
mod finish;
mod probe;
mod resume;
mod told;

use super::agent::Agent;
use super::controller::{Check, Controller, Decision, Rule, StopReason, chunk};
use super::history::{Evaluation, History, Round};
use super::loss::{self, PAPER_THRESHOLD, Yardstick};
pub use super::options::Options;
use super::outside::Outside;
use super::regime::Standing;
use super::run::RunDir;
use super::yoked;
use crate::checkpoint::{Checkpoint, native};
use crate::data::dataset::Dataset;
use crate::data::split::Split;
use crate::env::recorded::{Recorded, Recording};
use crate::env::vector::VectorEnv;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::{Ctx, Told, Wish};
use crate::metrics::report::Report;
pub use collect::chosen;
use probe::Probed;
use resume::left;

/// A loss on the held-out episodes so many times that before the run is rehearsed away, at most so often a round.
const FORGOTTEN: f64 = 1.3;
const REHEARSALS: usize = 3;

/// What a top-up leaves behind.
#[derive(Debug)]
pub struct Finished {
    /// Why it ended.
    pub reason: StopReason,
    /// The last report.
    pub report: Report,
    /// World model and policy after it.
    pub checkpoint: Checkpoint,
    /// Files and folders written.
    pub written: Vec<PathBuf>,
    /// One sentence for people.
    pub summary: String,
}

/// A top-up in progress.
pub struct TopUp<'a> {
    data: &'a Dataset,
    split: &'a Split,
    options: Options,
    env: Recorded,
    start: Checkpoint,
    run: RunDir,
    /// Finished rounds that an earlier process left.
    finished: usize,
    agent: Agent,
    yardstick: Yardstick<'a>,
    controller: Controller,
    history: History,
    fresh: Option<Dataset>,
    /// Probe episodes since the last top-up.
    watched: Option<Dataset>,
    /// Nothing where the data cannot be searched; a note says why.
    outside: Option<Outside>,
    /// Episodes of the evaluation before: the first check's probes, and those on which both models are measured.
    first: Option<Dataset>,
    /// The evaluation of the networks as they are, where it was made.
    confirmed: Option<Evaluation>,
    /// Hold after the next check.
    once: bool,
    emit: &'a dyn Fn(Report),
}

impl<'a> TopUp<'a> {
    /// Makes the run directory and gets everything ready; `spec` is what is written down as asked for.
    ///
    /// # Errors
    /// [`Fault`] if the checkpoint has no world model or the run directory cannot be made.
    pub fn new(
        data: (&'a Dataset, &'a Split),
        start: Checkpoint,
        env: Box<dyn VectorEnv>,
        options: Options,
        (root, spec): (&Path, &impl serde::Serialize),
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        if start.world_model.is_none() {
            return Err(no_model());
        }
        let schedule = format!("{:?}", options.schedule).to_lowercase();
        let run = RunDir::create(root, &format!("{}-{schedule}", env.spec().id), spec)?;
        let topup = Self::build(data, start, env, options, (run, Vec::new()), emit)?;
        topup.save(0, &topup.start).map_err(|why| left(topup.run.path(), why))?;
        Ok(topup)
    }

    fn build(
        (data, split): (&'a Dataset, &'a Split),
        start: Checkpoint,
        env: Box<dyn VectorEnv>,
        options: Options,
        (run, known): (RunDir, Vec<Recording>),
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        let model = start.world_model.clone().ok_or_else(no_model)?;
        let threshold = options.threshold.unwrap_or(PAPER_THRESHOLD);
        let paper = Rule::new(options.schedule, threshold, options.budget, data.num_steps(), options.rounds);
        let adaptive = Rule { trigger: options.trigger, alpha: options.alpha, confirm: true, ..paper };
        let (rule, control) = yoked::control(adaptive, &options, data.num_steps())?;
        let mut history = History::new(data.num_steps(), &rule, &options);
        history.informed.extend(control);
        history.untrained = start.policy.is_none();
        Ok(Self {
            data,
            split,
            env: Recorded::new(env, known, run.sink()),
            agent: Agent::new(model, &start, data, split, &options)?,
            yardstick: Yardstick::new(data, split),
            start,
            run,
            finished: 0,
            history,
            controller: Controller::new(rule),
            fresh: None,
            watched: None,
            outside: None,
            first: None,
            confirmed: None,
            once: false,
            options,
            emit,
        })
    }

    /// The networks that it began with.
    pub fn start(&self) -> &Checkpoint {
        &self.start
    }

    /// Puts a word for the user into the report.
    pub fn inform(&mut self, text: String) {
        self.history.informed.push(text);
    }

    /// Puts a warning into the report.
    pub fn warn(&mut self, text: String) {
        self.history.warnings.push(text);
    }

    /// Runs until the controller or the user stops it. A stop by the user keeps what the last whole round reached.
    ///
    /// # Errors
    /// [`Fault`]; [`Cancelled`] only if stopped before the first evaluation was made.
    pub fn run(self, cx: &Ctx) -> Result<Finished, Fault> {
        let folder = self.run.path().to_path_buf();
        self.rounds(cx).map_err(|why| left(&folder, why))
    }

    fn rounds(mut self, cx: &Ctx) -> Result<Finished, Fault> {
        self.outside = match Outside::new(self.data, self.split, &cx.phase("what the data covers")) {
            Ok(outside) => Some(outside),
            Err(Fault::Cancelled) => return Err(Fault::Cancelled),
            Err(why) => {
                self.warn(format!("states outside the data are not counted: {why}"));
                None
            }
        };
        let start = self.agent.snapshot();
        self.env.act_for("evaluation before");
        let evaluating = self.part_of_evaluation(false, cx);
        let (before, first) = self.evaluate(&start, &evaluating.phase("evaluating the policy as it is"))?;
        told::say(cx, told::evaluated("before", &before, first.num_steps()));
        let steps_an_episode = first.num_steps() / before.returns.len().max(1);
        self.history.chunk = chunk(self.data.num_steps(), steps_an_episode);
        self.history.standing = Standing::new(self.data, &before.returns, self.env.spec().max_episode_steps);
        (self.history.before, self.first) = (Some(before), Some(first));
        self.catch_up(cx)?;
        (self.emit)(self.history.report());
        let mut kept = self.agent.snapshot();
        let mut trained = self.finished;
        let reason = loop {
            let part = self.part_of_check(self.history.rounds.len(), cx);
            match self.round(&part) {
                Ok(None) => {
                    let next = self.agent.snapshot();
                    let networks = self.networks(&next);
                    if native::finite(&networks).is_err() {
                        break StopReason::Diverged;
                    }
                    (kept, trained) = (next, trained + 1);
                    self.save(trained, &networks)?;
                }
                Ok(Some(reason)) => break reason,
                Err(Fault::Cancelled) => break StopReason::User,
                Err(other) => {
                    // A dataset of what was collected helps whoever does not go on; the log has it in any case.
                    if let Err(why) = self.save_episodes() {
                        log::warn!("{why}");
                    }
                    return Err(other);
                }
            }
        };
        self.finish(reason, &kept, trained, cx)
    }

    /// One check, and the training that follows it. Answers why the run ends, if it does.
    fn round(&mut self, cx: &Ctx) -> Result<Option<StopReason>, Fault> {
        let n = self.history.rounds.len();
        if n == 0 {
            self.warm_up(cx)?;
        }
        let phase = cx.part(0.0, 0.25).phase(&format!("check {}: probing the policy", n + 1));
        let Probed { trajectories, returns, losses, reference, chance } = self.probe(n, &phase)?;
        let (r, r_se) = loss::ratio(&losses, &reference);
        let threshold = self.threshold(chance);
        self.controller.set_threshold(threshold);
        let (score, score_se) = self.score(&returns);
        let per_chunk = chunk(self.data.num_steps(), trajectories.num_steps() / returns.len().max(1));
        let asked = self.hear(per_chunk, cx);
        let surprise = self.surprise(&losses, &reference, &phase)?;
        let (spent, chunk) = (self.history.added, per_chunk);
        let confirming = self.is_confirming();
        let check = Check { ratio: r, ratio_se: r_se, score, score_se, surprise, spent, chunk, asked, confirming };
        let decision = self.controller.decide(&check);
        self.watch(&trajectories, decision)?;
        let kept = match decision {
            Decision::Collect { steps, .. } => chosen(&trajectories, &losses, steps),
            Decision::Train | Decision::Confirm | Decision::Stop(_) => Vec::new(),
        };
        let round = Round {
            check,
            threshold,
            chance,
            evidence: self.controller.evidence(),
            reference: reference.len(),
            decision,
            fresh_loss: stats::mean_std(&losses).0,
            heldout_loss: stats::mean_std(&reference).0,
            outside: self.outside(&trajectories, &phase)?,
            total: self.history.total,
            probes: returns.len(),
            budget: self.history.budget,
            kept,
            forgotten: self.forgotten(&reference),
            rehearsed: Vec::new(),
        };
        self.run.metric(&round)?;
        self.run.decision(&round)?;
        self.run.scalars(round.total, &round.scalars())?;
        self.run.sync()?;
        cx.tell(Told::Decided(told::decided(n + 1, &round)));
        self.history.rounds.push(round);
        (self.emit)(self.history.report());
        match decision {
            Decision::Stop(reason) => return Ok(Some(reason)),
            // The networks stay as they are until the evaluation episodes were looked at.
            Decision::Confirm => return Ok(None),
            Decision::Collect { steps, .. } => self.collect(&trajectories, steps, &cx.part(0.25, 0.35))?,
            Decision::Train => {}
        }
        if std::mem::take(&mut self.once) {
            self.history.held = true;
            (self.emit)(self.history.report());
            cx.hold();
            self.history.held = false;
        }
        self.train(n + 1, cx)?;
        Ok(None)
    }

    /// Fine-tunes world model and policy after check `check`, which counts from 1. A model that forgot what it knew of the
    /// dataset rehearses it before the policy learns in it.
    fn train(&mut self, check: usize, cx: &Ctx) -> Result<(), Fault> {
        self.confirmed = None;
        let steps = self.options.model_steps;
        self.agent.fit_model(check, steps, &cx.part(0.35, 0.65))?;
        let mut rehearsed = Vec::new();
        loop {
            let times = self.history.forgotten(&self.yardstick.heldout(&*self.agent.model, cx)?);
            rehearsed.push(times.unwrap_or(f64::NAN));
            if times.is_some_and(|times| times <= FORGOTTEN) || rehearsed.len() > REHEARSALS {
                break;
            }
            let n = rehearsed.len();
            told::say(cx, format!("held-out loss {:.2} × that before: rehearsing the old data", rehearsed[n - 1]));
            self.agent.rehearse((check, n), steps / 2, &cx.part(0.65, 0.7))?;
        }
        let times = rehearsed.last().copied().unwrap_or(f64::NAN);
        if let Some(round) = self.history.rounds.last_mut() {
            round.rehearsed = rehearsed;
        }
        told::say(cx, format!("the world model is fine-tuned: held-out loss {times:.2} × that before"));
        self.agent.train_policy(check, self.options.policy_steps, &cx.part(0.7, 1.0))
    }

    /// Of the losses on held-out and calibration episodes, in that order: what the held-out ones are in units of before.
    fn forgotten(&self, reference: &[f64]) -> Option<f64> {
        let heldout = self.history.before.as_ref().map(|before| before.heldout.len())?;
        self.history.forgotten(reference.get(..heldout)?)
    }

    /// Takes in what the user wants of a run whose top-ups add `chunk` steps; answers whether data is to be collected now.
    fn hear(&mut self, chunk: usize, cx: &Ctx) -> bool {
        let mut asked = false;
        for wish in cx.wishes() {
            let budget = self.history.budget;
            match wish {
                Wish::Collect => asked = true,
                Wish::More => self.controller.set_budget(budget + chunk, self.data.num_steps()),
                Wish::Less => {
                    let least = self.history.added;
                    self.controller.set_budget(budget.saturating_sub(chunk).max(least), self.data.num_steps());
                }
                Wish::Once => self.once = true,
            }
            self.history.budget = self.controller.rule().budget;
        }
        asked
    }

    /// Keeps the probe episodes for the checks to come, until data is collected.
    fn watch(&mut self, probes: &Dataset, decision: Decision) -> Result<(), Fault> {
        self.watched = match (&self.watched, decision) {
            (_, Decision::Collect { .. }) => None,
            (Some(earlier), _) => Some(earlier.join(probes).map_err(Fault::Bad)?),
            (None, _) => Some(probes.clone()),
        };
        Ok(())
    }

    /// Share of the states of fresh episodes outside the data that is held now.
    fn outside(&self, fresh: &Dataset, cx: &Ctx) -> Result<Option<f64>, Fault> {
        self.outside.as_ref().map(|o| o.fraction(fresh, cx)).transpose()
    }

    fn next_id(&self) -> u64 {
        let known = self.data.spans().iter().chain(self.fresh.iter().flat_map(Dataset::spans));
        known.map(|s| s.id + 1).max().unwrap_or(0)
    }
}

fn no_model() -> Fault {
    Fault::bad("the checkpoint has no world model: train one with `oodscope fit`")
}
