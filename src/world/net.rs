//! Networks: the forward pass of many perceptrons at once, their trainable twin, and where they are trained.

pub mod activation;
pub mod device;
pub mod fused;
pub mod init;
pub mod lanes;
pub mod matmul;
pub mod mlp;
pub mod network;
pub mod normalizer;
