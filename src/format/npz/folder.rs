//! Folders with one archive an episode or a chunk.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Npz, holds};
use crate::format::place::Place;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Files that are read between two reports.
const BATCH: usize = 32;
/// Names that a probe looks at, and files that it opens.
const PROBE: (usize, usize) = (10_000, 4);

/// `path` itself, or the archives in the folder `path` whose name without `.npz` is one that `accept` likes, by name.
///
/// # Errors
/// If the folder cannot be listed, or if a file in it is a link that leads out of it.
pub(in crate::format) fn files(path: &Path, accept: fn(&str) -> bool) -> Result<Vec<PathBuf>, Fault> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |e: std::io::Error| Fault::at(path, format!("the folder cannot be listed ({e})"));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if stem(&file).is_some_and(accept) {
            found.push(file);
        }
    }
    found.sort_unstable();
    found.iter().try_for_each(|file| inside(path, file))?;
    Ok(found)
}

/// The name without `.npz`, if it has that ending.
pub(in crate::format) fn stem(file: &Path) -> Option<&str> {
    file.file_name()?.to_str()?.strip_suffix(".npz")
}

/// The name, for a message.
pub(in crate::format) fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Fails for a link that leads out of `folder`.
pub(in crate::format) fn inside(folder: &Path, file: &Path) -> Result<(), Fault> {
    if !file.is_symlink() {
        return Ok(());
    }
    let within = folder.canonicalize().and_then(|f| file.canonicalize().map(|target| target.starts_with(f)));
    if within.unwrap_or(false) {
        return Ok(());
    }
    Err(Fault::at(file, "is a link out of its folder, which is not followed; put the file itself there"))
}

/// True if `place` is such a file, or a folder in which one of the first few by their names is.
pub(in crate::format) fn probe(place: &Place, name: fn(&str) -> bool, accept: fn(&Npz) -> bool) -> bool {
    let path = place.path();
    if !path.is_dir() {
        return place.npz().is_ok_and(|file| accept(&file));
    }
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    entries
        .take(PROBE.0)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| stem(file).is_some_and(name) && inside(path, file).is_ok())
        .take(PROBE.1)
        .any(|file| holds(&file, accept))
}

/// Reads `files` side by side, some at a time, and hands what `read` makes of each to `take` in their order: so the first
/// bad file is named whichever thread meets which.
pub(in crate::format) fn each<'f, T: Send>(
    files: impl ExactSizeIterator<Item = &'f PathBuf>,
    cx: &Ctx,
    read: impl Fn(&Npz) -> Result<T, Fault> + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let files: Vec<&PathBuf> = files.collect();
    for (batch, some) in files.chunks(BATCH).enumerate() {
        cx.step((batch * BATCH) as u64, files.len() as u64)?;
        let one = |file: &&PathBuf| {
            cx.check()?;
            read(&Npz::open(file)?)
        };
        let loaded: Vec<Result<T, Fault>> = some.par_iter().map(one).collect();
        for (index, result) in loaded.into_iter().enumerate() {
            take(batch * BATCH + index, result?)?;
        }
    }
    Ok(cx.step(files.len() as u64, files.len() as u64)?)
}

/// How often something is odd, and the first file where it is.
#[derive(Default)]
pub(in crate::format) struct Odd {
    seen: usize,
    first: String,
}

impl Odd {
    /// Counts what was seen in `file`, if it is odd.
    pub fn count(&mut self, odd: bool, file: &Path) {
        if odd && self.seen == 0 {
            self.first = name(file);
        }
        self.seen += usize::from(odd);
    }

    /// The warning about these files.
    pub fn told(&self, what: &str) -> Option<String> {
        self.told_of("files", what)
    }

    /// The warning about these `things`.
    pub fn told_of(&self, things: &str, what: &str) -> Option<String> {
        (self.seen > 0).then(|| format!("{} {things} {what} (first: {})", self.seen, self.first))
    }
}
