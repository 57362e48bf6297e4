//! Going on with a run that ended before its end: its finished rounds are followed from what they left, without acting and
//! without training, and the networks are those of the last of them.
//!
//! What the unfinished round had acted is played back by [`Recorded`], so that the numbers are those of a run that nobody
//! disturbed.
//!
//! [`Recorded`]: crate::env::recorded::Recorded

use std::path::Path;

use super::{Options, TopUp};
use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::data::split::Split;
use crate::env::vector::VectorEnv;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;
use crate::topup::controller::{Decision, StopReason};
use crate::topup::history::Round;
use crate::topup::run::{self, RunDir};

impl<'a> TopUp<'a> {
    /// Goes on with the run in `folder`. A policy that could not be written with it is that of `given`, and so is everything where
    /// the run ended before its networks were written.
    ///
    /// # Errors
    /// [`Fault`] if it is no run directory, has ended, is written to by another process, or holds nothing to go on from.
    pub fn resume(
        data: (&'a Dataset, &'a Split),
        given: Option<&Checkpoint>,
        env: Box<dyn VectorEnv>,
        options: Options,
        folder: &Path,
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        if let Some(outcome) = run::outcome(folder).filter(|outcome| outcome.reason != StopReason::User) {
            return Err(Fault::at(folder, format!("the run has ended ({}); begin a new one", outcome.reason)));
        }
        let (run, known) = RunDir::resume(folder)?;
        let finished = run.finished_rounds();
        let begun = run.checkpoint(0).is_dir();
        let mut start = if begun { run.saved_round(0)?.checkpoint } else { given.cloned().unwrap_or_default() };
        if start.policy.is_none() {
            start.policy = given.and_then(|given| given.policy.clone());
        }
        let mut topup = Self::build(data, start, env, options, (run, known), emit)?;
        topup.finished = finished;
        topup.run.reopen()?;
        if !begun {
            topup.save(0, &topup.start).map_err(|why| left(folder, why))?;
        }
        Ok(topup)
    }

    /// Brings everything to where it was after the finished rounds.
    pub(super) fn catch_up(&mut self, cx: &Ctx) -> Result<(), Fault> {
        if self.finished == 0 {
            return Ok(());
        }
        let cx = cx.phase("going on from the finished rounds");
        for round in self.run.rounds(self.finished)? {
            self.follow(round, &cx)?;
        }
        let saved = self.run.saved_round(self.finished)?;
        self.agent.restore(&saved.checkpoint, &saved.learner, self.data)
    }

    fn follow(&mut self, round: Round, cx: &Ctx) -> Result<(), Fault> {
        let n = self.history.rounds.len();
        let lost =
            || Fault::failed(format!("the episodes of check {} are not in the run's log; begin a new run", n + 1));
        if n == 0 && self.options.warm_up > 0 {
            let mut warm = self.warming_up();
            warm.recall(&self.env);
            if let Some(data) = warm.dataset(&self.env) {
                self.keep(&data, cx)?;
            }
        }
        let first = self.first.clone().filter(|_| n == 0);
        let trajectories = first.or_else(|| {
            let mut probes = if round.check.confirming {
                self.env.act_for(&format!("evaluation after {n}"));
                self.evaluation()
            } else {
                self.collector(&format!("probe {n}"))
            };
            probes.recall(&self.env);
            if round.check.confirming {
                self.history.evaluated += probes.steps();
            }
            probes.dataset(&self.env)
        });
        let trajectories = trajectories.ok_or_else(lost)?;
        self.controller.set_threshold(round.threshold);
        self.controller.set_budget(round.budget, self.data.num_steps());
        self.history.budget = self.controller.rule().budget;
        let decision = self.controller.decide(&round.check);
        if decision != round.decision {
            return Err(Fault::failed(format!(
                "check {} decides otherwise than it did ({decision}, not {}): the run is another version's; begin a new run",
                n + 1,
                round.decision
            )));
        }
        self.watch(&trajectories, decision)?;
        self.history.total = round.total;
        self.run.scalars(round.total, &round.scalars())?;
        self.history.rounds.push(round);
        if let Decision::Collect { .. } = decision {
            self.keep_probes(&trajectories, cx)?;
            let mut more = self.collector(&format!("collect {}", n + 1));
            more.recall(&self.env);
            self.history.total += more.steps();
            if let Some(data) = more.dataset(&self.env) {
                self.keep(&data, cx)?;
            }
        }
        Ok(())
    }
}

/// `why`, with how to go on where a file of the run in `folder` is at fault.
pub(super) fn left(folder: &Path, why: Fault) -> Fault {
    let run = folder.display().to_string();
    match why {
        Fault::Bad(text) if text.starts_with(&run) => {
            Fault::Bad(format!("{text}; then go on by oodscope topup --resume {run}"))
        }
        other => other,
    }
}
