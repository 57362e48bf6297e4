//! Rows of a table, and where their episodes end.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::super::assemble::{Assembly, FoundIn};
use super::super::frame::{Frame, Matrix, flags, numbers, whole};
use super::super::roles::Roles;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// All rows, in the order of the files.
#[derive(Default)]
pub(super) struct Rows {
    pub obs: Matrix,
    pub actions: Matrix,
    /// Actions are one column of whole numbers or flags.
    pub whole_actions: bool,
    pub next: Option<Matrix>,
    pub rewards: Vec<f64>,
    pub terminated: Option<Vec<bool>>,
    pub truncated: Option<Vec<bool>>,
    pub episode: Option<Vec<i64>>,
    pub step: Option<Vec<i64>>,
    /// Rows after which a file ends.
    pub files: Vec<usize>,
}

impl Rows {
    /// Bytes of the numbers so far.
    pub fn bytes(&self) -> u64 {
        let next = self.next.as_ref().map_or(0, |m| m.values.len());
        (4 * (self.obs.values.len() + self.actions.values.len() + next) + 8 * self.rewards.len()) as u64
    }

    /// Reads the columns of `frame` by their roles.
    pub fn read(frame: &Frame, roles: &Roles) -> Result<Self, Fault> {
        let next = match &roles.next_observation {
            none if none.is_empty() => None,
            names => Some(frame.matrix(names)?),
        };
        let mut rows = Self::marks(frame, roles)?;
        if let Some(name) = &roles.reward {
            rows.rewards = frame.read(name, numbers)?;
        }
        Ok(Self {
            obs: frame.matrix(&roles.observation)?,
            actions: frame.matrix(&roles.action)?,
            whole_actions: matches!(&roles.action[..], [one] if frame.is_whole(one)),
            next,
            ..rows
        })
    }

    /// Reads only what says where episodes end; every reward is 0.
    pub fn marks(frame: &Frame, roles: &Roles) -> Result<Self, Fault> {
        let rows = frame.rows();
        let optional = |name: &Option<String>| name.as_deref().map(|n| frame.read(n, whole)).transpose();
        let flagged = |name: &Option<String>| name.as_deref().map(|n| frame.read(n, flags)).transpose();
        let truncated = flagged(&roles.truncated)?;
        let terminated = match (&roles.terminated, &roles.done) {
            (None, Some(_)) => flagged(&roles.done)?.map(|done| match &truncated {
                Some(cut) => done.iter().zip(cut).map(|(&d, &c)| d && !c).collect(),
                None => done,
            }),
            _ => flagged(&roles.terminated)?,
        };
        Ok(Self {
            rewards: vec![0.0; rows],
            terminated,
            truncated,
            episode: optional(&roles.episode)?,
            step: optional(&roles.step)?,
            files: vec![rows],
            ..Self::default()
        })
    }

    /// Puts the rows of the next file after these.
    ///
    /// # Errors
    /// A sentence if its columns have other widths.
    pub fn append(&mut self, more: Self) -> Result<(), String> {
        if self.files.is_empty() {
            *self = more;
            return Ok(());
        }
        let widths = |r: &Self| (r.obs.width(), r.actions.width(), r.next.as_ref().map(Matrix::width));
        if widths(self) != widths(&more) {
            return Err(format!(
                "has {} and {} columns of observations and actions, the files before it {} and {}",
                more.obs.width(),
                more.actions.width(),
                self.obs.width(),
                self.actions.width()
            ));
        }
        self.obs.values.extend(more.obs.values);
        self.actions.values.extend(more.actions.values);
        self.whole_actions &= more.whole_actions;
        if let (Some(all), Some(more)) = (&mut self.next, more.next) {
            all.values.extend(more.values);
        }
        self.rewards.extend(more.rewards);
        join(&mut self.terminated, more.terminated);
        join(&mut self.truncated, more.truncated);
        join(&mut self.episode, more.episode);
        join(&mut self.step, more.step);
        self.files.push(self.rewards.len());
        Ok(())
    }

    fn terminated(&self, row: usize) -> bool {
        self.terminated.as_ref().is_some_and(|f| f[row])
    }

    fn truncated(&self, row: usize) -> bool {
        self.truncated.as_ref().is_some_and(|f| f[row])
    }

    /// The last row alone, of what says where episodes end.
    pub fn last(&self) -> Self {
        let row = self.rewards.len().saturating_sub(1);
        let flag = |f: &Option<Vec<bool>>| f.as_ref().map(|f| f[row..].to_vec());
        let number = |n: &Option<Vec<i64>>| n.as_ref().map(|n| n[row..].to_vec());
        Self {
            rewards: self.rewards[row..].to_vec(),
            terminated: flag(&self.terminated),
            truncated: flag(&self.truncated),
            episode: number(&self.episode),
            step: number(&self.step),
            files: vec![1],
            ..Self::default()
        }
    }

    /// True if the rows are cut by flags, or by numbers of episodes.
    fn has_ends(&self) -> bool {
        self.episode.is_some() || self.terminated.is_some() || self.truncated.is_some()
    }

    /// True if the columns, not the flags, say that an episode begins after `row`.
    fn parted(&self, row: usize) -> bool {
        match (&self.episode, &self.step) {
            (Some(episode), _) => episode[row] != episode[row + 1],
            (None, Some(step)) => step[row + 1] <= step[row] || self.files.binary_search(&(row + 1)).is_ok(),
            (None, None) => self.files.binary_search(&(row + 1)).is_ok(),
        }
    }

    /// Rows after which an episode ends, each as the number of the following row.
    pub fn ends(&self) -> Vec<usize> {
        let rows = self.rewards.len();
        (1..=rows)
            .filter(|&end| end == rows || self.parted(end - 1) || self.terminated(end - 1) || self.truncated(end - 1))
            .collect()
    }

    /// What is odd about the numbers of episodes and steps.
    ///
    /// # Errors
    /// If the rows of an episode are not together.
    pub fn oddities(&self) -> Result<Vec<String>, String> {
        let mut warnings = Vec::new();
        if !self.has_ends() {
            let by = if self.step.is_some() { "where 'step' begins anew" } else { "at the end of the file" };
            warnings.push(format!(
                "no column says where an episode ends (episode, terminated or truncated): episodes end {by}"
            ));
        }
        warnings.extend(self.returning()?);
        if self.episode.is_some() {
            let inside = |&row: &usize| (self.terminated(row) || self.truncated(row)) && !self.parted(row);
            warnings.extend(counted((0..self.rewards.len().saturating_sub(1)).filter(inside), |n, first| {
                format!(
                    "{n} rows are flagged terminated or truncated before the last row of their episode number (first: \
                     row {first}): an episode is cut there"
                )
            }));
        }
        if let Some(step) = &self.step {
            let ends = self.ends();
            let jumps =
                |&row: &usize| step[row + 1] != step[row].wrapping_add(1) && ends.binary_search(&(row + 1)).is_err();
            warnings.extend(counted((0..step.len().saturating_sub(1)).filter(jumps), |n, first| {
                format!(
                    "step: {n} rows are not followed by the next number within an episode (first: row {first}): steps \
                     are missing or not in order"
                )
            }));
        }
        Ok(warnings)
    }

    /// Numbers of episodes that come back after another one.
    fn returning(&self) -> Result<Option<String>, String> {
        let mut runs = Runs::default();
        runs.add(self, 0)?;
        Ok(runs.told())
    }

    /// Fails where next observations have another width than observations.
    pub fn fits(&self) -> Result<(), String> {
        let obs = self.obs.width();
        match self.next.as_ref().map(Matrix::width).filter(|&next| next != obs) {
            Some(next) => Err(format!("the next observations have {next} columns, observations {obs}")),
            None => Ok(()),
        }
    }

    /// Adds every episode to `all`, numbered by `ids` if there are any.
    ///
    /// # Errors
    /// If an episode does not fit, or the work was cancelled.
    pub fn put(&self, path: &Path, ids: Option<&[u64]>, all: &mut Assembly, cx: &Ctx) -> Result<(), Fault> {
        self.fits().map_err(|e| Fault::at(path, e))?;
        let (d, a) = (self.obs.width(), self.actions.width());
        let ends = self.ends();
        let own = self.ids(&ends);
        let (ids, mut start) = (ids.unwrap_or(&own), 0);
        all.reserve(self.rewards.len(), ends.len());
        for (index, (&end, &id)) in ends.iter().zip(ids).enumerate() {
            if index % 64 == 0 {
                cx.check()?;
            }
            let found = FoundIn {
                id,
                obs: &self.obs.values[start * d..end * d],
                actions: &self.actions.values[start * a..end * a],
                rewards: &self.rewards[start..end],
                next_obs: self.next.as_ref().map(|n| &n.values[start * d..end * d]),
                terminated: self.terminated(end - 1),
                truncated: self.truncated(end - 1),
            };
            all.put(found).map_err(|e| Fault::at(path, e))?;
            start = end;
        }
        Ok(())
    }

    /// Numbers of the episodes that end there: those of the file where each is used once.
    fn ids(&self, ends: &[usize]) -> Vec<u64> {
        let mut seen = HashSet::new();
        let starts = std::iter::once(0).chain(ends.iter().copied()).take(ends.len());
        let own = self.episode.as_ref().map(|numbers| starts.map(|start| numbers[start]).collect::<Vec<_>>());
        match own.filter(|own| own.iter().all(|&n| n >= 0 && seen.insert(n))) {
            Some(own) => own.into_iter().map(|n| n as u64).collect(),
            None => (0..ends.len() as u64).collect(),
        }
    }
}

/// Runs of rows with one episode number.
#[derive(Default)]
pub(super) struct Runs {
    /// Step with which the last run of each number ended.
    last: HashMap<i64, Option<i64>>,
    /// Runs of a number that was there before.
    back: usize,
    /// First row of the first of them.
    first: usize,
}

impl Runs {
    /// Takes the next rows, of which the first is row `base`; it was there before as the last one, but for row 0.
    ///
    /// # Errors
    /// A sentence if the rows of an episode are not together.
    pub fn add(&mut self, rows: &Rows, base: usize) -> Result<(), String> {
        let Some(episode) = &rows.episode else { return Ok(()) };
        let step = |row: usize| rows.step.as_ref().map(|s| s[row]);
        for row in (0..episode.len()).filter(|&r| if r == 0 { base == 0 } else { episode[r] != episode[r - 1] }) {
            if row > 0 {
                self.last.insert(episode[row - 1], step(row - 1));
            }
            let Some(&before) = self.last.get(&episode[row]) else { continue };
            let at = base + row;
            if before.is_some_and(|before| step(row) == Some(before.wrapping_add(1))) {
                let number = episode[row];
                return Err(format!(
                    "episode {number} goes on at row {at} after other episodes; sort the rows by episode and step"
                ));
            }
            self.first = if self.back == 0 { at } else { self.first };
            self.back += 1;
        }
        Ok(())
    }

    /// A sentence about those that come back.
    pub fn told(&self) -> Option<String> {
        let (n, first) = (self.back, self.first);
        (n > 0).then(|| {
            format!(
                "{n} times an episode number comes back after another one (first: row {first}): every run of one \
                 number is an episode of its own"
            )
        })
    }
}

fn join<T>(all: &mut Option<Vec<T>>, more: Option<Vec<T>>) {
    if let (Some(all), Some(more)) = (all, more) {
        all.extend(more);
    }
}

/// A sentence about how many there are and the first, if there is one.
fn counted(mut rows: impl Iterator<Item = usize>, say: impl Fn(usize, usize) -> String) -> Option<String> {
    let first = rows.next()?;
    Some(say(1 + rows.count(), first))
}
