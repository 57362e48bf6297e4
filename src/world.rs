//! World models: what can be imagined with, and how it is trained.

pub mod ensemble;
pub mod fit;
pub mod fused;
pub mod imagine;
pub mod init;
pub mod matmul;
pub mod mlp;
pub mod network;
