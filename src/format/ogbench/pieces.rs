//! An OGBench file read a few episodes at a time.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::assemble::Assembly;
use super::super::choices;
use super::super::npz::{Apart, Npz};
use super::super::pieces::{Pieces, Width};
use super::{Columns, Ends, cut, origin};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows whose flags are looked at together.
const WINDOW: usize = 1 << 20;

/// A file whose episodes are known; no number of them is read yet.
pub(super) struct InRows {
    path: PathBuf,
    obs: Apart,
    actions: Apart,
    /// Rows of every episode that has a step, and its number.
    episodes: Vec<(u64, Range<usize>)>,
    lengths: Vec<usize>,
    /// Row behind the last closed episode.
    closed: usize,
    /// See [`Column::choices`](super::Column::choices).
    choices: Option<String>,
    origin: Origin,
}

impl InRows {
    /// Finds the episodes; nothing where an array's rows cannot be read apart.
    pub fn find(path: &Path, cx: &Ctx) -> Result<Option<Self>, Fault> {
        let file = Npz::open(path)?;
        let columns = Columns::find(&file)?;
        let Some(terminals) = columns.terminals.apart(cx)? else { return Ok(None) };
        let mut ends = Ends::default();
        let looking = cx.phase("finding the episodes");
        for first in (0..terminals.rows()).step_by(WINDOW) {
            looking.step(first as u64, terminals.rows() as u64)?;
            ends.add(&terminals.flags_of(first..(first + WINDOW).min(terminals.rows()))?);
        }
        let (episodes, open_rows) = ends.episodes();
        let origin = origin(path, &file, &columns, &ends, open_rows);
        let closed = terminals.rows() - open_rows;
        let episodes: Vec<_> = (0..).zip(episodes).filter(|(_, rows)| rows.len() > 1).collect();
        let lengths = episodes.iter().map(|(_, rows)| rows.len() - 1).collect();
        let (Some(obs), Some(actions)) = (columns.observations.apart(cx)?, columns.actions.apart(cx)?) else {
            return Ok(None);
        };
        let (path, choices) = (path.to_owned(), columns.actions.choices());
        Ok(Some(Self { path, obs, actions, episodes, lengths, closed, choices, origin }))
    }
}

impl Pieces for InRows {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        Width { obs: self.obs.width(), action: self.actions.width(), extra: 1, next: false }
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let (d, a) = (self.obs.width(), self.actions.width());
        let mut all = Assembly::new(self.origin.clone(), Space::unnamed("obs", d), Space::unnamed("action", a));
        let wanted = &self.episodes[episodes];
        let rows = wanted.first().map_or(0, |e| e.1.start)..wanted.last().map_or(0, |e| e.1.end);
        let (obs, actions) = (self.obs.f32_of(rows.clone())?, self.actions.f32_of(rows.clone())?);
        for (id, own) in wanted {
            cx.check()?;
            let local = own.start - rows.start..own.end - rows.start;
            let found = cut((&obs, d), (&actions, a), *id, local, own.end <= self.closed);
            all.push(&found).map_err(|problem| Fault::at(&self.path, problem))?;
        }
        all.finish(&self.path)
    }

    fn settle(&self, data: &mut Dataset) {
        choices::settle(data, self.choices.as_ref());
    }
}
