//! `oodscope runs`: what became of the top-ups in a folder.

use std::path::PathBuf;

use clap::Args;

use super::args::OutputArgs;
use super::headless::{self, Status};
use crate::engine::job::{JobSpec, RunsSpec};

/// Options of `oodscope runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// Folder of run directories
    #[arg(default_value_os_t = RunsSpec::default().folder)]
    folder: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

impl RunsArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        headless::run(&[JobSpec::Runs(RunsSpec { folder: self.folder.clone() })], &self.output)
    }
}
