//! A dataset on disk as episodes: the one road on which its numbers come into memory, whatever the layout.
//!
//! A layout says what its columns are, where its episodes are, and reads any run of them or all ([`Episodes`]); [`whole`],
//! [`sample`], [`scan`], [`rows`] and [`each`] are functions over that. For a dataset larger than the memory that it may
//! take, blocks of consecutive episodes are visited in a random order, so that whatever was read so far is a random sample
//! of the whole: [`sample`] keeps the first blocks that fit, [`scan`] goes through all of them for exact statistics.

use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use super::choices;
use crate::data::dataset::{Dataset, Origin, Sample};
use crate::data::space::Space;
use crate::data::summary::EpisodeRow;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

mod places;
mod separate;
mod visit;

use places::Places;
pub(super) use separate::{Loaded, OneByOne, Separate};
use visit::{BLOCK, blocks, in_order, runs, visit};
pub use visit::{Indexed, Known, Tell};

/// Blocks that a sample has at least, where its episodes are short enough.
const BLOCKS: u64 = 64;

/// A dataset on disk whose episodes can be read, all together or some apart.
pub trait Episodes: Sync {
    /// Its columns.
    fn shape(&self) -> &Shape;

    /// Where its episodes are; looked for once. Nothing where the layout has to be read at once.
    ///
    /// # Errors
    /// [`Fault`] naming file, key and remedy.
    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault>;

    /// Reads consecutive episodes of the index; or all there are, whose origin then tells what they tell only together. All
    /// are read without the index where they can be: what it looks for, they show by themselves.
    ///
    /// # Errors
    /// [`Fault`] naming file, key and remedy; all of them at once may keep no more than [`Ctx::memory`].
    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault>;

    /// Bytes that its numbers take in memory, without reading them; nothing where only reading tells, which then stops at
    /// [`Ctx::memory`].
    ///
    /// # Errors
    /// As [`Episodes::index`].
    fn bytes(&self) -> Result<Option<u64>, Fault> {
        let index = self.index(&Ctx::quiet())?;
        Ok(index.map(|index| self.shape().width().bytes(index.lengths.len() as u64, index.steps())))
    }

    /// What only all numbers together tell of the finished dataset.
    fn settle(&self, data: &mut Dataset) {
        choices::settle(data, self.shape().choices.as_ref());
    }
}

/// The columns of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Observation columns.
    pub obs: Space,
    /// Action columns, before their numbers are known.
    pub action: Space,
    /// Every episode has an observation beyond its steps.
    pub last: bool,
    /// The file has next observations of its own, which may have to be kept.
    pub next: bool,
    /// The stored type of actions that may be choices, which only all of them tell.
    pub choices: Option<String>,
}

impl Shape {
    /// Columns without names: so many of observations and actions.
    pub fn unnamed(obs: usize, action: usize) -> Self {
        let (obs, action) = (Space::unnamed("obs", obs), Space::unnamed("action", action));
        Self { obs, action, last: false, next: false, choices: None }
    }

    /// What a row takes.
    pub fn width(&self) -> Width {
        let (obs, action) = (self.obs.dim(), self.action.dim());
        Width { obs, action, extra: usize::from(self.last), next: self.next }
    }
}

/// Where the episodes of a dataset are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Index {
    /// Number of steps of every episode, in the order of the file.
    pub lengths: Vec<usize>,
    /// Rules and warnings that hold for the file as a whole.
    pub origin: Origin,
}

impl Index {
    /// Steps of all episodes.
    pub fn steps(&self) -> u64 {
        self.lengths.iter().fold(0, |sum, &n| sum.saturating_add(n as u64))
    }
}

/// What is looked for when it is first asked for, and then kept.
pub(super) struct Later<T>(OnceLock<T>);

impl<T> Default for Later<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> Later<T> {
    /// What `find` finds, or found before.
    pub fn get(&self, find: impl FnOnce() -> Result<T, Fault>) -> Result<&T, Fault> {
        if let Some(found) = self.0.get() {
            return Ok(found);
        }
        let found = find()?;
        Ok(self.0.get_or_init(|| found))
    }
}

impl<T> Later<Option<T>> {
    /// What there has to be for episodes of `path` to be read apart.
    pub fn needed(&self, path: &Path, find: impl FnOnce() -> Result<Option<T>, Fault>) -> Result<&T, Fault> {
        self.get(find)?.as_ref().ok_or_else(|| only_whole(path))
    }
}

/// The fault of a dataset whose episodes cannot be read apart.
pub(super) fn only_whole(path: &Path) -> Fault {
    Fault::at(path, "is read only as a whole")
}

/// What a row takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width {
    /// Observation dimensions.
    pub obs: usize,
    /// Action dimensions.
    pub action: usize,
    /// Observations of an episode beyond its steps: 0 or 1.
    pub extra: usize,
    /// The file has next observations of its own, which may have to be kept.
    pub next: bool,
}

impl Width {
    /// Bytes in memory of `steps` steps in `episodes` episodes.
    pub fn bytes(self, episodes: u64, steps: u64) -> u64 {
        let obs = 4 * self.obs as u64;
        let step = obs * if self.next { 2 } else { 1 } + 4 * self.action as u64 + 8;
        // In f64 and back nothing below 2^53 is lost, and lies of a file do not overflow.
        (steps as f64 * step as f64 + (self.extra as u64 * obs) as f64 * episodes as f64) as u64
    }

    fn of(self, steps: usize) -> u64 {
        self.bytes(1, steps as u64)
    }
}

/// Reads all episodes.
///
/// # Errors
/// As [`Episodes::read`].
pub fn whole(episodes: &dyn Episodes, cx: &Ctx) -> Result<Dataset, Fault> {
    let mut data = episodes.read(None, &cx.phase("reading the dataset"))?;
    episodes.settle(&mut data);
    Ok(data)
}

/// Reads a random sample of the episodes, as many as fit into `room`.
///
/// # Errors
/// [`Fault`] if not even one block fits, or as [`Episodes::read`].
pub fn sample(path: &Path, found: Indexed<'_>, room: Bytes, cx: &Ctx, tell: Tell<'_>) -> Result<Dataset, Fault> {
    let (lengths, width) = (&found.index.lengths, found.width());
    let blocks = blocks(lengths, width, (room.0 / BLOCKS).clamp(1, BLOCK));
    let bytes = |block: &Range<usize>| lengths[block.clone()].iter().map(|&t| width.of(t)).sum::<u64>();
    let mut left = room.0;
    let mut kept = Vec::new();
    for block in &blocks {
        let Some(rest) = left.checked_sub(bytes(block)) else { break };
        left = rest;
        kept.push(block.clone());
    }
    if kept.is_empty() {
        let (need, most) = (Bytes(blocks.iter().map(bytes).max().unwrap_or(0)), room);
        let problem = format!(
            "its longest episode takes {need}, a sample may take {most}: half of what --memory leaves; allow more"
        );
        return Err(Fault::at(path, problem));
    }
    let mut places = Places::new(lengths, width, &kept);
    let cx = cx.phase("reading a sample of the episodes");
    visit(found, &kept, blocks.len(), &cx, tell, &mut |first, block| places.put(path, first, block))?;
    let mut data = places.finish(path, found.index.origin.clone())?;
    // A description may have promised more than there is.
    data.sample = (kept.len() < blocks.len()).then(|| Sample {
        episodes: lengths.len(),
        steps: lengths.iter().sum(),
        bytes: lengths.iter().map(|&t| width.of(t)).sum(),
    });
    found.episodes.settle(&mut data);
    Ok(data)
}

/// Exact statistics of all episodes; `tell` hears of them as they grow.
///
/// # Errors
/// As [`Episodes::read`].
pub fn scan(found: Indexed<'_>, cx: &Ctx, tell: Tell<'_>) -> Result<Known, Fault> {
    let blocks = blocks(&found.index.lengths, found.width(), BLOCK);
    let cx = cx.phase("going through all episodes");
    visit(found, &blocks, blocks.len(), &cx, tell, &mut |_, _| Ok(()))
}

/// What all episodes are, in the order of the file.
///
/// # Errors
/// As [`Episodes::read`].
pub fn rows(found: Indexed<'_>, cx: &Ctx) -> Result<Vec<EpisodeRow>, Fault> {
    let cx = cx.phase("going through all episodes");
    Ok(in_order(found, &cx, &mut |_| Ok(()))?.rows)
}

/// Hands episodes on, a few at a time and in the order of the file: those at `wanted`, ascending and counted as in the
/// file, or all.
///
/// # Errors
/// As [`Episodes::read`], or what `take` fails with.
pub fn each(
    found: Indexed<'_>,
    wanted: Option<&[usize]>,
    cx: &Ctx,
    take: &mut dyn FnMut(Dataset) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let Some(wanted) = wanted else {
        return in_order(found, &cx.phase("going through all episodes"), take).map(|_| ());
    };
    let runs = runs(wanted, |i| found.width().of(found.index.lengths[i]));
    let cx = cx.phase("reading the chosen episodes");
    visit(found, &runs, runs.len(), &cx, &|_| {}, &mut |_, run| take(run)).map(|_| ())
}

#[cfg(test)]
pub(super) mod tests;
