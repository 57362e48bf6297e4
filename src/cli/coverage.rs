//! `oodscope coverage`: what the dataset covers, with intervals over episodes.

use std::path::PathBuf;

use clap::Args;

use super::args::{JudgedArgs, OutputArgs, SourceArgs, SpaceArgs, ThresholdArgs, count};
use super::gate::GateArgs;
use super::headless::{self, Status};
use crate::engine::job::{CoverSpec, JobSpec, PolicySpec, Source};
use crate::ground::bootstrap::Bootstrap;
use crate::metrics::coverage::Options;

/// Options of `oodscope coverage`.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    space: SpaceArgs,
    #[command(flatten)]
    measures: MeasureArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    gates: GateArgs,
}

/// What is measured, and how.
#[derive(Debug, Args)]
struct MeasureArgs {
    /// The largest or best dataset of the environment: reference of SACo, and its best return the expert of TQ
    #[arg(long, value_name = "DATASET")]
    reference: Option<PathBuf>,
    /// A dataset of a random policy: the lower end of TQ
    #[arg(long, value_name = "DATASET")]
    random: Option<PathBuf>,
    /// Which neighbour's distance is the novelty
    #[arg(short, long, value_name = "K", default_value_t = Options::default().k, value_parser = count)]
    k: usize,
    #[command(flatten)]
    threshold: ThresholdArgs,
    /// Cells along each axis of the map
    #[arg(long, value_name = "N", default_value_t = Options::default().bins, value_parser = bins)]
    bins: usize,
    /// Two observation dimensions of the map; the first two principal axes if none are named
    #[arg(long, num_args = 2, value_names = ["I", "J"])]
    axes: Option<Vec<usize>>,
    /// How often episodes are drawn anew for an interval; 0 gives no intervals
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().draws, value_parser = draws)]
    bootstrap: usize,
    /// Episodes to collect with the policy where no rollouts are named
    #[arg(long, value_name = "N", default_value_t = PolicySpec::default().episodes, value_parser = count)]
    episodes: usize,
    #[command(flatten)]
    acting: JudgedArgs,
}

impl CoverageArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.source.source() {
            Ok(source) => headless::run_gated(&[self.job(self.measures.acting.of(source))], &self.output, &self.gates),
            Err(ended) => headless::complain(&ended),
        }
    }

    /// The job that is meant.
    pub fn job(&self, source: Source) -> JobSpec {
        let (m, seed) = (&self.measures, self.output.seed);
        JobSpec::Cover(CoverSpec {
            source,
            space: self.space.spec(),
            options: Options {
                k: m.k,
                threshold: m.threshold.threshold,
                alpha: m.threshold.alpha,
                axes: m.axes.as_ref().and_then(|a| Some((*a.first()?, *a.get(1)?))),
                bins: m.bins,
                bootstrap: Bootstrap { draws: m.bootstrap, seed },
            },
            policy: PolicySpec { episodes: m.episodes, seed },
            reference: m.reference.clone(),
            random: m.random.clone(),
        })
    }
}

/// Cells along an axis: more than a thousand cannot be told apart, and their number is squared.
fn bins(text: &str) -> Result<usize, String> {
    whole(text, 1, 1000)
}

fn draws(text: &str) -> Result<usize, String> {
    whole(text, 0, 100_000)
}

fn whole(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let fits = |n: &usize| (least..=most).contains(n);
    text.parse::<usize>().ok().filter(fits).ok_or_else(|| format!("a whole number from {least} to {most} is needed"))
}
