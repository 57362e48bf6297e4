//! Policies: what acts in an environment or in imagination.

use std::any::Any;
use std::fmt::Debug;

use crate::data::space::{Actions, Space};
use crate::ground::fault::Fault;
use crate::ground::seed::Stream;

mod categorical;
pub mod filtered;
mod greedy_q;
mod network;
mod normalised;
mod python;
mod scripted;
mod squashed_gaussian;
mod uniform;

pub use categorical::Categorical;
pub use filtered::Filtered;
pub use greedy_q::GreedyQ;
pub use network::{Network, Output, Spread};
pub use normalised::{Normalised, Statistics};
pub use python::Python;
pub use scripted::Scripted;
pub use squashed_gaussian::{LOG_STD, SquashedGaussian};
pub use uniform::Uniform;

/// How an action is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// The most likely one.
    Greedy,
    /// Drawn from the policy.
    Sampled,
}

/// What a policy keeps during one episode.
pub struct PolicyState {
    /// The episode's own random numbers, so that it is the same however many others are acted in at once.
    pub rng: Stream,
    /// What the policy alone understands.
    pub memory: Box<dyn Any + Send>,
}

/// What acts. A new kind is one file under `agent/policy/`.
pub trait Policy: Debug + Send + Sync {
    /// Name of the kind ("squashed-gaussian").
    fn kind(&self) -> &'static str;

    /// Columns F that it acts on; nothing where it takes any.
    fn features(&self) -> Option<usize>;

    /// The space of its actions.
    fn action_space(&self) -> &Space;

    /// Begins an episode with its own random numbers.
    fn begin(&self, rng: Stream) -> PolicyState {
        PolicyState { rng, memory: Box::new(()) }
    }

    /// The actions after `features` [B, F], one row and one of `states` an episode, in the environment's units.
    fn act(&self, features: &[f32], states: &mut [PolicyState], acting: Acting) -> Actions<'_>;

    /// Why it could not act the last time, told once; its actions are no numbers then.
    fn fault(&self) -> Option<Fault> {
        None
    }

    /// A copy.
    fn boxed(&self) -> Box<dyn Policy>;

    /// True if `other` is the same to the bit.
    fn same(&self, other: &dyn Policy) -> bool;

    /// The policy as what it is, for those who save or train it.
    fn as_any(&self) -> &dyn Any;
}

impl PartialEq for dyn Policy {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}

impl Clone for Box<dyn Policy> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}
