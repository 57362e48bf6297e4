//! `oodscope collect`: makes a dataset by acting in a built-in environment with a scripted policy.

use std::path::PathBuf;

use clap::Args;

use super::args::{OutputArgs, count};
use super::headless::{self, Status};
use crate::engine::job::JobSpec;
use crate::engine::spec::CollectSpec;

/// Options of `oodscope collect`.
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// Environment to act in
    #[arg(long, value_name = "ID", default_value_t = CollectSpec::default().env)]
    env: String,
    /// Who acts: narrow, mixed or random
    #[arg(long, value_name = "NAME")]
    policy: String,
    /// Episodes
    #[arg(long, value_name = "N", default_value_t = CollectSpec::default().episodes, value_parser = count)]
    episodes: usize,
    /// Half-width of the start angles; the policy's own if none is named
    #[arg(long, value_name = "RAD")]
    x_init: Option<f64>,
    /// Half-width of the start velocities; the policy's own if none is named
    #[arg(long, value_name = "RAD/S")]
    y_init: Option<f64>,
    /// New folder that the Minari dataset is written to
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

impl CollectArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        headless::run(&[self.job()], &self.output)
    }

    /// The job that is meant.
    pub fn job(&self) -> JobSpec {
        JobSpec::Collect(CollectSpec {
            env: self.env.clone(),
            policy: self.policy.clone(),
            episodes: self.episodes,
            x_init: self.x_init,
            y_init: self.y_init,
            out: self.out.clone(),
            seed: self.output.seed,
        })
    }
}
