//! The registry of dataset formats. A new format is one file under `format/` and one line in [`FORMATS`].

use std::path::Path;

use super::dataset::Dataset;
use crate::task::Ctx;

mod assemble;
pub mod d4rl;
mod finite;
mod frame;
pub mod hdf5;
pub mod lerobot;
pub mod minari;
pub mod tabular;

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
pub const FORMATS: &[&dyn Format] = &[&minari::Minari, &lerobot::LeRobot, &d4rl::D4rl, &tabular::Tabular];

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
        Self::Bad { path: printable(&path.display().to_string()), problem: printable(&problem.into()) }
    }
}

/// `text` without control characters, without marks that reorder text, and of bounded length: names come from files.
fn printable(text: &str) -> String {
    const MAX_CHARS: usize = 600;
    let harmless = |c: char| {
        let reorders = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || reorders { '?' } else { c }
    };
    let mut out: String = text.chars().take(MAX_CHARS).map(harmless).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        out.push('…');
    }
    out
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
        None => FORMATS.iter().find(|f| f.probe(path)).ok_or_else(|| unknown(path, &names()))?,
    };
    chosen.open(path, cx)
}

/// Why no format takes `path`; a damaged HDF5 file says so itself.
fn unknown(path: &Path, names: &str) -> DataError {
    match seen(path) {
        Ok(what) => DataError::bad(path, format!("not a dataset that oodscope knows: {what} (looked for: {names})")),
        Err(damaged) => damaged,
    }
}

/// What is there instead of a dataset, for the message; fails where an HDF5 file cannot even be opened.
fn seen(path: &Path) -> Result<String, DataError> {
    if path.is_dir() {
        return Ok(match std::fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => "an empty folder".into(),
            Ok(false) => "a folder without a dataset in it".into(),
            Err(e) => format!("a folder that cannot be read ({e})"),
        });
    }
    match std::fs::metadata(path) {
        Ok(m) if !m.is_file() => Ok("neither a file nor a folder".into()),
        Ok(m) if m.len() == 0 => Ok("an empty file".into()),
        Err(e) => Ok(format!("cannot be read ({e})")),
        Ok(_) if !hdf5::is_hdf5(path) => Ok("a file that is not HDF5".into()),
        Ok(_) => hdf5::Hdf5::open(path).map(|file| {
            if file.is_group("data/demo_0") {
                "a robomimic file, which is not read yet".into()
            } else {
                format!("an HDF5 file with {}", hdf5::listed(&file.members("")))
            }
        }),
    }
}
