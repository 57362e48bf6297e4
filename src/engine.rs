//! Runs jobs: specs in, events out.

pub mod job;
