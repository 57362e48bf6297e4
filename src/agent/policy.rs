//! Policies: what acts in an environment or in imagination.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::world::ensemble::Normalizer;
use crate::world::mlp::Mlp;

/// Bounds of a squashed Gaussian's log standard deviation (SAC, Haarnoja et al. 2018).
pub const LOG_STD: (f32, f32) = (-5.0, 2.0);

/// A tanh-squashed Gaussian actor: `action = scale · tanh(μ + σ ε) + bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    /// One member, `obs_dim` -> 2 · `action_dim` (mean, log standard deviation); sees normalised observations.
    pub net: Mlp,
    /// Of the observation; identity for a policy that acts on raw ones.
    pub input: Normalizer,
    /// [`action_dim`] half-width of the action bounds.
    pub scale: Vec<f32>,
    /// [`action_dim`] middle of the action bounds.
    pub bias: Vec<f32>,
}

impl Actor {
    /// Columns of an action.
    pub fn action_dim(&self) -> usize {
        self.scale.len()
    }

    /// The most likely actions for `obs` [B, `obs_dim`]: [B, `action_dim`], in the environment's units.
    pub fn act(&self, obs: &[f32]) -> Vec<f32> {
        self.squash(&self.net.forward(&self.input.apply(obs)), |_, _| 0.0)
    }

    /// Actions drawn from the policy for `obs` [B, `obs_dim`]: [B, `action_dim`].
    pub fn sample(&self, obs: &[f32], rng: &mut (impl Rng + ?Sized)) -> Vec<f32> {
        self.squash(&self.net.forward(&self.input.apply(obs)), |log_std: f32, _| {
            let noise: f32 = StandardNormal.sample(rng);
            log_std.clamp(LOG_STD.0, LOG_STD.1).exp() * noise
        })
    }

    fn squash(&self, out: &[f32], mut noise: impl FnMut(f32, usize) -> f32) -> Vec<f32> {
        let a = self.action_dim();
        let mut actions = Vec::with_capacity(out.len() / 2);
        for row in out.chunks_exact(2 * a) {
            for d in 0..a {
                actions.push(self.scale[d] * (row[d] + noise(row[a + d], d)).tanh() + self.bias[d]);
            }
        }
        actions
    }
}
