//! What is measured of opened data: functions `&Opened` (and options) -> value. What takes long is kept with what is open.

pub mod acting;
pub mod audit;
pub mod coverage;
pub mod data_report;
pub mod episode_scores;
pub mod episode_table;
pub mod evidence;
pub mod feature_space;
pub mod inspected;
pub mod judged;
pub mod kept;
pub mod lineage;
pub mod one_step;
pub mod only;
pub mod policy_check;
pub mod reading_check;
pub mod recorded;
pub mod rollouts;
pub mod runs;
pub mod scoring;
pub mod stage;
pub mod trainable;
pub mod trajectories;
pub mod windows;
