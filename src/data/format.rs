//! The registry of dataset formats. A new format is one file under `format/` and one line in [`FORMATS`].

use std::path::Path;

use super::dataset::Dataset;
use crate::task::Ctx;

pub mod d4rl;
pub mod hdf5;
pub mod minari;

/// A layout of offline data on disk, recognised by what is inside.
pub trait Format: Sync {
    /// Short name for `--format` and messages ("minari").
    fn name(&self) -> &'static str;

    /// True if `path` holds this layout. Looks inside; never reads data columns; never fails loudly.
    fn probe(&self, path: &Path) -> bool;

    /// Reads the whole dataset.
    ///
    /// # Errors
    /// [`DataError`] naming file, key and remedy.
    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, DataError>;
}

/// Every format, in the order in which they are asked.
pub const FORMATS: &[&dyn Format] = &[&minari::Minari, &d4rl::D4rl];

/// Why a dataset could not be read: one sentence naming file, key and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] crate::task::Cancelled),
    /// The input is at fault.
    #[error("{path}: {problem}")]
    Bad {
        /// File or folder, as given.
        path: String,
        /// What is wrong and what to do about it.
        problem: String,
    },
}

impl DataError {
    /// A [`DataError::Bad`] for `path`; control characters never reach the message.
    pub fn bad(path: &Path, problem: impl Into<String>) -> Self {
        let clean = |s: String| s.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        Self::Bad { path: clean(path.display().to_string()), problem: clean(problem.into()) }
    }
}

/// Opens `path` with the format that recognises it, or with the one named by `format`.
///
/// # Errors
/// [`DataError`] if nothing recognises the path, or if reading fails.
pub fn open(path: &Path, format: Option<&str>, cx: &Ctx) -> Result<Dataset, DataError> {
    if !path.exists() {
        return Err(DataError::bad(path, "no such file or folder"));
    }
    let names = || FORMATS.iter().map(|f| f.name()).collect::<Vec<_>>().join(", ");
    let chosen = match format {
        Some(name) => FORMATS
            .iter()
            .find(|f| f.name() == name)
            .ok_or_else(|| DataError::bad(path, format!("no format is called '{name}'; known formats: {}", names())))?,
        None => FORMATS.iter().find(|f| f.probe(path)).ok_or_else(|| {
            DataError::bad(path, format!("not a dataset that oodscope knows (looked for: {})", names()))
        })?,
    };
    chosen.open(path, cx)
}
