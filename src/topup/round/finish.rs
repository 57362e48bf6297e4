//! The end of a run: the evaluation after, and the files.

use std::path::PathBuf;

use super::{Finished, TopUp, told};
use crate::checkpoint::{Checkpoint, native};
use crate::env::vector::VectorEnv as _;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::topup::agent::Snapshot;
use crate::topup::controller::StopReason;
use crate::topup::run::{ActedAbout, RunOutcome};

impl TopUp<'_> {
    /// The checkpoint that the run began with, with other networks.
    pub(super) fn networks(&self, of: &Snapshot) -> Checkpoint {
        let mut checkpoint = self.start.clone();
        let learner = &self.agent.learner;
        (checkpoint.about.reward_scale, checkpoint.about.discount) = (learner.reward_scale(), learner.discount());
        checkpoint.world_model = Some(of.model.clone());
        checkpoint.policy = Some(of.policy.clone());
        checkpoint.critic.clone_from(&of.critic);
        checkpoint
    }

    /// Writes what the run goes on from after `number` finished rounds. A policy that cannot be written is one that stays as it
    /// was given.
    pub(super) fn save(&self, number: usize, checkpoint: &Checkpoint) -> Result<(), Fault> {
        let round = number.checked_sub(1).map(|last| &self.history.rounds[last]);
        let learner = self.agent.learner.state();
        if native::savable(checkpoint).is_ok() {
            return self.run.save_round(number, checkpoint, &learner, round);
        }
        let without = Checkpoint { policy: None, ..checkpoint.clone() };
        match native::savable(&without) {
            Ok(()) => self.run.save_round(number, &without, &learner, round),
            // Such a run cannot be gone on with; a note at its end says so.
            Err(_) => Ok(()),
        }
    }

    /// Keeps the networks of the last whole round; `trained` counts the rounds.
    pub(super) fn finish(
        mut self,
        reason: StopReason,
        kept: &Snapshot,
        trained: usize,
        cx: &Ctx,
    ) -> Result<Finished, Fault> {
        // The evaluation after is short and what the run was for: it is made even after a stop.
        // Networks that did not change are not let loose again: that would be interaction for nothing.
        let episodes = counted(self.options.eval_episodes, "episodes");
        let spent = self.history.evaluated;
        let after = match (&self.history.before, self.confirmed.take()) {
            (Some(before), _) if trained == 0 => before.clone(),
            (_, Some(confirmed)) => confirmed,
            _ => {
                self.env.act_for(&format!("evaluation after {trained}"));
                // A stop does not end it.
                let cx = self.part_of_evaluation(true, &cx.for_certain());
                told::say(&cx, format!("evaluating what came of it: {episodes} more, counted in the total"));
                self.evaluate(kept, &cx.phase("evaluating what came of it"))?.0
            }
        };
        told::say(cx, told::evaluated("after", &after, self.history.evaluated - spent));
        if let Some(first) = &self.first {
            // Those that were added to the data are no test any more.
            let added = self.history.rounds.first().map_or(&[][..], |round| &round.kept);
            let others: Vec<usize> = (0..first.num_episodes()).filter(|e| !added.contains(e)).collect();
            let first = first.subset(&others);
            let loss = |model| self.yardstick.losses(model, &first, &Ctx::quiet());
            let start = self.start.world_model.as_deref().map_or(Ok(Vec::new()), loss)?;
            self.history.revisited = (start, loss(&*kept.model)?);
        }
        self.history.after = Some(after);
        // Whoever stopped the run before had it evaluated, and went on.
        self.history.total += self.env.steps_left_behind(|_| true);
        self.history.evaluated += self.env.steps_left_behind(|purpose| purpose.starts_with("evaluation"));
        // Whose return rose is not futile, whatever the probes of single checks said.
        let rose = self.history.gain().is_some_and(|(gain, se)| gain > se);
        let reason = if reason == StopReason::Futile && rose { StopReason::Stalled } else { reason };
        self.history.stopped = Some(reason);
        let checkpoint = self.networks(kept);
        match native::savable(&checkpoint) {
            Ok(()) => self.history.saved = Some(self.run.checkpoint(trained)),
            Err(why) => self.warn(format!("the networks were not written whole: {why}")),
        }
        let mut written = vec![self.run.path().to_path_buf()];
        written.extend(self.history.saved.clone());
        written.extend(self.save_episodes()?);
        let report = self.history.report();
        (self.emit)(report.clone());
        self.run.report(&report)?;
        self.run.sync()?;
        self.run.end(&self.outcome(reason))?;
        let summary = self.history.summary();
        Ok(Finished { reason, report, checkpoint, written, summary })
    }

    fn outcome(&self, reason: StopReason) -> RunOutcome {
        let mean = |e: &Option<crate::topup::history::Evaluation>| {
            e.as_ref().map_or(f64::NAN, |e| stats::mean_se(&e.returns).0)
        };
        RunOutcome {
            reason,
            checks: self.history.rounds.len(),
            added: self.history.added,
            total: self.history.total,
            returns: (mean(&self.history.before), mean(&self.history.after)),
            gain: self.history.gain().unwrap_or((f64::NAN, f64::NAN)),
        }
    }

    /// Writes the episodes that were added to the data, if there are any; answers their folder.
    pub(super) fn save_episodes(&self) -> Result<Option<PathBuf>, Fault> {
        let Some(fresh) = &self.fresh else { return Ok(None) };
        let folder = self.run.episodes();
        let (env, description) = (&self.env.spec().id, self.history.summary());
        let algorithm = "oodscope top-up: actor-critic in imagination";
        ActedAbout { name: "topup-v0", env, algorithm, description: &description }.write(&folder, fresh)?;
        Ok(Some(folder))
    }
}
