//! Imagined transitions: short rollouts branched from real states, kept in a ring.

use std::cell::RefCell;

use rand::RngExt;

use super::head::Head;
use super::pay::{Pay, Unfamiliar};
use crate::data::episode::TransitionBatch;
use crate::data::space::Actions;
use crate::ground::seed::{Stream, stream};
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;
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
    /// Seed of a stream of its own that rows are drawn from, so that another learner can be given the same rows; nothing draws them
    /// from the learner's.
    pub apart: Option<u64>,
}

/// Rows to draw from, of those that have enough observations behind them.
pub struct Drawn<'a> {
    /// All rows.
    pub rows: &'a TransitionBatch,
    usable: Vec<usize>,
    /// The first of `usable` that is new.
    new: usize,
    new_share: f64,
    apart: Option<RefCell<Stream>>,
}

/// Transitions as columns.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// [B, D].
    pub obs: Vec<f32>,
    /// [B, A], as the critics see them ([`Head::seen`]).
    pub action: Vec<f32>,
    /// [B].
    pub reward: Vec<f32>,
    /// [B, D].
    pub next_obs: Vec<f32>,
    /// [B] the chance that the episode goes on.
    pub alive: Vec<f32>,
}

/// The policy that rolls out.
pub struct Roller<'a> {
    /// What makes actions of its outputs.
    pub head: &'a dyn Head,
    /// The actor's network, one member.
    pub net: &'a Mlp,
    /// Of its inputs.
    pub input: &'a Normalizer,
    /// What it is paid for.
    pub pay: Pay<'a>,
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
    unfamiliar: Unfamiliar,
}

impl Imagined {
    /// An empty ring.
    pub fn new(feature_dim: usize, action_dim: usize, capacity: usize) -> Self {
        let unfamiliar = Unfamiliar::default();
        Self { feature_dim, action_dim, capacity, next: 0, data: Batch::default(), unfamiliar }
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
        // What was new to a model that knew little is no measure of what is new to this one.
        self.unfamiliar = Unfamiliar::default();
    }

    /// Rolls `count` states of `starts` forward by `horizon` steps under `roller` in the imagination of `model`; each step of
    /// each rollout is drawn from a random elite member (TS1).
    pub fn extend(
        &mut self,
        model: &dyn WorldModel,
        roller: &Roller<'_>,
        starts: &Drawn<'_>,
        (count, horizon): (usize, usize),
        rng: &mut Stream,
    ) {
        let d = self.feature_dim;
        let rows = starts.draw(count, rng);
        let mut state = model.begin(&starts.rows.pasts(&rows, model.context()));
        for _ in 0..horizon {
            let features = model.features(&state).to_vec();
            let rows = features.len() / d;
            if rows == 0 {
                return;
            }
            let action = roller.head.draw(&roller.net.forward(&roller.input.apply(&features)), rng);
            let columns = action.len() / rows;
            let step = model.step(&mut state, &Actions::new(roller.head.space(), &action[..]), Feedback::Sampled(rng));
            let paid = roller.pay.of(model, &step, &state.obs, &mut self.unfamiliar);
            let mut alive = Vec::with_capacity(rows);
            for (i, reward) in paid.into_iter().enumerate() {
                // Its chance weighs what may follow; a rollout goes on or ends by it. Where ends are rare it is seldom above a half.
                let end = step.terminated.as_ref().map_or(0.0, |t| t[i].clamp(0.0, 1.0));
                let ended = end > 0.0 && rng.random::<f32>() < end;
                let next = &model.features(&state)[i * d..(i + 1) * d];
                let mut seen = Vec::with_capacity(self.action_dim);
                roller.head.seen(&action[i * columns..(i + 1) * columns], &mut seen);
                if !(reward.is_finite() && next.iter().chain(&seen).all(|v| v.is_finite())) {
                    continue;
                }
                self.push(&features[i * d..(i + 1) * d], &seen, reward, next, 1.0 - end);
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
            b.push(obs, action, reward, next_obs, alive);
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

    /// `count` transitions drawn with replacement, after as many others as are in `into`; none where there are none.
    pub fn draw(&self, count: usize, into: &mut Batch, rng: &mut Stream) {
        let (d, a, b) = (self.feature_dim, self.action_dim, &self.data);
        for _ in 0..if self.is_empty() { 0 } else { count } {
            let i = rng.random_range(0..self.len());
            let (obs, next) = (&b.obs[i * d..(i + 1) * d], &b.next_obs[i * d..(i + 1) * d]);
            into.push(obs, &b.action[i * a..(i + 1) * a], b.reward[i], next, b.alive[i]);
        }
    }
}

impl Batch {
    /// Transitions.
    pub fn len(&self) -> usize {
        self.reward.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.reward.is_empty()
    }

    fn push(&mut self, obs: &[f32], action: &[f32], reward: f32, next_obs: &[f32], alive: f32) {
        self.obs.extend_from_slice(obs);
        self.action.extend_from_slice(action);
        self.reward.push(reward);
        self.next_obs.extend_from_slice(next_obs);
        self.alive.push(alive);
    }
}

impl<'a> Starts<'a> {
    /// Those that have `context` observations behind them.
    pub fn with_context(&self, context: usize) -> Drawn<'a> {
        let usable = self.rows.with_context(context);
        let new = usable.partition_point(|&row| row < self.old);
        let apart = self.apart.map(|seed| RefCell::new(stream(seed, "rows", 0)));
        Drawn { rows: self.rows, usable, new, new_share: self.new_share.clamp(0.0, 1.0), apart }
    }
}

impl Drawn<'_> {
    /// `count` rows; none where none is usable.
    pub fn draw(&self, count: usize, rng: &mut Stream) -> Vec<usize> {
        match &self.apart {
            Some(own) => self.draw_by(count, &mut own.borrow_mut()),
            None => self.draw_by(count, rng),
        }
    }

    fn draw_by(&self, count: usize, rng: &mut Stream) -> Vec<usize> {
        let (old, new) = self.usable.split_at(self.new);
        if self.usable.is_empty() {
            return Vec::new();
        }
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            let fresh = !new.is_empty() && rng.random_bool(self.new_share);
            let from = if fresh || old.is_empty() { new } else { old };
            rows.push(from[rng.random_range(0..from.len())]);
        }
        rows
    }

    /// Adds `count` of the real transitions to `into`.
    pub fn add_real(&self, count: usize, head: &dyn Head, into: &mut Batch, rng: &mut Stream) {
        for row in self.draw(count, rng) {
            let rows = self.rows;
            let mut seen = Vec::new();
            head.seen(rows.action_at(row), &mut seen);
            let alive = if rows.terminated[row] { 0.0 } else { 1.0 };
            into.push(rows.obs_at(row), &seen, rows.reward[row], rows.next_obs_at(row), alive);
        }
    }
}
