//! Parquet tables read a few episodes at a time.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::DataError;
use super::super::assemble::Assembly;
use super::super::frame::{Frame, Parquet, is_parquet};
use super::super::pieces::{Pieces, Width};
use super::roles::Roles;
use super::rows::{Rows, Runs};
use super::{bounded, files, origin, spaces};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::task::Ctx;

/// Rows whose marks are looked at together.
pub(super) const WINDOW: usize = 1 << 20;

/// A table of one file or several that is read a few episodes at a time.
pub(super) struct InRows {
    path: PathBuf,
    files: Vec<Parquet>,
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
    /// Looks at the columns; nothing for text, which is read as a whole, and for a table without rows.
    pub fn open(path: &Path) -> Result<Option<Self>, DataError> {
        let all = files(path)?;
        if !all.iter().all(|file| is_parquet(file)) {
            return Ok(None);
        }
        let tables = all.iter().map(|file| Parquet::open(file)).collect::<Result<Vec<_>, _>>()?;
        all.iter().zip(&tables).try_for_each(|(file, table)| bounded(file, table.names()))?;
        let names = tables[0].names();
        let roles = Roles::find(path, names)?;
        let Some(table) = tables.iter().find(|t| t.rows() > 0) else { return Ok(None) };
        let row = Rows::read(&table.read_with(&roles.columns(), 0..1, &|_, _| Ok(()))?, &roles)?;
        let spaces = spaces(&row, &roles);
        let origin = origin(path, &roles, names, all.len());
        let (starts, lengths, ids) = (Vec::new(), Vec::new(), Vec::new());
        let (path, whole_actions) = (path.to_owned(), row.whole_actions);
        Ok(Some(Self { path, files: tables, roles, spaces, whole_actions, starts, lengths, ids, origin }))
    }

    /// Bytes that all rows take in memory.
    pub fn bytes(&self) -> u64 {
        self.width().bytes(0, self.files.iter().map(|f| f.rows() as u64).sum())
    }

    /// Finds the episodes; reads only what says where they end, `window` rows at a time.
    pub fn find(&mut self, window: usize, cx: &Ctx) -> Result<(), DataError> {
        let cx = cx.phase("finding the episodes");
        let total = self.files.iter().map(Parquet::rows).sum::<usize>();
        let marks = self.roles.marks();
        let (mut runs, mut numbers) = (Runs::default(), Vec::new());
        let (mut base, mut seen) = (0, Rows::default());
        self.starts = vec![0];
        for file in &self.files {
            for first in (0..file.rows()).step_by(window) {
                cx.step((base + 1) as u64, total as u64)?;
                let rows = first..(first + window).min(file.rows());
                let n = rows.len();
                let frame = if marks.is_empty() {
                    Frame::new(&self.path, n, Vec::new())?
                } else {
                    file.read_with(&marks, rows, &|_, _| cx.check())?
                };
                // The last row that was seen comes again: an episode may end with it.
                let before = seen.files.len();
                seen.append(Rows::marks(&frame, &self.roles)?).map_err(|e| DataError::bad(&self.path, e))?;
                seen.files = if before > 0 && first == 0 { vec![1] } else { Vec::new() };
                runs.add(&seen, base).map_err(|e| DataError::bad(&self.path, e))?;
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
    fn rows(&self, rows: &Range<usize>, cx: &Ctx) -> Result<Rows, DataError> {
        let (mut all, mut base) = (Rows::default(), 0);
        for file in &self.files {
            let own = rows.start.max(base)..rows.end.min(base + file.rows());
            if !own.is_empty() {
                let local = own.start - base..own.end - base;
                let frame = file.read_with(&self.roles.columns(), local, &|_, _| cx.check())?;
                all.append(Rows::read(&frame, &self.roles)?).map_err(|e| DataError::bad(frame.path(), e))?;
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

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, DataError> {
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
