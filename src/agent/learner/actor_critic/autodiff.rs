//! SAC's gradients through burn's autodiff: what the steps by hand are held against.

use burn::tensor::{Tensor, activation};

use crate::world::net::mlp::Mlp;
use crate::world::net::network::{Network, cpu, tensor, values};

/// Gradient of the mean of α log π − min Q with respect to the actor's outputs `out` [B, 2A] where `noise` [B, A] is drawn, and
/// the log-probabilities [B].
pub fn gaussian(
    (out, noise, features): (&[f32], &[f32], &[f32]),
    a: usize,
    bounds: (f32, f32),
    critics: &Mlp,
    alpha: f32,
) -> (Vec<f32>, Vec<f32>) {
    let device = cpu();
    let b = noise.len() / a;
    let out = tensor(out.to_vec(), [1, b, 2 * a], &device).require_grad();
    let noise = tensor(noise.to_vec(), [1, b, a], &device);
    let features = tensor(features.to_vec(), [1, b, features.len() / b], &device);
    let mean = out.clone().narrow(2, 0, a);
    let log_std = out.clone().narrow(2, a, a).clamp(bounds.0, bounds.1);
    let raw = mean + log_std.clone().exp() * noise.clone();
    let gauss = -(noise.square().mul_scalar(0.5) + log_std).add_scalar(0.5 * (2.0 * std::f32::consts::PI).ln());
    let squash = (raw.clone() + activation::softplus(raw.clone().mul_scalar(-2.0), 1.0))
        .mul_scalar(-2.0)
        .add_scalar(2.0 * std::f32::consts::LN_2);
    let log_prob = (gauss - squash).sum_dim(2);
    let q = Network::from_mlp(critics, &device).forward(Tensor::cat(vec![features, raw.tanh()], 2)).min_dim(0);
    let loss = (log_prob.clone().mul_scalar(alpha) - q).mean();
    let mut grads = loss.backward();
    let gradient = out.grad_remove(&mut grads).map_or_else(Vec::new, values);
    (gradient, values(log_prob))
}

/// The same over logits `out` [B, K] in expectation, and the entropies −Σ π log π [B].
pub fn choices((out, features): (&[f32], &[f32]), k: usize, critics: &Mlp, alpha: f32) -> (Vec<f32>, Vec<f32>) {
    let device = cpu();
    let b = out.len() / k;
    let out = tensor(out.to_vec(), [1, b, k], &device).require_grad();
    let features = tensor(features.to_vec(), [1, b, features.len() / b], &device);
    let log_p = activation::log_softmax(out.clone(), 2);
    let p = log_p.clone().exp();
    let q = Network::from_mlp(critics, &device).forward(features).min_dim(0);
    let entropy = -(p.clone() * log_p.clone()).sum_dim(2);
    let loss = (p * (log_p.mul_scalar(alpha) - q)).sum_dim(2).mean();
    let mut grads = loss.backward();
    (out.grad_remove(&mut grads).map_or_else(Vec::new, values), values(entropy))
}
