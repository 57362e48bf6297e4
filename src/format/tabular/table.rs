//! A table of one file or several, cut into episodes.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::super::assemble::{Assembly, too_large};
use super::super::choices;
use super::super::frame::Frame;
use super::super::reader::{Episodes, Index, Later, Shape, Width};
use super::super::roles::Roles;
use super::cuts::{Cuts, Finder, tell_bare};
use super::rows::Rows;
use super::words::Words;
use super::{Opened, RowIs, Source, not_finite, origin, spaces};
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows whose marks are looked at together.
const WINDOW: usize = 1 << 20;

/// An open table, of which no more than some rows are read yet.
pub(super) struct Table {
    path: PathBuf,
    files: Vec<Source>,
    roles: Roles,
    /// Its columns, without and with an observation beyond the steps of every episode.
    shapes: [Shape; 2],
    /// Every episode has such an observation, by all rows that were read.
    last: OnceLock<bool>,
    origin: Origin,
    /// Actions are one column of whole numbers or flags, by all rows that were read.
    whole_actions: OnceLock<bool>,
    /// Nothing where there are no rows.
    cuts: Later<Option<Cuts>>,
    /// Rows whose marks are looked at together.
    window: usize,
}

impl Table {
    /// Looks at the columns.
    pub fn open(opened: Opened) -> Result<Self, Fault> {
        let Opened { path, files, mut roles } = opened;
        let names = files[0].names();
        let mut origin = origin(&path, &roles, names, files.len(), RowIs::Step);
        if let Source::Text(text) = &files[0] {
            origin.rules.extend_from_slice(text.notes());
        }
        let looked: Vec<bool> = files.iter().map(|file| file.has_bare_rows(&roles)).collect::<Result<_, _>>()?;
        roles.last_rows = looked.contains(&true);
        let mut spaces = spaces(&files, &roles)?;
        if let Source::Parquet(first) = &files[0] {
            Words::of(first, &roles).name(&mut spaces, &mut origin);
        }
        let next = !roles.next_observation.is_empty();
        let shape = Shape { obs: spaces.0, action: spaces.1, last: next, next, choices: None };
        Ok(Self {
            path,
            shapes: [shape.clone(), Shape { last: true, ..shape }],
            last: OnceLock::new(),
            files,
            roles,
            origin,
            whole_actions: OnceLock::new(),
            cuts: Later::default(),
            window: WINDOW,
        })
    }

    /// The same, which looks at other numbers of rows together.
    #[cfg(test)]
    pub fn with_window(self, window: usize) -> Self {
        Self { window, ..self }
    }

    /// Finds the episodes; reads only what says where they end, some rows at a time.
    fn cut(&self, cx: &Ctx) -> Result<Option<Cuts>, Fault> {
        let cx = cx.phase("finding the episodes");
        let rows = self.files.iter().map(|file| file.rows(&cx)).collect::<Result<Vec<_>, _>>()?;
        let total = rows.iter().sum::<usize>();
        // A file that cannot be read at all says so here.
        let Some((file, _)) = self.files.iter().zip(&rows).find(|(_, rows)| **rows > 0) else { return Ok(None) };
        let row = Rows::read(&file.read(&self.roles.columns(), 0..1, &|_, _| Ok(()))?, &self.roles)?;
        // A column of text shows only at its end whether all of it is whole.
        let action = match (&self.roles.action[..], &self.files[0]) {
            ([one], Source::Text(_)) if row.whole_actions => Some(one.clone()),
            _ => None,
        };
        let mut whole_actions = row.whole_actions;
        let mut looked_at = self.roles.looked_at();
        looked_at.extend(action.clone().filter(|a| !looked_at.contains(a)));
        let (mut done, mut found) = (0, Finder::default());
        for (file, &of_file) in self.files.iter().zip(&rows) {
            for first in (0..of_file).step_by(self.window) {
                cx.step(done as u64, total as u64)?;
                let rows = first..(first + self.window).min(of_file);
                done += rows.len();
                let frame = if looked_at.is_empty() {
                    Frame::new(&self.path, rows.len(), Vec::new())?
                } else {
                    file.read(&looked_at, rows, &|_, _| cx.check())?
                };
                whole_actions &= action.as_ref().is_none_or(|action| frame.is_whole(action));
                let marks = Rows::marks(&frame, &self.roles)?;
                if !found.add(marks, first == 0).map_err(|e| Fault::at(&self.path, e))? {
                    return Err(self.roles.undecided_episodes(&self.path));
                }
            }
        }
        let _ = self.whole_actions.set(whole_actions);
        let cuts = found.finish(self.origin.clone(), !self.roles.next_observation.is_empty());
        let _ = self.last.set(cuts.last);
        Ok(Some(cuts))
    }

    /// The rows of all files from the first to the last of `wanted`.
    fn rows(&self, wanted: &Range<usize>, cx: &Ctx) -> Result<Rows, Fault> {
        let (mut all, mut base) = (Rows::default(), 0);
        for (index, file) in self.files.iter().enumerate() {
            cx.step(index as u64, self.files.len() as u64)?;
            let rows = file.rows(cx)?;
            let own = wanted.start.max(base)..wanted.end.min(base + rows);
            if !own.is_empty() {
                let local = own.start - base..own.end - base;
                let frame = file.read(&self.roles.columns(), local, &|done, total| cx.step(done, total))?;
                all.append(Rows::read(&frame, &self.roles)?).map_err(|e| Fault::at(frame.path(), e))?;
                if all.bytes() > cx.memory() {
                    return Err(Fault::at(&self.path, too_large(cx.memory())));
                }
            }
            base += rows;
        }
        Ok(all)
    }

    /// What all rows tell together.
    fn all_read(&self, rows: &Rows) -> Result<Origin, Fault> {
        let bad = |problem: String| Fault::at(&self.path, problem);
        if rows.rewards.is_empty() {
            return Err(bad("the dataset is empty: the table has no rows".into()));
        }
        rows.fits().map_err(bad)?;
        if !rows.agree() {
            return Err(self.roles.undecided_episodes(&self.path));
        }
        let _ = self.whole_actions.set(rows.whole_actions);
        let mut origin = self.origin.clone();
        let (bare, episodes) = if self.roles.last_rows { rows.bare_ends() } else { (0, 1) };
        let _ = self.last.set(tell_bare(&mut origin, bare, episodes, rows.next.is_some()));
        // The row after the last step has no action, as it should be.
        let steps = rows.holding_steps();
        let matrices = [(&rows.obs, None), (&rows.actions, steps.as_deref())];
        let next = rows.next.as_ref().map(|next| (next, steps.as_deref()));
        origin.warnings.extend(not_finite(matrices.into_iter().chain(next)));
        origin.warnings.extend(rows.oddities().map_err(bad)?);
        Ok(origin)
    }

    /// True if every episode is known to have an observation beyond its steps.
    fn has_last(&self) -> bool {
        self.last.get() == Some(&true)
    }
}

impl Episodes for Table {
    fn shape(&self) -> &Shape {
        &self.shapes[usize::from(self.has_last())]
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        Ok(self.cuts.get(|| self.cut(cx))?.as_ref().map(|cuts| &cuts.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let (rows, origin, ids) = if let Some(range) = wanted {
            let Cuts { starts, ids, index, .. } = self.cuts.needed(&self.path, || self.cut(cx))?;
            let rows = self.rows(&(starts[range.start]..starts[range.end]), cx)?;
            (rows, index.origin.clone(), Some(&ids[range]))
        } else {
            let rows = self.rows(&(0..usize::MAX), cx)?;
            let origin = self.all_read(&rows)?;
            (rows, origin, None)
        };
        let mut all = Assembly::new(origin, self.shape()).within(cx);
        rows.put(&self.path, ids, self.has_last(), &mut all, cx)?;
        all.finish(&self.path)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        let rows = self
            .files
            .iter()
            .map(Source::rows_about)
            .try_fold(0u64, |all, n| Ok::<_, Fault>(all.saturating_add(n?)))?;
        Ok(Some(Width { extra: 0, ..self.shapes[0].width() }.bytes(0, rows)))
    }

    /// One column of whole numbers may be choices: all of them tell.
    fn settle(&self, data: &mut Dataset) {
        if self.whole_actions.get() == Some(&true)
            && data.action_dim() == 1
            && let Some(kind) = choices::of(data.actions.iter().copied())
        {
            data.action_space.kind = kind;
            data.origin.rules.push("actions are whole numbers: choices, in one column".into());
        }
    }
}
