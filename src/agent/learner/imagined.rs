//! Imagined transitions: short rollouts branched from real states, kept in a ring.

use rand::RngExt;

use crate::agent::policy::{Policy as _, SquashedGaussian};
use crate::data::episode::TransitionBatch;
use crate::data::space::Actions;
use crate::ground::seed::Stream;
use crate::world::world_model::{Feedback, WorldModel};

/// Real states that rollouts branch from: old ones, and new ones that are drawn now and then. A model that needs a past gets
/// it from the rows before.
#[derive(Debug, Clone, Copy)]
pub struct Starts<'a> {
    /// Transitions whose observations are the states, the old ones first.
    pub rows: &'a TransitionBatch,
    /// How many are old.
    pub old: usize,
    /// Share of starts drawn from the new states, if there are any.
    pub new_share: f64,
}

/// A batch out of the ring, as columns.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// [B, D].
    pub obs: Vec<f32>,
    /// [B, A], squashed to (−1, 1).
    pub action: Vec<f32>,
    /// [B].
    pub reward: Vec<f32>,
    /// [B, D].
    pub next_obs: Vec<f32>,
    /// [B]; 0 where the model says that the episode ends.
    pub alive: Vec<f32>,
}

/// The ring of imagined transitions.
#[derive(Debug, Clone)]
pub struct Imagined {
    /// Columns of what the policy acts on.
    pub feature_dim: usize,
    action_dim: usize,
    capacity: usize,
    next: usize,
    data: Batch,
}

impl Imagined {
    /// An empty ring.
    pub fn new(feature_dim: usize, action_dim: usize, capacity: usize) -> Self {
        Self { feature_dim, action_dim, capacity, next: 0, data: Batch::default() }
    }

    /// Transitions kept.
    pub fn len(&self) -> usize {
        self.data.reward.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all: the model has changed.
    pub fn clear(&mut self) {
        self.data = Batch::default();
        self.next = 0;
    }

    /// Rolls `count` states of `starts` forward by `horizon` steps under `actor` in the imagination of `model`; each step of
    /// each rollout is drawn from a random elite member (TS1).
    pub fn extend(
        &mut self,
        model: &dyn WorldModel,
        actor: &SquashedGaussian,
        starts: &Starts<'_>,
        count: usize,
        horizon: usize,
        rng: &mut Stream,
    ) {
        let (d, a) = (self.feature_dim, self.action_dim);
        let rows = starts.draw(count, model.context(), rng);
        let mut state = model.begin(&starts.rows.pasts(&rows, model.context()));
        for _ in 0..horizon {
            let features = model.features(&state).to_vec();
            let rows = features.len() / d;
            if rows == 0 {
                return;
            }
            let action = actor.sample(&features, rng);
            let step = model.step(&mut state, &Actions::new(actor.action_space(), &action[..]), Feedback::Sampled(rng));
            let mut alive = Vec::with_capacity(rows);
            for i in 0..rows {
                let reward = step.reward.as_ref().map_or(0.0, |r| r[i]);
                let ended = step.terminated.as_ref().is_some_and(|t| t[i] > 0.5);
                let next = &model.features(&state)[i * d..(i + 1) * d];
                let squashed: Vec<f32> = (0..a).map(|c| (action[i * a + c] - actor.bias[c]) / actor.scale[c]).collect();
                if !(reward.is_finite() && next.iter().chain(&squashed).all(|v| v.is_finite())) {
                    continue;
                }
                self.push(&features[i * d..(i + 1) * d], &squashed, reward, next, if ended { 0.0 } else { 1.0 });
                if !ended {
                    alive.push(i);
                }
            }
            if alive.len() < rows {
                model.keep(&mut state, &alive);
            }
        }
    }

    fn push(&mut self, obs: &[f32], action: &[f32], reward: f32, next_obs: &[f32], alive: f32) {
        let (d, a, b) = (self.feature_dim, self.action_dim, &mut self.data);
        if b.reward.len() < self.capacity {
            b.obs.extend_from_slice(obs);
            b.action.extend_from_slice(action);
            b.reward.push(reward);
            b.next_obs.extend_from_slice(next_obs);
            b.alive.push(alive);
            return;
        }
        let i = self.next;
        b.obs[i * d..(i + 1) * d].copy_from_slice(obs);
        b.action[i * a..(i + 1) * a].copy_from_slice(action);
        b.reward[i] = reward;
        b.next_obs[i * d..(i + 1) * d].copy_from_slice(next_obs);
        b.alive[i] = alive;
        self.next = (i + 1) % self.capacity;
    }

    /// Copies the named transitions out.
    pub fn gather(&self, rows: &[usize]) -> Batch {
        let take = |from: &[f32], c: usize| {
            rows.iter().flat_map(|&r| from[r * c..(r + 1) * c].iter().copied()).collect::<Vec<f32>>()
        };
        let b = &self.data;
        Batch {
            obs: take(&b.obs, self.feature_dim),
            action: take(&b.action, self.action_dim),
            reward: take(&b.reward, 1),
            next_obs: take(&b.next_obs, self.feature_dim),
            alive: take(&b.alive, 1),
        }
    }
}

impl Starts<'_> {
    /// Rows of `count` starts that have `context` observations behind them.
    fn draw(&self, count: usize, context: usize, rng: &mut Stream) -> Vec<usize> {
        let usable = self.rows.with_context(context);
        let (old, new) = usable.split_at(usable.partition_point(|&row| row < self.old));
        if usable.is_empty() {
            return Vec::new();
        }
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            let fresh = !new.is_empty() && rng.random_bool(self.new_share.clamp(0.0, 1.0));
            let from = if fresh || old.is_empty() { new } else { old };
            rows.push(from[rng.random_range(0..from.len())]);
        }
        rows
    }
}
