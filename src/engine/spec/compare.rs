use serde::{Deserialize, Serialize};

use super::{FeatureSpec, Source};

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
    /// Which neighbour's distance is the novelty.
    pub k: usize,
    /// False-alarm level of the novelty threshold.
    pub alpha: f64,
    /// Most states of each set in what looks at every pair; a test has twice as many of both together.
    pub states: usize,
    /// Shuffles of whole episodes behind every p-value.
    pub permutations: usize,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for CompareSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            space: FeatureSpec::default(),
            imagined: false,
            horizon: 50,
            k: 5,
            alpha: 0.1,
            states: 1000,
            permutations: 199,
            seed: 0,
        }
    }
}
