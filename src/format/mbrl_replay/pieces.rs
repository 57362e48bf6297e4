//! A buffer read a few episodes at a time.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::assemble::Assembly;
use super::super::choices;
use super::super::npz::Apart;
use super::super::pieces::{Pieces, Width};
use super::cut::{self, Ends, Segment, Steps};
use super::{Columns, file_in, segments};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows that are compared together.
const WINDOW: usize = 1 << 16;

/// A buffer whose episodes are known.
pub(super) struct InRows {
    path: PathBuf,
    obs: Apart,
    next: Apart,
    actions: Apart,
    rewards: Apart,
    ends: Ends,
    segments: Vec<Segment>,
    lengths: Vec<usize>,
    /// See [`Column::choices`](super::Column::choices).
    choices: Option<String>,
    origin: Origin,
}

impl InRows {
    /// Finds the episodes; nothing where an array's rows cannot be read apart.
    pub fn find(path: &Path, cx: &Ctx) -> Result<Option<Self>, Fault> {
        let file = file_in(path)?;
        let columns = Columns::find(&file)?;
        let apart = [&columns.obs, &columns.next, &columns.action, &columns.reward].map(|column| column.apart(cx));
        let [obs, next, actions, rewards] = apart;
        let (Some(obs), Some(next), Some(actions), Some(rewards)) = (obs?, next?, actions?, rewards?) else {
            return Ok(None);
        };
        let looking = cx.phase("finding the episodes");
        let quiet = |_: u64| looking.check();
        let terminated = columns.terminated.flags(&quiet)?;
        let rows = terminated.len();
        let truncated = columns.truncated.as_ref().map(|t| t.flags(&quiet)).transpose()?;
        let mut ends =
            Ends { terminated, truncated: truncated.unwrap_or_else(|| vec![false; rows]), jumps: Vec::new() };
        for first in (0..rows).step_by(WINDOW) {
            looking.step(first as u64, rows as u64)?;
            let end = (first + WINDOW).min(rows);
            let (obs_of, next_of) = (obs.f32_of(first..(end + 1).min(rows))?, next.f32_of(first..end)?);
            ends.jumps.extend(cut::jumps(&obs_of, &next_of, obs.width(), first));
        }
        let (segments, origin) = segments(path, &file, &columns, &ends)?;
        let lengths = segments.iter().map(|s| s.rows.len()).collect();
        let (path, choices) = (path.to_owned(), columns.action.choices());
        Ok(Some(Self { path, obs, next, actions, rewards, ends, segments, lengths, choices, origin }))
    }
}

impl Pieces for InRows {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        Width { obs: self.obs.width(), action: self.actions.width(), extra: 1, next: true }
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let (d, a) = (self.obs.width(), self.actions.width());
        let mut all = Assembly::new(self.origin.clone(), Space::unnamed("obs", d), Space::unnamed("action", a));
        for id in episodes {
            cx.check()?;
            // Trajectories stand in any order, so each is read by itself.
            let segment = &self.segments[id];
            let rows = || segment.rows.clone();
            let steps = Steps {
                first: segment.rows.start,
                obs: self.obs.f32_of(rows())?,
                next: self.next.f32_of(rows())?,
                actions: self.actions.f32_of(rows())?,
                rewards: self.rewards.f64_of(rows())?,
            };
            let found = steps.found(id as u64, segment, &self.ends, d, a);
            all.push(&found).map_err(|problem| Fault::at(&self.path, problem))?;
        }
        all.finish(&self.path)
    }

    fn settle(&self, data: &mut Dataset) {
        choices::settle(data, self.choices.as_ref());
    }
}
