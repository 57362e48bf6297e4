//! The registry of dataset formats. A new format is one file under `format/` and one line in [`FORMATS`].

use std::path::{Path, PathBuf};

use super::dataset::Dataset;
use crate::task::Ctx;

mod assemble;
mod choices;
pub mod d3rlpy;
pub mod d4rl;
pub mod dreamer;
pub mod exorl;
mod finite;
mod foreign;
mod frame;
pub mod hdf5;
pub mod lerobot;
pub mod mbrl_replay;
pub mod minari;
pub mod npz;
pub mod ogbench;
pub(in crate::data) mod remote;
pub mod robomimic;
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
pub const FORMATS: &[&dyn Format] = &[
    &minari::Minari,
    &lerobot::LeRobot,
    &robomimic::Robomimic,
    &d3rlpy::D3rlpy,
    &d4rl::D4rl,
    &exorl::ExOrl,
    &dreamer::Dreamer,
    &mbrl_replay::MbrlReplay,
    &ogbench::OgBench,
    &tabular::Tabular,
];

/// How a dataset is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Name of the format; found out if none is named.
    pub format: Option<String>,
    /// Parts of the observation that are the state, by name; all if none is named.
    pub state: Vec<String>,
}

/// [`open`], and then only the chosen parts of the observation.
///
/// # Errors
/// As [`open`]; a part that is not there.
pub fn open_as(path: &Path, choice: &Choice, cx: &Ctx) -> Result<Dataset, DataError> {
    let data = open(path, choice.format.as_deref(), cx)?;
    if choice.state.is_empty() {
        return Ok(data);
    }
    data.with_state(&choice.state).map_err(|e| DataError::bad(path, e))
}

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
    // Room for a command that converts the file.
    const MAX_CHARS: usize = 2000;
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

/// Opens `path`, which may be a URL, with the format that recognises it, or with the one named by `format`.
///
/// # Errors
/// [`DataError`] if nothing recognises the path, or if reading fails.
pub fn open(path: &Path, format: Option<&str>, cx: &Ctx) -> Result<Dataset, DataError> {
    match remote::url(path) {
        Some(url) => remote::open(url, cx, |copy| read(copy, format, cx)),
        None => read(&resolve(path)?, format, cx),
    }
}

fn read(path: &Path, format: Option<&str>, cx: &Ctx) -> Result<Dataset, DataError> {
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

/// The path that `given` stands for: itself, or the folder of the Minari dataset that it names by its id.
///
/// # Errors
/// [`DataError`] if there is neither.
pub fn resolve(given: &Path) -> Result<PathBuf, DataError> {
    if given.exists() {
        return Ok(given.to_owned());
    }
    let found = minari::ids::resolve(given, minari::ids::root().as_deref())?;
    found.ok_or_else(|| DataError::bad(given, "no such file or folder"))
}

/// Why no format takes `path`; a damaged file says so itself.
fn unknown(path: &Path, names: &str) -> DataError {
    if let Some(answer) = foreign::answer(path) {
        return DataError::bad(path, answer);
    }
    match seen(path) {
        Ok(what) => DataError::bad(path, format!("not a dataset that oodscope knows: {what} (looked for: {names})")),
        Err(damaged) => damaged,
    }
}

/// What is there instead of a dataset, for the message; fails where an HDF5 or NumPy file cannot even be opened.
fn seen(path: &Path) -> Result<String, DataError> {
    if path.is_dir() {
        return Ok(match std::fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => "an empty folder".into(),
            Ok(false) => match minari::ids::below(path).as_slice() {
                [] => "a folder without a dataset in it".into(),
                ids => format!("a folder with Minari datasets below it; open one of {}", hdf5::listed(ids)),
            },
            Err(e) => format!("a folder that cannot be read ({e})"),
        });
    }
    match std::fs::metadata(path) {
        Ok(m) if !m.is_file() => Ok("neither a file nor a folder".into()),
        Ok(m) if m.len() == 0 => Ok("an empty file".into()),
        Err(e) => Ok(format!("cannot be read ({e})")),
        Ok(_) if npz::is_numpy(path) => npz::seen(path),
        Ok(_) if !hdf5::is_hdf5(path) => Ok("a file of no known kind (HDF5, Parquet, Arrow, NumPy, CSV)".into()),
        Ok(_) => hdf5::Hdf5::open(path).map(|file| format!("an HDF5 file with {}", hdf5::listed(&file.members("")))),
    }
}
