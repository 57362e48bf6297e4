//! A network that predicts the change of the observation from what it remembers of the past: recurrent dynamics of other
//! libraries. What it imagined, it sees and remembers as if it were real.
//!
//! [`Memory`] takes an observation with the action that was taken at it, step by step, and gives B rows of features; a
//! [`Readout`] makes the change, and where it has them the reward and the log-deviation, of every member of it. The memory is
//! one for all members.

mod memory;
mod readout;

use std::any::Any;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

pub use memory::{LstmCell, Memory};
pub use readout::{Block, Deviations, LayerNorm, Readout};

use super::net::normalizer::Normalizer;
use super::world_model::{Dims, Feedback, ImaginedState, ImaginedStep, Prediction, WorldModel};
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::ground::seed::Stream;
use memory::Held;

/// The networks and what their columns mean.
#[derive(Debug, Clone, PartialEq)]
pub struct RecurrentNet {
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// Columns of an action A.
    pub action_dim: usize,
    /// The last target is the reward.
    pub learned_reward: bool,
    /// Observations that it is told before it imagines, the present one included.
    pub context: usize,
    /// Of `[obs, action]`.
    pub input: Normalizer,
    /// Of the targets: Δobs, then the reward if it is learned.
    pub target: Normalizer,
    /// What it remembers.
    pub memory: Memory,
    /// What it says of it.
    pub readout: Readout,
}

impl RecurrentNet {
    /// `model` as one of these, if it is one.
    pub fn known(model: &dyn WorldModel) -> Option<&Self> {
        model.as_any().downcast_ref()
    }

    /// Number of targets: D, and one for the reward.
    pub fn targets(&self) -> usize {
        self.obs_dim + usize::from(self.learned_reward)
    }

    /// Checks that the networks fit each other.
    ///
    /// # Errors
    /// A sentence naming the two that do not.
    pub fn checked(self) -> Result<Self, String> {
        let (inputs, targets) = (self.obs_dim + self.action_dim, self.targets());
        if self.obs_dim == 0 || self.action_dim == 0 || self.context == 0 {
            return Err(format!(
                "a world model of {} observation and {} action columns that is told {} observations",
                self.obs_dim, self.action_dim, self.context
            ));
        }
        let lengths = [
            ("input means", self.input.mean.len(), inputs),
            ("input deviations", self.input.std.len(), inputs),
            ("target means", self.target.mean.len(), targets),
            ("target deviations", self.target.std.len(), targets),
        ];
        if let Some((what, has, needs)) = lengths.iter().find(|(_, has, needs)| has != needs) {
            return Err(format!("the world model has {has} {what}, {needs} are needed"));
        }
        let scales = || self.input.std.iter().chain(&self.target.std);
        if scales().any(|s| *s <= 0.0 || !s.is_finite()) {
            return Err("the world model's deviations are not all above 0".into());
        }
        self.memory.check(inputs, self.context)?;
        self.readout.check(inputs, self.memory.features(), targets)?;
        Ok(self)
    }

    /// [B, D + A] what the network sees of observations and actions.
    fn seen(&self, obs: &[f32], actions: &[f32]) -> Vec<f32> {
        let rows = obs.chunks_exact(self.obs_dim).zip(actions.chunks_exact(self.action_dim));
        let raw: Vec<f32> = rows.flat_map(|(o, a)| o.iter().chain(a)).copied().collect();
        self.input.apply(&raw)
    }

    /// What all members say of `obs` [B, D] where the memory gives `features` after it saw `seen`.
    fn decode(&self, obs: &[f32], seen: &[f32], features: &[f32]) -> Prediction {
        let (d, targets, rows) = (self.obs_dim, self.targets(), obs.len() / self.obs_dim);
        let (means, deviations) = self.readout.forward(seen, features);
        let members = self.readout.members();
        let raw = |row: &[f32], c: usize| row[c] * self.target.std[c] + self.target.mean[c];
        let delta: Vec<f32> = means.chunks_exact(targets).flat_map(|row| (0..d).map(move |c| raw(row, c))).collect();
        let next_obs = delta.iter().zip(obs.iter().cycle()).map(|(change, now)| now + change).collect();
        let reward = self.learned_reward.then(|| means.chunks_exact(targets).map(|row| raw(row, d)).collect());
        let log_units: Vec<f32> = self.target.std.iter().map(|s| 2.0 * s.ln()).collect();
        let logvar = deviations.map(|all| all.iter().zip(log_units.iter().cycle()).map(|(s, u)| 2.0 * s + u).collect());
        Prediction { members, rows, obs_dim: d, next_obs, delta, reward, logvar, terminated: None }
    }

    /// For every row a draw from the prediction of the member that `chosen` says, and that prediction's place among all.
    fn sample(
        &self,
        p: &Prediction,
        rng: &mut Stream,
        chosen: impl Fn(usize, &mut Stream) -> usize,
    ) -> (Vec<f32>, Vec<usize>) {
        let (d, targets) = (self.obs_dim, self.targets());
        let (mut obs, mut from) = (Vec::with_capacity(p.rows * d), Vec::with_capacity(p.rows));
        for i in 0..p.rows {
            let at = chosen(i, rng) * p.rows + i;
            for c in 0..d {
                let noise = p.logvar.as_ref().map_or(0.0, |logvar| {
                    let n: f32 = StandardNormal.sample(rng);
                    (0.5 * logvar[at * targets + c]).exp() * n
                });
                obs.push(p.next_obs[at * d + c] + noise);
            }
            from.push(at);
        }
        (obs, from)
    }
}

impl WorldModel for RecurrentNet {
    fn kind(&self) -> &'static str {
        "recurrent"
    }

    fn dims(&self) -> Dims {
        let members = self.readout.members();
        Dims { obs: self.obs_dim, action: self.action_dim, feature: self.obs_dim, members }
    }

    fn context(&self) -> usize {
        self.context
    }

    fn predicts_reward(&self) -> bool {
        self.learned_reward
    }

    fn predicts_variance(&self) -> bool {
        self.readout.has_deviations()
    }

    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState {
        let wanted = (self.obs_dim, self.context);
        assert_eq!((past.obs_dim, past.steps + 1), wanted, "as many observations a row as it is told");
        let mut held = self.memory.empty(past.rows);
        for t in 0..past.steps {
            let taken = past.actions_at(t);
            self.memory.see(&mut held, &self.seen(&past.obs_at(t), &taken.columns(self.action_dim)));
        }
        ImaginedState { obs: past.last_obs(), memory: Box::new(held) }
    }

    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, feedback: Feedback<'_>) -> ImaginedStep {
        assert_eq!(actions.rows(), state.obs.len() / self.obs_dim, "one action a row");
        assert!(state.memory.is::<Held>(), "a state that a model of this kind began");
        let seen = self.seen(&state.obs, &actions.columns(self.action_dim));
        let held = state.memory.downcast_mut::<Held>();
        let features = held.map_or_else(Vec::new, |held| self.memory.see(held, &seen));
        let p = self.decode(&state.obs, &seen, &features);
        let all = self.elites();
        let (obs, reward) = match feedback {
            Feedback::Mean => (p.mean_next_obs(&all), p.mean_reward(&all)),
            Feedback::Member(member) => (p.mean_next_obs(&[member]), p.mean_reward(&[member])),
            Feedback::Sampled(rng) => {
                let (obs, from) = self.sample(&p, rng, |_, rng| rng.random_range(0..p.members));
                (obs, p.reward.as_ref().map(|all| from.iter().map(|at| all[*at]).collect()))
            }
            Feedback::Assigned(members, rng) => {
                let (obs, from) = self.sample(&p, rng, |row, _| members[row]);
                (obs, p.reward.as_ref().map(|all| from.iter().map(|at| all[*at]).collect()))
            }
        };
        state.obs = obs;
        ImaginedStep { prediction: p, reward, terminated: None }
    }

    fn keep(&self, state: &mut ImaginedState, rows: &[usize]) {
        let (d, before) = (self.obs_dim, state.obs.len() / self.obs_dim);
        if let Some(held) = state.memory.downcast_mut::<Held>() {
            held.keep(rows, before);
        }
        state.obs = rows.iter().flat_map(|&r| state.obs[r * d..(r + 1) * d].iter().copied()).collect();
    }

    fn unit(&self) -> Option<&[f32]> {
        Some(&self.target.std[..self.obs_dim])
    }

    fn trainable(&self) -> Result<(), String> {
        Err("a recurrent world model of another library is imagined with and not trained on; train it where it was made, or a new \
             one with oodscope fit"
            .into())
    }

    fn boxed(&self) -> Box<dyn WorldModel> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn WorldModel) -> bool {
        Self::known(other) == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests;
