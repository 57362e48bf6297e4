//! `oodscope diagnose`: which real episodes leave the data, where and why.

use clap::Args;

use super::args::{JudgedArgs, OutputArgs, SourceArgs, SpaceArgs, ThresholdArgs, count};
use super::headless::{self, Status};
use crate::engine::job::{DiagnoseSpec, JobSpec, PolicySpec, Source};

/// Options of `oodscope diagnose`.
#[derive(Debug, Args)]
pub struct DiagnoseArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Episodes to collect with the policy where no rollouts are named
    #[arg(long, value_name = "N", default_value_t = PolicySpec::default().episodes, value_parser = count)]
    episodes: usize,
    #[command(flatten)]
    acting: JudgedArgs,
    /// Which neighbour's distance is the novelty
    #[arg(short, value_name = "K", default_value_t = DiagnoseSpec::default().k, value_parser = count)]
    k: usize,
    #[command(flatten)]
    threshold: ThresholdArgs,
    #[command(flatten)]
    space: SpaceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl DiagnoseArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.source.source() {
            Ok(source) => headless::run(&[self.job(self.acting.of(source))], &self.output),
            Err(ended) => headless::complain(&ended),
        }
    }

    /// The job that is meant.
    pub fn job(&self, source: Source) -> JobSpec {
        let policy = PolicySpec { episodes: self.episodes, seed: self.output.seed };
        let ThresholdArgs { alpha, threshold } = self.threshold;
        JobSpec::Diagnose(DiagnoseSpec { source, policy, k: self.k, threshold, alpha, space: self.space.spec() })
    }
}
