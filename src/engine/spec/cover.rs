use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{FeatureSpec, PolicySpec, Source};
use crate::metrics::coverage;
use crate::metrics::report::Along;

/// What coverage is computed of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoverSpec {
    /// Data and model.
    pub source: Source,
    /// The feature space that distances are measured in and the map shows.
    pub space: FeatureSpec,
    /// Novelty, the map and the draws behind its intervals.
    #[serde(flatten)]
    pub options: coverage::Options,
    /// The policy whose states are held against the data where no rollouts are named.
    pub policy: PolicySpec,
    /// The largest or best dataset of the environment: the reference of SACo, and the expert of TQ.
    pub reference: Option<PathBuf>,
    /// A dataset of a random policy: the lower end of TQ.
    pub random: Option<PathBuf>,
}

impl CoverSpec {
    /// The same, its draws from `seed`.
    pub fn seeded(mut self, seed: u64) -> Self {
        self.options.bootstrap.seed = seed;
        self
    }
}

/// Which map of a coverage is drawn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapSpec {
    /// The coverage; it is measured once however many of its maps are drawn.
    pub cover: CoverSpec,
    /// What lies along its two axes; the first two principal axes of its feature space if nothing is named.
    pub axes: Option<(Along, Along)>,
    /// An episode of the dataset that is drawn over it in place of the rollouts.
    pub episode: Option<usize>,
}
