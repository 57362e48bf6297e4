//! The policy of SAC.

use std::any::Any;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space, SpaceKind};
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;

/// Usual bounds of a squashed Gaussian's log standard deviation.
pub const LOG_STD: (f32, f32) = (-5.0, 2.0);

/// A tanh-squashed Gaussian actor: `action = scale · tanh(μ + σ ε) + bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct SquashedGaussian {
    /// One member, `obs_dim` -> 2 · `action_dim` (mean, log standard deviation); sees normalised observations.
    pub net: Mlp,
    /// Of the observation; identity for a policy that acts on raw ones.
    pub input: Normalizer,
    /// [`action_dim`] half-width of the action bounds.
    pub scale: Vec<f32>,
    /// [`action_dim`] middle of the action bounds.
    pub bias: Vec<f32>,
    /// Bounds of the log standard deviation.
    pub log_std: (f32, f32),
    space: Space,
}

impl SquashedGaussian {
    /// A policy whose actions lie within `scale` of `bias`.
    pub fn new(net: Mlp, input: Normalizer, scale: Vec<f32>, bias: Vec<f32>) -> Self {
        let space = Self::space(&scale, &bias);
        Self { net, input, scale, bias, log_std: LOG_STD, space }
    }

    /// The space of actions within `scale` of `bias`.
    pub fn space(scale: &[f32], bias: &[f32]) -> Space {
        let side = |sign: f32| bias.iter().zip(scale).map(|(b, s)| b + sign * s).collect();
        let kind = SpaceKind::Box { low: side(-1.0), high: side(1.0) };
        Space { kind, ..Space::unnamed("action", scale.len()) }
    }

    /// The same with other bounds of the log standard deviation than [`LOG_STD`].
    pub fn with_log_std(self, log_std: (f32, f32)) -> Self {
        Self { log_std, ..self }
    }

    /// The same on observations that are shifted and scaled by `input`.
    pub fn with_input(self, input: Normalizer) -> Self {
        Self { input, ..self }
    }

    /// The policy that `policy` is, if it is one of these.
    pub fn known(policy: &dyn Policy) -> Option<&Self> {
        policy.as_any().downcast_ref()
    }

    /// Columns of an action.
    pub fn action_dim(&self) -> usize {
        self.scale.len()
    }

    /// The most likely actions for `obs` [B, `obs_dim`]: [B, `action_dim`], in the environment's units.
    pub fn mode(&self, obs: &[f32]) -> Vec<f32> {
        self.squash(&self.net.forward(&self.input.apply(obs)), |_, _| 0.0)
    }

    /// Actions drawn from the policy for `obs` [B, `obs_dim`]: [B, `action_dim`], row after row from one stream.
    pub fn sample(&self, obs: &[f32], rng: &mut (impl Rng + ?Sized)) -> Vec<f32> {
        self.squash(&self.net.forward(&self.input.apply(obs)), |log_std, _| self.noise(log_std, rng))
    }

    /// `noise` has the log standard deviation and the row.
    fn squash(&self, out: &[f32], mut noise: impl FnMut(f32, usize) -> f32) -> Vec<f32> {
        let a = self.action_dim();
        let mut actions = Vec::with_capacity(out.len() / 2);
        for (i, row) in out.chunks_exact(2 * a).enumerate() {
            for d in 0..a {
                actions.push(self.scale[d] * (row[d] + noise(row[a + d], i)).tanh() + self.bias[d]);
            }
        }
        actions
    }

    fn noise(&self, log_std: f32, rng: &mut (impl Rng + ?Sized)) -> f32 {
        let noise: f32 = StandardNormal.sample(rng);
        log_std.clamp(self.log_std.0, self.log_std.1).exp() * noise
    }
}

impl Policy for SquashedGaussian {
    fn kind(&self) -> &'static str {
        "squashed-gaussian"
    }

    fn features(&self) -> Option<usize> {
        Some(self.net.inputs())
    }

    fn action_space(&self) -> &Space {
        &self.space
    }

    fn act(&self, features: &[f32], states: &mut [PolicyState], acting: Acting) -> Actions<'_> {
        let out = self.net.forward(&self.input.apply(features));
        let actions = self.squash(&out, |log_std, row| match acting {
            Acting::Greedy => 0.0,
            Acting::Sampled => self.noise(log_std, &mut states[row].rng),
        });
        Actions::new(&self.space, actions)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Policy) -> bool {
        Self::known(other) == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
