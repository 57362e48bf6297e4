use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which runs are listed, and what of them is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunsSpec {
    /// Folder of runs, however deep they lie in it; a run's own folder, or one file of a log.
    pub folder: PathBuf,
    /// Metrics whose curves are wanted beside those that are chosen, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// How many metrics are chosen.
    pub chosen: usize,
    /// Most runs that are read, the newest first.
    pub most: usize,
    /// Their curves are wanted, and not the tables alone.
    pub curves: bool,
    /// Seed of the bootstrap over seeds.
    pub seed: u64,
}

impl Default for RunsSpec {
    fn default() -> Self {
        Self { folder: PathBuf::from("runs"), metrics: Vec::new(), chosen: 8, most: 500, curves: true, seed: 0 }
    }
}
