//! World models without a decoder: an encoder from observations into a latent space, and in it the next latent, the reward and
//! the end of the episode (TD-MPC, Hansen et al. 2022; TD-MPC2, Hansen et al. 2024).
//!
//! What it imagines never becomes an observation again. It is held against the encoded observations that happened
//! ([`WorldModel::encoder`]), and against the rewards. It is deterministic: nothing is drawn.

pub mod chain;

use std::any::Any;
use std::ops::Range;

use chain::{After, Chain};

use super::latent::symexp;
use super::net::activation::softmax;
use super::net::normalizer::Normalizer;
use super::world_model::{Dims, Encoder, Feedback, ImaginedState, ImaginedStep, Prediction, WorldModel};
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;

/// The networks, and what goes into them: an observation with zeros up to the width of the widest task and the task's
/// embedding; a latent with the embedding and the action, which is filled up in the same way.
#[derive(Debug, Clone, PartialEq)]
pub struct TdMpc {
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// Readers of the observation, whose latents are averaged.
    pub readers: Vec<Reader>,
    /// Embedding of the task; empty for a model of one task.
    pub task: Vec<f32>,
    /// [A] shift and scale of the actions.
    pub action_scale: Normalizer,
    /// Latent [Z], embedding and action to the next latent.
    pub dynamics: Chain,
    /// The same to the reward of the step, as [`TdMpc::reward_is`] says.
    pub reward: Chain,
    /// What its outputs are.
    pub reward_is: RewardIs,
    /// Latent arrived at, and embedding, to the logit of the episode's end.
    pub ends: Option<Chain>,
}

/// One network that reads a part of an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Reader {
    /// Columns of the observation.
    pub columns: Range<usize>,
    /// Their shift and scale.
    pub scale: Normalizer,
    /// Columns, zeros and the task's embedding to the latent.
    pub net: Chain,
}

/// What a network says of a reward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RewardIs {
    /// The reward.
    Plain,
    /// Its symlog.
    Symlog,
    /// Logits of bins that lie evenly from the first to the last of these symlogs; its expectation is the symlog of the reward.
    Bins(f32, f32),
}

impl TdMpc {
    /// `model` as one of these, if it is one.
    pub fn known(model: &dyn WorldModel) -> Option<&Self> {
        model.as_any().downcast_ref()
    }

    /// Checks that the networks fit each other.
    ///
    /// # Errors
    /// A sentence naming the two that do not.
    pub fn checked(self) -> Result<Self, String> {
        let (z, task) = (self.latents(), self.task.len());
        let least = z + task + self.action_scale.mean.len();
        let mut pairs = vec![
            ("the outputs of the dynamics", self.dynamics.outputs(), z),
            ("the inputs of the reward", self.reward.inputs(), self.dynamics.inputs()),
            ("the deviations of the actions", self.action_scale.std.len(), self.action_scale.mean.len()),
        ];
        if self.reward_is == RewardIs::Plain || self.reward_is == RewardIs::Symlog {
            pairs.push(("the outputs of the reward", self.reward.outputs(), 1));
        }
        for reader in &self.readers {
            pairs.push(("the latents of the encoder", reader.net.outputs(), z));
            pairs.push(("the means of its columns", reader.scale.mean.len(), reader.columns.len()));
            pairs.push(("the deviations of its columns", reader.scale.std.len(), reader.columns.len()));
        }
        if let Some(ends) = &self.ends {
            pairs.push(("the inputs of what says that an episode ends", ends.inputs(), z + task));
            pairs.push(("the outputs of what says that an episode ends", ends.outputs(), 1));
        }
        let narrow =
            |reader: &Reader| reader.net.inputs() < reader.columns.len() + task || reader.columns.end > self.obs_dim;
        match pairs.iter().find(|(_, has, wants)| has != wants) {
            Some((what, has, wants)) => Err(format!("{what} are {has}, the other networks need {wants}")),
            None if self.readers.is_empty() || z == 0 => Err("it needs an encoder".into()),
            None if self.action_scale.mean.is_empty() => Err("it needs an action".into()),
            None if self.dynamics.inputs() < least => Err(format!(
                "the dynamics take {} inputs, {z} latents, {task} columns of the task and an action are {least}",
                self.dynamics.inputs()
            )),
            None if self.readers.iter().any(narrow) => Err("the encoder takes fewer columns than it is given".into()),
            None => Ok(self),
        }
    }

    /// Units of a latent Z.
    fn latents(&self) -> usize {
        self.readers.first().map_or(0, |reader| reader.net.outputs())
    }

    /// Columns of an action A.
    fn action_dim(&self) -> usize {
        self.action_scale.mean.len()
    }

    /// [B, inputs of the dynamics] latents, the task, actions [B, A], zeros.
    fn beside(&self, latents: &[f32], actions: &[f32]) -> Vec<f32> {
        let (z, a, width) = (self.latents(), self.action_dim(), self.dynamics.inputs());
        let mut out = vec![0.0; latents.len() / z * width];
        let rows = latents.chunks_exact(z).zip(actions.chunks_exact(a));
        for (out, (latent, action)) in out.chunks_exact_mut(width).zip(rows) {
            fill(out, [latent, &self.task, action]);
        }
        out
    }

    /// [B] rewards of what the network says.
    fn rewards(&self, said: &[f32]) -> Vec<f32> {
        match self.reward_is {
            RewardIs::Plain => said.to_vec(),
            RewardIs::Symlog => said.iter().copied().map(symexp).collect(),
            RewardIs::Bins(low, high) => {
                let bins = self.reward.outputs();
                let (low, step) = (f64::from(low), (f64::from(high) - f64::from(low)) / (bins - 1).max(1) as f64);
                let expected = |logits: &[f32]| {
                    let mut shares = logits.to_vec();
                    softmax(&mut shares);
                    let each = shares.iter().enumerate().map(|(i, p)| f64::from(*p) * (low + step * i as f64));
                    symexp(each.sum::<f64>() as f32)
                };
                said.chunks_exact(bins).map(expected).collect()
            }
        }
    }

    /// [B] probability that the episode ends in each of `latents`.
    fn ending(&self, latents: &[f32]) -> Option<Vec<f32>> {
        let (ends, z) = (self.ends.as_ref()?, self.latents());
        let mut rows = vec![0.0; latents.len() / z * ends.inputs()];
        for (row, latent) in rows.chunks_exact_mut(ends.inputs()).zip(latents.chunks_exact(z)) {
            fill(row, [latent, &self.task]);
        }
        Some(ends.forward(&rows).into_iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect())
    }
}

/// Puts `parts` side by side at the beginning of `row`.
fn fill<const N: usize>(row: &mut [f32], parts: [&[f32]; N]) {
    let mut at = 0;
    for part in parts {
        row[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
}

impl Encoder for TdMpc {
    fn observes(&self) -> usize {
        self.obs_dim
    }

    fn encode(&self, obs: &[f32]) -> Vec<f32> {
        let d = self.obs_dim;
        let read = |reader: &Reader| {
            let (n, width) = (reader.columns.len(), reader.net.inputs());
            let mut rows = vec![0.0; obs.len() / d * width];
            for (row, obs) in rows.chunks_exact_mut(width).zip(obs.chunks_exact(d)) {
                row[..n].copy_from_slice(&reader.scale.apply(&obs[reader.columns.clone()]));
                // The task's embedding follows on the zeros.
                row[width - self.task.len()..].copy_from_slice(&self.task);
            }
            reader.net.forward(&rows)
        };
        let mut readers = self.readers.iter();
        let mut latents = readers.next().map(read).unwrap_or_default();
        for reader in readers {
            latents.iter_mut().zip(read(reader)).for_each(|(sum, v)| *sum += v);
        }
        let n = self.readers.len().max(1) as f32;
        for v in &mut latents {
            *v /= n;
        }
        latents
    }

    fn space(&self) -> String {
        match self.simplex() {
            Some(group) => format!("{} SimNorm units in groups of {group}", self.latents()),
            None => format!("{} units", self.latents()),
        }
    }

    fn simplex(&self) -> Option<usize> {
        match self.dynamics.after() {
            After::SimNorm(group) => Some(group),
            _ => None,
        }
    }
}

impl WorldModel for TdMpc {
    fn kind(&self) -> &'static str {
        "tdmpc"
    }

    fn dims(&self) -> Dims {
        Dims { obs: self.latents(), action: self.action_dim(), feature: self.latents(), members: 1 }
    }

    fn predicts_reward(&self) -> bool {
        true
    }

    fn predicts_end(&self) -> bool {
        self.ends.is_some()
    }

    fn encoder(&self) -> Option<&dyn Encoder> {
        Some(self)
    }

    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState {
        assert_eq!(past.obs_dim, self.latents(), "latents, not observations");
        ImaginedState { obs: past.last_obs(), memory: Box::new(()) }
    }

    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, _: Feedback<'_>) -> ImaginedStep {
        let taken = self.action_scale.apply(&actions.columns(self.action_dim()));
        let inputs = self.beside(&state.obs, &taken);
        let next_obs = self.dynamics.forward(&inputs);
        let reward = self.rewards(&self.reward.forward(&inputs));
        let terminated = self.ending(&next_obs);
        let delta = next_obs.iter().zip(&state.obs).map(|(next, now)| next - now).collect();
        state.obs.clone_from(&next_obs);
        let prediction = Prediction {
            members: 1,
            rows: actions.rows(),
            obs_dim: self.latents(),
            next_obs,
            delta,
            reward: Some(reward.clone()),
            logvar: None,
            terminated: terminated.clone(),
        };
        ImaginedStep { prediction, reward: Some(reward), terminated }
    }

    fn keep(&self, state: &mut ImaginedState, rows: &[usize]) {
        let z = self.latents();
        state.obs = rows.iter().flat_map(|&r| &state.obs[r * z..(r + 1) * z]).copied().collect();
    }

    fn latent_dim(&self) -> Option<usize> {
        Some(self.latents())
    }

    fn latent(&self, obs: &[f32], _: &Actions<'_>) -> Option<Vec<f32>> {
        Some(self.encode(obs))
    }

    fn boxed(&self) -> Box<dyn WorldModel> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn WorldModel) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
