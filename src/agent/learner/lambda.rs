//! Actor and critic on λ-returns of imagined rollouts (Hafner et al. 2023, "Mastering Diverse Domains through World Models"). Every
//! gradient step imagines rollouts of its own from states of the replay; the critic learns the λ-returns along them, the actor what
//! raised them above the critic's value, in units of the returns' range.
//!
//! Both kinds of actions learn by REINFORCE, as in the paper: it needs no gradient through the model, so that any world model
//! will do. Rollouts do not end: what follows a step is weighed by the chance that it is reached.

mod bins;
mod origins;
mod returns;
mod rollout;
mod state;
#[cfg(test)]
mod tests;

use rand::Rng;

use super::head::Head;
use super::imagined::Starts;
use super::pay::{Pay, Unfamiliar};
use super::trained::{Trained, scale_of};
use super::{Blocks, Curiosity, Learner, LearnerOptions};
use crate::agent::learner::actor_critic::LOSS;
use crate::agent::policy::Policy;
use crate::ground::seed::Stream;
use crate::ground::task::{Cancelled, Ctx, Told};
use crate::world::net::fused::FusedMlp;
use crate::world::net::init;
use crate::world::net::mlp::{Activation, Mlp};
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;
use bins::BINS;
use origins::Origins;
use returns::ReturnRange;
pub use returns::lambda_returns;
use rollout::Rollout;

/// λ.
const LAMBDA: f32 = 0.95;
/// Weight of what keeps the critic near its slow copy, beside 1 for the λ-returns.
const SLOW: f32 = 1.0;
/// Share of the slow critic replaced a step.
const TAU: f32 = 0.02;
/// Gradient steps between two words about the actor's loss.
const TOLD_EVERY: usize = 50;
/// Gradient steps that share the states that episodes were followed to.
const FOLLOWED_FOR: usize = 500;

/// Actor, critic, its slow copy, and the range of its returns.
pub struct LambdaActorCritic {
    options: LearnerOptions,
    head: Box<dyn Head>,
    input: Normalizer,
    actor: FusedMlp,
    critic: FusedMlp,
    slow: FusedMlp,
    range: ReturnRange,
    reward_scale: f32,
    curiosity: Option<Curiosity>,
    unfamiliar: Unfamiliar,
}

impl LambdaActorCritic {
    /// A fresh learner for the features of `model` and the actions of `head`.
    pub fn new(
        model: &dyn WorldModel,
        head: Box<dyn Head>,
        reward_scale: f32,
        options: LearnerOptions,
        rng: &mut impl Rng,
    ) -> Self {
        let (d, h) = (model.dims().feature, options.hidden);
        let actor = init::mlp(1, &[d, h, h, head.outputs()], Activation::Silu, 0.1, rng);
        let critic = fresh_critic(d, h, rng);
        let input = scale_of(model, d).unwrap_or_else(|| Normalizer::identity(d));
        Self::of_networks(head, (&actor, input), &critic, reward_scale, options)
    }

    /// A learner that goes on from a policy that it knows how to train, and from `critic`; a fresh critic where there is none that
    /// fits.
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
        let fits = critic.filter(|c| Self::made(c) && c.inputs() == net.inputs());
        let critic = fits.cloned().unwrap_or_else(|| fresh_critic(net.inputs(), options.hidden, rng));
        Ok(Self::of_networks(head, (net, input.clone()), &critic, reward_scale, options))
    }

    /// True of a critic of such a learner: one that tells values by bins.
    pub fn made(critic: &Mlp) -> bool {
        (critic.members, critic.outputs()) == (1, BINS)
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
            actor: FusedMlp::new(actor),
            slow: critic.clone(),
            critic,
            range: ReturnRange::default(),
            curiosity: None,
            unfamiliar: Unfamiliar::default(),
            head,
            input,
            reward_scale,
            options,
        }
    }

    /// Rollouts of one gradient step, and their steps.
    fn shape(&self) -> (usize, usize) {
        let horizon = self.options.horizon.max(1);
        (self.options.batch.div_ceil(horizon), horizon)
    }

    /// Imagines the rollouts of one gradient step; nothing where nothing finite is imagined.
    fn imagine(&mut self, model: &dyn WorldModel, origins: &Origins<'_>, rng: &mut Stream) -> Option<Rollout> {
        let (rows, horizon) = self.shape();
        let state = origins.draw(rows, rng)?;
        let pay = Pay {
            penalty: self.options.penalty as f32,
            explore: self.options.explore as f32,
            curiosity: self.curiosity.as_ref(),
            reward_scale: self.reward_scale,
        };
        let actor = (&*self.head, &self.actor.to_mlp(), &self.input);
        let scales = (self.reward_scale, self.options.gamma);
        Rollout::imagine(model, state, horizon, actor, (&pay, &mut self.unfamiliar), scales, rng)
    }

    /// One gradient step of critic and actor; answers the actor's loss.
    fn step(&mut self, rollout: &Rollout) -> f32 {
        let (rows, steps) = (rollout.rows, rollout.reward.len());
        let weight = returns::weights(&rollout.discount, rows);
        let values = self.critic.forward(&rollout.features);
        let value = bins::expected(&values);
        let returns = lambda_returns(&rollout.reward, &rollout.discount, &value, rows, LAMBDA);
        self.step_critic(rollout, &values, &returns, &weight);
        let unit = self.range.normalise(&returns);
        let advantage = returns.iter().zip(&value).map(|(r, v)| (r - v) / unit);
        let share = 1.0 / steps as f32;
        let gain: Vec<f32> = advantage.zip(&weight).map(|(a, w)| -share * w * a).collect();
        let entropy = self.options.entropy.unwrap_or_else(|| self.head.entropy());
        let spread: Vec<f32> = weight.iter().map(|w| -share * w * entropy).collect();
        self.step_actor(rollout, &gain, &spread)
    }

    /// Down the cross-entropies of the λ-returns and of the slow critic's values, mean over steps as they are weighed. `values` are the
    /// logits of all steps and of the states after the last.
    fn step_critic(&mut self, rollout: &Rollout, values: &[f32], returns: &[f32], weight: &[f32]) {
        let steps = returns.len();
        let share: Vec<f32> = weight.iter().map(|w| w / steps as f32).collect();
        let slow = bins::expected(&self.slow.forward(&rollout.features[..steps * self.slow.inputs()]));
        let near: Vec<f32> = share.iter().map(|w| SLOW * w).collect();
        // Nothing is learned of the states after the last step.
        let mut gradient = vec![0.0; values.len()];
        let (logits, of_steps) = (&values[..steps * BINS], &mut gradient[..steps * BINS]);
        bins::cross_entropy(logits, returns, &share, of_steps);
        bins::cross_entropy(logits, &slow, &near, of_steps);
        self.critic.backward(&gradient);
        self.critic.descend(&rollout.features, self.options.learning_rate);
        self.slow.toward(&self.critic, TAU);
    }

    /// Down the sum over steps of `gain` log π(a) + `spread` H(π), both of which are not positive; answers that sum.
    fn step_actor(&mut self, rollout: &Rollout, gain: &[f32], spread: &[f32]) -> f32 {
        let features = &rollout.features[..gain.len() * self.actor.inputs()];
        let out = self.actor.forward(features);
        let scored = self.head.score(&out, &rollout.decided, gain, spread);
        self.actor.backward(&scored.gradient);
        self.actor.descend(features, self.options.learning_rate);
        let each = scored.log_prob.iter().zip(gain).zip(scored.entropy.iter().zip(spread));
        each.map(|((l, g), (h, s))| l * g + h * s).sum()
    }
}

fn fresh_critic(features: usize, hidden: usize, rng: &mut impl Rng) -> Mlp {
    // Even weights promise nothing.
    init::mlp(1, &[features, hidden, hidden, BINS], Activation::Silu, 0.0, rng)
}

impl Learner for LambdaActorCritic {
    fn policy(&self) -> Box<dyn Policy> {
        self.head.policy(self.actor.to_mlp(), self.input.clone())
    }

    fn critic(&self) -> Option<Mlp> {
        Some(self.critic.to_mlp())
    }

    fn reward_scale(&self) -> Option<f32> {
        Some(self.reward_scale)
    }

    fn discount(&self) -> Option<f64> {
        Some(self.options.discount())
    }

    fn value(&self, features: &[f32]) -> Option<Vec<f64>> {
        let values = bins::expected(&self.critic.to_mlp().forward(&self.input.apply(features)));
        Some(values.into_iter().map(|v| f64::from(v / self.reward_scale)).collect())
    }

    /// Rewards keep the scale that they have: bins hold values of any size.
    fn adapt(&mut self, model: &dyn WorldModel, _: f32) {
        let Some(input) = scale_of(model, self.input.mean.len()) else { return };
        for net in [&mut self.actor, &mut self.critic, &mut self.slow] {
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
        self.unfamiliar = Unfamiliar::default();
        let context = if model.remembers() { 1 } else { model.context() };
        let drawn = starts.with_context(context);
        let (mut origins, mut sum) = (None, 0.0);
        for step in 0..steps {
            cx.step(step as u64, steps as u64)?;
            if step % FOLLOWED_FOR == 0 {
                let count = FOLLOWED_FOR.min(steps - step) * self.shape().0;
                origins = Some(Origins::new(model, &drawn, count, rng, cx)?);
            }
            let Some(rollout) = origins.as_ref().and_then(|origins| self.imagine(model, origins, rng)) else {
                log::warn!("imagination gave no finite rollout: the policy does not learn from it");
                return Ok(());
            };
            sum += f64::from(self.step(&rollout));
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
