//! The end of an online run, and what it leaves.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::{Active, Finished, Networks};
use crate::agent::learner::Learner as _;
use crate::checkpoint::Checkpoint;
use crate::env::minari_spec;
use crate::env::vector::VectorEnv as _;
use crate::format::write::{MinariAbout, write_minari};
use crate::ground::fault::Fault;

impl Active<'_> {
    /// What is written of `networks`.
    pub(super) fn checkpoint(&self, networks: &Networks) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            world_model: Some(networks.model.clone()),
            policy: Some(networks.learner.policy()),
            critic: networks.learner.critic(),
            ..Checkpoint::default()
        };
        let (about, spec) = (&mut checkpoint.about, self.env.spec());
        about.reward_scale = networks.learner.reward_scale();
        about.env_id = Some(spec.id.clone());
        about.obs_names.clone_from(&spec.obs_space.names);
        about.action_names.clone_from(&spec.action_space.names);
        about.lineage.seed = Some(self.options.seed);
        checkpoint
    }

    /// Writes what is left to be written; `stopped` says that the user ended it.
    pub(super) fn finish(mut self, stopped: bool) -> Result<Finished, Fault> {
        self.history.total += self.options.times() * self.env.steps_left_behind();
        self.history.ended = true;
        let mut written = vec![self.run.path().to_path_buf()];
        if !self.history.rounds.is_empty() {
            let last = self.run.checkpoint(self.history.rounds.len());
            self.history.saved = Some(last.clone());
            written.push(last);
        }
        written.extend(self.save_data()?);
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

    /// Writes everything that was acted as a Minari dataset.
    pub(super) fn save_data(&self) -> Result<Option<PathBuf>, Fault> {
        let Some(data) = &self.data else { return Ok(None) };
        let (folder, id) = (self.run.episodes(), &self.env.spec().id);
        if folder.is_dir() {
            std::fs::remove_dir_all(&folder).map_err(|e| Fault::io(&folder, "replacing", &e))?;
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let about = MinariAbout {
            dataset_id: format!("{}/active-v0", id.chars().map(plain).collect::<String>()),
            env_spec: Some(minari_spec(id)),
            algorithm_name: "oodscope active: actor-critic in imagination, online".into(),
            description: self.history.summary(),
            ..MinariAbout::default()
        };
        write_minari(&folder, data, &about)?;
        Ok(Some(folder))
    }
}
