//! `oodscope envs`: which environments can be acted in.

use clap::Args;

use super::args::{OutputArgs, PythonArgs};
use super::headless::{self, Status};
use crate::engine::job::{EnvsSpec, JobSpec};

/// Options of `oodscope envs`.
#[derive(Debug, Args)]
pub struct EnvsArgs {
    #[command(flatten)]
    python: PythonArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl EnvsArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        let acting = self.python.acting();
        headless::run(&[JobSpec::Envs(EnvsSpec { acting })], &self.output)
    }
}
