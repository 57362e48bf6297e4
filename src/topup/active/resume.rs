//! Going on with an online run: its finished rounds are followed from what they left, without acting and without training.

use super::{Active, CONFIRMATION, EVALUATION, Evaluation, at};
use crate::agent::collect::Collector;
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

impl Active<'_> {
    /// Brings everything to where it was after the finished rounds.
    pub(super) fn catch_up(&mut self, cx: &Ctx) -> Result<(), Fault> {
        if self.finished == 0 {
            return Ok(());
        }
        for round in self.run.rounds::<Evaluation>(self.finished)? {
            cx.check()?;
            for purpose in [EVALUATION, CONFIRMATION] {
                self.env.act_for(&at(purpose, round.acted));
            }
            while self.history.blocks < round.blocks {
                let mut collector = self.block();
                collector.recall(&self.env);
                self.take(&collector)?;
                if collector.steps() == 0 {
                    return Err(Fault::failed(
                        "episodes of a finished round are not in the run's log; begin a new run",
                    ));
                }
            }
            self.run.scalars(round.acted, &round.scalars())?;
            self.history.follow(round);
        }
        if let Some(last) = self.history.rounds.last() {
            self.env.act_for(&at(EVALUATION, last.acted));
            let mut evaluation = Collector::new(self.options.seed, EVALUATION, 0);
            evaluation.recall(&self.env);
            self.trajectories = evaluation.dataset(&self.env);
        }
        self.history.learned = self.data.as_ref().map_or(0, Dataset::num_episodes);
        let saved = self.run.saved_round(self.finished)?;
        self.learning.restore(&saved.checkpoint, &saved.learner)?;
        Ok(())
    }
}
