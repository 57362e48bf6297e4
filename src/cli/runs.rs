//! `oodscope runs`: what became of the runs in a folder, and how they compare.

use std::path::PathBuf;

use clap::Args;

use super::args::OutputArgs;
use super::headless::{self, Status};
use crate::engine::job::{JobSpec, RunsSpec};

/// Options of `oodscope runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// Folder of runs, of this program or with logs of other tools (TensorBoard, JSON lines, CSV); a run, or a file of a log
    #[arg(default_value_os_t = RunsSpec::default().folder)]
    folder: PathBuf,
    /// Draw the curves too; they are in the JSON in any case
    #[arg(long)]
    curves: bool,
    /// Compare and draw this metric too (may be given several times)
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// Read so many runs at most, the newest first
    #[arg(long, value_name = "N", default_value_t = RunsSpec::default().most)]
    most: usize,
    #[command(flatten)]
    output: OutputArgs,
}

impl RunsArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        let spec = RunsSpec {
            folder: self.folder.clone(),
            metrics: self.metrics.clone(),
            most: self.most,
            curves: self.curves || self.output.json || !self.metrics.is_empty(),
            seed: self.output.seed,
            ..RunsSpec::default()
        };
        headless::run(&[JobSpec::Runs(spec)], &self.output)
    }
}
