//! Bounded reading of NumPy's `.npz` archives and `.npy` files: what a lying or damaged file asks for is refused before it
//! is allocated, no pickle is ever loaded, and every error names file and array.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use zip::{CompressionMethod, ZipArchive};

use super::hdf5::listed;
use crate::ground::fault::Fault;

mod apart;
mod column;
mod dtype;
pub(super) mod folder;
mod header;
mod space;

pub(super) use apart::Array;
pub use column::Column;
pub(super) use space::{flattened, images, names_of};

/// Deflate reaches at most 1032 : 1, so what claims to unpack to more than this is not in the file.
const MAX_RATIO: u64 = 1100;
/// How an array's entry is called: its name and this.
const SUFFIX: &str = ".npy";

/// An open `.npz` archive, or a single `.npy` file as an archive of one array; no array is read yet.
pub struct Npz {
    path: PathBuf,
    entries: Vec<Entry>,
}

/// One array of an archive, as the archive's directory describes it.
struct Entry {
    key: String,
    /// Place in the directory; nothing for the one array of a `.npy` file.
    index: Option<usize>,
    /// Bytes when unpacked.
    size: u64,
    packed: u64,
}

/// True if `path` is a regular file that starts like a zip archive or like a NumPy array.
pub fn is_numpy(path: &Path) -> bool {
    starts_with(path, &[b"PK\x03\x04", b"PK\x05\x06", header::MAGIC])
}

fn starts_with(path: &Path, beginnings: &[&[u8]]) -> bool {
    // A pipe or a device would block: only regular files are opened.
    let head = || {
        let mut head = Vec::new();
        File::open(path)?.take(6).read_to_end(&mut head).map(|_| head)
    };
    path.is_file() && head().is_ok_and(|head| beginnings.iter().any(|b| head.starts_with(b)))
}

/// True if `path` is such an archive and `accept` likes the names of its arrays: what a probe asks.
pub fn holds(path: &Path, accept: impl Fn(&Npz) -> bool) -> bool {
    is_numpy(path) && Npz::open(path).is_ok_and(|file| accept(&file))
}

/// What is in a file that is no dataset, for the message.
///
/// # Errors
/// If it is a single array and damaged.
pub fn seen(file: &Npz) -> Result<String, Fault> {
    match file.entries.as_slice() {
        [entry] if entry.index.is_none() => {
            let array = file.array(&entry.key)?;
            Ok(format!(
                "a single NumPy array ({}, {}); save it with its fellows by numpy.savez",
                array.dtype(),
                array.shape()
            ))
        }
        [] => Ok("a zip archive without NumPy arrays".into()),
        _ => Ok(format!("a NumPy archive with {}", file.contents())),
    }
}

impl Npz {
    /// Opens `path`: reads the archive's directory and nothing else.
    ///
    /// # Errors
    /// If it is no archive, is cut short, has an entry whose name leads out of it, or claims more than it can hold.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let bad = |problem: String| Fault::at(path, problem);
        if !is_numpy(path) {
            return Err(bad("not a NumPy file (its first bytes are others)".into()));
        }
        let bytes = std::fs::metadata(path).map_err(|e| bad(format!("cannot be opened ({e})")))?.len();
        let mut file = Self { path: path.to_owned(), entries: Vec::new() };
        if starts_with(path, &[header::MAGIC]) {
            let key = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            file.entries.push(Entry { key, index: None, size: bytes, packed: bytes });
        } else {
            file.list(bytes).map_err(bad)?;
        }
        Ok(file)
    }

    /// Lists the entries that are arrays, and checks all of them.
    fn list(&mut self, bytes: u64) -> Result<(), String> {
        let archive = self.archive()?;
        if archive.has_duplicate_names() {
            return Err("two entries of the archive have the same name; save it again".into());
        }
        let mut packed = 0u64;
        for index in 0..archive.len() {
            let broken = |e| format!("the archive's directory is damaged ({e}); copy the file again");
            let entry = archive.by_index_data(index).map_err(broken)?;
            let name = entry.name().map_err(broken)?.into_owned();
            if leads_out(&name) {
                return Err(format!(
                    "entry '{name}' leads out of the archive, which no NumPy file does; nothing is read"
                ));
            }
            packed = packed.saturating_add(entry.compressed_size());
            if let Some(key) = name.strip_suffix(SUFFIX) {
                let (key, index) = (key.to_owned(), Some(index));
                self.entries.push(Entry { key, index, size: entry.size(), packed: entry.compressed_size() });
            }
        }
        if packed > bytes {
            return Err(format!(
                "its entries claim {packed} bytes, the file has {bytes}; it is damaged, copy it again"
            ));
        }
        Ok(())
    }

    fn archive(&self) -> Result<ZipArchive<BufReader<File>>, String> {
        let file = File::open(&self.path).map_err(|e| format!("cannot be opened ({e})"))?;
        ZipArchive::new(BufReader::new(file)).map_err(|e| {
            let why = e.to_string();
            format!("the archive cannot be read ({why}): the file is damaged or cut short; copy it again")
        })
    }

    /// The file as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the arrays, in the order of the archive.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.key.as_str())
    }

    /// True if there is an array called `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.keys().any(|k| k == key)
    }

    /// What is in it, for messages.
    pub fn contents(&self) -> String {
        let keys: Vec<String> = self.keys().map(str::to_owned).collect();
        if keys.is_empty() { "no arrays".into() } else { listed(&keys) }
    }

    /// An error about `key` in this file.
    pub fn bad(&self, key: &str, problem: impl std::fmt::Display) -> Fault {
        Fault::at(&self.path, format!("'{key}' {problem}"))
    }

    /// The array called `key`, whatever is in it; its header is read.
    ///
    /// # Errors
    /// If there is none, or if its header is no plain description or does not fit the entry's size.
    pub fn array(&self, key: &str) -> Result<Column<'_>, Fault> {
        let Some(entry) = self.entries.iter().find(|e| e.key == key) else {
            return Err(self.bad(key, format!("is missing; the file has {}", self.contents())));
        };
        if entry.size > entry.packed.saturating_mul(MAX_RATIO).saturating_add(1 << 10) {
            return Err(self.bad(
                key,
                format!(
                    "claims to unpack from {} to {} bytes (limit: {MAX_RATIO} times); the file is damaged, copy it again",
                    entry.packed, entry.size
                ),
            ));
        }
        let header = self.with_reader(entry, |reader| header::read(reader)).and_then(|h| h);
        Column::new(self, entry, header.map_err(|problem| self.bad(key, problem))?)
    }

    /// The array of numbers called `key`, one row a step.
    ///
    /// # Errors
    /// As [`Npz::array`]; and if it holds something else than numbers or is a single value.
    pub fn column(&self, key: &str) -> Result<Column<'_>, Fault> {
        let column = self.array(key)?;
        match column.unusable() {
            Some(problem) => Err(column.bad(problem)),
            None => Ok(column),
        }
    }

    /// The array called `key`, where there is one.
    ///
    /// # Errors
    /// As [`Npz::column`].
    pub fn optional(&self, key: &str) -> Result<Option<Column<'_>>, Fault> {
        if self.contains(key) { self.column(key).map(Some) } else { Ok(None) }
    }

    /// Where the bytes of the entry lie in the file; nothing if they are packed.
    fn stored_at(&self, entry: &Entry) -> Result<Option<u64>, String> {
        let Some(index) = entry.index else { return Ok(Some(0)) };
        let mut archive = self.archive()?;
        let entry = archive.by_index(index).map_err(|e| format!("cannot be read ({e}); copy the file again"))?;
        Ok(entry.data_start().filter(|_| entry.compression() == CompressionMethod::Stored))
    }

    /// Hands the entry's bytes to `read`. Every entry is opened by itself, so that threads can read side by side.
    fn with_reader<T>(&self, entry: &Entry, read: impl FnOnce(&mut dyn Read) -> T) -> Result<T, String> {
        let Some(index) = entry.index else {
            let mut file = File::open(&self.path).map_err(|e| format!("cannot be opened ({e})"))?;
            return Ok(read(&mut file));
        };
        let mut archive = self.archive()?;
        let mut entry = archive.by_index(index).map_err(|e| {
            format!("cannot be unpacked ({e}); save it again with numpy.savez or numpy.savez_compressed")
        })?;
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err("is packed in a way that NumPy does not use; save it again with numpy.savez_compressed".into());
        }
        Ok(read(&mut entry))
    }
}

/// True for names that lead out of a folder when they are taken as paths.
fn leads_out(name: &str) -> bool {
    let rooted = name.starts_with(['/', '\\']) || name.get(1..2) == Some(":");
    rooted || name.contains('\0') || name.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
pub(super) mod tests;
