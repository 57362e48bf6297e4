//! How policies learn in imagination: [`Learner`]. World-model learning belongs to [`crate::world::fit`].

pub mod actor_critic;
pub mod head;
pub mod imagined;

pub use actor_critic::ActorCritic;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::policy::Policy;
use crate::ground::seed::Stream;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::net::mlp::Mlp;
use crate::world::world_model::WorldModel;
use imagined::Starts;

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

/// How the actor and the critics learn.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnerOptions {
    /// Discount of rewards.
    pub gamma: f32,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Transitions a gradient step.
    pub batch: usize,
    /// Share of them that are real ones.
    pub real: f64,
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
    /// Weight of the model's uncertainty, taken off the imagined reward (MOPO's λ); 0 takes nothing off.
    pub penalty: f64,
    /// Share of the reward that is for what is new instead of the task's ([`Curiosity`], else the members' disagreement:
    /// `Plan2Explore`'s `w_expl`); 0 explores by the policy's own noise alone.
    pub explore: f64,
}

impl Default for LearnerOptions {
    fn default() -> Self {
        Self {
            gamma: 0.98,
            learning_rate: 1e-3,
            batch: 128,
            real: 0.0,
            hidden: 64,
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
