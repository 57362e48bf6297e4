//! A soft actor–critic (Haarnoja et al. 2018) that learns in the world model's imagination, on short rollouts branched
//! from real states (MBPO, Janner et al. 2019).

pub mod imagined;
#[cfg(test)]
mod tests;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};
use burn_optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use rand::{Rng, RngExt};

use crate::agent::policy::{Actor, LOG_STD};
use crate::ground::task::{Cancelled, Ctx};
use crate::world::ensemble::{Ensemble, Normalizer};
use crate::world::init;
use crate::world::mlp::{Activation, Mlp};
use crate::world::network::{Network, device, tensor};
use imagined::{Batch, Imagined, Starts};

/// How the actor and the critics learn.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnerOptions {
    /// Discount of rewards.
    pub gamma: f32,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Imagined transitions a gradient step.
    pub batch: usize,
    /// Width of the two hidden layers.
    pub hidden: usize,
    /// Steps of an imagined rollout.
    pub rollout: usize,
    /// Rollouts started at once.
    pub rollouts: usize,
    /// Gradient steps between two batches of rollouts.
    pub rollout_every: usize,
    /// Share of the target critics replaced a step.
    pub tau: f32,
    /// Imagined transitions kept.
    pub capacity: usize,
}

impl Default for LearnerOptions {
    fn default() -> Self {
        Self {
            gamma: 0.98,
            learning_rate: 1e-3,
            batch: 128,
            hidden: 64,
            rollout: 5,
            rollouts: 256,
            rollout_every: 50,
            tau: 0.01,
            capacity: 40_000,
        }
    }
}

/// The temperature as a parameter, so that it has an optimiser like the rest.
#[derive(Module, Debug)]
struct Temperature {
    log_alpha: Param<Tensor<1>>,
}

/// Actor, twin critics, their targets and their optimisers.
pub struct Learner {
    options: LearnerOptions,
    actor: Network,
    critic: Network,
    target: Network,
    temperature: Temperature,
    optimizers: [ModuleOptimizer; 3],
    input: Normalizer,
    scale: Vec<f32>,
    bias: Vec<f32>,
    reward_scale: f32,
    imagined: Imagined,
    device: Device,
}

impl Learner {
    /// A fresh learner for the dimensions of `model`, with actions within `scale` of `bias`.
    pub fn new(
        model: &Ensemble,
        (scale, bias): (Vec<f32>, Vec<f32>),
        reward_scale: f32,
        options: LearnerOptions,
        rng: &mut impl Rng,
    ) -> Self {
        let (d, a, h) = (model.obs_dim, model.action_dim, options.hidden);
        let actor = init::mlp(1, &[d, h, h, 2 * a], Activation::Relu, 0.1, rng);
        let critic = init::mlp(2, &[d + a, h, h, 1], Activation::Relu, 1.0, rng);
        let input = Normalizer { mean: model.input.mean[..d].to_vec(), std: model.input.std[..d].to_vec() };
        Self::from_networks(Actor { net: actor, input, scale, bias }, &critic, reward_scale, options)
    }

    /// A learner that goes on from saved networks.
    pub fn from_networks(actor: Actor, critic: &Mlp, reward_scale: f32, options: LearnerOptions) -> Self {
        let device = device();
        let adam = || AdamConfig::new().with_epsilon(1e-8).init();
        let (d, a) = (actor.net.inputs(), actor.action_dim());
        Self {
            actor: Network::from_mlp(&actor.net, &device),
            critic: Network::from_mlp(critic, &device),
            target: Network::from_mlp(critic, &device),
            temperature: Temperature { log_alpha: Param::from_tensor(tensor(vec![-1.5], [1], &device)) },
            optimizers: [adam(), adam(), adam()],
            imagined: Imagined::new(d, a, options.capacity),
            input: actor.input,
            scale: actor.scale,
            bias: actor.bias,
            reward_scale,
            options,
            device,
        }
    }

    /// The actor as it is now.
    pub fn actor(&self) -> Actor {
        Actor {
            net: self.actor.to_mlp(),
            input: self.input.clone(),
            scale: self.scale.clone(),
            bias: self.bias.clone(),
        }
    }

    /// The twin critics as they are now.
    pub fn critic(&self) -> Mlp {
        self.critic.to_mlp()
    }

    /// `steps` gradient steps in the imagination of `model`, branching from `starts`.
    ///
    /// # Errors
    /// [`Cancelled`]; the learner stays usable as it is.
    pub fn train(
        &mut self,
        model: &Ensemble,
        starts: &Starts<'_>,
        steps: usize,
        rng: &mut impl Rng,
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

    fn step(&mut self, rng: &mut impl Rng) {
        let b = self.options.batch;
        let rows: Vec<usize> = (0..b).map(|_| rng.random_range(0..self.imagined.len())).collect();
        let batch = self.imagined.gather(&rows);
        let alpha = self.temperature.log_alpha.val().inner().exp().reshape([1, 1, 1]);
        let obs = tensor(self.input.apply(&batch.obs), [1, b, self.imagined.obs_dim], &self.device);
        self.step_critic(&batch, obs.clone(), alpha.clone(), rng);
        let log_prob = self.step_actor(obs, alpha, rng);
        self.step_temperature(log_prob);
        self.target = self.target.clone().toward(&self.critic, self.options.tau);
    }

    /// Towards y = r + γ (1 − terminated) (min Q'(s', a') − α log π(a'|s')).
    fn step_critic(&mut self, batch: &Batch, obs: Tensor<3>, alpha: Tensor<3>, rng: &mut impl Rng) {
        let (b, a) = (self.options.batch, self.scale.len());
        let inner = self.device.clone().inner();
        let next = tensor(self.input.apply(&batch.next_obs), [1, b, self.imagined.obs_dim], &inner);
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
        let log_std = out.narrow(2, a, a).clamp(LOG_STD.0, LOG_STD.1);
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

    /// Value of the first states of episodes under the critics: the mean of the smaller one at the actor's own action.
    pub fn value(&self, obs: &[f32]) -> Vec<f32> {
        let (d, a) = (self.imagined.obs_dim, self.scale.len());
        let actor = self.actor();
        let actions = actor.act(obs);
        let x = self.input.apply(obs);
        let mut rows = Vec::new();
        for (row, action) in x.chunks_exact(d).zip(actions.chunks_exact(a)) {
            rows.extend_from_slice(row);
            rows.extend(action.iter().enumerate().map(|(c, v)| (v - self.bias[c]) / self.scale[c]));
        }
        let q = self.critic().forward(&rows);
        let n = rows.len() / (d + a);
        (0..n).map(|i| q[i].min(q[n + i]) / self.reward_scale).collect()
    }

    /// Factor on rewards inside the critics.
    pub fn reward_scale(&self) -> f32 {
        self.reward_scale
    }
}
