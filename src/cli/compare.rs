//! `oodscope compare`: a second set of states against a dataset.

use std::path::PathBuf;

use clap::Args;

use super::args::{ModelArgs, OutputArgs, ReadArgs, SpaceArgs, count, level};
use super::gate::GateArgs;
use super::headless::{self, Status};
use crate::data::split::SplitSpec;
use crate::engine::job::{CompareSpec, JobSpec, Source};
use crate::metrics::compare::Options;

/// Options of `oodscope compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The reference: dataset file or folder
    a: PathBuf,
    /// What is held against it: a dataset or rollouts, in any dataset format
    #[arg(required_unless_present = "imagined")]
    b: Option<PathBuf>,
    /// Compare what the checkpoint's world model imagines along A's held-out episodes with their recorded actions
    #[arg(long, conflicts_with = "b", requires = "checkpoint")]
    imagined: bool,
    /// World model that imagines: a folder or file
    #[arg(long, value_name = "PATH", requires = "imagined", conflicts_with = "b")]
    checkpoint: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// Steps of an imagined rollout
    #[arg(long, value_name = "H", default_value_t = CompareSpec::default().horizon, value_parser = count, conflicts_with = "b")]
    horizon: usize,
    /// Which neighbour's distance is the novelty
    #[arg(short, long, value_name = "K", default_value_t = Options::default().k, value_parser = count)]
    k: usize,
    /// False-alarm level of A's novelty threshold
    #[arg(long, value_name = "LEVEL", default_value_t = Options::default().alpha, value_parser = level)]
    alpha: f64,
    /// Most states of each set in the distances that look at every pair; both are thinned to the same number
    #[arg(long, value_name = "N", default_value_t = Options::default().states, value_parser = count)]
    states: usize,
    /// Shuffles of whole episodes behind every p-value
    #[arg(long, value_name = "P", default_value_t = Options::default().permutations, value_parser = count)]
    permutations: usize,
    #[command(flatten)]
    read: ReadArgs,
    /// Seed of the division of A into training, held-out and calibration episodes
    #[arg(long, value_name = "N", default_value_t = SplitSpec::default().seed)]
    split_seed: u64,
    #[command(flatten)]
    space: SpaceArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    gates: GateArgs,
}

impl CompareArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        headless::run_gated(&[self.job()], &self.output, &self.gates)
    }

    /// The job that is meant.
    pub fn job(&self) -> JobSpec {
        let source = Source {
            checkpoint: self.checkpoint.clone(),
            model: self.model.asked(),
            rollouts: self.b.clone(),
            split: SplitSpec { seed: self.split_seed, ..SplitSpec::default() },
            ..self.read.of(self.a.clone())
        };
        JobSpec::Compare(CompareSpec {
            source,
            space: self.space.spec(),
            imagined: self.imagined,
            horizon: self.horizon,
            options: Options {
                k: self.k,
                alpha: self.alpha,
                states: self.states,
                permutations: self.permutations,
                seed: self.output.seed,
            },
        })
    }
}
