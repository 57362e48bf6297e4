//! `oodscope score`: every state with every score, each in units of its own threshold.

use std::path::PathBuf;

use clap::Args;

use super::args::{JudgedArgs, OutputArgs, SourceArgs, SpaceArgs, ThresholdArgs, count};
use super::gate::GateArgs;
use super::headless::{self, Status};
use crate::engine::job::{JobSpec, PolicySpec, ScoreSpec, Source};

/// Options of `oodscope score`.
#[derive(Debug, Args)]
#[command(after_help = FILE)]
pub struct ScoreArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    space: SpaceArgs,
    /// Episodes to collect with the policy where no rollouts are named; 0: the held-out episodes instead
    #[arg(long, value_name = "N", default_value_t = PolicySpec::default().episodes, value_parser = count_or_none)]
    episodes: usize,
    #[command(flatten)]
    acting: JudgedArgs,
    /// Which neighbour's distance is the novelty
    #[arg(short, long, value_name = "K", default_value_t = ScoreSpec::default().k, value_parser = count)]
    k: usize,
    #[command(flatten)]
    threshold: ThresholdArgs,
    /// File of the scores, one row a state; its name ends in .parquet or .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    gates: GateArgs,
}

const FILE: &str = "\
Columns of the file: episode (its id), step; for every score NAME (raw), NAME_x_threshold (1 = at the threshold) and
NAME_alarm; with a world model model_error_x_threshold (NaN where a step has no next observation). NAME is novelty,
mahalanobis, density, cells and, where the model allows it, disagreement, aleatoric, pairwise_diff, ensemble_std,
discrepancy, infoprop, macura. A state that is not finite has infinite scores. A Parquet file carries every score's
definition and threshold as key-value metadata: NAME, NAME_threshold.

  oodscope score data.hdf5 --rollouts eval.hdf5 --out scores.parquet
  oodscope score data.hdf5 --rollouts eval.hdf5 --checkpoint model --threshold per-step --alpha 0.05 --json";

impl ScoreArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.source.source() {
            Ok(source) => headless::run_gated(&[self.job(self.acting.of(source))], &self.output, &self.gates),
            Err(ended) => headless::complain(&ended),
        }
    }

    /// The job that is meant.
    pub fn job(&self, source: Source) -> JobSpec {
        let seed = self.output.seed;
        let policy = PolicySpec { episodes: self.episodes, seed };
        let (k, alpha, threshold, out) = (self.k, self.threshold.alpha, self.threshold.threshold, self.out.clone());
        JobSpec::Score(ScoreSpec { source, space: self.space.spec(), policy, k, alpha, threshold, out, seed })
    }
}

fn count_or_none(text: &str) -> Result<usize, String> {
    if text == "0" { Ok(0) } else { count(text) }
}
