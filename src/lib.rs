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
//! runlog     | ground                     | logs of training runs, whoever wrote them -> scalars by name
//! agent      | ground data env world      | policies, critics, learners, replay, collection
//! checkpoint | ground data world agent    | files <-> world model, policy, critic
//! topup      | ground data format env world metrics runlog agent checkpoint | controller, rounds, run directory
//! experiment | ground data format env world metrics agent checkpoint topup | agents x tasks x datasets x seeds: cells, claims, results
//! picture    | ground                     | cells of a screen -> SVG, PNG, text; pixels
//! export     | ground format metrics picture | figures (SVG by plotters, PNG) with their data, reports as HTML
//! engine     | ground data format env world metrics runlog agent checkpoint topup experiment export | specs in, events out; threads, cancel, panics
//! ui         | ground data metrics engine picture | the dashboard (ratatui)
//! cli        | ground data format env metrics agent topup experiment export engine picture ui | the command line (clap)
//! ```
//!
//! Predictions and rollouts reach [`metrics`] as arrays: a metric never knows which model made them, and a model never
//! knows which metric judges it. Results are [`metrics::report::Report`]s, so the screen and `--json` show the same
//! numbers. Everything that the screen can start is an [`engine::job::JobSpec`].
//!
//! ```
//! use oodscope::engine::job::{CoverSpec, JobSpec, Source};
//! use oodscope::engine::{self, Workspace};
//! use oodscope::ground::task::Ctx;
//!
//! # fn main() -> Result<(), oodscope::ground::fault::Fault> {
//! let source = Source { dataset: "datasets/pendulum/narrow-v0".into(), ..Source::default() };
//! let spec = JobSpec::Cover(CoverSpec { source, ..CoverSpec::default() });
//! engine::run(&spec, &Workspace::default(), &Ctx::quiet(), &|report| {
//!     if let Some(threshold) = report.value("threshold") {
//!         println!("states farther than {threshold:.3} from the training part are novel");
//!     }
//! })?;
//! # Ok(())
//! # }
//! ```
//!
//! # Words
//!
//! - **Episode**: what was recorded from a reset to its end; *terminated* by the environment, or *truncated* from outside. The
//!   unit of splitting, bootstrapping and calibration. **Transition**: one step of it. **Trajectory**: real; **rollout**: imagined.
//! - **Training, calibration, held-out part**: how the episodes of a dataset are divided; thresholds are set on calibration
//!   episodes, and every claim is about held-out ones.
//! - **World model**: what predicts the next observation, reward and end ([`world::world_model::WorldModel`]); an **ensemble** has
//!   **members**, of which the **elites** make the prediction; how far members are apart is their **disagreement**; those of a recurrent
//!   model are one-step **heads** beside it, around its own prediction. One without a
//!   decoder imagines **latents**, and is measured against encoded observations in its **latent space**.
//! - **Coverage**: where the states of the data lie; **novelty**: the distance of a state to its k-th nearest training state;
//!   **OOD fraction**: the share of states beyond the novelty threshold; **OOD score**: any signal that is to warn of error.
//! - **Divergence**: how far imagination is from what happened, by **horizon**; its floor is *copy-last*.
//! - **Loss ratio R**: world-model loss on fresh trajectories over the loss on held-out ones; **top-up**: collecting while R is
//!   above its threshold, and fine-tuning on what was collected.
//! - **Policy**: what acts ([`agent::policy::Policy`]); the one that made a dataset is its **behaviour policy**.

pub mod ground;

pub mod data;

pub mod env;
pub mod experiment;
pub mod export;
pub mod format;
pub mod metrics;
pub mod picture;
pub mod runlog;
pub mod world;

pub mod agent;
pub mod checkpoint;

pub mod topup;

pub mod engine;

pub mod cli;
pub mod ui;
