//! The networks before and after a top-up: one of the two is open, and what the panels showed of the other is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::job::Source;
use crate::metrics::report::Report;

/// Both checkpoints of a run that ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// What the run began with.
    pub before: PathBuf,
    /// What it ended with.
    pub after: PathBuf,
    /// Reports of the one that is not open, by name.
    pub shelf: BTreeMap<String, Arc<Report>>,
}

impl Pair {
    /// Of a run that wrote `written`; nothing where its networks could not be written or are those that it began with.
    pub fn of(written: &[PathBuf]) -> Option<Self> {
        let is_saved = |path: &&PathBuf| path.parent().is_some_and(|folder| folder.ends_with("checkpoints"));
        let after = written.iter().find(is_saved)?.clone();
        let before = after.with_file_name("0000");
        (before != after).then_some(Self { before, after, shelf: BTreeMap::new() })
    }

    /// True where the networks after are open.
    pub fn shows_after(&self, source: &Source) -> bool {
        source.checkpoint.as_ref() == Some(&self.after)
    }

    /// Which of the two is open, in a word.
    pub fn side(&self, source: &Source) -> &'static str {
        if self.shows_after(source) { "after" } else { "before" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_were_not_written_or_did_not_change_are_no_pair() {
        let of = |written: &[&str]| Pair::of(&written.iter().map(PathBuf::from).collect::<Vec<_>>());
        let pair = of(&["runs/a", "runs/a/checkpoints/0003", "runs/a/episodes"]).unwrap();
        assert_eq!(
            (pair.before.to_str(), pair.after.to_str()),
            (Some("runs/a/checkpoints/0000"), Some("runs/a/checkpoints/0003"))
        );
        assert_eq!(of(&["runs/a", "runs/a/checkpoints/0000"]), None);
        assert_eq!(of(&["runs/a", "runs/a/episodes"]), None);
    }
}
