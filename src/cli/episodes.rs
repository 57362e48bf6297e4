//! `oodscope episodes`: the table of episodes as CSV or Parquet.

use std::path::PathBuf;

use clap::Args;

use super::args::{OutputArgs, SourceArgs};
use super::headless::{self, Status};
use crate::engine::job::{EpisodesSpec, JobSpec};

/// Options of `oodscope episodes`.
#[derive(Debug, Args)]
pub struct EpisodesArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// File to write; its name ends in .csv or .parquet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Column to sort by: index, id, steps, return, terminated, truncated, part
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
        let (sort, descending, out) = (self.sort.clone(), self.descending, self.out.clone());
        match self.source.source() {
            Ok(source) => {
                let spec = EpisodesSpec { source, sort, descending, out };
                headless::run(&[JobSpec::Episodes(spec)], &self.output)
            }
            Err(ended) => headless::complain(&ended),
        }
    }
}
