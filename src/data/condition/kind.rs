//! What kinds of entries there are, and which may stand for which.

use std::fmt;

use crate::data::entry::Entry;

/// What kind of entries a term gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing but what is missing: SQL's NULL.
    Nothing,
    Truth,
    Number,
    Text,
}

impl Kind {
    /// The kind of one entry.
    pub fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Missing => Self::Nothing,
            Entry::Truth(_) => Self::Truth,
            Entry::Whole(_) | Entry::Number(_) => Self::Number,
            Entry::Text(_) => Self::Text,
        }
    }

    /// True where an entry of this kind may stand for the other: a truth counts as 0 or 1, and what is missing stands for all.
    pub fn fits(self, wanted: Self) -> bool {
        self == wanted || self == Self::Nothing || (self == Self::Truth && wanted == Self::Number)
    }

    /// The kind that entries of either kind have in common.
    pub fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Nothing, kind) => Some(kind),
            (kind, _) if other.fits(kind) => Some(kind),
            (_, kind) if self.fits(kind) => Some(kind),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Truth => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
        })
    }
}
