//! Collecting a little data and fine-tuning on it: the decision rule, acting in an environment, old and new data in one
//! pool, learning in imagination, and the run directory that remembers it all.

pub mod agent;
pub mod behaviour;
pub mod collect;
pub mod controller;
pub mod history;
pub mod learner;
pub mod loss;
pub mod outside;
pub mod prepare;
pub mod replay;
pub mod round;
pub mod run;
