//! `oodscope inspect`: what a file is, and how it would be read.

use std::path::PathBuf;

use clap::Args;

use super::args::{ModelArgs, OutputArgs};
use super::headless::{self, Status};
use crate::engine::job::{InspectSpec, JobSpec};

/// Options of `oodscope inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Checkpoint, policy or dataset: a file or folder
    path: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl InspectArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        let spec = InspectSpec { path: self.path.clone(), model: self.model.asked() };
        headless::run(&[JobSpec::Inspect(spec)], &self.output)
    }
}
