//! Collecting a little data and fine-tuning on it: the decision rule, the rounds, and the run directory that remembers
//! them all.

pub mod active;
pub mod agent;
pub mod controller;
pub mod history;
pub mod learning;
pub mod loss;
pub mod measured;
pub mod offline;
pub mod options;
pub mod outside;
pub mod prepare;
pub mod regime;
pub mod round;
pub mod run;
pub mod runs;
pub mod yoked;
