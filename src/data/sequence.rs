//! Stretches of trajectories: what a model that looks back sees.

use std::borrow::Cow;
use std::ops::Range;

use super::episode::TransitionBatch;
use super::space::Actions;

/// B stretches of trajectories, each L actions long with the L + 1 observations around them. A model that sees only the
/// present observation gets L = 0: one observation and no action.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceBatch<'a> {
    /// Stretches B.
    pub rows: usize,
    /// Actions of a stretch L.
    pub steps: usize,
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// [B, L + 1, D].
    pub obs: Cow<'a, [f32]>,
    /// [B · L] rows.
    pub actions: Actions<'a>,
}

impl<'a> SequenceBatch<'a> {
    /// The observations `obs` [B, D] alone, for models that need no past.
    pub fn present(obs: impl Into<Cow<'a, [f32]>>, obs_dim: usize, no_actions: Actions<'a>) -> Self {
        let obs = obs.into();
        Self { rows: obs.len() / obs_dim.max(1), steps: 0, obs_dim, obs, actions: no_actions }
    }

    /// The stretches `rows`.
    pub fn part(&self, rows: Range<usize>) -> SequenceBatch<'_> {
        let (o, a) = ((self.steps + 1) * self.obs_dim, self.steps * self.actions.space().dim());
        let actions = &self.actions.stored()[rows.start * a..rows.end * a];
        SequenceBatch {
            rows: rows.len(),
            obs: Cow::Borrowed(&self.obs[rows.start * o..rows.end * o]),
            actions: Actions::new(self.actions.space(), actions),
            steps: self.steps,
            obs_dim: self.obs_dim,
        }
    }

    /// The observations of every stretch at step `t`, from 0 to L, [B, D].
    pub fn obs_at(&self, t: usize) -> Vec<f32> {
        let d = self.obs_dim;
        self.obs.chunks_exact((self.steps + 1) * d).flat_map(|stretch| &stretch[t * d..(t + 1) * d]).copied().collect()
    }

    /// The actions that were taken there, `t` below L, [B] rows.
    pub fn actions_at(&self, t: usize) -> Actions<'a> {
        let taken = (0..self.rows).flat_map(|r| self.actions.stored_at(r * self.steps + t));
        Actions::new(self.actions.space(), taken.copied().collect::<Vec<f32>>())
    }

    /// The last observation of every stretch, [B, D].
    pub fn last_obs(&self) -> Vec<f32> {
        if self.steps == 0 { self.obs.to_vec() } else { self.obs_at(self.steps) }
    }
}

impl TransitionBatch {
    /// The rows before which `context` observations of the same episode follow one another without a gap, that of the row
    /// itself included: all rows for a context of 1.
    pub fn with_context(&self, context: usize) -> Vec<usize> {
        if context <= 1 {
            return (0..self.len()).collect();
        }
        let mut run = 0;
        let mut found = Vec::new();
        for i in 0..self.len() {
            let follows = i > 0 && self.episode[i] == self.episode[i - 1] && self.step[i] == self.step[i - 1] + 1;
            run = if follows { run + 1 } else { 1 };
            if run >= context {
                found.push(i);
            }
        }
        found
    }

    /// The actions of `rows`.
    pub fn actions_at(&self, rows: &[usize]) -> Actions<'_> {
        if let Some(range) = consecutive(rows) {
            return self.actions(range);
        }
        let a = self.action_dim;
        let stored = rows.iter().flat_map(|&r| &self.action[r * a..(r + 1) * a]).copied().collect::<Vec<f32>>();
        Actions::new(&self.action_space, stored)
    }

    /// Rows that follow on each other within an episode.
    pub fn runs(&self) -> Vec<Range<usize>> {
        let mut out: Vec<Range<usize>> = Vec::new();
        for i in 0..self.len() {
            let follows = i > 0 && self.episode[i] == self.episode[i - 1] && self.step[i] == self.step[i - 1] + 1;
            match out.last_mut() {
                Some(run) if follows => run.end = i + 1,
                _ => out.push(i..i + 1),
            }
        }
        out
    }

    /// What a model of `context` sees before each of `rows`, which must be of [`TransitionBatch::with_context`].
    pub fn pasts(&self, rows: &[usize], context: usize) -> SequenceBatch<'_> {
        let (d, a, back) = (self.obs_dim, self.action_dim, context.saturating_sub(1));
        if let (0, Some(range)) = (back, consecutive(rows)) {
            // The usual case, without a copy.
            return SequenceBatch::present(&self.obs[range.start * d..range.end * d], d, self.actions(0..0));
        }
        let obs = rows.iter().flat_map(|&r| &self.obs[(r - back) * d..(r + 1) * d]).copied().collect::<Vec<f32>>();
        let actions = rows.iter().flat_map(|&r| &self.action[(r - back) * a..r * a]).copied().collect::<Vec<f32>>();
        let actions = Actions::new(&self.action_space, actions);
        SequenceBatch { rows: rows.len(), steps: back, obs_dim: d, obs: obs.into(), actions }
    }
}

/// The rows as a range, where each follows on the one before.
fn consecutive(rows: &[usize]) -> Option<Range<usize>> {
    let first = rows.first().copied().unwrap_or(0);
    rows.iter().enumerate().all(|(i, &r)| r == first + i).then(|| first..first + rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> TransitionBatch {
        // Two episodes, of four and three steps; the second lacks its step 1.
        TransitionBatch {
            obs: vec![0.0, 1.0, 2.0, 3.0, 10.0, 12.0, 13.0],
            action: vec![0.5, 1.5, 2.5, 3.5, 10.5, 12.5, 13.5],
            next_obs: vec![0.0; 7],
            reward: vec![0.0; 7],
            episode: vec![0, 0, 0, 0, 1, 1, 1],
            step: vec![0, 1, 2, 3, 0, 2, 3],
            ..TransitionBatch::empty(1, 1)
        }
    }

    #[test]
    fn a_past_never_crosses_an_episodes_end_or_a_gap() {
        let batch = batch();
        assert_eq!(batch.with_context(1), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(batch.with_context(2), [1, 2, 3, 6]);
        assert_eq!(batch.with_context(4), [3]);
        let past = batch.pasts(&[2, 6], 2);
        assert_eq!((past.rows, past.steps, &*past.obs), (2, 1, &[1.0, 2.0, 12.0, 13.0][..]));
        assert_eq!((past.actions.stored(), past.last_obs()), (&[1.5, 12.5][..], vec![2.0, 13.0]));
    }

    #[test]
    fn the_present_alone_is_not_copied() {
        let batch = batch();
        let past = batch.pasts(&[2, 3, 4], 1);
        assert!(matches!(past.obs, Cow::Borrowed([2.0, 3.0, 10.0])) && past.actions.rows() == 0);
        assert_eq!(batch.pasts(&[4, 0], 1).last_obs(), [10.0, 0.0]);
    }
}
