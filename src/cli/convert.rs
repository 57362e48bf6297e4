//! `oodscope convert`, `combine` and `split`: recorded episodes written anew.

use std::path::PathBuf;

use clap::Args;

use super::args::{OutputArgs, ReadArgs, share_of_episodes};
use super::headless::{self, Status};
use crate::data::split::SplitSpec;
use crate::engine::job::{ConvertSpec, Filter, JobSpec};

/// How the result is written.
#[derive(Debug, Clone, Args)]
struct Target {
    /// Format to write: minari, d4rl or parquet
    #[arg(long, value_name = "FORMAT", default_value = "minari")]
    to: String,
    /// Id of the new dataset (`pendulum/subset-v0`), for Minari
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Only episodes that meet this SQL condition on the episode table: "return > 100 AND steps < 200"
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl Target {
    fn spec(&self, input: PathBuf, out: PathBuf) -> ConvertSpec {
        let source = self.read.of(input);
        let filter = Filter { condition: self.condition.clone(), ..Filter::default() };
        ConvertSpec { source, filter, to: self.to.clone(), id: self.id.clone(), out, ..ConvertSpec::default() }
    }

    fn run(&self, spec: ConvertSpec) -> Status {
        headless::run(&[JobSpec::Convert(spec)], &self.output)
    }
}

/// Options of `oodscope convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// Dataset file or folder
    input: PathBuf,
    /// New file or folder
    out: PathBuf,
    #[command(flatten)]
    target: Target,
}

impl ConvertArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        self.target.run(self.target.spec(self.input.clone(), self.out.clone()))
    }
}

/// Options of `oodscope combine`.
#[derive(Debug, Args)]
pub struct CombineArgs {
    /// Datasets of the same spaces, in the order of their episodes
    #[arg(required = true, num_args = 2..)]
    inputs: Vec<PathBuf>,
    /// New file or folder
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    #[command(flatten)]
    target: Target,
}

impl CombineArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        let mut inputs = self.inputs.iter().cloned();
        let first = inputs.next().unwrap_or_default();
        self.target.run(ConvertSpec { more: inputs.collect(), ..self.target.spec(first, self.out.clone()) })
    }
}

/// Options of `oodscope split`.
#[derive(Debug, Args)]
pub struct SplitArgs {
    /// Dataset file or folder
    input: PathBuf,
    /// Folder that the parts are put into: train, heldout, calibration
    out: PathBuf,
    /// Divide whole episodes, as is always done: steps of one episode never end up in two parts
    #[arg(long)]
    by_episode: bool,
    /// Share of the episodes that is held out
    #[arg(long, value_name = "SHARE", default_value_t = SplitSpec::default().heldout, value_parser = share_of_episodes)]
    heldout: f64,
    /// Share of the episodes that thresholds are calibrated on
    #[arg(long, value_name = "SHARE", default_value_t = SplitSpec::default().calibration, value_parser = share_of_episodes)]
    calibration: f64,
    #[command(flatten)]
    target: Target,
}

impl SplitArgs {
    /// Does it. The parts are those that every other sub-command makes with the same seed of the division.
    pub fn run(&self) -> Status {
        let mut spec = self.target.spec(self.input.clone(), self.out.clone());
        let seed = self.target.output.seed;
        spec.source.split = SplitSpec { heldout: self.heldout, calibration: self.calibration, seed };
        spec.parts = true;
        self.target.run(spec)
    }
}
