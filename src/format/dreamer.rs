//! Replay folders of Dreamer, in two layouts.
//!
//! Chunks, read in `embodied/core/{chunk,replay,driver}.py` of danijar/dreamerv3: `<time>-<uuid>-<next uuid>-<rows>.npz`
//! are pieces of a stream and no episodes. A row holds the observation, the action that was taken at it, and the reward
//! that came with the observation.
//!
//! Episodes, read in `tools.py` of NM512/dreamerv3-torch: `<id>-<rows>.npz` is one episode. A row holds the observation
//! and the action and reward that led to it; row 0 is the reset. Before `DreamerV2` was published its flags were called `reset`
//! and `terminal`.

use std::path::{Path, PathBuf};

use super::Format;
use super::npz::{Npz, folder};
use super::place::Place;
use super::reader::{Episodes, OneByOne, Width};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod chain;
mod episode;
mod layout;
mod stream;

/// The format.
pub struct Dreamer;

impl Format for Dreamer {
    fn name(&self) -> &'static str {
        "dreamer"
    }

    fn probe(&self, place: &Place) -> bool {
        folder::probe(place, is_name, |file| {
            let early = file.contains("reset") && file.contains("terminal");
            (file.contains("is_first") || early) && (file.contains("reward") || file.contains("action"))
        })
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let path = place.path();
        let (first, files) = files(path)?;
        if has_episodes(path, &first) {
            return Ok(Box::new(OneByOne::new(episode::Folder::find(path, &first, files)?)));
        }
        Ok(Box::new(stream::Streams::find(path, &first, &files)?))
    }
}

/// Bytes in memory, where the files' names speak of their rows.
fn bytes<'f>(width: Width, mut files: impl ExactSizeIterator<Item = &'f PathBuf>) -> Option<u64> {
    let count = files.len() as u64;
    let rows = files.try_fold(0u64, |sum, file| Some(sum.saturating_add(rows_of(file)? as u64)));
    rows.map(|rows| width.bytes(count, rows))
}

/// The files of a folder and the first of them.
fn files(path: &Path) -> Result<(Npz, Vec<PathBuf>), Fault> {
    let files = folder::files(path, is_name)?;
    match files.first() {
        Some(first) => Ok((Npz::open(first)?, files)),
        None => Err(Fault::at(path, "no file in it is called like Dreamer's (<time>-<id>-<rows>.npz)")),
    }
}

/// True where a file is an episode.
fn has_episodes(path: &Path, first: &Npz) -> bool {
    // Only the episodes of NM512 keep a discount; chunks of a stream always name the next one.
    let is_chunk = folder::stem(first.path()).is_some_and(|stem| chain::parts(stem).is_some());
    first.contains("discount") || !first.contains("is_first") || (!is_chunk && path.is_dir())
}

/// True for `<anything>-<rows>`.
fn is_name(stem: &str) -> bool {
    stem.rsplit_once('-').is_some_and(|(id, rows)| !id.is_empty() && rows.parse::<u64>().is_ok())
}

/// Rows that the name of a file speaks of.
fn rows_of(file: &Path) -> Option<usize> {
    folder::stem(file)?.rsplit_once('-')?.1.parse().ok()
}

#[cfg(test)]
mod tests;
