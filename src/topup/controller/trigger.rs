//! What calls for data: evidence over the whole run, or R at one check.

use serde::{Deserialize, Serialize};

use crate::metrics::martingale::Martingale;

/// What calls for data under the adaptive schedule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// R above its threshold, and evidence over all checks since the last top-up that it is no chance: where nothing is new at
    /// most a share α of runs collect, however many checks they make.
    #[default]
    PerRun,
    /// R above its threshold at one check: the paper's rule. Where nothing is new a share of the checks collects.
    PerCheck,
}

/// How surprising the losses of a check's probe episodes are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surprise {
    /// A conformal p-value an episode, against at least [`LEAST`] reference episodes and the probes since the last top-up.
    Episodes(Vec<f64>),
    /// The p-value of all probe episodes of the check together against fewer reference episodes, by permutation.
    Group(f64),
}

/// Reference episodes that the p-values of single episodes need: with 10 a tenth of clear shifts is missed.
pub const LEAST: usize = 20;

/// The evidence at a check.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The martingale E, which alarms at `bound` = 1/α.
    Martingale {
        /// E after the check's probes.
        value: f64,
        /// 1/α.
        bound: f64,
    },
    /// The p-value of the check, which alarms at `level` = α / number of checks.
    Check {
        /// p.
        p: f64,
        /// α / number of checks.
        level: f64,
    },
}

/// The evidence since the last top-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    alpha: f64,
    /// Checks of the whole run.
    checks: usize,
    martingale: Martingale,
    alarmed: bool,
}

impl Watch {
    /// Nothing seen, at level `alpha` for a run of at most `checks` checks.
    pub fn new(alpha: f64, checks: usize) -> Self {
        Self { alpha, checks, martingale: Martingale::default(), alarmed: false }
    }

    /// Takes what a check found.
    pub fn see(&mut self, surprise: &Surprise) -> Evidence {
        match surprise {
            Surprise::Episodes(p) => {
                let bound = 1.0 / self.alpha;
                for &p in p {
                    self.martingale.bet(p);
                    self.alarmed |= self.martingale.value() >= bound;
                }
                Evidence::Martingale { value: self.martingale.value(), bound }
            }
            Surprise::Group(p) => {
                let level = self.alpha / self.checks as f64;
                self.alarmed |= *p <= level;
                Evidence::Check { p: *p, level }
            }
        }
    }

    /// True once there was evidence enough.
    pub fn is_alarmed(&self) -> bool {
        self.alarmed
    }

    /// Begins anew: what was surprising has been collected.
    pub fn restart(&mut self) {
        *self = Self::new(self.alpha, self.checks);
    }
}
