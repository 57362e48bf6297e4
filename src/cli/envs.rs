//! `oodscope envs`: which environments can be acted in.

use clap::Args;

use super::args::{EnvArgs, OutputArgs};
use super::headless::{self, Status};
use crate::engine::job::{EnvsSpec, JobSpec, Source};

/// Options of `oodscope envs`.
#[derive(Debug, Args)]
pub struct EnvsArgs {
    #[command(flatten)]
    acting: EnvArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl EnvsArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        let acting = self.acting.of(Source::default()).acting;
        headless::run(&[JobSpec::Envs(EnvsSpec { acting })], &self.output)
    }
}
