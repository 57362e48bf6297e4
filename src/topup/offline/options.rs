//! What an agent that is given data is asked for.

use serde::{Deserialize, Serialize};

use crate::agent::replay::Mix;
use crate::topup::active;
use crate::topup::loss::PAPER_THRESHOLD;

/// When it collects with its own policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "when", rename_all = "kebab-case")]
pub enum When {
    /// Never.
    #[default]
    Never,
    /// Evenly, so that the share is spent at the end.
    Fixed {
        /// Share of the dataset's steps.
        share: f64,
    },
    /// A chunk at each check whose R is above the threshold.
    Adaptive {
        /// Most that is added, as a share of the dataset's steps.
        budget: f64,
    },
    /// The chunks of an adaptive run at checks that were drawn at random.
    Yoked {
        /// Steps of each chunk.
        chunks: Vec<usize>,
    },
}

impl When {
    /// True where it looks at R.
    pub fn is_adaptive(&self) -> bool {
        matches!(self, Self::Adaptive { .. })
    }
}

/// How it learns, and when it collects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// As the online agent does.
    pub learn: active::options::Options,
    /// When it collects.
    pub schedule: When,
    /// Threshold of R.
    pub threshold: f64,
    /// Most probe episodes of a check.
    pub probes: usize,
    /// How batches mix the data and what was collected.
    pub mix: Mix,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            learn: active::options::Options::default(),
            schedule: When::Never,
            threshold: PAPER_THRESHOLD,
            probes: 2,
            mix: Mix::Uniform,
        }
    }
}
