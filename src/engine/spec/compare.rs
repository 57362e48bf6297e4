use serde::{Deserialize, Serialize};

use super::{FeatureSpec, Source};
use crate::metrics::compare;

/// Which two sets of states are compared, and how. A is the dataset; B the rollouts (or another dataset in their place), or
/// what the checkpoint's world model imagines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompareSpec {
    /// A with its split, B under `rollouts`, and the model that imagines.
    pub source: Source,
    /// Feature space of both; principal axes have no names to tell differences by and are refused.
    pub space: FeatureSpec,
    /// B is what the world model imagines along A's held-out episodes with their recorded actions.
    pub imagined: bool,
    /// Steps of an imagined rollout.
    pub horizon: usize,
    /// Novelty, tests and their seed.
    #[serde(flatten)]
    pub options: compare::Options,
}

impl Default for CompareSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            space: FeatureSpec::default(),
            imagined: false,
            horizon: 50,
            options: compare::Options::default(),
        }
    }
}
