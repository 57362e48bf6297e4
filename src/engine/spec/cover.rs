use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{FeatureSpec, PolicySpec, Source};
use crate::metrics::threshold::Kind;

/// What coverage is computed of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoverSpec {
    /// Data and model.
    pub source: Source,
    /// Which neighbour's distance is the novelty (k-NN).
    pub k: usize,
    /// How thresholds are set.
    pub threshold: Kind,
    /// False-alarm level of the thresholds.
    pub alpha: f64,
    /// The feature space that distances are measured in and the map shows.
    pub space: FeatureSpec,
    /// Two dimensions of the space for the map; the first two principal axes if none are named.
    pub axes: Option<(usize, usize)>,
    /// Cells along each axis of the map and of the occupancy count.
    pub bins: usize,
    /// The policy whose states are held against the data where no rollouts are named.
    pub policy: PolicySpec,
    /// The largest or best dataset of the environment: the reference of SACo, and the expert of TQ.
    pub reference: Option<PathBuf>,
    /// A dataset of a random policy: the lower end of TQ.
    pub random: Option<PathBuf>,
    /// How often episodes are drawn anew for an interval; 0 gives no intervals.
    pub bootstrap: usize,
    /// Seed of those draws.
    pub seed: u64,
}

impl Default for CoverSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            k: 5,
            threshold: Kind::Conformal,
            alpha: 0.1,
            space: FeatureSpec::default(),
            axes: None,
            bins: 40,
            policy: PolicySpec::default(),
            reference: None,
            random: None,
            bootstrap: 200,
            seed: 0,
        }
    }
}

/// Which map of a coverage is drawn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapSpec {
    /// The coverage; it is measured once however many of its maps are drawn.
    pub cover: CoverSpec,
    /// Two dimensions of its feature space; the first two principal axes if none are named.
    pub axes: Option<(usize, usize)>,
}
