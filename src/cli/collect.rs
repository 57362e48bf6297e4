//! `oodscope collect`: makes a dataset by acting in an environment.

use std::path::PathBuf;

use clap::Args;

use super::args::{EnvArgs, OutputArgs, count};
use super::headless::{self, Status};
use crate::engine::job::{CollectSpec, JobSpec};

/// Options of `oodscope collect`.
#[derive(Debug, Args)]
pub struct CollectArgs {
    #[command(flatten)]
    acting: EnvArgs,
    /// Who acts: a script of a built-in environment (narrow, mixed), random, a policy's file as --policy takes it elsewhere, or
    /// py:module:function
    #[arg(long, value_name = "NAME|PATH")]
    policy: PathBuf,
    /// Statistics that the policy's observations are normalised by (vecnormalize.pkl), where they do not lie beside it
    #[arg(long, value_name = "FILE")]
    policy_normalize: Option<PathBuf>,
    /// Take the policy's most likely actions instead of drawing them
    #[arg(long)]
    greedy: bool,
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
            acting: self.acting.acting(),
            policy: self.policy.clone(),
            policy_normalize: self.policy_normalize.clone(),
            greedy: self.greedy,
            episodes: self.episodes,
            x_init: self.x_init,
            y_init: self.y_init,
            out: self.out.clone(),
            seed: self.output.seed,
        })
    }
}
