//! Runs jobs: specs in, events out. The screen starts them on threads through [`Engine`]; the command line calls
//! [`run`] itself. Both take the same road, so the numbers are the same.
//!
//! Four floors, each of which knows only those above it: what is asked ([`spec`]); what is open ([`opened`],
//! [`workspace`], [`cache`]); what is measured of it ([`measure`]); jobs ([`job`]). [`worker`] puts jobs on threads.

pub mod spec;

pub mod cache;
pub mod opened;
pub mod workspace;

pub mod measure;

pub mod event;
pub mod job;

pub mod portions;
pub mod throttle;
pub mod worker;

pub use crate::checkpoint::newest::newest;
pub use job::run;
pub use worker::Engine;
pub use workspace::Workspace;
