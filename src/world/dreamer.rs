//! World models of the Dreamer family over vectors (Hafner et al. 2023, "Mastering Diverse Domains through World Models"): as other
//! libraries train them, imagined with here and not trained on; and such as are trained here, where a recurrent model is asked for
//! with norms, a cell in blocks or rewards in bins.
//!
//! A cell carries deterministic units on; latents are groups of classes, which the posterior reads from an observation and the
//! prior foretells. Before it imagines it filters the past from the libraries' own beginning of an episode, with an action of
//! zeros before the first observation. The libraries draw the latents, in evaluation too; here the likeliest classes are taken,
//! unless draws are asked for.

mod cell;
mod fresh;
mod stack;
mod training;
mod two_hot;

use std::any::Any;

pub use cell::Cell;
pub use fresh::fresh;
pub use stack::{Dense, Norm, Stack};
pub use two_hot::{Reward, TwoHot};

use super::latent::heads::{self, Own};
use super::latent::learned::STRETCHES;
use super::latent::training::LatentFit;
use super::latent::{self, beside, classes, features, symexp, symlog};
use super::net::device::Device;
use super::net::mlp::Mlp;
use super::net::normalizer::Normalizer;
use super::world_model::{Dims, Feedback, Fit, ImaginedState, ImaginedStep, WorldModel};
use crate::data::episode::TransitionBatch;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;

/// What an episode begins with.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// Units and latents of zeros.
    Zeros,
    /// These units [H], and the prior's likeliest latents beside them.
    Learned(Vec<f32>),
}

/// The networks, and what they are made for. Every network over the state takes units, then latents.
#[derive(Debug, Clone, PartialEq)]
pub struct Dreamer {
    /// Columns of an action.
    pub action_dim: usize,
    /// Classes C of a group of latents.
    pub classes: usize,
    /// [D] shift and scale of the observations, before they are compressed, of a model that is trained here. Other libraries' models
    /// take observations as they are.
    pub scale: Option<Normalizer>,
    /// Observations that are filtered before it imagines.
    pub context: usize,
    /// Share of a class's probability that is spread evenly over all.
    pub unimix: f32,
    /// Actions beyond 1 are taken as 1.
    pub bounded_actions: bool,
    /// Observations are compressed by [`symlog`] on their way in.
    pub symlog_in: bool,
    /// The decoder's numbers are compressed so.
    pub symlog_out: bool,
    /// What the probability of going on is trained as where an episode does go on: below 1 where it holds the discount.
    pub certain: f32,
    /// What an episode begins with.
    pub start: Start,
    /// Observation to embedding.
    pub encoder: Stack,
    /// Units and embedding, or the embedding alone, to logits [G·C].
    pub posterior: Stack,
    /// Carries the units on.
    pub cell: Cell,
    /// Units to logits [G·C].
    pub prior: Stack,
    /// The state to the observation.
    pub decoder: Stack,
    /// The state to the reward that came with its observation.
    pub reward: Reward,
    /// The state to the logit of going on after its observation.
    pub goes_on: Stack,
    /// K heads: the state and an action to the observation that follows. One member alone without any.
    pub heads: Option<Mlp>,
}

impl Dreamer {
    /// `model` as one of these, if it is one.
    pub fn known(model: &dyn WorldModel) -> Option<&Self> {
        model.as_any().downcast_ref()
    }

    /// Checks that the networks fit each other.
    ///
    /// # Errors
    /// A sentence naming the two that do not.
    pub fn checked(self) -> Result<Self, String> {
        let (h, s, embedding) = (self.cell.units(), self.latents(), self.encoder.outputs());
        let state = h.saturating_add(s);
        // Some posteriors see the embedding alone.
        let seen = if self.posterior.inputs() == embedding { embedding } else { h.saturating_add(embedding) };
        let start = if let Start::Learned(units) = &self.start { units.len() } else { h };
        let pairs = [
            ("the posterior's inputs", self.posterior.inputs(), seen),
            ("the posterior's outputs", self.posterior.outputs(), s),
            ("the prior's inputs", self.prior.inputs(), h),
            ("the units of the beginning", start, h),
            ("the decoder's inputs", self.decoder.inputs(), state),
            ("the decoder's outputs", self.decoder.outputs(), self.encoder.inputs()),
            ("the reward's inputs", self.reward.stack().inputs(), state),
            ("the inputs of what says whether it goes on", self.goes_on.inputs(), state),
            ("the outputs of what says whether it goes on", self.goes_on.outputs(), 1),
        ];
        let d = self.encoder.inputs();
        let of_heads = self.heads.iter().flat_map(|heads| {
            let inputs = state.saturating_add(self.action_dim);
            [("the heads' inputs", heads.inputs(), inputs), ("the heads' outputs", heads.outputs(), d)]
        });
        let of_scale = self.scale.iter().flat_map(|scale| {
            [("the scale's means", scale.mean.len(), d), ("the scale's deviations", scale.std.len(), d)]
        });
        let all = pairs.into_iter().chain(of_heads).chain(of_scale);
        let misfit =
            self.cell.misfit(s, self.action_dim).or_else(|| all.into_iter().find(|(_, has, wants)| has != wants));
        match misfit {
            Some((what, has, wants)) => Err(format!("{what} are {has}, the other networks need {wants}")),
            None if self.context == 0 || self.classes == 0 || !s.is_multiple_of(self.classes) => {
                Err(format!("{s} latents are no whole groups of {} classes", self.classes))
            }
            None if !self.reward.is_whole() => Err("the reward needs one output, or at least two bins".into()),
            None => Ok(self),
        }
    }

    /// Units H.
    pub fn units(&self) -> usize {
        self.cell.units()
    }

    /// Columns of all latents G·C.
    pub fn latents(&self) -> usize {
        self.prior.outputs()
    }

    /// [B, H] the units after `latents` [B, G·C] and `actions` [B, A].
    fn carry_on(&self, units: &[f32], latents: &[f32], actions: &[f32]) -> Vec<f32> {
        if self.bounded_actions {
            let bounded: Vec<f32> = actions.iter().map(|a| a / a.abs().max(1.0)).collect();
            return self.cell.step(units, latents, &bounded);
        }
        self.cell.step(units, latents, actions)
    }

    /// [B, G·C] what the posterior reads from observations [B, D].
    fn read(&self, units: &[f32], obs: &[f32]) -> Vec<f32> {
        let mut given = self.scale.as_ref().map_or_else(|| obs.to_vec(), |scale| scale.apply(obs));
        if self.symlog_in {
            for v in &mut given {
                *v = symlog(*v);
            }
        }
        let embedded = self.encoder.forward(&given);
        let width = self.encoder.outputs();
        let logits = if self.posterior.inputs() == width {
            self.posterior.forward(&embedded)
        } else {
            self.posterior.forward(&beside(&[(units, self.units()), (&embedded, width)]))
        };
        classes(&logits, self.classes, self.unimix, None)
    }

    /// [B, D] the observations of features [B, H + G·C].
    fn decode(&self, features: &[f32]) -> Vec<f32> {
        let mut out = self.decoder.forward(features);
        if self.symlog_out {
            for v in &mut out {
                *v = symexp(*v);
            }
        }
        if let Some(Normalizer { mean, std }) = &self.scale {
            out.iter_mut().zip(mean.iter().zip(std).cycle()).for_each(|(v, (mean, std))| *v = *v * std + mean);
        }
        out
    }

    /// Units and latents at the beginning of `rows` episodes.
    fn beginning(&self, rows: usize) -> (Vec<f32>, Vec<f32>) {
        match &self.start {
            Start::Zeros => (vec![0.0; rows * self.units()], vec![0.0; rows * self.latents()]),
            Start::Learned(units) => {
                let latents = classes(&self.prior.forward(units), self.classes, self.unimix, None);
                (units.repeat(rows), latents.repeat(rows))
            }
        }
    }

    fn features_of(&self, units: &[f32], latents: &[f32]) -> Vec<f32> {
        beside(&[(units, self.units()), (latents, self.latents())])
    }

    /// Units and latents apart.
    fn apart(&self, features: &[f32]) -> (Vec<f32>, Vec<f32>) {
        latent::apart(features, self.units(), self.latents())
    }

    /// Where it is at `obs` [B, D], after the actions that were taken where it was `before`, or at the beginning of episodes.
    fn seen(&self, before: Option<(&ImaginedState, &Actions<'_>)>, obs: &[f32]) -> ImaginedState {
        let rows = obs.len() / self.encoder.inputs().max(1);
        let ((units, latents), taken) = match before {
            Some((state, actions)) => (self.apart(features(state)), actions.columns(self.action_dim)),
            // Before the first observation nothing was done.
            None => (self.beginning(rows), vec![0.0; rows * self.action_dim].into()),
        };
        let units = self.carry_on(&units, &latents, &taken);
        let latents = self.read(&units, obs);
        let features = self.features_of(&units, &latents);
        latent::state(obs.to_vec(), features)
    }
}

impl WorldModel for Dreamer {
    fn kind(&self) -> &'static str {
        "dreamer"
    }

    fn dims(&self) -> Dims {
        let feature = self.units() + self.latents();
        let members = self.heads.as_ref().map_or(1, |heads| heads.members);
        Dims { obs: self.encoder.inputs(), action: self.action_dim, feature, members }
    }

    fn context(&self) -> usize {
        self.context
    }

    fn predicts_reward(&self) -> bool {
        true
    }

    fn predicts_end(&self) -> bool {
        true
    }

    fn draws_latents(&self) -> bool {
        true
    }

    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState {
        let wanted = (self.encoder.inputs(), self.context);
        assert_eq!((past.obs_dim, past.steps + 1), wanted, "as many observations a row as it filters");
        latent::follow(past, |before, obs| self.seen(before, obs))
    }

    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, feedback: Feedback<'_>) -> ImaginedStep {
        let before = features(state).to_vec();
        let (units, latents) = self.apart(&before);
        let taken = actions.columns(self.action_dim);
        let units = self.carry_on(&units, &latents, &taken);
        let (member, rng) = (feedback.member(), feedback.random());
        let latents = classes(&self.prior.forward(&units), self.classes, self.unimix, rng);
        let after = self.features_of(&units, &latents);
        let next_obs = self.decode(&after);
        // Rewards and ends belong to the observation that they came with, which is the one arrived at.
        let reward = self.reward.forward(&after);
        let goes_on = |logit: f32| 1.0 / (1.0 + (-logit).exp());
        let ends: Vec<f32> =
            self.goes_on.forward(&after).into_iter().map(|v| (1.0 - goes_on(v) / self.certain).max(0.0)).collect();
        let own = Own { obs: &state.obs, next_obs: &next_obs, reward: &reward, terminated: &ends };
        let ones = || vec![1.0; self.encoder.inputs()];
        let unit = self.unit().map_or_else(ones, <[f32]>::to_vec);
        let prediction = heads::prediction(&own, self.heads.as_ref(), (&before, &taken), &unit);
        *state = latent::state(heads::shown(next_obs, &prediction, member), after);
        ImaginedStep { prediction, reward: Some(reward), terminated: Some(ends) }
    }

    fn remembers(&self) -> bool {
        true
    }

    fn observe(&self, before: Option<(&ImaginedState, &Actions<'_>)>, obs: &[f32]) -> Option<ImaginedState> {
        Some(self.seen(before, obs))
    }

    fn at(&self, obs: Vec<f32>, features: Vec<f32>) -> Option<ImaginedState> {
        Some(latent::state(obs, features))
    }

    fn decoded(&self, state: &ImaginedState) -> Option<Vec<f32>> {
        Some(self.decode(features(state)))
    }

    fn parameters(&self) -> Option<usize> {
        let whole = [&self.encoder, &self.posterior, &self.prior, &self.decoder, self.reward.stack(), &self.goes_on];
        let of_cell = match &self.cell {
            Cell::Normed { input, gates } => vec![input, gates],
            Cell::Blocks { units, latents, action, gates } => vec![units, latents, action, gates],
        };
        let start = if let Start::Learned(units) = &self.start { units.len() } else { 0 };
        let stacks: usize = whole.into_iter().chain(of_cell).map(Stack::parameters).sum();
        Some(stacks + start + self.heads.as_ref().map_or(0, Mlp::parameters))
    }

    fn usual_batch(&self) -> Option<usize> {
        self.scale.as_ref().map(|_| STRETCHES)
    }

    fn draws(&self) -> usize {
        1
    }

    fn unit(&self) -> Option<&[f32]> {
        self.scale.as_ref().map(|scale| &scale.std[..])
    }

    fn obs_scale(&self) -> Option<(&[f32], &[f32])> {
        self.scale.as_ref().map(|scale| (&scale.mean[..], &scale.std[..]))
    }

    fn keep(&self, state: &mut ImaginedState, rows: &[usize]) {
        latent::keep(state, rows, (self.encoder.inputs(), self.dims().feature));
    }

    fn features<'s>(&self, state: &'s ImaginedState) -> &'s [f32] {
        features(state)
    }

    fn trainable(&self) -> Result<(), String> {
        // The trainer knows what is made here and nothing else.
        let own = self.symlog_in && self.symlog_out && !self.bounded_actions && self.start == Start::Zeros;
        if self.scale.is_some() && own {
            return Ok(());
        }
        Err("a world model of Dreamer is imagined with and not trained on; train it where it was made, or a new one with oodscope \
             fit --model rssm"
            .into())
    }

    fn fit<'d>(
        &self,
        training: &'d TransitionBatch,
        validation: &'d TransitionBatch,
        device: Device,
    ) -> Result<Box<dyn Fit + 'd>, String> {
        self.trainable()?;
        Ok(Box::new(LatentFit::new(self.clone(), training, validation, device)?))
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

#[cfg(test)]
mod tests;
