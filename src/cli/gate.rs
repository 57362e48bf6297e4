//! Gates: conditions on the printed numbers that set the exit status, for CI.

use clap::Args;

pub use crate::metrics::gate::{Gate, Verdict, judge};

/// Of the option.
const HELP: &str = "\
Exit with status 1 unless a printed number meets this: KEY < NUMBER (or <=, >, >=), such as \"ood_fraction<0.05\"; KEY is a \
stat's key as in --json, or report.key, and either with .lower or .upper means an end of its interval; repeatable";

/// The option `--gate`.
#[derive(Debug, Clone, Default, Args)]
pub struct GateArgs {
    /// Conditions as they were written.
    #[arg(long = "gate", value_name = "EXPR", help = HELP)]
    pub gates: Vec<String>,
}

impl GateArgs {
    /// The conditions, in order.
    ///
    /// # Errors
    /// One sentence about the first that cannot be read.
    pub fn parse(&self) -> Result<Vec<Gate>, String> {
        self.gates.iter().map(|text| Gate::parse(text)).collect()
    }
}
