//! `oodscope episodes`: the table of episodes, printed or as CSV or Parquet.

use std::path::PathBuf;

use clap::Args;

use super::args::{OutputArgs, SourceArgs};
use super::headless::{self, Status};
use crate::engine::job::{EpisodesSpec, Filter, JobSpec};

/// Options of `oodscope episodes`.
#[derive(Debug, Args)]
pub struct EpisodesArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// File to write; its name ends in .csv or .parquet; without one the table is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only episodes that meet this SQL condition: "return > 100 AND steps < 200", or `ood_fraction < 0.1`; AVG, MEDIAN,
    /// `QUANTILE_CONT` and the like are of all episodes: "return > AVG(return)"
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// Add what coverage and, with --checkpoint, the world model say of each episode: `ood_fraction`, `novelty`, `model_error`;
    /// a condition that names one of them adds them too
    #[arg(long)]
    scores: bool,
    /// One row for each value of this column: how many episodes and steps, and their returns
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Column to sort by: index, id, source, steps, score, return, terminated, truncated, part, flags, `ood_fraction`, novelty,
    /// `model_error`
    #[arg(long, value_name = "COLUMN")]
    sort: Option<String>,
    /// Largest first
    #[arg(long)]
    descending: bool,
    #[command(flatten)]
    output: OutputArgs,
}

impl EpisodesArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        let filter = Filter { condition: self.condition.clone(), sort: self.sort.clone(), descending: self.descending };
        match self.source.source() {
            Ok(source) => {
                let (scores, group, out) = (self.scores, self.group.clone(), self.out.clone());
                let spec = EpisodesSpec { source, filter, scores, group, out };
                headless::run(&[JobSpec::Episodes(spec)], &self.output)
            }
            Err(ended) => headless::complain(&ended),
        }
    }
}
