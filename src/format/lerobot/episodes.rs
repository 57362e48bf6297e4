//! Frames of a data file, cut into episodes.

use std::ops::Range;
use std::path::Path;

use super::super::assemble::FoundIn;
use super::super::frame::{Frame, Parquet, flags, leaves, numbers, whole};
use super::clock::Clock;
use super::columns::{Columns, EPISODE, FRAME, INDEX, SUCCESS, TIME};
use super::info::Feature;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The numbers of some rows of a data file.
pub(super) struct Recorded {
    pub episodes: Vec<Frames>,
    obs: Vec<f32>,
    actions: Vec<f32>,
    rewards: Vec<f64>,
}

impl Recorded {
    /// One of its episodes, as number `id`.
    pub fn found(&self, frames: &Frames, id: u64) -> FoundIn<'_> {
        let (rows, n) = (frames.rows.clone(), self.rewards.len());
        let of = |values: &'_ [f32]| rows.start * (values.len() / n)..rows.end * (values.len() / n);
        FoundIn {
            id,
            obs: &self.obs[of(&self.obs)],
            actions: &self.actions[of(&self.actions)],
            rewards: &self.rewards[rows.clone()],
            next_obs: None,
            terminated: frames.terminated,
            truncated: frames.truncated,
        }
    }
}

/// One episode and what is odd about its frames.
#[derive(Clone, PartialEq)]
pub(super) struct Frames {
    /// Its number in the file.
    pub id: u64,
    /// Rows of what was read.
    pub rows: Range<usize>,
    pub terminated: bool,
    pub truncated: bool,
    /// Frames whose number is not their place.
    pub wrong_frame_index: usize,
    /// Frames whose number in the dataset does not follow that of the frame before.
    pub wrong_index: usize,
    pub first_index: Option<i64>,
    pub last_index: Option<i64>,
    /// Frames before the last that are marked as the end.
    pub early_ends: usize,
    /// When its frames were.
    pub clock: Option<Clock>,
}

/// Reads what says where the episodes of a data file are, and how they end.
pub(super) fn look(file: &Path, columns: &Columns, cx: &Ctx) -> Result<Vec<Frames>, Fault> {
    cx.check()?;
    let parquet = Parquet::open(file)?;
    if parquet.rows() == 0 {
        return Ok(Vec::new());
    }
    let frame = parquet.read_with(&columns.marks(), 0..parquet.rows(), &|_, _| cx.check())?;
    frames(&frame, columns, cx)
}

/// Reads the episodes of one data file, or of some of its rows.
pub(super) fn read(
    file: &Path,
    columns: &Columns,
    rows: Option<Range<usize>>,
    cx: &Ctx,
) -> Result<Option<Recorded>, Fault> {
    cx.check()?;
    let parquet = Parquet::open(file)?;
    if parquet.rows() == 0 {
        return Ok(None);
    }
    let rows = rows.unwrap_or(0..parquet.rows());
    let frame = parquet.read_with(&columns.names(), rows, &|_, _| cx.check())?;
    let obs = features(&frame, &columns.observations)?;
    let actions = features(&frame, &columns.actions)?;
    let rewards =
        columns.reward.as_ref().map_or_else(|| Ok(vec![0.0; frame.rows()]), |reward| frame.read(reward, numbers))?;
    Ok(Some(Recorded { episodes: frames(&frame, columns, cx)?, obs, actions, rewards }))
}

/// Cuts rows into episodes.
fn frames(frame: &Frame, columns: &Columns, cx: &Ctx) -> Result<Vec<Frames>, Fault> {
    let optional = |there: bool, name: &str| there.then(|| frame.read(name, whole)).transpose();
    let (place, index) = (optional(columns.frame, FRAME)?, optional(columns.index, INDEX)?);
    // A clock that is no number is not needed.
    let times = columns.time.then(|| frame.read(TIME, numbers).ok()).flatten();
    let ends = Ends::read(frame, columns)?;
    let episode = frame.read(EPISODE, whole)?;
    let mut out = Vec::new();
    let mut start = 0;
    for run in episode.chunk_by(|a, b| a == b) {
        cx.check()?;
        let (end, steps) = (start + run.len(), run.len());
        let id = u64::try_from(run[0]).map_err(|_| {
            Fault::at(frame.path(), format!("'{EPISODE}' row {start} is {}, not a number of an episode", run[0]))
        })?;
        let index = index.as_ref().map(|i| &i[start..end]);
        let (terminated, truncated) = ends.of(end - 1);
        out.push(Frames {
            id,
            rows: start..end,
            terminated,
            truncated,
            wrong_frame_index: place
                .as_ref()
                .map_or(0, |p| (0..).zip(&p[start..end]).filter(|&(t, &p)| p != t).count()),
            wrong_index: index.map_or(0, |i| i.windows(2).filter(|w| w[1] != w[0].wrapping_add(1)).count()),
            first_index: index.map(|i| i[0]),
            last_index: index.map(|i| i[steps - 1]),
            early_ends: (start..end - 1).filter(|&row| ends.at(row)).count(),
            clock: times.as_ref().and_then(|t| Clock::of(&t[start..end])),
        });
        start = end;
    }
    Ok(out)
}

/// The features side by side; each must be as wide as the description says.
fn features(frame: &Frame, wanted: &[Feature]) -> Result<Vec<f32>, Fault> {
    let mut parts = Vec::new();
    for feature in wanted {
        let leaves = frame.read(&feature.key, |c| leaves(c, &feature.key))?;
        let width: usize = leaves.iter().map(|l| l.width).sum();
        if width != feature.width {
            let (key, said) = (&feature.key, feature.width);
            return Err(Fault::at(frame.path(), format!("'{key}' has {width} numbers a frame, info.json says {said}")));
        }
        parts.extend(leaves);
    }
    frame.interleave(&parts).map(|m| m.values)
}

/// Frames that are marked as the end of their episode.
struct Ends {
    done: Option<Vec<bool>>,
    success: Option<Vec<bool>>,
    terminated: Option<Vec<bool>>,
    truncated: Option<Vec<bool>>,
}

impl Ends {
    fn read(frame: &Frame, columns: &Columns) -> Result<Self, Fault> {
        let read = |name: Option<&str>| name.map(|name| frame.read(name, flags)).transpose();
        Ok(Self {
            done: read(columns.done.as_deref())?,
            success: read(columns.success.then_some(SUCCESS))?,
            terminated: read(columns.terminated.as_deref())?,
            truncated: read(columns.truncated.as_deref())?,
        })
    }

    /// How an episode ends whose last frame is in this row: by the environment, by a limit. One that nothing ends was cut off.
    fn of(&self, row: usize) -> (bool, bool) {
        let flag = |flags: &Option<Vec<bool>>| flags.as_ref().is_some_and(|f| f[row]);
        let limit = flag(&self.truncated);
        let terminated = match &self.terminated {
            Some(terminated) => terminated[row],
            None => (flag(&self.done) || flag(&self.success)) && !limit,
        };
        (terminated, limit || !terminated)
    }

    /// True if the row is marked in any way.
    fn at(&self, row: usize) -> bool {
        [&self.done, &self.success, &self.terminated, &self.truncated].into_iter().flatten().any(|f| f[row])
    }
}
