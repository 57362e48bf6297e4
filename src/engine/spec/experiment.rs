use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::experiment::claim::LEASE;

/// What is to be done with an experiment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExperimentTask {
    /// Run its cells.
    #[default]
    Run,
    /// Say what they are and what they would take.
    DryRun,
    /// Compare what they found.
    Report,
}

/// An experiment: agents, tasks, datasets and seeds compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExperimentSpec {
    /// The plan's file.
    pub plan: PathBuf,
    /// Folder of its cells; `runs/<name of the plan>` if none is named.
    pub out: Option<PathBuf>,
    /// What is to be done.
    pub task: ExperimentTask,
    /// Cells at once.
    pub jobs: usize,
    /// This process is number `.0`, from 0, of `.1` that share the cells.
    pub share: Option<(usize, usize)>,
    /// Names of the cells that are run, with what they need; all if none is named.
    pub only: Vec<String>,
    /// Seconds after which a cell counts as left whose process gives no sign.
    pub lease: u64,
    /// Folder that figures are written to.
    pub figures: Option<PathBuf>,
    /// Seed of the report's bootstraps.
    pub seed: u64,
}

impl Default for ExperimentSpec {
    fn default() -> Self {
        Self {
            plan: PathBuf::new(),
            out: None,
            task: ExperimentTask::Run,
            jobs: 1,
            share: None,
            only: Vec::new(),
            lease: LEASE.as_secs(),
            figures: None,
            seed: 0,
        }
    }
}
