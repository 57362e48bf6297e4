//! What the screen knows of files that it follows.

use std::path::PathBuf;

use super::msg::Changed;
use crate::metrics::gate::Gate;
use crate::metrics::report::Series;

/// What is followed, and what is remembered of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Following {
    /// Changes that wait until what is being opened is there.
    pub waiting: Vec<Changed>,
    /// What changed is being opened.
    pub opening: bool,
    /// The checkpoint that was open before.
    pub before: Option<PathBuf>,
    /// Curves of the checkpoints before, the latest last.
    pub past: Vec<Series>,
    /// Useful horizon of one checkpoint after the other.
    pub useful: Option<Series>,
    /// Alarms, and whether each holds.
    pub alarms: Vec<(Gate, bool)>,
    /// The loss ratio of a top-up is above its threshold.
    pub beyond: bool,
}
