//! The end of an online run, and what it leaves.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::{Active, Finished};
use crate::env::vector::VectorEnv as _;
use crate::ground::fault::Fault;
use crate::topup::run::ActedAbout;

impl Active<'_> {
    /// Writes what is left to be written; `stopped` says that the user ended it.
    pub(super) fn finish(mut self, stopped: bool) -> Result<Finished, Fault> {
        self.history.total += self.options.times() * self.env.steps_left_behind(|_| true);
        self.history.ended = true;
        let mut written = vec![self.run.path().to_path_buf()];
        if !self.history.rounds.is_empty() {
            let last = self.run.checkpoint(self.history.rounds.len());
            self.history.saved = Some(last.clone());
            written.push(last);
        }
        written.extend(self.save_data()?);
        self.save_trajectories()?;
        let report = self.history.report();
        (self.emit)(report.clone());
        self.run.report(&report)?;
        self.run.sync()?;
        self.run.end(&self.history.outcome(stopped))?;
        let mut summary = self.history.summary();
        if stopped {
            let _ = write!(summary, "; go on with it by: oodscope active --resume {}", self.run.path().display());
        }
        Ok(Finished { report, written, summary })
    }

    /// Writes the episodes of the last evaluation.
    fn save_trajectories(&self) -> Result<(), Fault> {
        let Some(last) = &self.trajectories else { return Ok(()) };
        let (env, description) = (&self.env.spec().id, self.history.summary());
        let algorithm = "oodscope active: the last evaluation";
        ActedAbout { name: "evaluation-v0", env, algorithm, description: &description }
            .write(&self.run.trajectories(), last)
    }

    /// Writes everything that was acted as a Minari dataset.
    pub(super) fn save_data(&self) -> Result<Option<PathBuf>, Fault> {
        let Some(data) = &self.data else { return Ok(None) };
        let folder = self.run.episodes();
        let (env, description) = (&self.env.spec().id, self.history.summary());
        let algorithm = "oodscope active: actor-critic in imagination, online";
        ActedAbout { name: "active-v0", env, algorithm, description: &description }.write(&folder, data)?;
        Ok(Some(folder))
    }
}
