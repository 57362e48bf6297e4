//! Observation and action spaces: what a row of numbers means, with a name per dimension.

use serde::{Deserialize, Serialize};

/// The space that one flattened row lives in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// Names of the dimensions in the order of the row; a `Dict` is flattened with its keys in alphabetical order
    /// (Gymnasium's order) as `key.0`, `key.1`, …
    pub names: Vec<String>,
    /// What the numbers are.
    pub kind: SpaceKind,
}

/// Kinds of space that a row can come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SpaceKind {
    /// Real numbers within bounds (infinite where the file states none), one pair a dimension.
    Box {
        /// Lower bounds.
        low: Vec<f32>,
        /// Upper bounds.
        high: Vec<f32>,
    },
    /// One of `n` choices starting at `start`, stored as its number in one column.
    Discrete {
        /// Number of choices.
        n: usize,
        /// The first of them.
        start: i64,
    },
    /// The file does not say; bounds are unknown.
    Unknown,
}

impl Space {
    /// An unbounded space whose dimensions are named `prefix[0]`, `prefix[1]`, …
    pub fn unnamed(prefix: &str, dim: usize) -> Self {
        Self { names: (0..dim).map(|d| format!("{prefix}[{d}]")).collect(), kind: SpaceKind::Unknown }
    }

    /// Columns that a row of this space takes.
    pub fn dim(&self) -> usize {
        self.names.len()
    }

    /// Lower and upper bound of dimension `d`, where the file states finite ones.
    pub fn bounds(&self, d: usize) -> Option<(f32, f32)> {
        match &self.kind {
            SpaceKind::Box { low, high } => {
                let (lo, hi) = (*low.get(d)?, *high.get(d)?);
                (lo.is_finite() && hi.is_finite()).then_some((lo, hi))
            }
            _ => None,
        }
    }

    /// True for a finite set of choices.
    pub fn is_discrete(&self) -> bool {
        matches!(self.kind, SpaceKind::Discrete { .. })
    }
}
