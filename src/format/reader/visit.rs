//! Going through the episodes of a dataset, block by block.

use std::ops::Range;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::{Episodes, Index, Shape, Width};
use crate::data::dataset::Dataset;
use crate::data::space::Space;
use crate::data::split::mix;
use crate::data::summary::{EpisodeRow, Part, Running, Summary};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Most bytes of a block, so that two chunks of a file are rarely inflated twice.
pub(super) const BLOCK: u64 = 8 << 20;
/// Seed of the order of the blocks: the same file gives the same sample.
const SEED: u64 = 0x0D5C;
/// Time between two statements of what is known so far.
const TELL: Duration = Duration::from_millis(800);

/// A dataset whose episodes are found.
#[derive(Clone, Copy)]
pub struct Indexed<'e> {
    pub(super) episodes: &'e dyn Episodes,
    pub(in crate::format) index: &'e Index,
}

impl<'e> Indexed<'e> {
    /// Finds the episodes; nothing where they have to be read at once.
    ///
    /// # Errors
    /// As [`Episodes::index`].
    pub fn look(episodes: &'e dyn Episodes, cx: &Ctx) -> Result<Option<Self>, Fault> {
        Ok(episodes.index(cx)?.map(|index| Self { episodes, index }))
    }

    pub(super) fn width(self) -> Width {
        self.episodes.shape().width()
    }
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

/// Goes through all episodes in the order of the file.
pub(super) fn in_order(
    found: Indexed<'_>,
    cx: &Ctx,
    take: &mut dyn FnMut(Dataset) -> Result<(), Fault>,
) -> Result<Known, Fault> {
    let mut blocks = blocks(&found.index.lengths, found.width(), BLOCK);
    blocks.sort_by_key(|block| block.start);
    visit(found, &blocks, blocks.len(), cx, &|_| {}, &mut |_, block| take(block))
}

/// Consecutive ones of ascending numbers together, about [`BLOCK`] bytes each.
pub(super) fn runs(order: &[usize], size: impl Fn(usize) -> u64) -> Vec<Range<usize>> {
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
pub(super) fn visit(
    found: Indexed<'_>,
    blocks: &[Range<usize>],
    of: usize,
    cx: &Ctx,
    tell: Tell<'_>,
    take: &mut dyn FnMut(usize, Dataset) -> Result<(), Fault>,
) -> Result<Known, Fault> {
    let lengths = &found.index.lengths;
    let steps = |block: &Range<usize>| lengths[block.clone()].iter().sum::<usize>() as u64;
    let total: u64 = blocks.iter().map(steps).sum();
    let (mut running, mut done, mut told) = (Running::default(), 0, Instant::now());
    let known = |running: &Running| {
        let Shape { obs, action, .. } = found.episodes.shape();
        let (obs_space, action_space) = (obs.clone(), action.clone());
        let (summary, rows) = (running.summary()?, running.rows().to_vec());
        Some(Known { summary, rows, of: lengths.len(), error: running.error(of), obs_space, action_space })
    };
    let untold = cx.untold();
    for some in blocks.chunks(2 * rayon::current_num_threads()) {
        cx.step(done, total)?;
        let read = |block: &Range<usize>| {
            let data = found.episodes.read(Some(block.clone()), &untold)?;
            Ok((block.start, Part::of(&data), data))
        };
        // Not collected into one result: that would name whichever bad block a thread met first.
        let loaded: Vec<Result<(usize, Part, Dataset), Fault>> = some.par_iter().map(read).collect();
        for block in loaded {
            let (first, part, data) = block?;
            running.add(part);
            take(first, data)?;
        }
        done += some.iter().map(steps).sum::<u64>();
        if told.elapsed() > TELL {
            known(&running).iter().for_each(tell);
            told = Instant::now();
        }
    }
    // Blocks are never empty, and there is at least one.
    known(&running).ok_or(Fault::Cancelled)
}

/// Consecutive episodes of about `size` bytes each, in a random order.
pub(super) fn blocks(lengths: &[usize], width: Width, size: u64) -> Vec<Range<usize>> {
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
