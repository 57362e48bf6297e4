//! SAC (Haarnoja et al. 2018) on imagined transitions: a squashed Gaussian actor, twin critics, a learned temperature.

mod state;
#[cfg(test)]
mod tests;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};
use burn_optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use rand::{Rng, RngExt};

use super::imagined::{Batch, Imagined, Starts};
use super::{Blocks, Learner, LearnerOptions};
use crate::agent::policy::{Policy, SquashedGaussian};
use crate::ground::seed::Stream;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::net::init;
use crate::world::net::mlp::{Activation, Mlp};
use crate::world::net::network::{Network, cpu, parameter, tensor};
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;

/// The temperature as a parameter, so that it has an optimiser like the rest.
#[derive(Module, Debug)]
struct Temperature {
    log_alpha: Param<Tensor<1>>,
}

fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_epsilon(1e-8).init()
}

impl Temperature {
    fn new(log_alpha: f32, device: &Device) -> Self {
        Self { log_alpha: parameter(tensor(vec![log_alpha], [1], device), 0) }
    }
}

/// Actor, twin critics, their targets and their optimisers.
pub struct ActorCritic {
    options: LearnerOptions,
    actor: Network,
    critic: Network,
    target: Network,
    temperature: Temperature,
    optimizers: [ModuleOptimizer; 3],
    input: Normalizer,
    scale: Vec<f32>,
    bias: Vec<f32>,
    log_std: (f32, f32),
    reward_scale: f32,
    imagined: Imagined,
    device: Device,
}

impl ActorCritic {
    /// A fresh learner for the features of `model` and real-numbered actions within `scale` of `bias`.
    pub fn new(
        model: &dyn WorldModel,
        (scale, bias): (Vec<f32>, Vec<f32>),
        reward_scale: f32,
        options: LearnerOptions,
        rng: &mut impl Rng,
    ) -> Self {
        let (d, a, h) = (model.dims().feature, scale.len(), options.hidden);
        let actor = init::mlp(1, &[d, h, h, 2 * a], Activation::Relu, 0.1, rng);
        let critic = init::mlp(2, &[d + a, h, h, 1], Activation::Relu, 1.0, rng);
        let known = model.obs_scale().filter(|(mean, _)| mean.len() == d);
        let scaled = |(mean, std): (&[f32], &[f32])| Normalizer { mean: mean.to_vec(), std: std.to_vec() };
        let input = known.map_or_else(|| Normalizer::identity(d), scaled);
        Self::from_networks(SquashedGaussian::new(actor, input, scale, bias), &critic, reward_scale, options)
    }

    /// A learner that goes on from saved networks.
    pub fn from_networks(actor: SquashedGaussian, critic: &Mlp, reward_scale: f32, options: LearnerOptions) -> Self {
        let device = cpu();
        let (d, a) = (actor.net.inputs(), actor.action_dim());
        Self {
            actor: Network::from_mlp(&actor.net, &device),
            critic: Network::from_mlp(critic, &device),
            target: Network::from_mlp(critic, &device),
            temperature: Temperature::new(-1.5, &device),
            optimizers: [adam(), adam(), adam()],
            imagined: Imagined::new(d, a, options.capacity),
            input: actor.input,
            scale: actor.scale,
            bias: actor.bias,
            log_std: actor.log_std,
            reward_scale,
            options,
            device,
        }
    }

    /// The actor as it is now.
    pub fn actor(&self) -> SquashedGaussian {
        let (scale, bias) = (self.scale.clone(), self.bias.clone());
        SquashedGaussian::new(self.actor.to_mlp(), self.input.clone(), scale, bias).with_log_std(self.log_std)
    }

    fn step(&mut self, rng: &mut impl Rng) {
        let b = self.options.batch;
        let rows: Vec<usize> = (0..b).map(|_| rng.random_range(0..self.imagined.len())).collect();
        let batch = self.imagined.gather(&rows);
        let alpha = self.temperature.log_alpha.val().inner().exp().reshape([1, 1, 1]);
        let obs = tensor(self.input.apply(&batch.obs), [1, b, self.imagined.feature_dim], &self.device);
        self.step_critic(&batch, obs.clone(), alpha.clone(), rng);
        let log_prob = self.step_actor(obs, alpha, rng);
        self.step_temperature(log_prob);
        self.target = self.target.clone().toward(&self.critic, self.options.tau);
    }

    /// Towards y = r + γ (1 − terminated) (min Q'(s', a') − α log π(a'|s')).
    fn step_critic(&mut self, batch: &Batch, obs: Tensor<3>, alpha: Tensor<3>, rng: &mut impl Rng) {
        let (b, a) = (self.options.batch, self.scale.len());
        let inner = self.device.clone().inner();
        let next = tensor(self.input.apply(&batch.next_obs), [1, b, self.imagined.feature_dim], &inner);
        let (next_action, log_prob) = self.act(&self.actor.clone().valid(), next.clone(), rng);
        let q_next = self.target.clone().valid().forward(Tensor::cat(vec![next, next_action], 2)).min_dim(0);
        let reward: Vec<f32> = batch.reward.iter().map(|r| r * self.reward_scale).collect();
        let alive: Vec<f32> = batch.alive.iter().map(|l| l * self.options.gamma).collect();
        let y = tensor(reward, [1, b, 1], &inner) + (q_next - log_prob * alpha) * tensor(alive, [1, b, 1], &inner);
        let action = tensor(batch.action.clone(), [1, b, a], &self.device);
        let q = self.critic.forward(Tensor::cat(vec![obs, action], 2));
        let loss = (q - Tensor::from_inner(y)).square().mean();
        let grads = GradientsParams::from_grads(loss.backward(), &self.critic);
        self.critic = self.optimizers[1].step(self.options.learning_rate, self.critic.clone(), grads);
    }

    /// Down α log π(a|s) − min Q(s, a); answers the mean log-probability.
    fn step_actor(&mut self, obs: Tensor<3>, alpha: Tensor<3>, rng: &mut impl Rng) -> Tensor<1> {
        let (action, log_prob) = self.act(&self.actor, obs.clone(), rng);
        let q = self.critic.clone().no_grad().forward(Tensor::cat(vec![obs, action], 2)).min_dim(0);
        let mean_log_prob = log_prob.clone().inner().mean();
        let loss = (log_prob * Tensor::from_inner(alpha) - q).mean();
        let grads = GradientsParams::from_grads(loss.backward(), &self.actor);
        self.actor = self.optimizers[0].step(self.options.learning_rate, self.actor.clone(), grads);
        mean_log_prob
    }

    /// Holds the entropy near −`action_dim`, the usual target (Haarnoja et al. 2018, appendix D).
    fn step_temperature(&mut self, mean_log_prob: Tensor<1>) {
        let gap = mean_log_prob.sub_scalar(self.scale.len() as f32);
        let loss = -(self.temperature.log_alpha.val() * Tensor::from_inner(gap)).sum();
        let grads = GradientsParams::from_grads(loss.backward(), &self.temperature);
        self.temperature = self.optimizers[2].step(self.options.learning_rate, self.temperature.clone(), grads);
    }

    /// Squashed actions in (−1, 1) for normalised observations [1, B, D], and their log-probabilities [1, B, 1].
    fn act(&self, actor: &Network, obs: Tensor<3>, rng: &mut impl Rng) -> (Tensor<3>, Tensor<3>) {
        let (a, b) = (self.scale.len(), obs.dims()[1]);
        let device = obs.device();
        let out = actor.forward(obs);
        let mean = out.clone().narrow(2, 0, a);
        let log_std = out.narrow(2, a, a).clamp(self.log_std.0, self.log_std.1);
        let noise = tensor(init::normal(b * a, rng), [1, b, a], &device);
        let raw = mean + log_std.clone().exp() * noise.clone();
        // log N(u; μ, σ) − log(1 − tanh²(u)), the latter as 2 (log 2 − u − softplus(−2u)), which never takes log 0.
        let gauss = -(noise.square().mul_scalar(0.5) + log_std)
            .sub_scalar(-0.5 * (2.0 * std::f32::consts::PI).ln())
            .mul_scalar(1.0);
        let squash = (raw.clone() + activation::softplus(raw.clone().mul_scalar(-2.0), 1.0))
            .mul_scalar(-2.0)
            .add_scalar(2.0 * std::f32::consts::LN_2);
        (raw.tanh(), (gauss - squash).sum_dim(2))
    }
}

impl ActorCritic {
    /// The twin critics as they are now.
    pub fn critics(&self) -> Mlp {
        self.critic.to_mlp()
    }
}

impl Learner for ActorCritic {
    fn policy(&self) -> Box<dyn Policy> {
        Box::new(self.actor())
    }

    fn critic(&self) -> Option<Mlp> {
        Some(self.critics())
    }

    fn reward_scale(&self) -> Option<f32> {
        Some(self.reward_scale)
    }

    fn train(
        &mut self,
        model: &dyn WorldModel,
        starts: &Starts<'_>,
        steps: usize,
        rng: &mut Stream,
        cx: &Ctx,
    ) -> Result<(), Cancelled> {
        self.imagined.clear();
        for step in 0..steps {
            if step % 8 == 0 {
                cx.step(step as u64, steps as u64)?;
            }
            if step % self.options.rollout_every == 0 {
                let actor = self.actor();
                self.imagined.extend(model, &actor, starts, self.options.rollouts, self.options.rollout, rng);
            }
            if self.imagined.is_empty() {
                log::warn!("imagination gave no finite transition: the policy does not learn from it");
                return Ok(());
            }
            self.step(rng);
        }
        Ok(())
    }

    fn state(&self) -> Blocks {
        state::save(self)
    }

    fn restore(&mut self, state: &Blocks) -> Result<(), String> {
        state::restore(self, state)
    }
}
