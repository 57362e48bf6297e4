//! Rows of a table, and where their episodes end.

use std::collections::HashSet;
use std::path::Path;

use polars_core::prelude::Series;

use super::super::assemble::{Assembly, FoundIn};
use super::super::frame::{Frame, Matrix, flags_but, labels, numbers};
use super::super::roles::Roles;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod runs;

pub(super) use runs::Runs;

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
    /// Other numbers of the same episodes, one column after the other.
    pub episode_too: Vec<Vec<i64>>,
    pub step: Option<Vec<f64>>,
    /// Rows that have neither action nor reward; none where they are not looked for.
    pub bare: Vec<bool>,
    /// The row before these is flagged as the last of its episode, and the first of these may belong to it all the same.
    pub led: bool,
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
            actions: if roles.last_rows { frame.matrix_or_nan(&roles.action)? } else { frame.matrix(&roles.action)? },
            whole_actions: matches!(&roles.action[..], [one] if frame.is_whole(one)),
            next,
            ..rows
        })
    }

    /// Reads only what says where episodes end; every reward is 0.
    pub fn marks(frame: &Frame, roles: &Roles) -> Result<Self, Fault> {
        let rows = frame.rows();
        let bare = if roles.last_rows { bare(frame, roles)? } else { Vec::new() };
        let label = |name: &String| frame.read(name, labels);
        let is_bare = |row: usize| bare.get(row) == Some(&true);
        let flagged =
            |name: &Option<String>| name.as_deref().map(|n| frame.read(n, |c| flags_but(c, is_bare))).transpose();
        let done = flagged(&roles.done)?;
        let (mut terminated, mut truncated) = (flagged(&roles.terminated)?, flagged(&roles.truncated)?);
        // What is done and not for the one reason is done for the other.
        let other = |done: &Vec<bool>, flag: &Option<Vec<bool>>| match flag {
            Some(flag) => done.iter().zip(flag).map(|(&d, &f)| d && !f).collect(),
            None => done.clone(),
        };
        match (&done, &terminated) {
            (Some(done), None) => terminated = Some(other(done, &truncated)),
            (Some(done), Some(_)) if truncated.is_none() => truncated = Some(other(done, &terminated)),
            _ => {}
        }
        Ok(Self {
            rewards: vec![0.0; rows],
            terminated,
            truncated,
            episode: roles.episode.as_ref().map(label).transpose()?,
            episode_too: roles.episode_too.iter().map(label).collect::<Result<_, _>>()?,
            step: roles.step.as_deref().map(|n| frame.read(n, steps)).transpose()?,
            bare,
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
        self.episode_too.iter_mut().zip(more.episode_too).for_each(|(all, more)| all.extend(more));
        join(&mut self.step, more.step);
        self.bare.extend(more.bare);
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
            episode_too: self.episode_too.iter().map(|n| n[row..].to_vec()).collect(),
            step: self.step.as_ref().map(|n| n[row..].to_vec()),
            bare: self.bare.get(row..).unwrap_or_default().to_vec(),
            led: self.led_by(row),
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

    /// Whether a row holds a step; nothing where all do.
    pub fn holding_steps(&self) -> Option<Vec<bool>> {
        let mut steps = (!self.bare.is_empty()).then(|| vec![true; self.rewards.len()])?;
        let mut start = 0;
        for end in self.ends() {
            steps[end - 1] = !self.ends_bare(start, end);
            start = end;
        }
        Some(steps)
    }

    /// True if the row has neither action nor reward.
    pub fn is_bare(&self, row: usize) -> bool {
        self.bare.get(row) == Some(&true)
    }

    fn flagged(&self, row: usize) -> bool {
        self.terminated(row) || self.truncated(row)
    }

    /// True if the row before `row` is flagged as the last of an episode that `row` may belong to.
    fn led_by(&self, row: usize) -> bool {
        row.checked_sub(1).map_or(self.led, |before| self.flagged(before) && !self.parted(before))
    }

    /// True if an episode ends with `row`. A row with nothing but the last observation belongs to the episode before it.
    fn ended(&self, row: usize) -> bool {
        if row + 1 == self.rewards.len() || self.parted(row) {
            return true;
        }
        (self.flagged(row) && !self.is_bare(row + 1)) || (self.is_bare(row) && self.led_by(row))
    }

    /// Rows after which an episode ends, each as the number of the following row.
    pub fn ends(&self) -> Vec<usize> {
        (1..=self.rewards.len()).filter(|&end| self.ended(end - 1)).collect()
    }

    /// True if the last of the rows `start..end`, which are an episode, holds its last observation and no step.
    pub fn ends_bare(&self, start: usize, end: usize) -> bool {
        end - start > 1 && self.is_bare(end - 1)
    }

    /// Episodes that end so, of how many.
    pub fn bare_ends(&self) -> (usize, usize) {
        let ends = self.ends();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        (starts.zip(&ends).filter(|&(start, &end)| self.ends_bare(start, end)).count(), ends.len())
    }

    /// True if all columns that number episodes part the same rows.
    pub fn agree(&self) -> bool {
        let Some(episode) = &self.episode else { return true };
        let cut = |numbers: &[i64], row: usize| numbers[row] != numbers[row + 1];
        self.episode_too.iter().all(|too| (0..episode.len().saturating_sub(1)).all(|r| cut(too, r) == cut(episode, r)))
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
            let inside = |&row: &usize| self.ended(row) && !self.parted(row);
            warnings.extend(counted((0..self.rewards.len().saturating_sub(1)).filter(inside), |n, first| {
                format!(
                    "{n} rows are flagged terminated or truncated before the last row of their episode number (first: \
                     row {first}): an episode is cut there"
                )
            }));
        }
        // Where they are no whole numbers they are a clock.
        if let Some(step) = self.step.as_ref().filter(|s| s.iter().all(|v| v.fract() == 0.0)) {
            let ends = self.ends();
            let jumps = |&row: &usize| !follows(step[row], step[row + 1]) && ends.binary_search(&(row + 1)).is_err();
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

    /// Adds every episode to `all`, numbered by `ids` if there are any. A row that holds no step is left out, but for its
    /// observation where all episodes have `last` ones.
    ///
    /// # Errors
    /// If an episode does not fit, or the work was cancelled.
    pub fn put(&self, path: &Path, ids: Option<&[u64]>, last: bool, all: &mut Assembly, cx: &Ctx) -> Result<(), Fault> {
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
            let bare = self.ends_bare(start, end);
            let steps = end - usize::from(bare);
            let rows = if last { end } else { steps };
            let found = FoundIn {
                id,
                obs: &self.obs.values[start * d..rows * d],
                actions: &self.actions.values[start * a..steps * a],
                rewards: &self.rewards[start..steps],
                next_obs: self.next.as_ref().map(|n| &n.values[start * d..steps * d]),
                terminated: self.terminated(end - 1) || (bare && self.terminated(steps - 1)),
                truncated: self.truncated(end - 1) || (bare && self.truncated(steps - 1)),
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

/// Rows that have neither action nor reward.
pub(super) fn bare(frame: &Frame, roles: &Roles) -> Result<Vec<bool>, Fault> {
    let actions = frame.matrix_or_nan(&roles.action)?;
    let none = actions.values.chunks_exact(actions.width().max(1)).map(|row| row.iter().all(|v| v.is_nan()));
    let Some(reward) = &roles.reward else { return Ok(none.collect()) };
    Ok(none.zip(frame.read(reward, numbers)?).map(|(none, reward)| none && reward.is_nan()).collect())
}

/// Numbers of steps, or a clock.
fn steps(column: &Series) -> Result<Vec<f64>, String> {
    let steps = numbers(column)?;
    match steps.iter().position(|v| !v.is_finite()) {
        Some(row) => Err(format!("'{}' row {row} is no number of a step", column.name())),
        None => Ok(steps),
    }
}

/// True if the step `next` is the one after `step`.
#[allow(clippy::float_cmp, reason = "whole numbers")]
fn follows(step: f64, next: f64) -> bool {
    next == step + 1.0
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
