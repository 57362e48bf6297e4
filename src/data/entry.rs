//! What stands in one place of a table.

use std::cmp::Ordering;

use crate::ground::stats;

/// What stands in one row of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// Nothing is known.
    Missing,
    /// Yes or no.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(String),
}

impl Entry {
    /// The number, a truth being 0 or 1; nothing of a text or of what is missing.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Truth(yes) => Some(f64::from(u8::from(*yes))),
            Self::Whole(whole) => Some(*whole as f64),
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Missing => None,
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth, where it is one.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Truth(yes) => Some(*yes),
            _ => None,
        }
    }

    /// How two entries stand to each other; nothing where one is missing, or where a text would be compared with a number.
    /// NaN is equal to itself and larger than every other number, as in `PostgreSQL`, `DuckDB` and polars: a condition
    /// is then either met or not, in whatever order it is asked.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => Some(stats::order(&self.number()?, &other.number()?)),
        }
    }
}
