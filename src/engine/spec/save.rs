use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A text that is written to a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaveSpec {
    /// The file; one that is there is replaced.
    pub path: PathBuf,
    /// What it is to hold.
    pub text: String,
    /// What opens it again, in a few words for people.
    pub then: String,
}
