//! What several tests need.

pub mod npz;
pub mod program;
pub mod torch;
