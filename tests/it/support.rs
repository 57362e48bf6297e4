//! What several tests need.

pub mod npz;
