//! How policies learn in imagination: [`Learner`]. World-model learning belongs to [`crate::world::fit`].

pub mod actor_critic;
mod blocks;
pub mod head;
pub mod imagined;
pub mod kind;
pub mod lambda;
pub mod pay;
mod trained;

pub use actor_critic::ActorCritic;
pub use kind::LearnerKind;
pub use lambda::LambdaActorCritic;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::policy::Policy;
use crate::ground::seed::Stream;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::net::mlp::Mlp;
use crate::world::world_model::WorldModel;
use head::Head;
use imagined::Starts;
use trained::Trained;

/// Bytes by name.
pub type Blocks = BTreeMap<String, Vec<u8>>;

/// How new each of the observations [B, D] is, [B].
pub type Curiosity = Arc<dyn Fn(&[f32]) -> Vec<f32> + Send + Sync>;

/// A policy that learns.
pub trait Learner {
    /// The policy as it is now, over the features of the model that it learns in.
    fn policy(&self) -> Box<dyn Policy>;

    /// The critics as they are now; their members are independent estimates. Nothing where there are none.
    fn critic(&self) -> Option<Mlp>;

    /// Factor on rewards inside the critics.
    fn reward_scale(&self) -> Option<f32>;

    /// Discount of the return that the critics promise. Nothing where there are none.
    fn discount(&self) -> Option<f64> {
        None
    }

    /// [B] what the critics promise of `features` [B, F] under the policy, in the reward's own units. Nothing where there are none.
    fn value(&self, _features: &[f32]) -> Option<Vec<f64>> {
        None
    }

    /// Takes over the scales of new data without changing what it computes: of rewards, and of the observations of `model`.
    fn adapt(&mut self, _model: &dyn WorldModel, _reward_scale: f32) {}

    /// Lets what is new be the share `weight` of the reward from now on.
    fn explore(&mut self, _weight: f64, _curiosity: Option<Curiosity>) {}

    /// `steps` gradient steps in the imagination of `model`, branching from `starts`.
    ///
    /// # Errors
    /// [`Cancelled`]; the learner stays usable as it is.
    fn train(
        &mut self,
        model: &dyn WorldModel,
        starts: &Starts<'_>,
        steps: usize,
        rng: &mut Stream,
        cx: &Ctx,
    ) -> Result<(), Cancelled>;

    /// Everything that it goes on from beside the policy and the critics: targets, temperature, what the optimisers keep.
    /// Nothing where there is none.
    fn state(&self) -> Blocks {
        Blocks::new()
    }

    /// Goes on from a [`Learner::state`] of a learner of the same networks.
    ///
    /// # Errors
    /// A sentence where it is none.
    fn restore(&mut self, _state: &Blocks) -> Result<(), String> {
        Ok(())
    }
}

/// A policy that stays as it is: one that another program trained, or over choices, whose learner is not there yet.
pub struct Held(pub Box<dyn Policy>);

impl Learner for Held {
    fn policy(&self) -> Box<dyn Policy> {
        self.0.clone()
    }

    fn critic(&self) -> Option<Mlp> {
        None
    }

    fn reward_scale(&self) -> Option<f32> {
        None
    }

    fn train(
        &mut self,
        _: &dyn WorldModel,
        _: &Starts<'_>,
        _: usize,
        _: &mut Stream,
        _: &Ctx,
    ) -> Result<(), Cancelled> {
        Ok(())
    }
}

/// A fresh learner of the kind that `options` name, for the features of `model` and the actions of `head`.
pub fn fresh(
    model: &dyn WorldModel,
    head: Box<dyn Head>,
    reward_scale: f32,
    options: LearnerOptions,
    rng: &mut Stream,
) -> Box<dyn Learner> {
    match options.kind {
        LearnerKind::Sac => Box::new(ActorCritic::new(model, head, reward_scale, options, rng)),
        LearnerKind::Lambda => Box::new(LambdaActorCritic::new(model, head, reward_scale, options, rng)),
    }
}

/// True if [`from_policy`] knows how to train it.
pub fn trains(policy: &dyn Policy) -> bool {
    Trained::of(policy).is_ok()
}

/// A learner that goes on from a policy that it knows how to train, and from `critic`: of the kind that made this, or that `options`
/// name where there is none; fresh critics where they do not fit.
///
/// # Errors
/// A sentence where policies of this kind are not trained here.
pub fn from_policy(
    policy: &dyn Policy,
    critic: Option<&Mlp>,
    reward_scale: f32,
    options: LearnerOptions,
    rng: &mut Stream,
) -> Result<Box<dyn Learner>, String> {
    Ok(match critic.map_or(options.kind, kind_of) {
        LearnerKind::Sac => Box::new(ActorCritic::from_policy(policy, critic, reward_scale, options, rng)?),
        LearnerKind::Lambda => Box::new(LambdaActorCritic::from_policy(policy, critic, reward_scale, options, rng)?),
    })
}

/// What a critic was learned by.
fn kind_of(critic: &Mlp) -> LearnerKind {
    if LambdaActorCritic::made(critic) { LearnerKind::Lambda } else { LearnerKind::Sac }
}

/// How the actor and the critics learn.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnerOptions {
    /// What learns.
    pub kind: LearnerKind,
    /// Discount of rewards.
    pub gamma: f32,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Transitions a gradient step; those of a λ-learner are steps of rollouts that are a horizon long.
    pub batch: usize,
    /// Share of them that are real ones.
    pub real: f64,
    /// Width of the two hidden layers.
    pub hidden: usize,
    /// Steps that λ-returns look ahead.
    pub horizon: usize,
    /// Weight of the policy's entropy beside normalised λ-returns; nothing = that of the kind of actions ([`Head::entropy`]).
    pub entropy: Option<f32>,
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
    /// Weight of the model's uncertainty, taken off the imagined reward (MOPO's λ); 0 takes nothing off.
    pub penalty: f64,
    /// Share of the reward that is for what is new instead of the task's ([`Curiosity`], else the members' disagreement:
    /// `Plan2Explore`'s `w_expl`); 0 explores by the policy's own noise alone.
    pub explore: f64,
}

impl LearnerOptions {
    /// The discount in double precision, to the seven digits that single precision has: 0.98 there is no 0.98 here.
    fn discount(&self) -> f64 {
        (f64::from(self.gamma) * 1e7).round() / 1e7
    }
}

impl Default for LearnerOptions {
    fn default() -> Self {
        Self {
            kind: LearnerKind::Sac,
            gamma: 0.98,
            learning_rate: 1e-3,
            batch: 128,
            real: 0.0,
            hidden: 64,
            horizon: 15,
            entropy: None,
            rollout: 5,
            rollouts: 256,
            rollout_every: 50,
            tau: 0.01,
            capacity: 40_000,
            penalty: 0.0,
            explore: 0.0,
        }
    }
}
