//! **oodscope**: what an offline dataset covers, where a world model's imagination leaves reality, and how little new
//! data repairs it.
//!
//! Layers, each of which knows only those above it (a test reads the `use` lines):
//!
//! ```text
//! task   data   env            std only · formats, episodes, splits · environments
//!    \     |    /
//!    model   metrics           world models, policies, checkpoints (burn) · numbers (no burn, no files)
//!         \  /
//!        topup                 learner, controller, collection, run directory
//!          |
//!        engine                jobs: specs in, events out; threads, cancel, panics
//!        /    \
//!      ui      cli             ratatui only here · clap only here
//! ```
//!
//! Predictions and rollouts reach [`metrics`] as arrays: a metric never knows which model made them, and a model never
//! knows which metric judges it. Results are [`metrics::report::Report`]s, so the screen and `--json` show the same
//! numbers. Everything that the screen can start is an [`engine::job::JobSpec`].

pub mod seed;
pub mod task;

pub mod data;
pub mod env;

pub mod metrics;
pub mod model;

pub mod topup;

pub mod engine;

pub mod cli;
pub mod ui;
