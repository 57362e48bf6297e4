//! `oodscope report`: everything that can be said without changing anything.

use clap::Args;

use super::args::{OutputArgs, SourceArgs};
use super::headless::{self, Status};
use crate::engine::job::{CoverSpec, DiagnoseSpec, ImagineSpec, JobSpec, PolicySpec, Source};

/// Options of `oodscope report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl ReportArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.source.source() {
            Ok(source) => print(&source, &self.output),
            Err(ended) => headless::complain(&ended),
        }
    }
}

/// Runs and prints the jobs that the dashboard starts by itself.
pub fn print(source: &Source, output: &OutputArgs) -> Status {
    headless::run(&jobs(source, output.seed), output)
}

/// Data and coverage; imagination where there is a checkpoint; diagnosis where there is one or rollouts.
fn jobs(source: &Source, seed: u64) -> Vec<JobSpec> {
    let source = || source.clone();
    let policy = PolicySpec { seed, ..PolicySpec::default() };
    let cover = CoverSpec { source: source(), policy: policy.clone(), seed, ..CoverSpec::default() };
    let mut jobs = vec![JobSpec::Load(source()), JobSpec::Cover(cover)];
    if source().checkpoint.is_some() {
        jobs.push(JobSpec::Imagine(ImagineSpec { source: source(), seed, ..ImagineSpec::default() }));
    }
    if source().checkpoint.is_some() || source().rollouts.is_some() {
        jobs.push(JobSpec::Diagnose(DiagnoseSpec { source: source(), policy, ..DiagnoseSpec::default() }));
    }
    jobs
}
