//! [`PanelId`]: which panel is meant.

/// Name of a panel, which is the name of the report that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PanelId(pub &'static str);
