//! What acts and what learns to act: policies, learners, the pool of transitions, collection.

pub mod collect;
pub mod learner;
pub mod policy;
pub mod replay;
