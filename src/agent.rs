//! What acts and what learns to act: policies, critics, the pool of transitions, collection.

pub mod behaviour;
pub mod collect;
pub mod learner;
pub mod policy;
pub mod replay;
