use std::path::Path;

use super::{Finding, Verdict};

/// Not written yet.
pub fn compare(_root: &Path, path: &Path, _json: &serde_json::Value) -> Vec<Finding> {
    vec![(path.display().to_string(), Verdict::Unsupported("no comparer yet".into()))]
}
