//! What several tests need.

pub mod app;
pub mod browser;
pub mod damage;
pub mod npz;
pub mod program;
pub mod torch;
