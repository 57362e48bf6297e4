//! Tables read a few episodes at a time.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::assemble::Assembly;
use super::super::frame::Frame;
use super::super::pieces::{Pieces, Width};
use super::roles::Roles;
use super::rows::{Rows, Runs};
use super::words::Words;
use super::{Source, bounded, files, origin, spaces};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows whose marks are looked at together.
pub(super) const WINDOW: usize = 1 << 20;

/// A table of one file or several that is read a few episodes at a time.
pub(super) struct InRows {
    path: PathBuf,
    files: Vec<Source>,
    roles: Roles,
    spaces: (Space, Space),
    /// Actions are one column of whole numbers or flags.
    whole_actions: bool,
    /// First row of every episode, and where the last one ends.
    starts: Vec<usize>,
    lengths: Vec<usize>,
    ids: Vec<u64>,
    origin: Origin,
}

impl InRows {
    /// Looks at the columns; nothing for a table without rows.
    pub fn open(path: &Path, cx: &Ctx) -> Result<Option<Self>, Fault> {
        let all = files(path)?;
        let mut tables = all.iter().map(|file| Source::open(file)).collect::<Result<Vec<_>, _>>()?;
        all.iter().zip(&tables).try_for_each(|(file, table)| bounded(file, table.names()))?;
        tables.iter_mut().try_for_each(|table| table.find(cx))?;
        let names = tables[0].names();
        let roles = Roles::find(path, names)?;
        let Some(table) = tables.iter().find(|t| t.rows() > 0) else { return Ok(None) };
        let row = Rows::read(&table.read(&roles.columns(), 0..1, &|_, _| Ok(()))?, &roles)?;
        let (mut spaces, mut origin) = (spaces(&row, &roles), origin(path, &roles, names, all.len()));
        if let Source::Parquet(first) = &tables[0] {
            Words::of(first, &roles).name(&mut spaces, &mut origin);
        }
        let (starts, lengths, ids) = (Vec::new(), Vec::new(), Vec::new());
        let (path, whole_actions) = (path.to_owned(), row.whole_actions);
        Ok(Some(Self { path, files: tables, roles, spaces, whole_actions, starts, lengths, ids, origin }))
    }

    /// Bytes that all rows take in memory; of text about so many.
    pub fn bytes(path: &Path) -> Result<u64, Fault> {
        let (mut rows, mut first) = (0u64, None);
        for file in &files(path)? {
            let table = Source::open(file)?;
            bounded(file, table.names())?;
            let own = match &table {
                Source::Parquet(table) => table.rows() as u64,
                Source::Text(text) => text.guess()?,
            };
            rows = rows.saturating_add(own);
            if own > 0 {
                first.get_or_insert(table);
            }
        }
        let Some(table) = first else { return Ok(0) };
        let roles = Roles::find(path, table.names())?;
        let mut width = Width {
            obs: roles.observation.len(),
            action: roles.action.len(),
            extra: 0,
            next: !roles.next_observation.is_empty(),
        };
        if let Source::Parquet(table) = &table {
            // A column may hold lists.
            let row = Rows::read(&table.read_with(&roles.columns(), 0..1, &|_, _| Ok(()))?, &roles)?;
            (width.obs, width.action) = (row.obs.width(), row.actions.width());
        }
        Ok(width.bytes(0, rows))
    }

    /// Finds the episodes; reads only what says where they end, `window` rows at a time.
    pub fn find(&mut self, window: usize, cx: &Ctx) -> Result<(), Fault> {
        let cx = cx.phase("finding the episodes");
        let total = self.files.iter().map(Source::rows).sum::<usize>();
        let marks = self.roles.marks();
        // A column of text shows only at its end whether all of it is whole.
        let action = match &self.roles.action[..] {
            [one] if self.whole_actions && matches!(self.files[0], Source::Text(_)) => Some(one.clone()),
            _ => None,
        };
        let looked_at: Vec<String> = marks.iter().chain(&action).cloned().collect();
        let (mut runs, mut numbers) = (Runs::default(), Vec::new());
        let (mut base, mut seen) = (0, Rows::default());
        self.starts = vec![0];
        for file in &self.files {
            for first in (0..file.rows()).step_by(window) {
                cx.step((base + 1) as u64, total as u64)?;
                let rows = first..(first + window).min(file.rows());
                let n = rows.len();
                let frame = if looked_at.is_empty() {
                    Frame::new(&self.path, n, Vec::new())?
                } else {
                    file.read(&looked_at, rows, &|_, _| cx.check())?
                };
                self.whole_actions &= action.as_ref().is_none_or(|action| frame.is_whole(action));
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
                    self.starts.push(base + end);
                    numbers.extend(number(end));
                }
                seen = seen.last();
                base += held - 1;
            }
        }
        self.starts.push(total);
        self.lengths = self.starts.windows(2).map(|w| w[1] - w[0]).collect();
        // Numbers of the file are kept where each is used once.
        let mut used = HashSet::new();
        let own = numbers.len() == self.lengths.len() && numbers.iter().all(|&n| n >= 0 && used.insert(n));
        self.ids = if own {
            numbers.into_iter().map(|n| n as u64).collect()
        } else {
            (0..self.lengths.len() as u64).collect()
        };
        self.origin.warnings.extend(runs.told());
        Ok(())
    }

    /// The rows of all files from the first to the last of `rows`.
    fn rows(&self, rows: &Range<usize>, cx: &Ctx) -> Result<Rows, Fault> {
        let (mut all, mut base) = (Rows::default(), 0);
        for file in &self.files {
            let own = rows.start.max(base)..rows.end.min(base + file.rows());
            if !own.is_empty() {
                let local = own.start - base..own.end - base;
                let frame = file.read(&self.roles.columns(), local, &|_, _| cx.check())?;
                all.append(Rows::read(&frame, &self.roles)?).map_err(|e| Fault::at(frame.path(), e))?;
            }
            base += file.rows();
        }
        Ok(all)
    }
}

impl Pieces for InRows {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        let next = !self.roles.next_observation.is_empty();
        Width { obs: self.spaces.0.dim(), action: self.spaces.1.dim(), extra: usize::from(next), next }
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let rows = self.rows(&(self.starts[episodes.start]..self.starts[episodes.end]), cx)?;
        let mut all = Assembly::new(self.origin.clone(), self.spaces.0.clone(), self.spaces.1.clone());
        rows.put(&self.path, &mut all, cx)?;
        let mut data = all.finish(&self.path)?;
        self.ids[episodes].iter().zip(&mut data.spans).for_each(|(&id, span)| span.id = id);
        Ok(data)
    }

    fn settle(&self, data: &mut Dataset) {
        super::settle(data, self.whole_actions);
    }
}
