//! Where episodes are acted, as it is asked for.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where episodes are acted, and in which Python where that is not in the program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActingSpec {
    /// Environment: a built-in id, or one of Gymnasium's (`gym:` before it where both know it); the dataset's own if none is
    /// named.
    pub env: Option<String>,
    /// What it is made with.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub env_args: Map<String, Value>,
    /// Modules or files that register it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env_import: Vec<String>,
    /// Python that runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<PathBuf>,
    /// Command that starts a worker somewhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_command: Option<String>,
    /// Ray cluster that the copies are spread over: its address, or "local".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ray: Option<String>,
    /// Folder that episodes collected for coverage and diagnosis are kept in, and taken from where they are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<PathBuf>,
    /// Actions are drawn from the policy; its most likely ones are taken otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sampled: bool,
    /// Worker processes; as many as pay if no number is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
}

impl ActingSpec {
    /// True where something says that the environment is Gymnasium's.
    pub fn is_gymnasium(&self) -> bool {
        self.python.is_some()
            || self.worker_command.is_some()
            || self.ray.is_some()
            || !self.env_import.is_empty()
            || !self.env_args.is_empty()
    }
}
