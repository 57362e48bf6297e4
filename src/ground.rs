//! What everything stands on: cancelling and progress, randomness, faults, atomic writes, and the numbers of statistics.
//! Knows nothing of datasets, models or metrics.

pub mod ascii;
pub mod base64;
pub mod binomial;
pub mod bootstrap;
pub mod date;
pub mod dtype;
pub mod duplicates;
pub mod fault;
pub mod folders;
pub mod memory;
pub mod missing;
pub mod number;
pub mod save;
pub mod seed;
pub mod stats;
pub mod task;
pub mod url;
