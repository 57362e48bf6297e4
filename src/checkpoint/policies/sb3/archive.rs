//! The zip archive.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::ground::fault::Fault;

/// Longest network that is read: those for vectors take a few megabytes.
pub const MAX_NETWORK: u64 = 512 << 20;
/// Longest entry of text that is read.
pub const MAX_TEXT: u64 = 64 << 20;

/// An open archive.
pub struct Archive {
    path: PathBuf,
    zip: ZipArchive<File>,
}

/// The archive at `path`: itself, or the only one in the folder.
pub fn find(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).ok()?.flatten().map(|e| e.path());
        let mut zips: Vec<PathBuf> =
            entries.filter(|f| f.extension().is_some_and(|e| e == "zip") && is_one(f)).collect();
        return if zips.len() == 1 { zips.pop() } else { None };
    }
    is_one(path).then(|| path.to_path_buf())
}

fn is_one(path: &Path) -> bool {
    let mut head = [0; 4];
    // A pipe would block: only regular files are opened.
    let zip =
        path.is_file() && File::open(path).and_then(|mut f| f.read_exact(&mut head)).is_ok() && head == *b"PK\x03\x04";
    let archive = zip.then(|| File::open(path).ok().and_then(|f| ZipArchive::new(f).ok())).flatten();
    archive.is_some_and(|a| ["data", "policy.pth"].iter().all(|name| a.index_for_name(name).is_some()))
}

impl Archive {
    /// Opens `path`.
    ///
    /// # Errors
    /// [`Fault`] if it is no zip archive.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path).map_err(|e| Fault::io(path, "reading", &e))?;
        let zip = ZipArchive::new(file).map_err(|e| Fault::at(path, format!("no zip archive, or cut short ({e})")))?;
        Ok(Self { path: path.to_path_buf(), zip })
    }

    /// The bytes of the entry `name`, of which there are at most `limit`.
    ///
    /// # Errors
    /// [`Fault`] if it is missing, damaged or beyond all measure.
    pub fn need(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, Fault> {
        let bad =
            |problem: String| Fault::at(&self.path, format!("entry '{name}' {problem}; copy or save the file again"));
        let entry = self.zip.by_name(name).map_err(|e| bad(format!("cannot be read: {e}")))?;
        let mut bytes = Vec::new();
        entry.take(limit + 1).read_to_end(&mut bytes).map_err(|e| bad(format!("cannot be read: {e}")))?;
        if bytes.len() as u64 > limit {
            return Err(bad(format!("unpacks to more than {limit} bytes")));
        }
        Ok(bytes)
    }

    /// The text of the entry `name`, where there is one.
    ///
    /// # Errors
    /// As [`Archive::need`].
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        if self.zip.index_for_name(name).is_none() {
            return Ok(None);
        }
        let bytes = self.need(name, MAX_TEXT)?;
        Ok(Some(String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).trim().to_owned()))
    }
}
