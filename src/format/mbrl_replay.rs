//! The `replay_buffer.npz` of mbrl-lib: `obs`, `next_obs`, `action`, `reward`, `terminated`, `truncated`, one row a step, and
//! `trajectory_indices` (K x 2, [start, end)). Layout read in `mbrl/util/replay_buffer.py`; older versions have `done`
//! instead of the two flags.

use std::borrow::Cow;
use std::path::Path;

use super::assemble::Assembly;
use super::npz::{self, Column, Npz, folder, holds};
use super::pieces::Pieces;
use super::{Format, choices};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod cut;
mod pieces;

use cut::{Ends, Segment, Steps};

/// The format.
pub struct MbrlReplay;

/// How mbrl-lib calls the file.
const FILE: &str = "replay_buffer.npz";
const TRAJECTORIES: &str = "trajectory_indices";

impl Format for MbrlReplay {
    fn name(&self) -> &'static str {
        "mbrl_replay"
    }

    fn probe(&self, path: &Path) -> bool {
        holds(&file_of(path), |f| f.contains("next_obs") && ["obs", "action", "reward"].iter().any(|k| f.contains(k)))
    }

    fn bytes(&self, path: &Path) -> Result<Option<u64>, Fault> {
        let file = Npz::open(&file_of(path))?;
        let Columns { obs, action, .. } = Columns::find(&file)?;
        Ok(Some((obs.rows() * (4 * (2 * obs.width() + action.width()) + 8)) as u64))
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, Fault> {
        let file = file_in(path)?;
        let columns = Columns::find(&file)?;
        let (steps, ends) = columns.read(cx)?;
        let (segments, origin) = segments(path, &file, &columns, &ends)?;
        let (d, a) = (columns.obs.width(), columns.action.width());
        let mut assembly = Assembly::new(origin, Space::unnamed("obs", d), Space::unnamed("action", a)).within(cx);
        for (id, segment) in (0..).zip(&segments) {
            cx.check()?;
            let found = steps.found(id, segment, &ends, d, a);
            assembly.push(&found).map_err(|problem| Fault::at(path, problem))?;
        }
        let mut data = assembly.finish(path)?;
        choices::settle(&mut data, columns.action.choices().as_ref());
        Ok(data)
    }

    fn pieces(&self, path: &Path, cx: &Ctx) -> Result<Option<Box<dyn Pieces>>, Fault> {
        Ok(pieces::InRows::find(path, cx)?.map(|found| Box::new(found) as Box<dyn Pieces>))
    }
}

/// The buffer, opened.
fn file_in(path: &Path) -> Result<Npz, Fault> {
    let file = file_of(path);
    if path.is_dir() {
        folder::inside(path, &file)?;
    }
    Npz::open(&file)
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
        rules: columns.rules(trajectories.is_some()),
        warnings: (outside > 0).then_some(warning).into_iter().collect(),
        ..Origin::default()
    };
    Ok((segments, origin))
}

/// The buffer in a folder, or the path itself.
fn file_of(path: &Path) -> Cow<'_, Path> {
    if path.is_dir() { path.join(FILE).into() } else { path.into() }
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

    fn read(&self, cx: &Ctx) -> Result<(Steps, Ends), Fault> {
        let cx = cx.phase("reading the dataset");
        let total = self.obs.rows() as u64;
        let done = std::sync::atomic::AtomicU64::new(0);
        let tick = |rows: u64| cx.step(done.fetch_add(rows, std::sync::atomic::Ordering::Relaxed) + rows, total);
        let quiet = |_: u64| cx.check();
        let (obs, (next, rest)) = rayon::join(
            || self.obs.f32(&tick),
            || {
                let flags =
                    (self.terminated.flags(&quiet), self.truncated.as_ref().map(|t| t.flags(&quiet)).transpose());
                (self.next.f32(&quiet), (self.action.f32(&quiet), self.reward.f64(&quiet), flags))
            },
        );
        let (actions, rewards, (terminated, truncated)) = rest;
        let (obs, next, actions, rewards) = (obs?, next?, actions?, rewards?);
        let terminated = terminated?;
        let truncated = truncated?.unwrap_or_else(|| vec![false; terminated.len()]);
        let jumps = cut::jumps(&obs, &next, self.obs.width(), 0);
        Ok((Steps { first: 0, obs, next, actions, rewards }, Ends { terminated, truncated, jumps }))
    }

    fn rules(&self, trajectories: bool) -> Vec<String> {
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
