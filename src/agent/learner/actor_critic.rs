//! SAC (Haarnoja et al. 2018; Christodoulou 2019 for choices) on imagined transitions: an actor, twin critics, a learned
//! temperature. Its steps are made by hand ([`FusedMlp`]); the same step through burn's autodiff is held against them in the
//! tests.

#[cfg(test)]
mod autodiff;
mod state;
mod temperature;
#[cfg(test)]
mod tests;

use rand::Rng;

use super::head::Head;
use super::imagined::{Batch, Drawn, Imagined, Roller, Starts};
use super::pay::Pay;
use super::trained::{Trained, scale_of};
use super::{Blocks, Curiosity, Learner, LearnerOptions};
use crate::agent::policy::{Acting, Policy, PolicyState};
use crate::ground::seed::{Stream, keyed};
use crate::ground::task::{Cancelled, Ctx, Told};
use crate::world::net::fused::FusedMlp;
use crate::world::net::init;
use crate::world::net::mlp::{Activation, Mlp};
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;
use temperature::Temperature;

/// Independent critics, of which the smaller one is believed.
pub const CRITICS: usize = 2;
/// What is told of the actor as it learns: the mean of α log π − min Q since it was told last.
pub const LOSS: &str = "policy loss";
/// Gradient steps between two of it.
const TOLD_EVERY: usize = 50;

/// Actor, twin critics, their targets and what their optimisers keep.
pub struct ActorCritic {
    options: LearnerOptions,
    head: Box<dyn Head>,
    input: Normalizer,
    actor: FusedMlp,
    critic: FusedMlp,
    target: FusedMlp,
    temperature: Temperature,
    reward_scale: f32,
    imagined: Imagined,
    curiosity: Option<Curiosity>,
}

impl ActorCritic {
    /// A fresh learner for the features of `model` and the actions of `head`.
    pub fn new(
        model: &dyn WorldModel,
        head: Box<dyn Head>,
        reward_scale: f32,
        options: LearnerOptions,
        rng: &mut impl Rng,
    ) -> Self {
        let (d, h) = (model.dims().feature, options.hidden);
        let (inputs, outputs) = head.critic(d);
        let actor = init::mlp(1, &[d, h, h, head.outputs()], Activation::Relu, 0.1, rng);
        let critic = init::mlp(CRITICS, &[inputs, h, h, outputs], Activation::Relu, 1.0, rng);
        let input = scale_of(model, d).unwrap_or_else(|| Normalizer::identity(d));
        Self::of_networks(head, (&actor, input), &critic, reward_scale, options)
    }

    /// A learner that goes on from a policy that it knows how to train, and from `critic`; fresh critics where there are none
    /// that fit.
    ///
    /// # Errors
    /// A sentence where policies of this kind are not trained here.
    pub fn from_policy(
        policy: &dyn Policy,
        critic: Option<&Mlp>,
        reward_scale: f32,
        options: LearnerOptions,
        rng: &mut impl Rng,
    ) -> Result<Self, String> {
        let Trained { head, net, input } = Trained::of(policy)?;
        let shape = head.critic(net.inputs());
        let fits = critic.filter(|c| c.members == CRITICS && (c.inputs(), c.outputs()) == shape);
        let (h, (inputs, outputs)) = (options.hidden, shape);
        let fresh = || init::mlp(CRITICS, &[inputs, h, h, outputs], Activation::Relu, 1.0, rng);
        let critic = fits.cloned().unwrap_or_else(fresh);
        Ok(Self::of_networks(head, (net, input.clone()), &critic, reward_scale, options))
    }

    fn of_networks(
        head: Box<dyn Head>,
        (actor, input): (&Mlp, Normalizer),
        critic: &Mlp,
        reward_scale: f32,
        options: LearnerOptions,
    ) -> Self {
        let critic = FusedMlp::new(critic);
        Self {
            imagined: Imagined::new(actor.inputs(), head.columns(), options.capacity),
            actor: FusedMlp::new(actor),
            target: critic.clone(),
            critic,
            temperature: Temperature::new(-1.5),
            curiosity: None,
            head,
            input,
            reward_scale,
            options,
        }
    }

    /// The twin critics as they are now.
    pub fn critics(&self) -> Mlp {
        self.critic.to_mlp()
    }

    /// One gradient step; answers the actor's loss.
    fn step(&mut self, batch: &Batch, rng: &mut Stream) -> f32 {
        let (obs, alpha) = (self.input.apply(&batch.obs), self.temperature.alpha());
        self.step_critic(batch, &obs, alpha, rng);
        let (log_prob, loss) = self.step_actor(&obs, alpha, rng);
        self.temperature.step(log_prob + self.head.target_entropy(), self.options.learning_rate);
        self.target.toward(&self.critic, self.options.tau);
        loss
    }

    /// Towards y = r + γ (1 − terminated) (min Q' − α log π) of the next state: the mean over critics and rows of (Q − y)².
    fn step_critic(&mut self, batch: &Batch, obs: &[f32], alpha: f32, rng: &mut Stream) {
        let y = self.returns(batch, alpha, rng);
        let (x, picked) = self.head.judged(obs, &batch.action);
        let q = self.critic.forward(&x);
        let (b, width) = (batch.len(), self.critic.outputs());
        let share = 2.0 / (CRITICS * b) as f32;
        let mut gradient = vec![0.0; q.len()];
        for (e, (gradient, q)) in gradient.chunks_exact_mut(b * width).zip(q.chunks_exact(b * width)).enumerate() {
            debug_assert!(e < CRITICS);
            for (i, (column, y)) in picked.iter().zip(&y).enumerate() {
                gradient[i * width + column] = share * (q[i * width + column] - y);
            }
        }
        self.critic.backward(&gradient);
        self.critic.descend(&x, self.options.learning_rate);
    }

    /// [B] what the critics are drawn towards.
    fn returns(&mut self, batch: &Batch, alpha: f32, rng: &mut Stream) -> Vec<f32> {
        let next = self.input.apply(&batch.next_obs);
        let out = self.actor.forward(&next);
        let value = self.head.soft_value(&out, &next, &mut self.target, alpha, rng);
        let each = batch.reward.iter().zip(&batch.alive).zip(value);
        each.map(|((r, alive), v)| r * self.reward_scale + self.options.gamma * alive * v).collect()
    }

    /// Down α log π(a|s) − min Q(s, a); answers the mean log-probability, and the mean of all of it.
    fn step_actor(&mut self, obs: &[f32], alpha: f32, rng: &mut Stream) -> (f32, f32) {
        let out = self.actor.forward(obs);
        let (gradient, log_prob, loss) = self.head.gradient(&out, obs, &mut self.critic, alpha, rng);
        self.actor.backward(&gradient);
        self.actor.descend(obs, self.options.learning_rate);
        (log_prob, loss)
    }

    fn imagine(&mut self, model: &dyn WorldModel, starts: &Drawn<'_>, rng: &mut Stream) {
        let net = self.actor.to_mlp();
        let (penalty, explore) = (self.options.penalty as f32, self.options.explore as f32);
        let (head, input) = (&*self.head, &self.input);
        let (curiosity, reward_scale) = (self.curiosity.as_ref(), self.reward_scale);
        let roller = Roller { head, net: &net, input, pay: Pay { penalty, explore, curiosity, reward_scale } };
        self.imagined.extend(model, &roller, starts, (self.options.rollouts, self.options.rollout), rng);
    }

    /// A batch of imagined transitions with its share of real ones, where a policy acts on observations as they are.
    fn batch(&self, real: usize, starts: &Drawn<'_>, rng: &mut Stream) -> Batch {
        let mut batch = Batch::default();
        if real > 0 {
            starts.add_real(real, &*self.head, &mut batch, rng);
        }
        self.imagined.draw(self.options.batch - batch.len(), &mut batch, rng);
        batch
    }
}

impl Learner for ActorCritic {
    fn policy(&self) -> Box<dyn Policy> {
        self.head.policy(self.actor.to_mlp(), self.input.clone())
    }

    fn critic(&self) -> Option<Mlp> {
        Some(self.critics())
    }

    fn reward_scale(&self) -> Option<f32> {
        Some(self.reward_scale)
    }

    fn discount(&self) -> Option<f64> {
        Some(self.options.discount())
    }

    /// Under the policy's most likely actions, the smaller of the two. The entropy that the agent is paid for while it learns is part of
    /// it.
    fn value(&self, features: &[f32]) -> Option<Vec<f64>> {
        let (policy, d) = (self.policy(), self.input.mean.len());
        let rows = features.len() / d.max(1);
        let mut states: Vec<PolicyState> = (0..rows).map(|i| policy.begin(keyed(0, i as u64))).collect();
        let actions = policy.act(features, &mut states, Acting::Greedy);
        let mut seen = Vec::new();
        (0..rows).for_each(|i| self.head.seen(actions.stored_at(i), &mut seen));
        let (x, picked) = self.head.judged(&self.input.apply(features), &seen);
        let (critics, width) = (self.critic.to_mlp(), self.critic.outputs());
        let q = critics.forward(&x);
        let of = |i: usize| (0..CRITICS).map(|e| q[(e * rows + i) * width + picked[i]]).fold(f32::INFINITY, f32::min);
        Some((0..rows).map(|i| f64::from(of(i) / self.reward_scale)).collect())
    }

    fn adapt(&mut self, model: &dyn WorldModel, reward_scale: f32) {
        let factor = reward_scale / self.reward_scale;
        if factor.is_finite() && factor > 0.0 {
            self.reward_scale = reward_scale;
            self.critic.scale_outputs(factor);
            self.target.scale_outputs(factor);
            self.temperature.scale(factor);
        }
        let Some(input) = scale_of(model, self.input.mean.len()) else { return };
        for net in [&mut self.actor, &mut self.critic, &mut self.target] {
            net.move_inputs(&self.input, &input);
        }
        self.input = input;
    }

    fn explore(&mut self, weight: f64, curiosity: Option<Curiosity>) {
        self.options.explore = weight;
        self.curiosity = curiosity;
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
        // Nobody says how new the end of a real transition was when it was taken.
        let known = self.options.explore <= 0.0 && model.context() == 1;
        let plain = known && model.dims().feature == starts.rows.obs_dim;
        let real =
            if plain { (self.options.real.clamp(0.0, 1.0) * self.options.batch as f64).round() as usize } else { 0 };
        let starts = starts.with_context(model.context());
        let mut sum = 0.0;
        for step in 0..steps {
            if step % 8 == 0 {
                cx.step(step as u64, steps as u64)?;
            }
            if step % self.options.rollout_every == 0 && real < self.options.batch {
                self.imagine(model, &starts, rng);
            }
            let batch = self.batch(real, &starts, rng);
            if batch.len() < self.options.batch {
                log::warn!("imagination gave no finite transition: the policy does not learn from it");
                return Ok(());
            }
            sum += f64::from(self.step(&batch, rng));
            if (step + 1) % TOLD_EVERY == 0 {
                let value = std::mem::take(&mut sum) / TOLD_EVERY as f64;
                cx.tell(Told::Number { name: LOSS, step: step as u64 + 1, value });
            }
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
