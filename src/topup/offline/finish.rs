//! The end of a run, and what it leaves.

use super::Offline;
use super::history::Round;
use crate::data::dataset::Dataset;
use crate::env::vector::VectorEnv as _;
use crate::ground::fault::Fault;
use crate::topup::run::ActedAbout;

impl Offline<'_> {
    pub(super) fn finish(self) -> Result<Vec<Round>, Fault> {
        let (env, description) = (&self.env.spec().id, self.history.summary());
        for (folder, name, data) in [
            (self.run.episodes(), "added-v0", &self.fresh),
            (self.run.trajectories(), "evaluation-v0", &self.trajectories),
        ] {
            if let Some(data) = data.as_ref().filter(|data: &&Dataset| data.num_steps() > 0) {
                let algorithm = "oodscope experiment: an agent that is given data";
                ActedAbout { name, env, algorithm, description: &description }.write(&folder, data)?;
            }
        }
        self.run.report(&self.history.report())?;
        self.run.sync()?;
        Ok(self.history.rounds)
    }
}
