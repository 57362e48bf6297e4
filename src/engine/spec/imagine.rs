use serde::{Deserialize, Serialize};

use super::Source;

/// How imagination is held against reality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImagineSpec {
    /// Data and model.
    pub source: Source,
    /// Steps H of an open-loop rollout.
    pub horizon: usize,
    /// Number of held-out start states.
    pub starts: usize,
    /// Held-out episode (index in the dataset) whose traces are drawn; the worst if none is named.
    pub episode: Option<usize>,
    /// Seed of the choice of starts.
    pub seed: u64,
}

impl Default for ImagineSpec {
    fn default() -> Self {
        Self { source: Source::default(), horizon: 50, starts: 256, episode: None, seed: 0 }
    }
}
