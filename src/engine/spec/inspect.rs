use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Asked;

/// What is looked into.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InspectSpec {
    /// Checkpoint, policy or dataset: a file or folder.
    pub path: PathBuf,
    /// How a checkpoint's world model is read, where its file does not say it.
    pub model: Asked,
}
