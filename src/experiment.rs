//! The paper by one command: agents × tasks × datasets × seeds, cell by cell, resumable and shared between processes.
//!
//! ```text
//! OUT/
//!   plan.toml           what was asked
//!   cells/NAME/         one folder a cell
//!     claim-0001 …      who works on it, and who did before
//!     cell.toml         what it is
//!     run/              the run directory of its agent
//!     dataset/          what a cell makes that makes data
//!     result.json       what it found; there once it is finished
//!     seconds.toml      how long it took
//!     failed.toml       why it failed, where it did
//!   results.parquet     every evaluation of every finished cell
//! ```

pub mod agent;
pub mod cell;
pub mod claim;
pub mod crew;
pub mod dry_run;
mod made;
pub mod plan;
pub mod report;
pub mod result;
pub mod results;
pub mod seen;
pub mod site;
pub mod standing;
pub mod visits;
mod work;

#[cfg(test)]
mod tests;
