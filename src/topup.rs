//! Collecting a little data and fine-tuning on it: the decision rule, acting in an environment, mixing old and new
//! data, the learner, and the run directory.

pub mod behaviour;
pub mod collect;
pub mod controller;
pub mod replay;
pub mod run;
