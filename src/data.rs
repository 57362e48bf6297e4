//! Offline datasets: formats, episodes, splits, statistics. Knows no model and no metric.

pub mod audit;
pub mod columns;
pub mod dataset;
pub mod episode;
pub mod format;
pub mod hash;
pub mod memory;
pub mod save;
pub mod space;
pub mod split;
pub mod stats;
pub mod table;
pub mod write;
