//! [`Kind`]: what kinds of logs there are.

/// A kind of log. Of a name that several kinds have, the first kind counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `TensorBoard`'s event files.
    Events,
    /// JSON lines.
    Lines,
    /// CSV with a header.
    Table,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Events, Self::Lines, Self::Table];

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Events => "TensorBoard",
            Self::Lines => "JSON lines",
            Self::Table => "CSV",
        }
    }
}
