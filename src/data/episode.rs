//! One episode: its bounds, a borrowed view, and transitions as a struct of arrays.

use std::ops::Range;
use std::sync::Arc;

use super::space::{Actions, Space};

/// Bounds of one episode in the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct EpisodeSpan {
    /// The episode's number in the file.
    pub id: u64,
    /// First row in the step columns.
    pub first_step: usize,
    /// Number of steps T.
    pub steps: usize,
    /// First row in the observation column.
    pub first_obs: usize,
    /// Observation rows: T or T+1.
    pub obs_rows: usize,
    /// Ended by the environment: a bootstrap value is cut here.
    pub terminated: bool,
    /// Ended by a limit outside the environment: a bootstrap value goes on.
    pub truncated: bool,
}

/// A borrowed view of one episode.
#[derive(Debug, Clone, Copy)]
pub struct Episode<'a> {
    /// Index in the dataset's list of episodes.
    pub index: usize,
    /// Its bounds, id and ending.
    pub span: EpisodeSpan,
    /// Columns of an observation.
    pub obs_dim: usize,
    /// Columns of an action.
    pub action_dim: usize,
    /// `[T or T+1, obs_dim]`, row-major.
    pub obs: &'a [f32],
    /// `[T, action_dim]`, row-major.
    pub actions: &'a [f32],
    /// [T].
    pub rewards: &'a [f64],
    /// `[T, obs_dim]` where the file's own next observations are kept.
    pub next_obs: Option<&'a [f32]>,
}

impl<'a> Episode<'a> {
    /// Number of steps T.
    pub fn steps(&self) -> usize {
        self.span.steps
    }

    /// Observation before step `t`.
    pub fn obs_at(&self, t: usize) -> &'a [f32] {
        &self.obs[t * self.obs_dim..(t + 1) * self.obs_dim]
    }

    /// Action of step `t`.
    pub fn action_at(&self, t: usize) -> &'a [f32] {
        &self.actions[t * self.action_dim..(t + 1) * self.action_dim]
    }

    /// Observation after step `t`, if the file has it.
    pub fn next_obs_at(&self, t: usize) -> Option<&'a [f32]> {
        match self.next_obs {
            Some(next) => Some(&next[t * self.obs_dim..(t + 1) * self.obs_dim]),
            None if t + 1 < self.span.obs_rows => Some(self.obs_at(t + 1)),
            None => None,
        }
        .filter(|row| row.iter().all(|v| v.is_finite()))
    }

    /// Undiscounted return: the sum of the finite rewards.
    pub fn ret(&self) -> f64 {
        self.rewards.iter().filter(|r| r.is_finite()).sum()
    }

    /// True where step `t` is the last and the environment ended the episode there.
    pub fn terminated_at(&self, t: usize) -> bool {
        self.span.terminated && t + 1 == self.span.steps
    }
}

/// Transitions as columns, row-major, all of one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransitionBatch {
    /// Columns of an observation.
    pub obs_dim: usize,
    /// Stored columns of an action.
    pub action_dim: usize,
    /// The space of the actions.
    pub action_space: Arc<Space>,
    /// `[N, obs_dim]`.
    pub obs: Vec<f32>,
    /// `[N, action_dim]`.
    pub action: Vec<f32>,
    /// [N].
    pub reward: Vec<f32>,
    /// `[N, obs_dim]`.
    pub next_obs: Vec<f32>,
    /// [N]; the environment ended the episode at this step.
    pub terminated: Vec<bool>,
    /// [N]; a limit outside the environment ended it.
    pub truncated: Vec<bool>,
    /// [N]; index of the episode in its dataset.
    pub episode: Vec<usize>,
    /// [N]; step within the episode.
    pub step: Vec<usize>,
}

impl TransitionBatch {
    /// No transitions yet, of unnamed real numbers.
    pub fn empty(obs_dim: usize, action_dim: usize) -> Self {
        Self::within(obs_dim, Arc::new(Space::unnamed("action", action_dim)))
    }

    /// No transitions yet, with actions of `space`.
    pub fn within(obs_dim: usize, space: Arc<Space>) -> Self {
        Self { obs_dim, action_dim: space.dim(), action_space: space, ..Self::default() }
    }

    /// The actions of `rows`.
    pub fn actions(&self, rows: Range<usize>) -> Actions<'_> {
        let a = self.action_dim;
        Actions::new(&self.action_space, &self.action[rows.start * a..rows.end * a])
    }

    /// Number of transitions.
    pub fn len(&self) -> usize {
        self.reward.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.reward.is_empty()
    }

    /// Appends the usable transitions of `e`: those whose next observation is there and whose numbers are finite.
    pub fn push_episode(&mut self, e: &Episode<'_>) {
        self.push_steps(e, 0..e.steps());
    }

    /// As [`TransitionBatch::push_episode`], of the steps `range` alone.
    pub fn push_steps(&mut self, e: &Episode<'_>, range: Range<usize>) {
        for t in range {
            let Some(next) = e.next_obs_at(t) else { continue };
            let finite = |row: &[f32]| row.iter().all(|v| v.is_finite());
            if !(finite(e.obs_at(t)) && finite(e.action_at(t)) && e.rewards[t].is_finite()) {
                continue;
            }
            self.push(e, t, next);
        }
    }

    /// Appends step `t` of `e`, which leads to `next`, whatever its numbers are.
    pub fn push(&mut self, e: &Episode<'_>, t: usize, next: &[f32]) {
        self.obs.extend_from_slice(e.obs_at(t));
        self.action.extend_from_slice(e.action_at(t));
        self.next_obs.extend_from_slice(next);
        self.reward.push(e.rewards[t] as f32);
        self.terminated.push(e.terminated_at(t));
        self.truncated.push(e.span.truncated && t + 1 == e.steps());
        self.episode.push(e.index);
        self.step.push(t);
    }

    /// Row `i` of the observations.
    pub fn obs_at(&self, i: usize) -> &[f32] {
        &self.obs[i * self.obs_dim..(i + 1) * self.obs_dim]
    }

    /// Row `i` of the next observations.
    pub fn next_obs_at(&self, i: usize) -> &[f32] {
        &self.next_obs[i * self.obs_dim..(i + 1) * self.obs_dim]
    }

    /// Row `i` of the actions.
    pub fn action_at(&self, i: usize) -> &[f32] {
        &self.action[i * self.action_dim..(i + 1) * self.action_dim]
    }
}
