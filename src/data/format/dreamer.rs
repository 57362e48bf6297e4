//! Replay folders of Dreamer, in two layouts.
//!
//! Chunks, read in `embodied/core/{chunk,replay,driver}.py` of danijar/dreamerv3: `<time>-<uuid>-<next uuid>-<rows>.npz`
//! are pieces of a stream and no episodes. A row holds the observation, the action that was taken at it, and the reward
//! that came with the observation.
//!
//! Episodes, read in `tools.py` of NM512/dreamerv3-torch: `<id>-<rows>.npz` is one episode. A row holds the observation
//! and the action and reward that led to it; row 0 is the reset.

use std::path::Path;

use super::npz::{Npz, folder};
use super::{DataError, Format};
use crate::data::dataset::Dataset;
use crate::task::Ctx;

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

    fn probe(&self, path: &Path) -> bool {
        folder::probe(path, is_name, |file| {
            file.contains("is_first") && (file.contains("reward") || file.contains("action"))
        })
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, DataError> {
        let files = folder::files(path, is_name)?;
        let Some(first) = files.first() else {
            return Err(DataError::bad(path, "no file in it is called like Dreamer's (<time>-<id>-<rows>.npz)"));
        };
        let first = Npz::open(first)?;
        // Only the episodes of NM512 keep a discount; chunks of a stream always name the next one.
        let is_chunk = folder::stem(first.path()).is_some_and(|stem| chain::parts(stem).is_some());
        if first.contains("discount") || (!is_chunk && path.is_dir()) {
            episode::dataset(path, &first, &files, cx)
        } else {
            stream::dataset(path, &first, &files, cx)
        }
    }
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
