use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Source;
use crate::metrics::report::Report;

/// What is written of reports that are there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportSpec {
    /// What the reports are of.
    pub source: Source,
    /// The reports: of one the card that is named, else all of them as one HTML file.
    #[serde(skip)]
    pub reports: Vec<Arc<Report>>,
    /// The card of the only report, by its id ("map:density").
    pub card: Option<String>,
    /// Folder that is written to.
    pub folder: PathBuf,
}
