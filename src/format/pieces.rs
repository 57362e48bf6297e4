//! Datasets larger than the memory that they may take: read a few episodes at a time.
//!
//! Blocks of consecutive episodes are visited in a random order, so that whatever was read so far is a random sample of
//! the whole. [`sample`] keeps the first blocks that fit; [`scan`] goes through all of them for exact statistics.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::data::dataset::{Dataset, Origin, Sample};
use crate::data::space::Space;
use crate::data::split::mix;
use crate::data::summary::{EpisodeRow, Part, Running, Summary};
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

mod places;

use places::Places;

/// Most bytes of a block, so that two chunks of a file are rarely inflated twice.
const BLOCK: u64 = 8 << 20;
/// Blocks that a sample has at least, where its episodes are short enough.
const BLOCKS: u64 = 64;
/// Seed of the order of the blocks: the same file gives the same sample.
const SEED: u64 = 0x0D5C;
/// Time between two statements of what is known so far.
const TELL: Duration = Duration::from_millis(800);

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

/// A dataset on disk whose episodes can be read apart.
pub trait Pieces: Sync {
    /// Number of steps of every episode, in the order of the file.
    fn lengths(&self) -> &[usize];

    /// What a row takes.
    fn width(&self) -> Width;

    /// Rules and warnings that hold for the file as a whole; what a block says of itself counts its own rows.
    fn origin(&self) -> &Origin;

    /// Reads consecutive episodes.
    ///
    /// # Errors
    /// [`Fault`] naming file, key and remedy.
    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault>;

    /// What only all numbers together tell of the finished sample.
    fn settle(&self, _data: &mut Dataset) {}
}

/// The episodes that have a step, and how many; the others are left out of every dataset. `steps` opens an episode.
///
/// # Errors
/// What `steps` fails with, for the first such episode; cancelled.
pub fn with_steps<E: Clone + Sync>(
    episodes: &[E],
    cx: &Ctx,
    steps: impl Fn(&E) -> Result<usize, Fault> + Sync,
) -> Result<(Vec<E>, Vec<usize>), Fault> {
    const BATCH: usize = 256;
    let cx = cx.phase("finding the episodes");
    let mut found = (Vec::new(), Vec::new());
    for (batch, some) in episodes.chunks(BATCH).enumerate() {
        cx.step((BATCH * batch) as u64, episodes.len() as u64)?;
        // Not collected into one result: that would name whichever bad episode a thread met first.
        let read: Vec<Result<usize, Fault>> = some.par_iter().map(&steps).collect();
        for (episode, steps) in some.iter().zip(read) {
            let steps = steps?;
            if steps > 0 {
                found.0.push(episode.clone());
                found.1.push(steps);
            }
        }
    }
    Ok(found)
}

/// What is known of a dataset after some of its episodes.
#[derive(Debug, Clone)]
pub struct Known {
    /// Statistics of the episodes so far.
    pub summary: Summary,
    /// Each of them.
    pub rows: Vec<EpisodeRow>,
    /// Episodes of the whole.
    pub of: usize,
    /// Largest standard error of the mean of an observation dimension, in standard deviations; 0 for the whole.
    pub error: f64,
    /// Observation columns.
    pub obs_space: Space,
    /// Action columns.
    pub action_space: Space,
}

/// Told what is known so far.
pub type Tell<'a> = &'a dyn Fn(&Known);

/// Reads a random sample of the episodes, as many as fit into `room`.
///
/// # Errors
/// [`Fault`] if not even one block fits, or as [`Pieces::read`].
pub fn sample(path: &Path, pieces: &dyn Pieces, room: Bytes, cx: &Ctx, tell: Tell<'_>) -> Result<Dataset, Fault> {
    let (lengths, width) = (pieces.lengths(), pieces.width());
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
    visit(pieces, &kept, blocks.len(), &cx, tell, &mut |first, block| places.put(path, first, block))?;
    let mut data = places.finish(path, pieces.origin().clone())?;
    // A description may have promised more than there is.
    data.sample = (kept.len() < blocks.len()).then(|| Sample {
        episodes: lengths.len(),
        steps: lengths.iter().sum(),
        bytes: lengths.iter().map(|&t| width.of(t)).sum(),
    });
    pieces.settle(&mut data);
    Ok(data)
}

/// Exact statistics of all episodes; `tell` hears of them as they grow.
///
/// # Errors
/// As [`Pieces::read`].
pub fn scan(pieces: &dyn Pieces, cx: &Ctx, tell: Tell<'_>) -> Result<Known, Fault> {
    let blocks = blocks(pieces.lengths(), pieces.width(), BLOCK);
    let cx = cx.phase("going through all episodes");
    visit(pieces, &blocks, blocks.len(), &cx, tell, &mut |_, _| Ok(()))
}

/// What all episodes are, in the order of the file.
///
/// # Errors
/// As [`Pieces::read`].
pub fn rows(pieces: &dyn Pieces, cx: &Ctx) -> Result<Vec<EpisodeRow>, Fault> {
    let cx = cx.phase("going through all episodes");
    Ok(in_order(pieces, &cx, &mut |_| Ok(()))?.rows)
}

/// Hands episodes on, a few at a time and in the order of the file: those at `wanted`, ascending and counted as in the
/// file, or all.
///
/// # Errors
/// As [`Pieces::read`], or what `take` fails with.
pub fn each(
    pieces: &dyn Pieces,
    wanted: Option<&[usize]>,
    cx: &Ctx,
    take: &mut dyn FnMut(Dataset) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let Some(wanted) = wanted else {
        return in_order(pieces, &cx.phase("going through all episodes"), take).map(|_| ());
    };
    let runs = runs(wanted, |i| pieces.width().of(pieces.lengths()[i]));
    let cx = cx.phase("reading the chosen episodes");
    visit(pieces, &runs, runs.len(), &cx, &|_| {}, &mut |_, run| take(run)).map(|_| ())
}

fn in_order(pieces: &dyn Pieces, cx: &Ctx, take: &mut dyn FnMut(Dataset) -> Result<(), Fault>) -> Result<Known, Fault> {
    let mut blocks = blocks(pieces.lengths(), pieces.width(), BLOCK);
    blocks.sort_by_key(|block| block.start);
    visit(pieces, &blocks, blocks.len(), cx, &|_| {}, &mut |_, block| take(block))
}

/// Consecutive ones of ascending numbers together, about [`BLOCK`] bytes each.
fn runs(order: &[usize], size: impl Fn(usize) -> u64) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for &i in order {
        bytes += size(i);
        if let Some(run) = runs.last_mut().filter(|run| run.end == i && bytes <= BLOCK) {
            run.end = i + 1;
        } else {
            runs.push(i..i + 1);
            bytes = size(i);
        }
    }
    runs
}

/// Reads blocks several at a time and hands each on in the order given.
fn visit(
    pieces: &dyn Pieces,
    blocks: &[Range<usize>],
    of: usize,
    cx: &Ctx,
    tell: Tell<'_>,
    take: &mut dyn FnMut(usize, Dataset) -> Result<(), Fault>,
) -> Result<Known, Fault> {
    let steps = |block: &Range<usize>| pieces.lengths()[block.clone()].iter().sum::<usize>() as u64;
    let total: u64 = blocks.iter().map(steps).sum();
    let (mut running, mut done, mut told) = (Running::default(), 0, Instant::now());
    let mut spaces = None;
    let known = |running: &Running, spaces: &Option<(Space, Space)>| {
        let (obs_space, action_space) = spaces.clone()?;
        let rows = running.rows().to_vec();
        let error = running.error(of);
        Some(Known { summary: running.summary()?, rows, of: pieces.lengths().len(), error, obs_space, action_space })
    };
    for some in blocks.chunks(2 * rayon::current_num_threads()) {
        cx.step(done, total)?;
        let read = |block: &Range<usize>| {
            let data = pieces.read(block.clone(), cx)?;
            Ok((block.start, Part::of(&data), data))
        };
        // Not collected into one result: that would name whichever bad block a thread met first.
        let loaded: Vec<Result<(usize, Part, Dataset), Fault>> = some.par_iter().map(read).collect();
        for block in loaded {
            let (first, part, data) = block?;
            spaces.get_or_insert_with(|| (data.obs_space.clone(), data.action_space.clone()));
            running.add(part);
            take(first, data)?;
        }
        done += some.iter().map(steps).sum::<u64>();
        if told.elapsed() > TELL {
            known(&running, &spaces).iter().for_each(tell);
            told = Instant::now();
        }
    }
    // Blocks are never empty, and there is at least one.
    known(&running, &spaces).ok_or(Fault::Cancelled)
}

/// Consecutive episodes of about `size` bytes each, in a random order.
fn blocks(lengths: &[usize], width: Width, size: u64) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let (mut first, mut bytes) = (0, 0);
    for (i, &steps) in lengths.iter().enumerate() {
        bytes += width.of(steps);
        if bytes >= size {
            blocks.push(first..i + 1);
            (first, bytes) = (i + 1, 0);
        }
    }
    if first < lengths.len() {
        blocks.push(first..lengths.len());
    }
    blocks.sort_by_key(|block| (mix(SEED, block.start as u64), block.start));
    blocks
}

#[cfg(test)]
pub(super) mod tests;
