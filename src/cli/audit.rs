//! `oodscope audit`: how the file was read, and what cannot be trusted in it.

use clap::{Args, ValueEnum};

use super::args::{OutputArgs, SourceArgs};
use super::gate::GateArgs;
use super::headless::{self, Status};
use crate::engine::job::JobSpec;

/// Options of `oodscope audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Exit with status 1 if a finding is this severe or worse
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    output: OutputArgs,
}

/// What makes the audit fail.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    /// Warnings and errors.
    Warning,
    /// Errors alone.
    Error,
}

impl AuditArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        let gates: &[&str] = match self.fail_on {
            None => &[],
            Some(FailOn::Error) => &["errors<1"],
            Some(FailOn::Warning) => &["errors<1", "warnings<1"],
        };
        let gates = GateArgs { gates: gates.iter().map(ToString::to_string).collect() };
        match self.source.source() {
            Ok(source) => headless::run_gated(&[JobSpec::Audit(source)], &self.output, &gates),
            Err(ended) => headless::complain(&ended),
        }
    }
}
