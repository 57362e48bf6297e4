//! A recurrent state-space model over vectors: a deterministic state that a GRU carries on, and categorical latents beside it,
//! which the posterior reads from an observation and the prior foretells (Hafner et al. 2019 to 2023).
//!
//! Before it imagines it has to be told where it is: [`WorldModel::begin`] filters the past, observation by observation, from a
//! state of zeros. From then on the prior alone goes on. Its members are one-step heads beside it.

mod cell;
mod training;

use std::any::Any;

use rand::Rng;

pub use super::latent::loss::Losses;
pub use super::latent::training::{STEPS, STRETCHES};
pub use cell::GruCell;

use super::fit::{FitOptions, Widths};
use super::latent::heads::{self, Own};
use super::latent::training::LatentFit;
use super::latent::{self, CONTEXT, UNIMIX, beside, classes, features, symexp, symlog};
use super::net::device::Device;
use super::net::init;
use super::net::mlp::{Activation, Mlp};
use super::net::normalizer::Normalizer;
use super::world_model::{Dims, Feedback, Fit, ImaginedState, ImaginedStep, WorldModel};
use crate::data::episode::TransitionBatch;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;

/// An [`Rssm`] in training.
pub type RssmFit<'d> = LatentFit<'d, Rssm>;

/// The networks, and how the latents are divided. Observations are scaled, then compressed by [`symlog`] on their way in;
/// observations and rewards come out in its units.
#[derive(Debug, Clone, PartialEq)]
pub struct Rssm {
    /// Columns of an action.
    pub action_dim: usize,
    /// Groups of latents G, of which each is one of `classes`.
    pub groups: usize,
    /// Classes of a group C.
    pub classes: usize,
    /// Observations that are filtered before it imagines.
    pub context: usize,
    /// Share of a class's probability that is spread evenly over all.
    pub unimix: f32,
    /// Reward and end are read beside the observation that an action led to, else beside that which it was taken at.
    pub on_arrival: bool,
    /// [D] shift and scale of the observations.
    pub scale: Normalizer,
    /// Observation to embedding.
    pub encoder: Mlp,
    /// Deterministic state and embedding to logits [G·C].
    pub posterior: Mlp,
    /// Latents and action to what the cell takes; its activation follows the last layer too.
    pub input: Mlp,
    /// Carries the deterministic state on.
    pub cell: GruCell,
    /// Deterministic state to logits [G·C].
    pub prior: Mlp,
    /// Deterministic state and latents to the observation.
    pub decoder: Mlp,
    /// The same to the reward that goes with the observation.
    pub reward: Mlp,
    /// The same to the logit of going on after the observation.
    pub goes_on: Mlp,
    /// K heads: deterministic state, latents and action to the observation that follows. One member alone without any.
    pub heads: Option<Mlp>,
}

impl Rssm {
    /// `model` as one of these, if it is one.
    pub fn known(model: &dyn WorldModel) -> Option<&Self> {
        model.as_any().downcast_ref()
    }

    /// Checks that the networks fit each other.
    ///
    /// # Errors
    /// A sentence naming the two that do not.
    pub fn checked(self) -> Result<Self, String> {
        let (h, s) = (self.cell.units(), self.latents());
        let pairs = [
            ("the posterior's inputs", self.posterior.inputs(), h + self.encoder.outputs()),
            ("the posterior's outputs", self.posterior.outputs(), s),
            ("the inputs of the layer before the cell", self.input.inputs(), s + self.action_dim),
            ("the cell's inputs", self.cell.inputs(), self.input.outputs()),
            ("the prior's inputs", self.prior.inputs(), h),
            ("the prior's outputs", self.prior.outputs(), s),
            ("the scale's means", self.scale.mean.len(), self.encoder.inputs()),
            ("the scale's deviations", self.scale.std.len(), self.encoder.inputs()),
            ("the decoder's inputs", self.decoder.inputs(), h + s),
            ("the decoder's outputs", self.decoder.outputs(), self.encoder.inputs()),
            ("the reward's inputs", self.reward.inputs(), h + s),
            ("the reward's outputs", self.reward.outputs(), 1),
            ("the inputs of what says whether it goes on", self.goes_on.inputs(), h + s),
            ("the outputs of what says whether it goes on", self.goes_on.outputs(), 1),
        ];
        let of_heads = self.heads.iter().flat_map(|heads| {
            [
                ("the heads' inputs", heads.inputs(), h + s + self.action_dim),
                ("the heads' outputs", heads.outputs(), self.encoder.inputs()),
            ]
        });
        match pairs.into_iter().chain(of_heads).find(|(_, has, wants)| has != wants) {
            Some((what, has, wants)) => Err(format!("{what} are {has}, the other networks need {wants}")),
            None if self.context == 0 || self.classes == 0 => Err("it needs a context and classes".into()),
            None => Ok(self),
        }
    }

    /// Columns of all latents G·C.
    fn latents(&self) -> usize {
        self.groups.saturating_mul(self.classes)
    }

    /// [B, H] the deterministic state after `latents` [B, G·C] and `actions` [B, A].
    fn carry_on(&self, deter: &[f32], latents: &[f32], actions: &[f32]) -> Vec<f32> {
        let mut input = self.input.forward(&beside(&[(latents, self.latents()), (actions, self.action_dim)]));
        self.input.activation.apply(&mut input);
        self.cell.step(&input, deter)
    }

    /// [B, G·C] what the posterior reads from observations [B, D].
    fn read(&self, deter: &[f32], obs: &[f32]) -> Vec<f32> {
        let small: Vec<f32> = self.scale.apply(obs).into_iter().map(symlog).collect();
        let embedded = self.encoder.forward(&small);
        let logits =
            self.posterior.forward(&beside(&[(deter, self.cell.units()), (&embedded, self.encoder.outputs())]));
        classes(&logits, self.classes, self.unimix, None)
    }

    fn features_of(&self, deter: &[f32], latents: &[f32]) -> Vec<f32> {
        beside(&[(deter, self.cell.units()), (latents, self.latents())])
    }

    /// [B, D] the observations of `features` [B, H + G·C].
    fn decode(&self, features: &[f32]) -> Vec<f32> {
        let columns = self.scale.mean.iter().zip(&self.scale.std).cycle();
        self.decoder.forward(features).iter().zip(columns).map(|(v, (mean, std))| symexp(*v) * std + mean).collect()
    }

    /// Deterministic state and latents apart.
    fn apart(&self, features: &[f32]) -> (Vec<f32>, Vec<f32>) {
        latent::apart(features, self.cell.units(), self.latents())
    }

    /// Where it is at `obs` [B, D], after the actions that were taken where it was `before`, or at the beginning of episodes.
    fn seen(&self, before: Option<(&ImaginedState, &Actions<'_>)>, obs: &[f32]) -> ImaginedState {
        let deter = match before {
            Some((state, actions)) => {
                let (deter, latents) = self.apart(features(state));
                self.carry_on(&deter, &latents, &actions.columns(self.action_dim))
            }
            None => vec![0.0; obs.len() / self.encoder.inputs().max(1) * self.cell.units()],
        };
        let latents = self.read(&deter, obs);
        let features = self.features_of(&deter, &latents);
        latent::state(obs.to_vec(), features)
    }
}

impl WorldModel for Rssm {
    fn kind(&self) -> &'static str {
        "rssm"
    }

    fn dims(&self) -> Dims {
        let feature = self.cell.units() + self.latents();
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

    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState {
        let wanted = (self.encoder.inputs(), self.context);
        assert_eq!((past.obs_dim, past.steps + 1), wanted, "as many observations a row as it filters");
        latent::follow(past, |before, obs| self.seen(before, obs))
    }

    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, mut feedback: Feedback<'_>) -> ImaginedStep {
        let before = features(state).to_vec();
        let (deter, latents) = self.apart(&before);
        let taken = actions.columns(self.action_dim);
        let deter = self.carry_on(&deter, &latents, &taken);
        let rng = if let Feedback::Sampled(rng) = &mut feedback { Some(&mut **rng) } else { None };
        let latents = classes(&self.prior.forward(&deter), self.classes, self.unimix, rng);
        let after = self.features_of(&deter, &latents);
        let next_obs = self.decode(&after);
        let beside = if self.on_arrival { &after } else { &before };
        let reward: Vec<f32> = self.reward.forward(beside).into_iter().map(symexp).collect();
        let ends: Vec<f32> = self.goes_on.forward(beside).into_iter().map(|logit| 1.0 / (1.0 + logit.exp())).collect();
        let own = Own { obs: &state.obs, next_obs: &next_obs, reward: &reward, terminated: &ends };
        let prediction = heads::prediction(&own, self.heads.as_ref(), (&before, &taken), &self.scale.std);
        *state = latent::state(heads::shown(next_obs, &prediction, &feedback), after);
        ImaginedStep { prediction, reward: Some(reward), terminated: Some(ends) }
    }

    fn remembers(&self) -> bool {
        true
    }

    fn observe(&self, before: Option<(&ImaginedState, &Actions<'_>)>, obs: &[f32]) -> Option<ImaginedState> {
        Some(self.seen(before, obs))
    }

    fn decoded(&self, state: &ImaginedState) -> Option<Vec<f32>> {
        Some(self.decode(features(state)))
    }

    fn parameters(&self) -> Option<usize> {
        let cell = [self.cell.of_input(), self.cell.of_units()];
        let before = [&self.encoder, &self.posterior, &self.input, &self.prior];
        let after = [&self.decoder, &self.reward, &self.goes_on];
        let all = before.into_iter().chain(cell).chain(after).chain(&self.heads);
        Some(all.map(Mlp::parameters).sum())
    }

    fn usual_batch(&self) -> Option<usize> {
        Some(STRETCHES)
    }

    fn draws(&self) -> usize {
        1
    }

    fn unit(&self) -> Option<&[f32]> {
        Some(&self.scale.std)
    }

    fn keep(&self, state: &mut ImaginedState, rows: &[usize]) {
        latent::keep(state, rows, (self.encoder.inputs(), self.dims().feature));
    }

    fn features<'s>(&self, state: &'s ImaginedState) -> &'s [f32] {
        features(state)
    }

    fn obs_scale(&self) -> Option<(&[f32], &[f32])> {
        self.on_arrival.then_some((&self.scale.mean, &self.scale.std))
    }

    fn trainable(&self) -> Result<(), String> {
        if self.on_arrival {
            return Ok(());
        }
        Err("a recurrent world model of another library is imagined with and not trained on; train it where it was made, or a new \
             one with oodscope fit --model rssm"
            .into())
    }

    fn fit<'d>(
        &self,
        training: &'d TransitionBatch,
        validation: &'d TransitionBatch,
        device: Device,
    ) -> Result<Box<dyn Fit + 'd>, String> {
        self.trainable()?;
        Ok(Box::new(LatentFit::new(self.clone(), training, validation, device.resolve()?)?))
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

/// The non-linearity of all networks.
pub const ACTIVATION: Activation = Activation::Silu;

/// An untrained model for data like `train`, scaled by it: `hidden` units in every layer, twice as many in the cell, square
/// latents of 8 groups, or of 16 from 256 units on, unless other widths are named; and as many heads as `members`, of one none.
pub fn fresh(train: &TransitionBatch, options: &FitOptions, rng: &mut impl Rng) -> Rssm {
    let (d, a, width) = (train.obs_dim, train.action_space.encoded_dim(), options.hidden);
    let Widths { units, groups, classes } = options.widths.unwrap_or_else(|| Widths::beside(width));
    let latents = groups * classes;
    let mut net = |inputs: usize, layers: usize, outputs: usize, last: f32| {
        let mut sizes = vec![inputs];
        sizes.extend(std::iter::repeat_n(width, layers));
        sizes.push(outputs);
        init::mlp(1, &sizes, ACTIVATION, last, rng)
    };
    let layers = options.layers.max(1);
    let encoder = net(d, layers.saturating_sub(1), width, 1.0);
    let posterior = net(units + width, 1, latents, 1.0);
    let input = net(latents + a, 0, width, 1.0);
    let (given, own) = (net(width, 0, 3 * units, 1.0), net(units, 0, 3 * units, 1.0));
    let prior = net(units, 1, latents, 1.0);
    Rssm {
        action_dim: a,
        groups,
        classes,
        context: CONTEXT,
        unimix: UNIMIX,
        on_arrival: true,
        scale: latent::scale(train),
        encoder,
        posterior,
        input,
        cell: GruCell::of(given, own),
        prior,
        decoder: net(units + latents, layers, d, 1.0),
        reward: net(units + latents, 1, 1, 0.0),
        goes_on: net(units + latents, 1, 1, 0.0),
        // Last, so that the other networks are the same with and without them.
        heads: heads::fresh(options.members, (units + latents + a, layers, width, d), ACTIVATION, rng),
    }
}

#[cfg(test)]
mod tests;
