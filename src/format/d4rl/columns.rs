//! The columns of a flat file, checked against each other and read at once.

use std::ops::Range;

use super::super::hdf5::{Column, Hdf5, Stream, Tick};
use super::super::reader::Width;
use super::episodes::{Marks, Rows};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Bytes of observations that are read at once.
pub(super) const BLOCK: u64 = 1 << 18;

/// Where a file marks the ends of episodes beside `terminals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Ends {
    /// `timeouts`: D4RL.
    Timeouts,
    /// `episode_terminals`, set at every end: d3rlpy 1.
    EpisodeTerminals,
}

impl Ends {
    fn key(self) -> &'static str {
        match self {
            Self::Timeouts => "timeouts",
            Self::EpisodeTerminals => "episode_terminals",
        }
    }
}

/// The columns of a file, found and checked against each other; nothing read yet.
pub(in crate::format) struct Columns<'f> {
    ends: Ends,
    observations: Column<'f>,
    actions: Column<'f>,
    rewards: Column<'f>,
    terminals: Column<'f>,
    timeouts: Option<Column<'f>>,
    next: Option<Column<'f>>,
}

impl<'f> Columns<'f> {
    /// The columns below `prefix` ("" or "virtual/0/").
    ///
    /// # Errors
    /// A sentence about the column that is missing or does not fit the others.
    pub fn find(file: &'f Hdf5, prefix: &str, ends: Ends) -> Result<Self, Fault> {
        let needed = |key: &str| file.column(&format!("{prefix}{key}"));
        let optional =
            |key: &str| if file.contains(&format!("{prefix}{key}")) { needed(key).map(Some) } else { Ok(None) };
        let found = Self {
            ends,
            observations: needed("observations")?,
            actions: needed("actions")?,
            rewards: needed("rewards")?,
            terminals: needed("terminals")?,
            timeouts: optional(ends.key())?,
            next: optional("next_observations")?,
        };
        found.check(file)?;
        Ok(found)
    }

    /// Every column that is there.
    fn all(&self) -> impl Iterator<Item = &Column<'f>> {
        [&self.observations, &self.actions, &self.rewards, &self.terminals]
            .into_iter()
            .chain(&self.timeouts)
            .chain(&self.next)
    }

    /// Lengths and widths must agree; an empty file is none.
    fn check(&self, file: &Hdf5) -> Result<(), Fault> {
        let rows = self.observations.rows();
        if let Some(other) = self.all().find(|c| c.rows() != rows) {
            return Err(other.bad(format!(
                "has {} rows and '{}' {rows}; all columns must have one row a step",
                other.rows(),
                self.observations.key()
            )));
        }
        if rows == 0 {
            let problem = format!("the dataset is empty: '{}' has 0 rows", self.observations.key());
            return Err(Fault::at(file.path(), problem));
        }
        for scalar in [Some(&self.rewards), Some(&self.terminals), self.timeouts.as_ref()].into_iter().flatten() {
            if scalar.width() != 1 {
                return Err(scalar.bad(format!("has {} values a row, one is needed", scalar.width())));
            }
        }
        for wide in [&self.observations, &self.actions] {
            wide.named_width()?;
        }
        match &self.next {
            Some(next) if next.width() != self.observations.width() => Err(next.bad(format!(
                "has {} values a row and '{}' {}",
                next.width(),
                self.observations.key(),
                self.observations.width()
            ))),
            _ => Ok(()),
        }
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.observations.rows()
    }

    /// What a row takes: the last row of `next_observations` completes each episode.
    pub fn width(&self) -> Width {
        let next = self.next.is_some();
        Width { obs: self.observations.width(), action: self.actions.width(), extra: usize::from(next), next }
    }

    /// Reads rows in blocks of about `bytes` of observations, where ends of episodes are known already, and hands each on
    /// while the next one is read.
    pub fn read(
        &self,
        rows: Range<usize>,
        ends: &Marks,
        bytes: u64,
        cx: &Ctx,
        take: &mut (dyn FnMut(&Rows) + Send),
    ) -> Result<(), Fault> {
        let from = rows.start;
        let (mut obs, mut actions) = (self.observations.stream(from), self.actions.stream(from));
        let mut next = self.next.as_ref().map(|column| column.stream(from));
        let size = self.observations.rows_of_blocks(bytes);
        let tick: Tick<'_> = &|_| cx.check();
        let (mut ready, mut first): (Option<Rows>, usize) = (None, from);
        while first < rows.end {
            cx.step(first as u64, self.steps() as u64)?;
            // Blocks end where chunks do, wherever they begin.
            let end = (first / size).saturating_add(1).saturating_mul(size).min(rows.end);
            let streams = (&mut obs, next.as_mut(), &mut actions);
            let before = ready.take();
            let (block, ()) =
                rayon::join(|| self.block(streams, first..end, ends, tick), || before.iter().for_each(&mut *take));
            (ready, first) = (Some(block?), end);
        }
        ready.iter().for_each(take);
        Ok(())
    }

    /// The next rows of all columns.
    fn block(
        &self,
        (obs, next, actions): (&mut Stream<'_, 'f>, Option<&mut Stream<'_, 'f>>, &mut Stream<'_, 'f>),
        rows: Range<usize>,
        ends: &Marks,
        tick: Tick<'_>,
    ) -> Result<Rows, Fault> {
        let n = rows.len();
        let ((obs, next), (actions, rewards)) = rayon::join(
            || rayon::join(|| obs.take(n, tick), || next.map(|c| c.take(n, tick)).transpose()),
            || (actions.take(n, tick), self.rewards.f64_of(rows.clone(), tick)),
        );
        Ok(Rows { obs: obs?, next: next?, actions: actions?, rewards: rewards?, marks: ends.part(rows) })
    }

    /// Where episodes end among some rows.
    pub fn marks(&self, rows: Range<usize>, tick: Tick<'_>) -> Result<Marks, Fault> {
        let terminals = self.terminals.flags_of(rows.clone(), tick)?;
        let mut timeouts = self.timeouts.as_ref().map(|c| c.flags_of(rows, tick)).transpose()?;
        if self.ends == Ends::EpisodeTerminals {
            // An end is marked for either reason: what is a terminal is no timeout.
            timeouts.iter_mut().flatten().zip(&terminals).for_each(|(timeout, &terminal)| *timeout &= !terminal);
        }
        Ok(Marks::new(&terminals, timeouts.as_deref()))
    }

    /// Columns of an action.
    pub fn action_width(&self) -> usize {
        self.actions.width()
    }

    /// The stored type of actions that may be choices.
    pub fn choices(&self) -> Option<String> {
        self.actions.choices()
    }

    /// Pieces of one dataset have the same columns.
    ///
    /// # Errors
    /// A sentence about the column that the pieces do not share.
    pub fn fits(&self, first: &Self) -> Result<(), Fault> {
        for (own, other) in [(&self.observations, &first.observations), (&self.actions, &first.actions)] {
            if own.width() != other.width() {
                let there = format!("'{}' {}", other.key(), other.width());
                return Err(own.bad(format!("has {} values a row and {there}; all pieces must be alike", own.width())));
            }
        }
        if self.timeouts.is_some() != first.timeouts.is_some() || self.next.is_some() != first.next.is_some() {
            let problem = "is in a piece that has other columns (timeouts, next_observations) than the first";
            return Err(self.observations.bad(problem));
        }
        Ok(())
    }

    /// How the columns are read, in words.
    pub fn rules(&self) -> Vec<String> {
        let ends = match (&self.timeouts, self.ends) {
            (None, _) => "episodes end at terminals",
            (_, Ends::Timeouts) => "episodes end at terminals | timeouts",
            (_, Ends::EpisodeTerminals) => {
                "episodes end at terminals | episode_terminals; truncated where episode_terminals alone is set"
            }
        };
        let last = if self.next.is_some() {
            "the last row of next_observations completes each episode"
        } else {
            "no next_observations: the next observation is the following row, and the last step of an episode has none"
        };
        let mut rules = vec![ends.to_owned(), last.to_owned()];
        if self.observations.inner_shape().len() > 1 {
            let shape = self.observations.inner_text();
            let width = self.observations.width();
            rules.push(format!("observations of {shape} are flattened to {width} columns, row by row"));
        }
        rules
    }

    /// Said where the file has no mark for time limits.
    pub fn unseen_ends(&self) -> Option<String> {
        let key = self.ends.key();
        let problem = "in the file: time limits cannot be seen, so episodes that hit one run on into the next";
        self.timeouts.is_none().then(|| format!("no '{key}' {problem}"))
    }
}
