//! World models, policies and checkpoints. The only room, with the learner, that knows burn.

pub mod checkpoint;
pub mod ensemble;
pub mod fit;
pub mod fused;
pub mod imagine;
pub mod init;
pub mod matmul;
pub mod mlp;
pub mod network;
pub mod policy;
