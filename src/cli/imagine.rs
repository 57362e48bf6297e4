//! `oodscope imagine`: open-loop imagination against held-out episodes.

use std::path::PathBuf;

use clap::Args;

use super::args::{DeviceArgs, OutputArgs, SourceArgs, count};
use super::headless::{self, Status};
use crate::engine::job::{ImagineSpec, JobSpec, Propagation, Source};

const FILE: &str = "\
Columns of the file: episode (its id), start (the step that imagination begins at), h, error, copying (the error of the
start state for ever), disagreement with several members, reward and imagined_reward where the model predicts rewards,
and error:NAME, with its sign, for every dimension that moves; errors in standard deviations of the training part.

  oodscope imagine data.hdf5 --checkpoint model --out errors.parquet
  oodscope imagine data.hdf5 --checkpoint model --propagation tsinf --seed 3
  oodscope imagine data.hdf5 --checkpoint model --horizon 100 --tolerance 0.5 --alpha 0.05 --json";

/// Options of `oodscope imagine`.
#[derive(Debug, Args)]
#[command(after_help = FILE)]
pub struct ImagineArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Steps of an open-loop rollout
    #[arg(long, value_name = "H", default_value_t = ImagineSpec::default().horizon, value_parser = count)]
    horizon: usize,
    /// Held-out start states
    #[arg(long, value_name = "K", default_value_t = ImagineSpec::default().starts, value_parser = count)]
    starts: usize,
    /// Held-out episode whose traces are given; the worst if none is named
    #[arg(long, value_name = "INDEX")]
    episode: Option<usize>,
    /// Step of that episode to imagine from; the first that is possible if none is named
    #[arg(long, value_name = "T", requires = "episode")]
    step: Option<usize>,
    /// Share of new episodes whose error may be above the bound that the trust horizon rests on
    #[arg(long, value_name = "LEVEL", default_value_t = ImagineSpec::default().alpha)]
    alpha: f64,
    /// Error, in standard deviations, up to which imagination is trusted; that of copying the start if none is named
    #[arg(long, value_name = "ERROR")]
    tolerance: Option<f64>,
    /// What every step goes on from. mean: the mean of the elite members; ts1: a draw from the prediction of an elite member that
    /// is drawn at every step; tsinf: of one that each rollout stays with; members: every member's own mean, in a rollout of its own
    #[arg(long, value_name = "MODE", default_value_t = ImagineSpec::default().propagation)]
    propagation: Propagation,
    /// Discount of returns. If none is named, imagined rewards are added up undiscounted, and a critic's values are held against
    /// --rollouts with the discount that its checkpoint says
    #[arg(long, value_name = "GAMMA")]
    discount: Option<f64>,
    /// File of the errors, one row an imagined step; its name ends in .parquet or .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl ImagineArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.source.source() {
            Ok(source) => headless::run(&[self.job(source)], &self.output),
            Err(ended) => headless::complain(&ended),
        }
    }

    /// The job that is meant.
    pub fn job(&self, source: Source) -> JobSpec {
        JobSpec::Imagine(ImagineSpec {
            source,
            horizon: self.horizon,
            starts: self.starts,
            episode: self.episode,
            step: self.step,
            alpha: self.alpha,
            tolerance: self.tolerance,
            out: self.out.clone(),
            device: self.device.device,
            discount: self.discount,
            propagation: self.propagation,
            seed: self.output.seed,
        })
    }
}
