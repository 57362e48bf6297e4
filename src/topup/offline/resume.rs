//! Going on with a run: its finished rounds are followed from what they left, without acting and without training.

use super::Offline;
use super::history::Round;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

impl Offline<'_> {
    /// Brings everything to where it was after the finished rounds.
    pub(super) fn catch_up(&mut self, cx: &Ctx) -> Result<(), Fault> {
        if self.finished == 0 {
            return Ok(());
        }
        for (n, round) in self.run.rounds::<Round>(self.finished)?.into_iter().enumerate() {
            cx.check()?;
            for lesson in self.given.course.get(n).map(|(_, lessons)| lessons.clone()).unwrap_or_default() {
                self.reveal(lesson)?;
            }
            let mut evaluation = self.evaluation(round.clock);
            if n + 1 == self.finished {
                evaluation.recall(&self.env);
                self.trajectories = evaluation.dataset(&self.env);
            }
            self.follow(n, &round)?;
            self.run.scalars(round.clock, &round.scalars())?;
            (self.history.added, self.history.probed) = (round.added, round.probed);
            self.history.evaluated = round.evaluated;
            self.history.rounds.push(round);
        }
        let saved = self.run.saved_round(self.finished)?;
        self.learning.restore(&saved.checkpoint, &saved.learner)
    }

    /// Adds to the data what was collected after check `n`.
    fn follow(&mut self, n: usize, round: &Round) -> Result<(), Fault> {
        let Some(checked) = &round.checked else { return Ok(()) };
        let lost = || Fault::failed("episodes of a finished round are not in the run's log; begin a new run");
        let mut kept = 0;
        if checked.ratio.is_some() {
            let mut probes = self.collector(&format!("probe {n}"));
            probes.recall(&self.env);
            let acted = probes.dataset(&self.env).ok_or_else(lost)?;
            self.history.probed += self.options.learn.times() * acted.num_steps();
            kept = self.keep_probes(&acted, &checked.kept)?;
        }
        if checked.collected > kept {
            let mut more = self.collector(&format!("collect {n}"));
            more.recall(&self.env);
            let data = more.dataset(&self.env).filter(|data| data.num_steps() == checked.collected - kept);
            self.keep(&data.ok_or_else(lost)?)?;
        }
        Ok(())
    }
}
