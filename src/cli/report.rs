//! `oodscope report`: everything that can be said without changing anything.

use clap::Args;

use super::args::{OutputArgs, SourceArgs, SpaceArgs};
use super::gate::GateArgs;
use super::headless::{self, Status};
use crate::engine::job::{CoverSpec, DiagnoseSpec, FeatureSpec, ImagineSpec, JobSpec, PolicySpec, Propagation, Source};

/// Options of `oodscope report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    space: SpaceArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    gates: GateArgs,
}

impl ReportArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.source.source() {
            Ok(source) => print((&source, Propagation::default()), &self.space.spec(), &self.output, &self.gates),
            Err(ended) => headless::complain(&ended),
        }
    }
}

/// Runs and prints the jobs that the dashboard starts by itself, of what is open and imagined by this mode.
pub fn print(open: (&Source, Propagation), space: &FeatureSpec, output: &OutputArgs, gates: &GateArgs) -> Status {
    headless::run_gated(&jobs(open, space, output.seed), output, gates)
}

/// Data and coverage; imagination where there is a checkpoint; diagnosis where there is one, a policy or rollouts.
fn jobs((source, propagation): (&Source, Propagation), space: &FeatureSpec, seed: u64) -> Vec<JobSpec> {
    let (source, space) = (|| source.clone(), || space.clone());
    let policy = PolicySpec { seed, ..PolicySpec::default() };
    let cover =
        CoverSpec { source: source(), space: space(), policy: policy.clone(), ..CoverSpec::default() }.seeded(seed);
    let mut jobs = vec![JobSpec::Load(source()), JobSpec::Cover(cover)];
    if source().checkpoint.is_some() {
        jobs.push(JobSpec::Imagine(ImagineSpec { source: source(), seed, propagation, ..ImagineSpec::default() }));
    }
    if source().names_networks() || source().rollouts.is_some() {
        jobs.push(JobSpec::Diagnose(DiagnoseSpec {
            source: source(),
            space: space(),
            policy,
            ..DiagnoseSpec::default()
        }));
    }
    jobs
}
