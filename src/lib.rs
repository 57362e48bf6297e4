//! **oodscope**: what an offline dataset covers, where a world model's imagination leaves reality, and how little new
//! data repairs it.
//!
//! Layers, each of which knows only those above it (a test reads the `use` lines):
//!
//! ```text
//! ground                             cancelling, randomness, faults, atomic writes, statistics: knows nothing
//!   |
//! data                               what a dataset is: episodes, spaces, splits; opens no file
//!   |
//! format   env   world   metrics     files <-> data · environments · world models (burn) · arrays -> numbers
//!        \    |    /       |
//! agent   checkpoint       |         policies, learners, collection · files <-> world model, policy, critic
//!          \    |         /
//!           topup                    controller, rounds, run directory
//!             |
//!           engine                   jobs: specs in, events out; threads, cancel, panics
//!           /    \
//!         ui      cli                ratatui only here · clap only here
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
