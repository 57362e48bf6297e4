//! Imagined transitions: short rollouts branched from real states, kept in a ring.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use crate::agent::policy::Actor;
use crate::world::ensemble::Ensemble;

/// Real states that rollouts branch from: old ones, and new ones that are drawn half of the time.
#[derive(Debug, Clone, Copy)]
pub struct Starts<'a> {
    /// [N, D] states of the dataset.
    pub old: &'a [f32],
    /// [M, D] states collected since; may be empty.
    pub new: &'a [f32],
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
    /// Columns of an observation.
    pub obs_dim: usize,
    action_dim: usize,
    capacity: usize,
    next: usize,
    data: Batch,
}

impl Imagined {
    /// An empty ring.
    pub fn new(obs_dim: usize, action_dim: usize, capacity: usize) -> Self {
        Self { obs_dim, action_dim, capacity, next: 0, data: Batch::default() }
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

    /// Rolls `count` states of `starts` forward by `horizon` steps under `actor` in the imagination of `model`; each
    /// step of each rollout is drawn from a random elite member (TS1).
    pub fn extend(
        &mut self,
        model: &Ensemble,
        actor: &Actor,
        starts: &Starts<'_>,
        count: usize,
        horizon: usize,
        rng: &mut impl Rng,
    ) {
        let (d, a) = (self.obs_dim, self.action_dim);
        let mut obs = starts.draw(count, d, rng);
        for _ in 0..horizon {
            let rows = obs.len() / d;
            if rows == 0 {
                return;
            }
            let action = actor.sample(&obs, rng);
            let p = model.predict(&obs, &action);
            let mut alive_obs = Vec::with_capacity(obs.len());
            for i in 0..rows {
                let member = model.elites[rng.random_range(0..model.elites.len())];
                let at = member * rows + i;
                let targets = model.targets();
                let mut noise = |c: usize| {
                    p.logvar.as_ref().map_or(0.0, |lv| {
                        let n: f32 = StandardNormal.sample(rng);
                        (0.5 * lv[at * targets + c]).exp() * n
                    })
                };
                let next: Vec<f32> = (0..d).map(|c| p.next_obs[at * d + c] + noise(c)).collect();
                let reward = p.reward.as_ref().map_or(0.0, |r| r[at]);
                let ended = p.terminated.as_ref().is_some_and(|t| t[at] > 0.5);
                let squashed: Vec<f32> = (0..a).map(|c| (action[i * a + c] - actor.bias[c]) / actor.scale[c]).collect();
                if !(reward.is_finite() && next.iter().chain(&squashed).all(|v| v.is_finite())) {
                    continue;
                }
                self.push(&obs[i * d..(i + 1) * d], &squashed, reward, &next, if ended { 0.0 } else { 1.0 });
                if !ended {
                    alive_obs.extend_from_slice(&next);
                }
            }
            obs = alive_obs;
        }
    }

    fn push(&mut self, obs: &[f32], action: &[f32], reward: f32, next_obs: &[f32], alive: f32) {
        let (d, a, b) = (self.obs_dim, self.action_dim, &mut self.data);
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
            obs: take(&b.obs, self.obs_dim),
            action: take(&b.action, self.action_dim),
            reward: take(&b.reward, 1),
            next_obs: take(&b.next_obs, self.obs_dim),
            alive: take(&b.alive, 1),
        }
    }
}

impl Starts<'_> {
    fn draw(&self, count: usize, d: usize, rng: &mut impl Rng) -> Vec<f32> {
        let mut rows = Vec::with_capacity(count * d);
        for _ in 0..count {
            let new = !self.new.is_empty() && rng.random_bool(self.new_share.clamp(0.0, 1.0));
            let from = if new || self.old.is_empty() { self.new } else { self.old };
            let i = rng.random_range(0..from.len() / d);
            rows.extend_from_slice(&from[i * d..(i + 1) * d]);
        }
        rows
    }
}
