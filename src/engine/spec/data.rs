//! Jobs that select, join and write recorded data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Source;

/// Which episodes of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// SQL condition on the columns of the episode table; all episodes if there is none.
    pub condition: Option<String>,
    /// Column to sort by; the file's order if none is named.
    pub sort: Option<String>,
    /// Largest first.
    pub descending: bool,
}

/// What becomes of the table of episodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EpisodesSpec {
    /// Data.
    pub source: Source,
    /// Its rows.
    pub filter: Filter,
    /// With the columns of [`crate::data::table::SCORES`]; they are also there when the filter names one.
    pub scores: bool,
    /// One row for each value of this column instead.
    pub group: Option<String>,
    /// File whose name ends in `.csv` or `.parquet`; without one the table is reported.
    pub out: Option<PathBuf>,
}

/// Recorded episodes written anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConvertSpec {
    /// Data.
    pub source: Source,
    /// Further datasets, whose episodes follow.
    pub more: Vec<PathBuf>,
    /// Its episodes.
    pub filter: Filter,
    /// Name of the format to write.
    pub to: String,
    /// Id of the new dataset, where the format has one.
    pub id: Option<String>,
    /// New file or folder; for parts, the folder that they go into.
    pub out: PathBuf,
    /// Write the training, held-out and calibration part each for itself.
    pub parts: bool,
}
