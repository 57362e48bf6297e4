//! The `replay_buffer.npz` of mbrl-lib: `obs`, `next_obs`, `action`, `reward`, `terminated`, `truncated`, one row a step, and
//! `trajectory_indices` (K x 2, [start, end)). Layout read in `mbrl/util/replay_buffer.py`; older versions have `done`
//! instead of the two flags.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Format;
use super::assemble::{Assembly, FoundIn};
use super::hdf5::Tick;
use super::npz::{self, Array, Column, Npz, folder};
use super::place::Place;
use super::plain;
use super::reader::{Episodes, Index, Later, Shape};
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod cut;

use cut::{Ends, Segment};

/// The format.
pub struct MbrlReplay;

/// How mbrl-lib calls the file.
const FILE: &str = "replay_buffer.npz";
const TRAJECTORIES: &str = "trajectory_indices";
/// Rows that are compared together.
const WINDOW: usize = 1 << 16;

impl Format for MbrlReplay {
    fn name(&self) -> &'static str {
        "mbrl_replay"
    }

    fn probe(&self, place: &Place) -> bool {
        file_at(place).is_ok_and(|file| {
            file.contains("next_obs") && ["obs", "action", "reward"].iter().any(|key| file.contains(key))
        })
    }

    fn is_plain(&self, place: &Place) -> bool {
        !place.path().is_dir() && file_at(place).is_ok_and(|file| !file.contains(TRAJECTORIES))
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let path = place.path().to_owned();
        if path.is_dir() {
            folder::inside(&path, &path.join(FILE))?;
        }
        let file = file_at(place)?;
        let Columns { obs, action, .. } = Columns::find(&file)?;
        let (rows, shape) = (obs.rows(), Shape::unnamed(obs.width(), action.width()));
        let shape = Shape { last: true, next: true, choices: action.choices(), ..shape };
        Ok(Box::new(Buffer { path, file, rows, shape, cuts: Later::default() }))
    }
}

/// The buffer in a folder, or the file itself.
fn file_at(place: &Place) -> Result<Arc<Npz>, Fault> {
    if place.path().is_dir() { Npz::open(&place.path().join(FILE)).map(Arc::new) } else { place.npz() }
}

/// An open buffer; no number of it is read yet.
struct Buffer {
    path: PathBuf,
    file: Arc<Npz>,
    rows: usize,
    shape: Shape,
    /// Nothing where an array's rows cannot be read apart.
    cuts: Later<Option<Cuts>>,
}

/// Where the episodes are.
struct Cuts {
    obs: Array<f32>,
    next: Array<f32>,
    actions: Array<f32>,
    rewards: Array<f64>,
    ends: Ends,
    segments: Vec<Segment>,
    index: Index,
}

impl Buffer {
    /// Finds the episodes; holds the numbers in memory, or leaves them in their file.
    fn cut(&self, held: bool, cx: &Ctx) -> Result<Option<Cuts>, Fault> {
        let columns = Columns::find(&self.file)?;
        let (done, quiet, untold) = (AtomicU64::new(0), |_: u64| cx.check(), cx.untold());
        let tick = |rows: u64| cx.step(done.fetch_add(rows, Ordering::Relaxed) + rows, self.rows as u64);
        let (obs, (next, actions, rewards, flags)) = rayon::join(
            || columns.obs.array(held, &tick, cx),
            || {
                let numbers = |column: &Column<'_>| column.array(held, &quiet, &untold);
                let rewards = columns.reward.array(held, &quiet, &untold);
                (numbers(&columns.next), numbers(&columns.action), rewards, columns.flags(&quiet))
            },
        );
        let (Some(obs), Some(next), Some(actions), Some(rewards)) = (obs?, next?, actions?, rewards?) else {
            return Ok(None);
        };
        let (terminated, truncated) = flags?;
        let mut jumps = Vec::new();
        for first in (0..self.rows).step_by(WINDOW) {
            cx.check()?;
            let end = (first + WINDOW).min(self.rows);
            let (obs, next) = (obs.part(first..(end + 1).min(self.rows))?, next.part(first..end)?);
            jumps.extend(plain::jumps(&obs, &next, self.shape.obs.dim(), first));
        }
        let ends = Ends { terminated, truncated, jumps };
        let (segments, origin) = segments(&self.path, &self.file, &columns, &ends)?;
        let index = Index { lengths: segments.iter().map(|s| s.rows.len()).collect(), origin };
        Ok(Some(Cuts { obs, next, actions, rewards, ends, segments, index }))
    }
}

impl Episodes for Buffer {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        let cuts = self.cuts.get(|| self.cut(false, &cx.phase("finding the episodes")))?;
        Ok(cuts.as_ref().map(|cuts| &cuts.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let held = if wanted.is_none() { self.cut(true, cx)? } else { None };
        let cuts = match &held {
            Some(cuts) => cuts,
            None => self.cuts.needed(&self.path, || self.cut(false, cx))?,
        };
        let mut all = Assembly::new(cuts.index.origin.clone(), &self.shape).within(cx);
        if held.is_some() {
            all.reserve(self.rows, cuts.segments.len());
        }
        for id in wanted.unwrap_or(0..cuts.segments.len()) {
            cx.check()?;
            // Trajectories stand in any order, so each is read by itself.
            let Segment { rows, limit, .. } = &cuts.segments[id];
            let found = FoundIn {
                id: id as u64,
                obs: &cuts.obs.part(rows.clone())?,
                actions: &cuts.actions.part(rows.clone())?,
                rewards: &cuts.rewards.part(rows.clone())?,
                next_obs: Some(&cuts.next.part(rows.clone())?),
                terminated: cuts.ends.terminated[rows.end - 1],
                truncated: cuts.ends.truncated[rows.end - 1] || *limit,
            };
            all.put(found).map_err(|problem| Fault::at(&self.path, problem))?;
        }
        all.finish(&self.path)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(Some(self.shape.width().bytes(0, self.rows as u64)))
    }
}

/// The episodes, and how they were found.
fn segments(path: &Path, file: &Npz, columns: &Columns<'_>, ends: &Ends) -> Result<(Vec<Segment>, Origin), Fault> {
    let trajectories = trajectories(file, ends.terminated.len())?;
    let segments = match &trajectories {
        Some(trajectories) => ends.along(trajectories).map_err(|why| file.bad(TRAJECTORIES, why))?,
        None => ends.cut(0..ends.terminated.len(), true),
    };
    let outside = segments.iter().filter(|s| trajectories.is_some() && !s.listed).map(|s| s.rows.len()).sum::<usize>();
    let warning = format!(
        "trajectory_indices: {outside} rows belong to no trajectory (it was still open, or was overwritten in part); they \
         are read as further episodes"
    );
    let origin = Origin {
        path: path.to_owned(),
        format: MbrlReplay.name().into(),
        rules: columns.rules(file, trajectories.is_some()),
        warnings: (outside > 0).then_some(warning).into_iter().collect(),
        ..Origin::default()
    };
    Ok((segments, origin))
}

/// The columns of a file, found and checked against each other; nothing read yet.
struct Columns<'f> {
    obs: Column<'f>,
    next: Column<'f>,
    action: Column<'f>,
    reward: Column<'f>,
    terminated: Column<'f>,
    truncated: Option<Column<'f>>,
}

impl<'f> Columns<'f> {
    fn find(file: &'f Npz) -> Result<Self, Fault> {
        let old = file.contains("done") && !file.contains("terminated");
        let found = Self {
            obs: file.column("obs")?,
            next: file.column("next_obs")?,
            action: file.column("action")?,
            reward: file.column("reward")?,
            terminated: file.column(if old { "done" } else { "terminated" })?,
            truncated: if old { None } else { Some(file.column("truncated")?) },
        };
        if found.obs.is_image() {
            return Err(found.obs.bad(npz::images(&found.obs)));
        }
        let (rows, width) = (found.obs.rows(), found.obs.width());
        if rows == 0 {
            return Err(Fault::at(file.path(), "the dataset is empty: 'obs' has no values"));
        }
        let all = [&found.next, &found.action, &found.reward, &found.terminated].into_iter().chain(&found.truncated);
        for column in all {
            if column.rows() != rows {
                return Err(column.bad(format!("has {} rows and 'obs' {rows}; a row is a step", column.rows())));
            }
        }
        let wide = [(&found.next, width), (&found.reward, 1), (&found.terminated, 1)];
        for (column, width) in wide.into_iter().chain(found.truncated.as_ref().map(|t| (t, 1))) {
            if column.width() != width {
                return Err(column.bad(format!("has {} values a row, {width} are needed", column.width())));
            }
        }
        Ok(found)
    }

    /// Terminated and truncated.
    fn flags(&self, tick: Tick<'_>) -> Result<(Vec<bool>, Vec<bool>), Fault> {
        let terminated = self.terminated.flags(tick)?;
        let truncated = self.truncated.as_ref().map(|column| column.flags(tick)).transpose()?;
        let none = || vec![false; terminated.len()];
        let truncated = truncated.unwrap_or_else(none);
        Ok((terminated, truncated))
    }

    fn rules(&self, file: &Npz, trajectories: bool) -> Vec<String> {
        let ends = if self.truncated.is_some() { "terminated | truncated" } else { "done" };
        let mut rules = vec![if trajectories {
            format!(
                "episodes are the trajectories of the file, in its order, and end at {ends}; one that its trajectory \
                 alone ends is truncated"
            )
        } else {
            format!(
                "the file lists no trajectories: episodes end at {ends} and where next_obs is not the following obs (such \
                 an episode is truncated)"
            )
        }];
        if self.truncated.is_none() {
            rules.push("done is taken as terminated: this version of mbrl-lib did not tell the two apart".into());
        }
        rules.push("the last row of next_obs completes each episode".into());
        rules.extend(npz::flattened(&self.obs));
        let flags: &[&str] = if self.truncated.is_some() { &["terminated", "truncated"] } else { &["done"] };
        let used = ["obs", "next_obs", "action", "reward", TRAJECTORIES];
        let unread = file.keys().filter(|key| !used.contains(key) && !flags.contains(key)).map(str::to_owned);
        rules.extend(Origin::not_read(&unread.collect::<Vec<_>>()));
        rules
    }
}

/// Beginnings and ends of the trajectories, where the file lists any.
fn trajectories(file: &Npz, rows: usize) -> Result<Option<Vec<(usize, usize)>>, Fault> {
    let Some(column) = file.optional(TRAJECTORIES)? else { return Ok(None) };
    if column.rows() == 0 {
        return Ok(None);
    }
    if column.width() != 2 {
        return Err(column.bad(format!("has {} values a row, begin and end are needed", column.width())));
    }
    let bounds = column.f64(&|_| Ok(()))?;
    let whole = |v: f64| v >= 0.0 && v <= rows as f64 && v.fract() == 0.0;
    let mut found = Vec::new();
    for (k, pair) in bounds.chunks_exact(2).enumerate() {
        if !(whole(pair[0]) && whole(pair[1]) && pair[0] <= pair[1]) {
            return Err(column.bad(format!(
                "row {k} goes from {} to {}, the file has {rows} rows; it does not belong to this file or is damaged",
                pair[0], pair[1]
            )));
        }
        found.push((pair[0] as usize, pair[1] as usize));
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests;
