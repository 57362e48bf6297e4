//! The end of a run, and what it leaves.

use std::path::PathBuf;

use super::{Finished, Offline};
use crate::data::dataset::Dataset;
use crate::env::vector::VectorEnv as _;
use crate::ground::fault::Fault;
use crate::topup::run::ActedAbout;

impl Offline<'_> {
    pub(super) fn finish(self) -> Result<Finished, Fault> {
        let mut written: Vec<PathBuf> = vec![self.run.path().to_path_buf()];
        let summary = self.history.summary();
        let id = self.env.spec().id.clone();
        let algorithm = "oodscope experiment: an agent that is given data";
        for (folder, name, data) in [
            (self.run.episodes(), "added-v0", &self.fresh),
            (self.run.trajectories(), "evaluation-v0", &self.trajectories),
        ] {
            if let Some(data) = data.as_ref().filter(|data: &&Dataset| data.num_steps() > 0) {
                ActedAbout { name, env: &id, algorithm, description: &summary }.write(&folder, data)?;
                written.push(folder);
            }
        }
        let report = self.history.report();
        (self.emit)(report.clone());
        self.run.report(&report)?;
        self.run.sync()?;
        Ok(Finished { rounds: self.history.rounds, report, written })
    }
}
