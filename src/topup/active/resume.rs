//! Going on with an online run: its finished rounds are followed from what they left, without acting and without training.

use super::{Active, CONFIRMATION, EVALUATION, Evaluation, Networks, at};
use crate::agent::learner::{ActorCritic, Learner as _};
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
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
        self.history.learned = self.data.as_ref().map_or(0, Dataset::num_episodes);
        let saved = self.run.saved_round(self.finished)?;
        let lost = || Fault::failed("the saved round has no networks; begin a new run");
        let (model, policy) =
            (saved.checkpoint.world_model.ok_or_else(lost)?, saved.checkpoint.policy.ok_or_else(lost)?);
        let scale = saved.checkpoint.about.reward_scale.unwrap_or(1.0);
        let mut rng = stream(self.options.seed, "policy weights", 0);
        let (critic, options) = (saved.checkpoint.critic.as_ref(), self.options.learner());
        let mut learner =
            ActorCritic::from_policy(&*policy, critic, scale, options, &mut rng).map_err(Fault::failed)?;
        learner
            .restore(&saved.learner)
            .map_err(|e| Fault::failed(format!("the saved round cannot be gone on from: {e}")))?;
        self.networks = Some(Networks { model, learner });
        Ok(())
    }
}
