//! All integration tests in one binary: each further one would link burn and polars again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]
// Counts and fixtures are exact.
#![allow(clippy::float_cmp)]
// Counts and fixtures are exact.
mod audit_references;
mod cases_tables;
mod checkpoint_readings;
mod cli_active;
mod cli_compare;
mod cli_data;
mod cli_experiment;
mod cli_faults;
mod cli_html;
mod cli_models;
mod cli_open;
mod cli_report;
mod cli_runs;
mod cli_score;
mod cli_shell;
mod cli_shot;
mod cli_topup;
mod data_open;
mod data_write;
mod dreamer_checkpoints;
mod dynamics_models;
mod engine_jobs;
mod engine_trace;
mod formats;
mod gymnasium;
mod layers;
mod map_layers;
mod metrics_oracles;
mod metrics_properties;
mod metrics_walk;
mod model_checkpoints;
mod pictures;
mod policies;
mod pty_dashboard;
mod readme;
mod references;
#[cfg(feature = "cloud")]
mod remote;
mod report_units;
mod support;
mod tdmpc;
mod topup_disk;
mod topup_round;
mod ui_fixture;
mod ui_follow;
mod ui_keys;
mod ui_live;
mod ui_map;
mod ui_offscreen;
mod ui_pair;
mod ui_runs;
mod ui_screens;
mod ui_trace;
