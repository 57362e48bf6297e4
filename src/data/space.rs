//! Observation and action spaces: what a row of numbers means, with a name per dimension.

use serde::{Deserialize, Serialize};

pub mod encoding;

pub use encoding::Actions;

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
    /// Several choices, each stored as its number in a column of its own.
    MultiDiscrete {
        /// Number of choices a column.
        n: Vec<usize>,
        /// The first choice of each column.
        start: Vec<i64>,
    },
    /// Flags, 0 or 1, one a column.
    MultiBinary,
    /// The file does not say; bounds are unknown.
    Unknown,
}

impl Default for Space {
    /// Of no dimension.
    fn default() -> Self {
        Self { names: Vec::new(), kind: SpaceKind::Unknown }
    }
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
            SpaceKind::MultiDiscrete { n, start } => {
                let (n, start) = (*n.get(d)?, *start.get(d)?);
                Some((start as f32, start as f32 + n as f32 - 1.0))
            }
            SpaceKind::MultiBinary => (d < self.dim()).then_some((0.0, 1.0)),
            SpaceKind::Discrete { .. } | SpaceKind::Unknown => None,
        }
    }

    /// True for a finite set of choices.
    pub fn is_discrete(&self) -> bool {
        matches!(self.kind, SpaceKind::Discrete { .. })
    }

    /// The smallest space of these names that has everything that is in this one or in `other`: of choices and choices, or
    /// of as many numbers.
    pub fn around(&self, other: &Self) -> Self {
        let each = |a: &[f32], b: &[f32], of: fn(f32, f32) -> f32| a.iter().zip(b).map(|(&a, &b)| of(a, b)).collect();
        let kind = match (&self.kind, &other.kind) {
            (SpaceKind::Box { low: a, high: b }, SpaceKind::Box { low: c, high: d }) => {
                SpaceKind::Box { low: each(a, c, f32::min), high: each(b, d, f32::max) }
            }
            (&SpaceKind::Discrete { n, start }, &SpaceKind::Discrete { n: m, start: first }) => {
                let end = start.saturating_add_unsigned(n as u64).max(first.saturating_add_unsigned(m as u64));
                let start = start.min(first);
                SpaceKind::Discrete { n: end.abs_diff(start) as usize, start }
            }
            (SpaceKind::MultiDiscrete { n: a, start: first }, SpaceKind::MultiDiscrete { n: b, start: other })
                if a.len() == b.len() =>
            {
                let start: Vec<i64> = first.iter().zip(other).map(|(a, b)| *a.min(b)).collect();
                let end = |start: &[i64], n: &[usize], d: usize| start[d].saturating_add_unsigned(n[d] as u64);
                let n = |d: usize| end(first, a, d).max(end(other, b, d)).abs_diff(start[d]) as usize;
                SpaceKind::MultiDiscrete { n: (0..a.len()).map(n).collect(), start }
            }
            (SpaceKind::MultiBinary, SpaceKind::MultiBinary) => SpaceKind::MultiBinary,
            _ => SpaceKind::Unknown,
        };
        Self { names: self.names.clone(), kind }
    }

    /// Makes room for choices that were not known of; any other space stays as it is.
    pub fn hold(&mut self, values: &[f32]) {
        if !self.is_discrete() {
            return;
        }
        let ends = values.iter().fold(None, |ends: Option<(f32, f32)>, &v| {
            Some(ends.map_or((v, v), |(least, most)| (least.min(v), most.max(v))))
        });
        if let Some((least, most)) = ends {
            let seen =
                SpaceKind::Discrete { n: (most as i64).abs_diff(least as i64) as usize + 1, start: least as i64 };
            *self = self.around(&Self { names: Vec::new(), kind: seen });
        }
    }

    /// Columns of the named parts, in the order named.
    ///
    /// # Errors
    /// A sentence with the names that are there.
    pub fn select(&self, parts: &[String]) -> Result<Vec<usize>, String> {
        let mut at = Vec::new();
        for part in parts {
            let before = at.len();
            let belongs = |name: &str| {
                let whole = |part: &str| {
                    name.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                whole(part) || part.strip_prefix("obs.").is_some_and(whole)
            };
            at.extend((0..self.dim()).filter(|&c| belongs(&self.names[c])));
            if at.len() == before {
                let mut known: Vec<&str> = self.names.iter().map(|n| n.split(['.', '[']).next().unwrap_or(n)).collect();
                known.dedup();
                return Err(format!("no part of the observation is called '{part}'; there are {}", known.join(", ")));
            }
        }
        let mut sorted = at.clone();
        sorted.sort_unstable();
        if let Some(twice) = sorted.windows(2).find(|w| w[0] == w[1]) {
            return Err(format!("'{}' is named twice as state", self.names[twice[0]]));
        }
        Ok(at)
    }

    /// The space of these columns.
    pub fn of(&self, at: &[usize]) -> Self {
        let pick = |v: &[f32]| at.iter().map(|&c| v[c]).collect();
        let kind = match &self.kind {
            SpaceKind::Box { low, high } => SpaceKind::Box { low: pick(low), high: pick(high) },
            SpaceKind::MultiDiscrete { n, start } => SpaceKind::MultiDiscrete {
                n: at.iter().map(|&c| n[c]).collect(),
                start: at.iter().map(|&c| start[c]).collect(),
            },
            other => other.clone(),
        };
        Self { names: at.iter().map(|&c| self.names[c].clone()).collect(), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_are_widened_to_hold_both() {
        let choices = |n, start| Space { kind: SpaceKind::Discrete { n, start }, ..Space::unnamed("a", 1) };
        assert_eq!(choices(3, 0).around(&choices(2, 4)), choices(6, 0));
        assert_eq!(choices(3, 1).around(&choices(9, -2)), choices(9, -2));
        let mut seen = choices(3, 0);
        seen.hold(&[1.0, 2.0]);
        assert_eq!(seen, choices(3, 0));
        seen.hold(&[4.0, -1.0]);
        assert_eq!(seen, choices(6, -1));
        let between = |low: f32, high: f32| {
            let kind = SpaceKind::Box { low: vec![low, low], high: vec![high, high] };
            Space { kind, ..Space::unnamed("a", 2) }
        };
        assert_eq!(between(-1.0, 1.0).around(&between(0.0, f32::INFINITY)), between(-1.0, f32::INFINITY));
        assert_eq!(between(-1.0, 1.0).around(&Space::unnamed("a", 2)), Space::unnamed("a", 2));
        let mut numbers = between(0.0, 1.0);
        numbers.hold(&[7.0]);
        assert_eq!(numbers, between(0.0, 1.0));
    }

    #[test]
    fn parts_are_named_whole_or_by_dimension_and_keep_their_order() {
        let names = ["position.0", "position.1", "positions", "v[0]", "v[1]"].map(String::from).to_vec();
        let space = Space { names, kind: SpaceKind::Box { low: vec![0.0; 5], high: vec![1.0, 2.0, 3.0, 4.0, 5.0] } };
        let select = |parts: &[&str]| space.select(&parts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(select(&["v", "position"]), Ok(vec![3, 4, 0, 1]));
        assert_eq!(select(&["obs.position.1"]), Ok(vec![1]));
        assert!(select(&["speed"]).unwrap_err().contains("there are position, positions, v"));
        assert!(select(&["v", "v[1]"]).unwrap_err().contains("named twice"));
        let part = space.of(&[4, 2]);
        assert_eq!(
            (part.names, part.kind),
            (vec!["v[1]".into(), "positions".into()], SpaceKind::Box { low: vec![0.0; 2], high: vec![5.0, 3.0] })
        );
    }
}
