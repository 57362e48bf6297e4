//! Minari's Arrow and Parquet storages: `data/<id>/part-0.arrow` (or `.parquet`) with one row a step and one more.
//!
//! The last row holds the last observation alone: its action, reward and flags are padding and are dropped. A `Dict` or
//! `Tuple` is a struct, whose fields of a `Tuple` are called `0`, `1`, ….

use std::io::Read as _;
use std::path::{Path, PathBuf};

use polars_core::prelude::Series;

use super::super::assemble::Found;
use super::super::frame::{Frame, Leaf as Part, Parquet, flags, leaves, numbers};
use super::super::reader::Loaded;
use super::METADATA_FILE;
use super::episode::loaded;
use super::read::{STEPS, Store};
use super::space::Leaf;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Largest `metadata.json` of an episode.
const MAX_BYTES: u64 = 1 << 20;

/// Episodes as folders of a data folder.
pub(super) struct Folders {
    folder: PathBuf,
    /// Ending of the files: arrow or parquet.
    ending: &'static str,
}

impl Folders {
    /// The folders of `folder`, which must not be links out of it.
    pub fn new(folder: &Path, ending: &'static str) -> Self {
        Self { folder: folder.to_owned(), ending }
    }

    fn file(&self, id: u64, part: usize) -> PathBuf {
        self.folder.join(id.to_string()).join(format!("part-{part}.{}", self.ending))
    }

    fn frame(&self, id: u64, cx: &Ctx) -> Result<Frame, Fault> {
        let path = self.file(id, 0);
        let inside = |real: PathBuf| self.folder.canonicalize().is_ok_and(|root| real.starts_with(root));
        if !path.canonicalize().is_ok_and(inside) {
            return Err(Fault::at(&path, "is missing or a link out of the dataset; download it again"));
        }
        if self.file(id, 1).exists() {
            return Err(Fault::at(&path, "is not alone: an episode of several parts is not read, join them"));
        }
        if self.ending == "arrow" {
            return Frame::arrow(&path, &STEPS);
        }
        let file = Parquet::open(&path)?;
        file.read_with(&STEPS, 0..file.rows(), &|_, _| cx.check())
    }

    /// `total_steps` in the episode's own description.
    fn said(&self, id: u64) -> Option<u64> {
        let mut text = String::new();
        let file = std::fs::File::open(self.folder.join(id.to_string()).join(METADATA_FILE)).ok()?;
        file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
        serde_json::from_str::<serde_json::Value>(&super::space::plain_json(&text)).ok()?["total_steps"].as_u64()
    }
}

impl Store for Folders {
    fn ids(&self) -> Vec<u64> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok);
        let number = |name: &str| name.parse::<u64>().ok().filter(|n| n.to_string() == name);
        entries.filter_map(|e| number(&e.file_name().to_string_lossy())).collect()
    }

    fn bad(&self, id: u64, problem: &str) -> Fault {
        Fault::at(&self.folder, format!("episode folder '{id}' {problem}"))
    }

    fn rule(&self) -> &'static str {
        "an episode is a folder: T steps, T+1 observations; the last row's action leads nowhere and is dropped"
    }

    fn empty(&self) -> Fault {
        Fault::at(&self.folder, "the dataset is empty: no folder is called '0'")
    }

    fn width(&self, id: u64, what: &str) -> Result<usize, Fault> {
        let frame = self.frame(id, &Ctx::quiet())?;
        let parts = frame.read(what, |c| leaves(c, what))?;
        if let [one] = &parts[..] {
            return Ok(one.width);
        }
        let problem = format!("'{what}' has several parts, and {METADATA_FILE} does not describe its space");
        Err(Fault::at(frame.path(), problem))
    }

    fn others(&self, id: u64) -> Vec<String> {
        let path = self.file(id, 0);
        let names = if self.ending == "arrow" {
            Frame::arrow_names(&path)
        } else {
            Parquet::open(&path).map(|f| f.names().to_vec())
        };
        // What cannot be opened says so when it is read.
        names.unwrap_or_default()
    }

    fn steps(&self, id: u64) -> Result<usize, Fault> {
        if let Some(steps) = self.said(id) {
            return Ok(steps as usize);
        }
        Ok(self.frame(id, &Ctx::quiet())?.rows().saturating_sub(1))
    }

    fn read(&self, id: u64, observations: &[Leaf], actions: &[Leaf], cx: &Ctx) -> Result<Loaded, Fault> {
        cx.check()?;
        let frame = self.frame(id, cx)?;
        let Some(steps) = frame.rows().checked_sub(1) else {
            return Err(Fault::at(frame.path(), "has no rows, an episode needs its last observation at least"));
        };
        let said = self.said(id);
        if said.is_some_and(|n| n == frame.rows() as u64) {
            return Err(Fault::at(
                frame.path(),
                format!("'observations' has {} rows for as many steps, Minari needs one more", frame.rows()),
            ));
        }
        let cut = |what: &str| -> Result<Vec<bool>, Fault> {
            let mut all = frame.read(what, |c| flags(&padded(c, steps)))?;
            all.truncate(steps);
            Ok(all)
        };
        let (terminations, truncations) = (cut("terminations")?, cut("truncations")?);
        let mut rewards = frame.read("rewards", numbers)?;
        rewards.truncate(steps);
        let obs = flat(&frame, "observations", observations)?;
        let width: usize = actions.iter().map(|l| l.width).sum();
        let mut actions = flat(&frame, "actions", actions)?;
        actions.truncate(steps * width);
        let found = Found { id, obs, actions, rewards, ..Found::default() };
        Ok(loaded(found, (&terminations, &truncations), said))
    }
}

/// Without the last row, whose flags may be empty.
fn padded(column: &Series, steps: usize) -> Series {
    column.slice(0, steps)
}

/// The arrays of `what` side by side, as its space says.
fn flat(frame: &Frame, what: &str, wanted: &[Leaf]) -> Result<Vec<f32>, Fault> {
    let mut parts: Vec<Part> = Vec::with_capacity(wanted.len());
    for leaf in wanted {
        let name = if leaf.name.is_empty() { what.to_owned() } else { format!("{what}.{}", leaf.name) };
        let found = frame.read(what, |c| part(c, leaf, &name))?;
        parts.push(found);
    }
    frame.interleave(&parts).map(|m| m.values)
}

/// The column of a leaf, looked for below structs.
fn part(column: &Series, leaf: &Leaf, name: &str) -> Result<Part, String> {
    let mut at = column.clone();
    for step in leaf.path.split('/').filter(|s| !s.is_empty()) {
        let bare = step.strip_prefix("_index_").unwrap_or(step);
        let fields = at.struct_().map_err(|_| format!("'{name}' is missing: its space says a struct is above it"))?;
        let below = fields.field_by_name(step).or_else(|_| fields.field_by_name(bare));
        at = below.map_err(|_| format!("'{name}' is missing, its space has it"))?;
    }
    let found = leaves(&at, name)?;
    match <[Part; 1]>::try_from(found) {
        Ok([one]) if one.width == leaf.width => Ok(one),
        Ok([one]) => Err(format!("'{name}' has {} values a row, its space has {}", one.width, leaf.width)),
        Err(_) => Err(format!("'{name}' is a struct, its space has an array")),
    }
}

#[cfg(test)]
mod tests;
