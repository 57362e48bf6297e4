//! Parquet whose row is an episode: every column of steps is a list of them (jat, Decision Transformer).

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use polars_core::prelude::{DataType, NamedFrom as _, Series};

use super::super::assemble::{Assembly, Found};
use super::super::frame::{Frame, flags, labels, numbers};
use super::super::reader::{Episodes, Index, Later, Shape};
use super::super::roles::Roles;
use super::rows::Rows;
use super::{Opened, RowIs, Source, origin, space};
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows that are looked at to see whether they are episodes.
const LOOKED_AT: usize = 16;
/// Rows whose lengths are read together, and bytes of the episodes that are.
const WINDOW: usize = 4096;
const BYTES: u64 = 32 << 20;

/// What the first row says of all.
pub(super) struct Row {
    shape: Shape,
    /// The column whose lists say how long the episodes are.
    lengths: String,
}

/// How many items the list in `row` has; nothing where there is none.
fn length(column: &Series, row: usize) -> Option<usize> {
    inner(column, row).map(|list| list.len())
}

fn inner(column: &Series, row: usize) -> Option<Series> {
    match column.dtype() {
        DataType::List(_) => column.list().ok()?.get_as_series(row),
        DataType::Array(..) => column.array().ok()?.get_as_series(row),
        _ => None,
    }
}

impl Row {
    /// Looks at the first rows; nothing where a row is a step.
    ///
    /// # Errors
    /// If the rows are neither.
    pub fn of(opened: &Opened) -> Result<Option<Self>, Fault> {
        let roles = &opened.roles;
        let first = opened.files.iter().find_map(|file| match file {
            Source::Parquet(parquet) if parquet.rows() > 0 => Some(parquet),
            _ => None,
        });
        let Some(first) = first else { return Ok(None) };
        let depth = |column: &String| first.depth(column);
        let wide = || roles.observation.iter().chain(&roles.action);
        let flags = [&roles.terminated, &roles.truncated, &roles.done].into_iter().flatten();
        let each = roles.reward.iter().chain(flags).find(|c| depth(c) > 0);
        let one_number = roles.reward.iter().any(|c| depth(c) == 0);
        let lists_of_lists = wide().all(|c| depth(c) > 1);
        if one_number || wide().any(|c| depth(c) == 0) || (each.is_none() && (!lists_of_lists || roles.step.is_some()))
        {
            return Ok(None);
        }
        let lengths = each.unwrap_or(&roles.action[0]);
        let frame = first.read_with(&roles.columns(), 0..first.rows().min(LOOKED_AT), &|_, _| Ok(()))?;
        let longest = (0..frame.rows()).filter_map(|row| length(frame.get(lengths)?, row)).max();
        // Lists of one number are numbers.
        if longest.is_none_or(|n| n < 2) && !lists_of_lists {
            return Ok(None);
        }
        let Some(row) = (0..frame.rows()).find(|&row| frame.get(lengths).and_then(|c| length(c, row)) > Some(0)) else {
            return Ok(None);
        };
        let episode = Inner::of(&frame, row, roles, lengths)?;
        let (obs, actions) = (episode.obs.matrix(&roles.observation)?, episode.steps.matrix(&roles.action)?);
        let whole = matches!(&roles.action[..], [one] if episode.steps.is_whole(one));
        let shape = Shape {
            obs: space("obs", &obs, &roles.observation),
            action: space("action", &actions, &roles.action),
            last: episode.obs.rows() > episode.steps.rows(),
            next: !roles.next_observation.is_empty(),
            choices: whole.then(|| "whole".into()),
        };
        let last = shape.last || shape.next;
        Ok(Some(Self { shape: Shape { last, ..shape }, lengths: lengths.clone() }))
    }
}

/// One row: its lists as columns.
struct Inner {
    /// As many rows as steps, or one more.
    obs: Frame,
    steps: Frame,
}

impl Inner {
    fn of(frame: &Frame, row: usize, roles: &Roles, lengths: &str) -> Result<Self, Fault> {
        let bad = |problem: String| Fault::at(frame.path(), format!("row {row} is an episode, and {problem}"));
        let list = |name: &String| {
            let list = inner(frame.column(name)?, row).ok_or_else(|| bad(format!("its '{name}' is no list")))?;
            Ok::<_, Fault>(list.with_name(name.as_str().into()))
        };
        let steps = list(&lengths.to_owned())?.len();
        let same = |name: &str, there: usize, more: usize| {
            let fits = there == steps || there == steps + more;
            fits.then_some(there).ok_or_else(|| {
                bad(format!(
                    "'{name}' has {there} items where '{lengths}' has {steps}; every list of a row needs as many"
                ))
            })
        };
        let obs = roles.observation.iter().map(list).collect::<Result<Vec<_>, _>>()?;
        let rows = same(&roles.observation[0], obs[0].len(), 1)?;
        if let Some(other) = obs.iter().find(|o| o.len() != rows) {
            return Err(bad(format!("'{}' has {} items, '{}' {rows}", other.name(), other.len(), obs[0].name())));
        }
        let mut columns = Vec::new();
        for name in roles.action.iter().chain(&roles.next_observation).chain(&roles.reward) {
            let column = list(name)?;
            same(name, column.len(), 0)?;
            columns.push(column);
        }
        for name in [&roles.terminated, &roles.truncated, &roles.done].into_iter().flatten() {
            let column = frame.column(name)?;
            let flag = if inner(column, row).is_some() {
                let flag = list(name)?;
                same(name, flag.len(), 0)?;
                flag
            } else {
                // One for the whole episode: it is of its last step.
                let ends = frame.guarded(column, |c| flags(&c.slice(row as i64, 1)))?.contains(&true);
                Series::new(name.as_str().into(), (1..=steps).map(|t| ends && t == steps).collect::<Vec<_>>())
            };
            columns.push(flag);
        }
        Ok(Self { obs: Frame::new(frame.path(), rows, obs)?, steps: Frame::new(frame.path(), steps, columns)? })
    }

    /// The episode, and whether a step before its last is flagged as an end.
    fn found(&self, id: u64, roles: &Roles) -> Result<(Found, bool), Fault> {
        let marks = Rows::marks(&self.steps, roles)?;
        let steps = self.steps.rows();
        let flag = |f: &Option<Vec<bool>>| f.as_ref().is_some_and(|f| f.last() == Some(&true));
        let early = |f: &Option<Vec<bool>>| f.as_ref().is_some_and(|f| f[..steps.saturating_sub(1)].contains(&true));
        let next = match &roles.next_observation {
            none if none.is_empty() => None,
            names => Some(self.steps.matrix(names)?.values),
        };
        let found = Found {
            id,
            obs: self.obs.matrix(&roles.observation)?.values,
            actions: self.steps.matrix(&roles.action)?.values,
            rewards: roles.reward.as_ref().map_or_else(|| Ok(vec![0.0; steps]), |r| self.steps.read(r, numbers))?,
            next_obs: next,
            terminated: flag(&marks.terminated),
            truncated: flag(&marks.truncated),
        };
        Ok((found, early(&marks.terminated) || early(&marks.truncated)))
    }
}

/// A table of which a row is an episode.
pub(super) struct Nested {
    path: PathBuf,
    files: Vec<Source>,
    /// Of the columns of steps.
    roles: Roles,
    /// The column that numbers the episodes.
    episode: Option<String>,
    lengths: String,
    shape: Shape,
    origin: Origin,
    found: Later<Option<Places>>,
}

/// Where the episodes are.
struct Places {
    /// Those rows that have a step, counted over all files.
    rows: Vec<usize>,
    ids: Vec<u64>,
    index: Index,
}

impl Nested {
    /// Rows as `row` says they are.
    pub fn new(opened: Opened, row: Row) -> Self {
        let Opened { path, files, roles } = opened;
        let is = RowIs::Episode { last: row.shape.last && !row.shape.next };
        let origin = origin(&path, &roles, files[0].names(), files.len(), is);
        let episode = roles.episode.clone();
        let roles = Roles { episode: None, episode_too: Vec::new(), step: None, ..roles };
        let Row { shape, lengths } = row;
        Self { path, files, roles, episode, lengths, shape, origin, found: Later::default() }
    }

    /// Calls `take` with rows of every file, of which the first is row `base` of all.
    fn windows(
        &self,
        columns: &[String],
        wanted: &Range<usize>,
        some: usize,
        cx: &Ctx,
        mut take: impl FnMut(usize, &Frame) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut base = 0;
        for file in &self.files {
            let rows = file.rows(cx)?;
            let own = wanted.start.clamp(base, base + rows)..wanted.end.clamp(base, base + rows);
            for first in own.clone().step_by(some.max(1)) {
                cx.step((first - wanted.start.min(first)) as u64, (wanted.end - wanted.start) as u64)?;
                let rows = first..(first + some.max(1)).min(own.end);
                take(first, &file.read(columns, rows.start - base..rows.end - base, &|_, _| cx.check())?)?;
            }
            base += rows;
        }
        Ok(())
    }

    fn total(&self, cx: &Ctx) -> Result<usize, Fault> {
        self.files.iter().try_fold(0, |all, file| Ok::<_, Fault>(all + file.rows(cx)?))
    }

    fn find(&self, cx: &Ctx) -> Result<Option<Places>, Fault> {
        let cx = cx.phase("finding the episodes");
        let columns: Vec<String> = [self.lengths.clone()].into_iter().chain(self.episode.clone()).collect();
        let (mut rows, mut lengths, mut own) = (Vec::new(), Vec::new(), Vec::new());
        let mut empty = 0;
        self.windows(&columns, &(0..self.total(&cx)?), WINDOW, &cx, |base, frame| {
            let numbers = self.episode.as_ref().and_then(|name| frame.read(name, labels).ok());
            for row in 0..frame.rows() {
                match frame.get(&self.lengths).and_then(|column| length(column, row)) {
                    Some(steps) if steps > 0 => {
                        rows.push(base + row);
                        lengths.push(steps);
                        own.extend(numbers.as_ref().map(|n| n[row]));
                    }
                    _ => empty += 1,
                }
            }
            Ok(())
        })?;
        let mut used = HashSet::new();
        let numbered = own.len() == rows.len() && own.iter().all(|&n| n >= 0 && used.insert(n));
        let ids = if numbered { own.into_iter().map(|n| n as u64).collect() } else { (0..rows.len() as u64).collect() };
        let mut origin = self.origin.clone();
        if empty > 0 {
            origin.warnings.push(format!("{empty} rows have no step and are left out"));
        }
        Ok((!rows.is_empty()).then_some(Places { rows, ids, index: Index { lengths, origin } }))
    }
}

impl Episodes for Nested {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        Ok(self.found.get(|| self.find(cx))?.as_ref().map(|places| &places.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let none = || Fault::at(&self.path, "the dataset is empty: no row has a step");
        let places = self.found.get(|| self.find(cx))?.as_ref().ok_or_else(none)?;
        let Index { lengths, origin } = &places.index;
        let all_of_them = wanted.is_none();
        let range = wanted.unwrap_or(0..lengths.len());
        let mut all = Assembly::new(origin.clone(), &self.shape).within(cx);
        let longest = lengths[range.clone()].iter().copied().max().unwrap_or(1) as u64;
        let some = BYTES / self.shape.width().bytes(1, longest).max(1);
        let rows = places.rows[range.start]..places.rows[range.end - 1] + 1;
        let (mut early, mut first_early) = (0, 0);
        self.windows(&self.roles.columns(), &rows, some.clamp(1, WINDOW as u64) as usize, cx, |base, frame| {
            for row in 0..frame.rows() {
                let Ok(at) = places.rows.binary_search(&(base + row)) else { continue };
                cx.check()?;
                let episode = Inner::of(frame, row, &self.roles, &self.lengths)?;
                let (found, is_early) = episode.found(places.ids[at], &self.roles)?;
                self.fits(frame.path(), base + row, &episode)?;
                first_early = if early == 0 { at } else { first_early };
                early += usize::from(is_early);
                all.push(&found).map_err(|e| Fault::at(&self.path, format!("row {}: {e}", base + row)))?;
            }
            Ok(())
        })?;
        if all_of_them && early > 0 {
            all.origin().warnings.push(format!(
                "{early} episodes have a step before their last that is flagged as an end (first: episode {first_early}): \
                 they go on there"
            ));
        }
        all.finish(&self.path)
    }
}

impl Nested {
    /// Fails where only some episodes have an observation beyond their steps.
    fn fits(&self, path: &Path, row: usize, episode: &Inner) -> Result<(), Fault> {
        let (rows, steps) = (episode.obs.rows(), episode.steps.rows());
        let more = usize::from(self.shape.last && !self.shape.next);
        if rows == steps + more {
            return Ok(());
        }
        let problem = format!(
            "row {row} is an episode of {rows} observations and {steps} steps, the first has {more} observations more than \
             steps; all need as many"
        );
        Err(Fault::at(path, problem))
    }
}
