//! What the reader itself found odd.

use super::{Finding, Rule, Severity};
use crate::data::dataset::Dataset;

/// The rule.
pub const RULE: Rule = Rule {
    name: "reading",
    label: "what the reader of the format found odd",
    check: |seen, _| {
        let data = seen.data;
        Ok(data.origin.warnings.iter().filter(|w| !is_told_elsewhere(w)).map(|w| finding(data, w)).collect())
    },
};

/// Other rules count these better.
fn is_told_elsewhere(warning: &str) -> bool {
    warning.contains("NaN or Inf") || warning.contains("own next observations are used")
}

fn finding(data: &Dataset, warning: &str) -> Finding {
    Finding {
        rule: RULE.name,
        severity: Severity::Warning,
        what: warning.to_owned(),
        count: 1,
        of: data.num_episodes() as u64,
        unit: "files",
        episodes: Vec::new(),
        rows: Vec::new(),
        remedy: "check how the file was written before you trust what is computed from it".into(),
    }
}
