use serde::{Deserialize, Serialize};

use super::{FeatureSpec, PolicySpec, Source};
use crate::metrics::threshold::Kind;

/// Which real episodes are diagnosed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiagnoseSpec {
    /// Data and model; episodes come from `rollouts`, or are collected with the checkpoint's policy.
    pub source: Source,
    /// The policy whose episodes are diagnosed where no rollouts are named.
    pub policy: PolicySpec,
    /// Which neighbour's distance is the novelty.
    pub k: usize,
    /// How thresholds are set.
    pub threshold: Kind,
    /// False-alarm level of the thresholds.
    pub alpha: f64,
    /// The feature space that novelty is measured in.
    pub space: FeatureSpec,
}

impl Default for DiagnoseSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            policy: PolicySpec::default(),
            k: 5,
            threshold: Kind::Conformal,
            alpha: 0.1,
            space: FeatureSpec::default(),
        }
    }
}
