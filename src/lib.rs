//! **oodscope**: what an offline dataset covers, where a world model's imagination leaves reality, and how little new
//! data repairs it.
//!
//! Rooms, each with the rooms that it may know (`tests/it/layers.rs` holds every file to this list) and what it does:
//!
//! ```text
//! ground     |                            | cancelling, randomness, faults, atomic writes, numbers, statistics
//! data       | ground                     | what a dataset is: episodes, spaces, splits; opens no file
//! format     | ground data                | files <-> data
//! env        | ground data                | environments
//! world      | ground data                | world models (burn)
//! metrics    | ground                     | arrays -> numbers
//! agent      | ground data env world      | policies, critics, learners, replay, collection
//! checkpoint | ground data world agent    | files <-> world model, policy, critic
//! topup      | ground data format env world metrics agent checkpoint | controller, rounds, run directory
//! engine     | ground data format env world metrics agent checkpoint topup | specs in, events out; threads, cancel, panics
//! ui         | ground data metrics engine | the dashboard (ratatui)
//! cli        | ground data format env metrics agent topup engine ui | the command line (clap)
//! ```
//!
//! Predictions and rollouts reach [`metrics`] as arrays: a metric never knows which model made them, and a model never
//! knows which metric judges it. Results are [`metrics::report::Report`]s, so the screen and `--json` show the same
//! numbers. Everything that the screen can start is an [`engine::job::JobSpec`].

pub mod ground;

pub mod data;

pub mod env;
pub mod format;
pub mod metrics;
pub mod world;

pub mod agent;
pub mod checkpoint;

pub mod topup;

pub mod engine;

pub mod cli;
pub mod ui;
