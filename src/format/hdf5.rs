//! Bounded reading of HDF5 files: what a lying or damaged file asks for is refused before it is allocated, links never
//! leave the file, and every error names file and key.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::ground::fault::Fault;
use hdf5_reader::error::Error;
use hdf5_reader::{Hdf5File, OpenOptions};

mod blocks;
mod column;
mod filters;
mod node;
mod number;
mod parts;
mod stream;

pub(super) use column::MAX_WIDTH;
pub use column::{Column, Tick};
pub use node::Group;
pub(super) use parts::{Parts, beside};
pub use stream::Stream;

/// First bytes of an HDF5 file without a user block.
const SIGNATURE: [u8; 8] = [0x89, b'H', b'D', b'F', 0x0d, 0x0a, 0x1a, 0x0a];
/// Largest single read that the reader may be asked for: columns are read in blocks far below it.
const MAX_READ_BYTES: usize = 1 << 30;

/// An open HDF5 file.
pub struct Hdf5 {
    path: PathBuf,
    file: Hdf5File,
    bytes: u64,
    root: OnceLock<Option<node::Members>>,
}

/// True if `path` is a regular file that starts like HDF5.
pub fn is_hdf5(path: &Path) -> bool {
    let mut head = [0u8; 8];
    // A pipe or a device would block: only regular files are opened.
    path.is_file() && std::fs::File::open(path).is_ok_and(|mut f| f.read_exact(&mut head).is_ok()) && head == SIGNATURE
}

impl Hdf5 {
    /// Opens `path` for reading; no data is read yet.
    ///
    /// # Errors
    /// If the file cannot be opened, is not HDF5, or is shorter than it says.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let bad = |problem: String| Fault::at(path, problem);
        let bytes = std::fs::metadata(path).map_err(|e| bad(format!("cannot be opened ({e})")))?.len();
        if !is_hdf5(path) {
            return Err(bad("not an HDF5 file (its first bytes are others)".into()));
        }
        let options = OpenOptions::default()
            // Every chunk is read once: a cache would only hold memory.
            .with_chunk_cache_bytes(0)
            .with_max_read_bytes(MAX_READ_BYTES)
            .with_filter_registry(filters::registry());
        let storage = blocks::Blocks::open(path).map_err(|e| bad(format!("cannot be opened ({e})")))?;
        let file = Hdf5File::from_storage_with_options(Arc::new(storage), options)
            .map_err(|e| bad(format!("the HDF5 header cannot be read ({e}): the file is damaged or truncated")))?;
        let end = file.superblock().eof_address;
        if end != u64::MAX && end > bytes {
            return Err(bad(format!(
                "truncated: the header speaks of {end} bytes, the file has {bytes}; copy it again"
            )));
        }
        Ok(Self { path: path.to_owned(), file, bytes, root: OnceLock::new() })
    }

    /// The file as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// An error about `key` in this file.
    pub fn bad(&self, key: &str, problem: impl std::fmt::Display) -> Fault {
        Fault::at(&self.path, format!("'{key}' {problem}"))
    }

    /// True if something is stored under `key` ("infos/goal"), be it readable or not.
    pub fn contains(&self, key: &str) -> bool {
        let seen = |e: &Error| !is_absent(e);
        match self.file.dataset(key) {
            Ok(_) => true,
            Err(e) if seen(&e) => true,
            Err(_) => self.file.group(key).as_ref().err().is_none_or(seen),
        }
    }

    /// Names of the groups in group `key` ("" for the root), or nothing where it cannot be listed.
    pub fn groups(&self, key: &str) -> Vec<String> {
        self.file.group(key).and_then(|g| g.member_names()).map(|(groups, _)| groups).unwrap_or_default()
    }

    /// Names of everything in group `key`, for messages.
    pub fn members(&self, key: &str) -> Vec<String> {
        self.file
            .group(key)
            .and_then(|g| g.member_names())
            .map(|(groups, sets)| groups.into_iter().chain(sets).collect())
            .unwrap_or_default()
    }

    /// True if `key` is a group.
    pub fn is_group(&self, key: &str) -> bool {
        self.file.group(key).is_ok()
    }

    /// The column stored under `key`; nothing of it is read yet.
    ///
    /// # Errors
    /// If the key is missing, is a group, is not numeric, or claims more values than the file can hold.
    pub fn column(&self, key: &str) -> Result<Column<'_>, Fault> {
        match self.file.dataset(key) {
            Ok(dataset) => Column::of(self, key, dataset),
            Err(e) if is_absent(&e) && self.is_group(key) => {
                Err(self.bad(key, "is a group, a dataset of numbers is needed"))
            }
            Err(e) if is_absent(&e) => {
                let root = self.members("");
                let there = if root.is_empty() { "nothing".into() } else { listed(&root) };
                Err(self.bad(key, format!("is missing (links out of the file are not followed); the file has {there}")))
            }
            Err(e) => Err(self.unreadable(key, &e)),
        }
    }

    /// A count from attribute `name` of group `key`.
    pub fn count_attribute(&self, key: &str, name: &str) -> Option<u64> {
        count(self.file.group(key).ok()?.attribute(name).ok()?.read_as_f64().ok()?)
    }

    /// The number in attribute `name` of group `key`.
    pub fn number_attribute(&self, key: &str, name: &str) -> Option<f64> {
        self.file.group(key).ok()?.attribute(name).ok()?.read_as_f64().ok()
    }

    /// A text from attribute `name` of group `key`; none beyond 64 MB.
    pub fn long_text_attribute(&self, key: &str, name: &str) -> Option<String> {
        const MAX_BYTES: usize = 64 << 20;
        let text = self.file.group(key).ok()?.attribute(name).ok()?.read_string().ok()?;
        (text.len() <= MAX_BYTES).then(|| text.trim_matches(['\0', ' ']).to_owned())
    }

    /// A short text from attribute `name` of group `key`.
    pub fn text_attribute(&self, key: &str, name: &str) -> Option<String> {
        let text = self.file.group(key).ok()?.attribute(name).ok()?.read_string().ok()?;
        short_text(&text)
    }

    /// JSON from a text attribute of group `key`; texts beyond 4 MB are not looked at.
    pub fn json_attribute(&self, key: &str, name: &str) -> Option<serde_json::Value> {
        const MAX_BYTES: usize = 4 << 20;
        let text = self.file.group(key).ok()?.attribute(name).ok()?.read_string().ok()?;
        (text.len() <= MAX_BYTES).then(|| serde_json::from_str(text.trim_matches(['\0', ' '])).ok())?
    }

    /// The single number stored under `key`.
    ///
    /// # Errors
    /// If the key is missing, or is anything but one number.
    pub fn number(&self, key: &str) -> Result<f64, Fault> {
        let dataset = match self.file.dataset(key) {
            Ok(dataset) => dataset,
            Err(e) if is_absent(&e) => return Err(self.bad(key, "is missing, one number is needed")),
            Err(e) => return Err(self.unreadable(key, &e)),
        };
        if !number::is_numeric(dataset.dtype()) || dataset.shape().iter().any(|&n| n != 1) {
            return Err(self.bad(key, format!("is not one number but {}", number::name(dataset.dtype()))));
        }
        let values = dataset.read_array::<number::Number>().map_err(|e| self.unreadable(key, &e))?;
        values.first().map(|v| v.0).ok_or_else(|| self.bad(key, "is empty, one number is needed"))
    }

    /// What is stored under `key` instead of numbers ("strings", "a group"), or nothing where it may be numbers.
    pub fn not_numbers(&self, key: &str) -> Option<String> {
        match self.file.dataset(key) {
            Ok(dataset) => (!number::is_numeric(dataset.dtype())).then(|| number::name(dataset.dtype())),
            Err(_) => self.is_group(key).then(|| "a group".to_owned()),
        }
    }

    /// Rows of the dataset `key`, whatever it holds.
    pub fn length(&self, key: &str) -> Option<u64> {
        self.file.dataset(key).ok()?.shape().first().copied()
    }

    /// A short text stored as the scalar dataset `key`.
    pub fn text(&self, key: &str) -> Option<String> {
        short_text(&self.file.dataset(key).ok()?.read_string().ok()?)
    }

    /// The texts stored under `key`; none where it holds something else.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let texts = self.file.dataset(key).and_then(|d| d.read_strings()).unwrap_or_default();
        texts.iter().filter_map(|text| short_text(text)).collect()
    }

    /// What a failed read of `key` means for the user.
    fn unreadable(&self, key: &str, e: &Error) -> Fault {
        let problem = match root_cause(e) {
            Error::UnsupportedFilter(what) => {
                format!(
                    "is compressed by {}, which oodscope does not read; write the file anew: h5repack -f GZIP=4 IN OUT (with \
                     the plug-in that wrote it)",
                    filters::named(what).unwrap_or(what)
                )
            }
            Error::UnsupportedEncoding(what) => format!("is stored in a way that oodscope cannot read ({what})"),
            Error::ResourceLimit(what) => format!("is larger than oodscope reads at once ({what})"),
            cause => format!("cannot be read ({cause}): the file is damaged or truncated"),
        };
        self.bad(key, problem)
    }
}

/// A number that counts something.
fn count(number: f64) -> Option<u64> {
    (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
}

/// The first few names, for a message.
pub(super) fn listed(names: &[String]) -> String {
    let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
    format!("{}{more}", names.iter().take(8).map(|n| format!("'{n}'")).collect::<Vec<_>>().join(", "))
}

/// Names are short: a text of many kilobytes is not one.
fn short_text(text: &str) -> Option<String> {
    let text = text.trim_matches(['\0', ' ']);
    (!text.is_empty() && text.len() <= 200 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn root_cause(e: &Error) -> &Error {
    match e {
        Error::Context { source, .. } => root_cause(source),
        other => other,
    }
}

fn is_absent(e: &Error) -> bool {
    matches!(root_cause(e), Error::DatasetNotFound(_) | Error::GroupNotFound(_))
}

#[cfg(test)]
mod tests;
