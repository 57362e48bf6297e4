//! A table of one file or several, cut into episodes.

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::super::assemble::{Assembly, too_large};
use super::super::choices;
use super::super::frame::Frame;
use super::super::place::Place;
use super::super::reader::{Episodes, Index, Later, Shape, Width};
use super::super::roles::Roles;
use super::rows::{Rows, Runs};
use super::words::Words;
use super::{Source, bounded, columns, files, not_finite, origin, space};
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows whose marks are looked at together.
const WINDOW: usize = 1 << 20;

/// An open table, of which no more than a row is read yet.
pub(super) struct Table {
    path: PathBuf,
    files: Vec<Source>,
    roles: Roles,
    shape: Shape,
    origin: Origin,
    /// Actions are one column of whole numbers or flags, by all rows that were read.
    whole_actions: OnceLock<bool>,
    /// Nothing where there are no rows.
    cuts: Later<Option<Cuts>>,
    /// Rows whose marks are looked at together.
    window: usize,
}

/// Where the episodes are.
struct Cuts {
    /// First row of every episode, and where the last one ends.
    starts: Vec<usize>,
    ids: Vec<u64>,
    index: Index,
}

impl Table {
    /// Looks at the columns.
    pub fn open(place: &Place) -> Result<Self, Fault> {
        let path = place.path();
        let all = files(path)?;
        let open = |file: &PathBuf| Source::open(file).and_then(|table| bounded(file, table.names()).map(|()| table));
        let files = all.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let names = files[0].names();
        let roles = Roles::find(path, place.mapping()?.as_ref(), names)?;
        let mut origin = origin(path, &roles, names, all.len());
        // Of lists only a row says how many numbers they are; a column of text is one.
        let row = files.iter().find_map(|file| file.first_row(&roles)).transpose()?;
        let mut spaces = match &row {
            Some(row) => (space("obs", &row.obs, &roles.observation), space("action", &row.actions, &roles.action)),
            None => (columns("obs", &roles.observation), columns("action", &roles.action)),
        };
        if let Source::Parquet(first) = &files[0] {
            Words::of(first, &roles).name(&mut spaces, &mut origin);
        }
        let next = !roles.next_observation.is_empty();
        Ok(Self {
            path: path.to_owned(),
            shape: Shape { obs: spaces.0, action: spaces.1, last: next, next, choices: None },
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
        let looked_at: Vec<String> = self.roles.marks().into_iter().chain(action.clone()).collect();
        let (mut runs, mut numbers) = (Runs::default(), Vec::new());
        let (mut base, mut seen) = (0, Rows::default());
        let mut starts = vec![0];
        for (file, &of_file) in self.files.iter().zip(&rows) {
            for first in (0..of_file).step_by(self.window) {
                cx.step((base + 1) as u64, total as u64)?;
                let rows = first..(first + self.window).min(of_file);
                let n = rows.len();
                let frame = if looked_at.is_empty() {
                    Frame::new(&self.path, n, Vec::new())?
                } else {
                    file.read(&looked_at, rows, &|_, _| cx.check())?
                };
                whole_actions &= action.as_ref().is_none_or(|action| frame.is_whole(action));
                // The last row that was seen comes again: an episode may end with it.
                let before = seen.files.len();
                seen.append(Rows::marks(&frame, &self.roles)?).map_err(|e| Fault::at(&self.path, e))?;
                seen.files = if before > 0 && first == 0 { vec![1] } else { Vec::new() };
                runs.add(&seen, base).map_err(|e| Fault::at(&self.path, e))?;
                let (ends, held) = (seen.ends(), n + usize::from(before > 0));
                let number = |row: usize| seen.episode.as_ref().map(|e| e[row]);
                if base == 0 && before == 0 {
                    numbers.extend(number(0));
                }
                for end in ends.into_iter().filter(|&end| end < held) {
                    starts.push(base + end);
                    numbers.extend(number(end));
                }
                seen = seen.last();
                base += held - 1;
            }
        }
        starts.push(total);
        let lengths: Vec<usize> = starts.windows(2).map(|w| w[1] - w[0]).collect();
        // Numbers of the file are kept where each is used once.
        let mut used = HashSet::new();
        let own = numbers.len() == lengths.len() && numbers.iter().all(|&n| n >= 0 && used.insert(n));
        let ids =
            if own { numbers.into_iter().map(|n| n as u64).collect() } else { (0..lengths.len() as u64).collect() };
        let _ = self.whole_actions.set(whole_actions);
        let mut origin = self.origin.clone();
        origin.warnings.extend(runs.told());
        Ok(Some(Cuts { starts, ids, index: Index { lengths, origin } }))
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
        let _ = self.whole_actions.set(rows.whole_actions);
        let mut origin = self.origin.clone();
        let matrices = [Some(&rows.obs), Some(&rows.actions), rows.next.as_ref()];
        origin.warnings.extend(not_finite(matrices.into_iter().flatten()));
        origin.warnings.extend(rows.oddities().map_err(bad)?);
        Ok(origin)
    }
}

impl Episodes for Table {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        Ok(self.cuts.get(|| self.cut(cx))?.as_ref().map(|cuts| &cuts.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let (rows, origin, ids) = if let Some(range) = wanted {
            let Cuts { starts, ids, index } = self.cuts.needed(&self.path, || self.cut(cx))?;
            let rows = self.rows(&(starts[range.start]..starts[range.end]), cx)?;
            (rows, index.origin.clone(), Some(&ids[range]))
        } else {
            let rows = self.rows(&(0..usize::MAX), cx)?;
            let origin = self.all_read(&rows)?;
            (rows, origin, None)
        };
        let mut all = Assembly::new(origin, &self.shape).within(cx);
        rows.put(&self.path, ids, &mut all, cx)?;
        all.finish(&self.path)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        let rows = self
            .files
            .iter()
            .map(Source::rows_about)
            .try_fold(0u64, |all, n| Ok::<_, Fault>(all.saturating_add(n?)))?;
        Ok(Some(Width { extra: 0, ..self.shape.width() }.bytes(0, rows)))
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
