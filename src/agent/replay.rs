//! Old and new data in one pool, and how much of a batch is new.

use std::sync::Arc;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::data::episode::TransitionBatch;

/// How batches mix old and new transitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mix {
    /// Every transition is equally likely (Chen et al., RLC 2025).
    Uniform,
    /// Half of a batch is new (RLPD, Ball et al. 2023).
    Half,
    /// Every transition is equally likely, but at least a tenth of a batch is new: 0.2 % of new data would be 0.2 % of
    /// the batches otherwise, and would not be learned.
    #[default]
    Floor,
}

/// The least share of new transitions under [`Mix::Floor`].
pub const FLOOR: f64 = 0.1;

/// Transitions of the dataset, and those that came after.
#[derive(Debug, Clone)]
pub struct Replay {
    rows: TransitionBatch,
    old: usize,
    mix: Mix,
}

impl Replay {
    /// A pool that holds `old` transitions so far.
    pub fn new(old: TransitionBatch, mix: Mix) -> Self {
        let n = old.len();
        Self { rows: old, old: n, mix }
    }

    /// Adds new transitions (episode indices as they are).
    ///
    /// # Errors
    /// A sentence naming the dimensions that do not fit.
    pub fn push(&mut self, new: &TransitionBatch) -> Result<(), String> {
        let (ours, theirs) = ((self.rows.obs_dim, self.rows.action_dim), (new.obs_dim, new.action_dim));
        if ours != theirs {
            return Err(format!(
                "new transitions have dimensions {theirs:?} (observation, action), the data has {ours:?}"
            ));
        }
        append(&mut self.rows, new);
        Ok(())
    }

    /// How batches mix old and new.
    pub fn mix(&self) -> Mix {
        self.mix
    }

    /// All transitions, the old ones first.
    pub fn rows(&self) -> &TransitionBatch {
        &self.rows
    }

    /// Transitions of the dataset.
    pub fn num_old(&self) -> usize {
        self.old
    }

    /// Transitions that came after.
    pub fn num_new(&self) -> usize {
        self.rows.len() - self.old
    }

    /// Probability that a drawn transition is new.
    pub fn share_new(&self) -> f64 {
        let uniform = self.num_new() as f64 / self.rows.len().max(1) as f64;
        match self.mix {
            _ if self.num_new() == 0 => 0.0,
            _ if self.old == 0 => 1.0,
            Mix::Uniform => uniform,
            Mix::Half => 0.5,
            Mix::Floor => uniform.max(FLOOR),
        }
    }

    /// `n` row numbers drawn with replacement; none if the pool is empty.
    pub fn draw(&self, n: usize, rng: &mut (impl Rng + ?Sized)) -> Vec<usize> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let share = self.share_new();
        let mut pick = || {
            if rng.random_bool(share) {
                rng.random_range(self.old..self.rows.len())
            } else {
                rng.random_range(0..self.old)
            }
        };
        (0..n).map(|_| pick()).collect()
    }

    /// A batch of the rows `indices`.
    ///
    /// # Panics
    /// If an index is not below the number of rows.
    pub fn gather(&self, indices: &[usize]) -> TransitionBatch {
        let rows = &self.rows;
        let mut batch = TransitionBatch::within(rows.obs_dim, Arc::clone(&rows.action_space));
        for &i in indices {
            batch.obs.extend_from_slice(rows.obs_at(i));
            batch.action.extend_from_slice(rows.action_at(i));
            batch.next_obs.extend_from_slice(rows.next_obs_at(i));
            batch.reward.push(rows.reward[i]);
            batch.terminated.push(rows.terminated[i]);
            batch.truncated.push(rows.truncated[i]);
            batch.episode.push(rows.episode[i]);
            batch.step.push(rows.step[i]);
        }
        batch
    }
}

fn append(to: &mut TransitionBatch, from: &TransitionBatch) {
    to.obs.extend_from_slice(&from.obs);
    to.action.extend_from_slice(&from.action);
    to.next_obs.extend_from_slice(&from.next_obs);
    to.reward.extend_from_slice(&from.reward);
    to.terminated.extend_from_slice(&from.terminated);
    to.truncated.extend_from_slice(&from.truncated);
    to.episode.extend_from_slice(&from.episode);
    to.step.extend_from_slice(&from.step);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::seed::stream;
    use proptest::prelude::*;

    fn batch(n: usize, value: f32) -> TransitionBatch {
        TransitionBatch {
            obs: vec![value; 2 * n],
            action: vec![value; n],
            reward: (0..n).map(|i| i as f32).collect(),
            next_obs: vec![value; 2 * n],
            terminated: vec![false; n],
            truncated: vec![false; n],
            episode: vec![0; n],
            step: (0..n).collect(),
            ..TransitionBatch::empty(2, 1)
        }
    }

    fn pool(old: usize, new: usize, mix: Mix) -> Replay {
        let mut replay = Replay::new(batch(old, 0.0), mix);
        replay.push(&batch(new, 1.0)).expect("dimensions fit");
        replay
    }

    #[test]
    fn shares_by_hand() {
        for (old, new, mix, want) in [
            (980, 20, Mix::Uniform, 0.02),
            (980, 20, Mix::Half, 0.5),
            (980, 20, Mix::Floor, 0.1),
            (500, 500, Mix::Floor, 0.5),
            (980, 0, Mix::Half, 0.0),
            (0, 20, Mix::Floor, 1.0),
            (0, 0, Mix::Uniform, 0.0),
        ] {
            assert!((pool(old, new, mix).share_new() - want).abs() < 1e-12, "{old} {new} {mix:?}");
        }
    }

    #[test]
    fn draws_keep_the_share() {
        let replay = pool(990, 10, Mix::Floor);
        let rows = replay.draw(20_000, &mut stream(0, "t", 0));
        let new = rows.iter().filter(|&&i| i >= 990).count() as f64 / 20_000.0;
        // Five standard deviations of a share of 0.1 over 20 000 draws: 5 √(0.09 / 20 000) ≈ 0.011.
        assert!((new - 0.1).abs() < 0.011, "{new}");
    }

    #[test]
    fn an_empty_pool_draws_nothing_and_foreign_rows_are_refused() {
        assert!(pool(0, 0, Mix::Half).draw(5, &mut stream(0, "t", 0)).is_empty());
        let refused = pool(3, 0, Mix::Half).push(&TransitionBatch::empty(4, 1));
        assert!(refused.is_err_and(|e| e.contains("(4, 1)") && e.contains("(2, 1)")));
    }

    proptest! {
        #[test]
        fn rows_drawn_exist_and_are_gathered_whole(old in 0usize..30, new in 0usize..30, n in 0usize..50, seed: u64) {
            for mix in [Mix::Uniform, Mix::Half, Mix::Floor] {
                let replay = pool(old, new, mix);
                let rows = replay.draw(n, &mut stream(seed, "t", 0));
                prop_assert!(rows.iter().all(|&i| i < old + new));
                let got = replay.gather(&rows);
                prop_assert_eq!(got.len(), rows.len());
                prop_assert!(got.obs.len() == 2 * rows.len() && got.step.len() == rows.len());
                for (k, &i) in rows.iter().enumerate() {
                    prop_assert_eq!(got.obs_at(k), replay.rows().obs_at(i));
                    prop_assert_eq!(got.step[k], replay.rows().step[i]);
                }
            }
        }
    }
}
