use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{FeatureSpec, PolicySpec, Source};
use crate::metrics::threshold::Kind;

/// Which states are scored, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreSpec {
    /// Data and model; states come from `rollouts`, or from the policy's episodes, or from the held-out ones.
    pub source: Source,
    /// Feature space of the scores that look at states; those of the model are its own.
    pub space: FeatureSpec,
    /// The policy whose episodes are scored where no rollouts are named; 0 episodes: the held-out ones instead.
    pub policy: PolicySpec,
    /// Which neighbour's distance is the novelty.
    pub k: usize,
    /// False-alarm level of the thresholds.
    pub alpha: f64,
    /// How thresholds are set.
    pub threshold: Kind,
    /// File of the scores, one row a state; its name ends in `.csv` or `.parquet`.
    pub out: Option<PathBuf>,
    /// Seed of the bootstraps.
    pub seed: u64,
}

impl Default for ScoreSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            space: FeatureSpec::default(),
            policy: PolicySpec::default(),
            k: 5,
            alpha: 0.1,
            threshold: Kind::Conformal,
            out: None,
            seed: 0,
        }
    }
}
