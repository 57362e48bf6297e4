//! Fresh weights.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};

use super::mlp::{Activation, Layer, Mlp};

/// E perceptrons with weights drawn uniformly within ±1/√inputs, PyTorch's default for linear layers; the last layer
/// is scaled by `last` (small values start a policy near its middle).
pub fn mlp(members: usize, sizes: &[usize], activation: Activation, last: f32, rng: &mut impl Rng) -> Mlp {
    let layers = sizes.windows(2).enumerate().map(|(i, pair)| {
        let (inputs, outputs) = (pair[0], pair[1]);
        let gain = if i + 2 == sizes.len() { last } else { 1.0 };
        let bound = gain / (inputs as f32).sqrt();
        let mut draw = |n: usize| uniform(n, bound, rng);
        Layer { inputs, outputs, weight: draw(members * inputs * outputs), bias: draw(members * outputs) }
    });
    Mlp { members, activation, layers: layers.collect() }
}

fn uniform(n: usize, bound: f32, rng: &mut impl Rng) -> Vec<f32> {
    match Uniform::new_inclusive(-bound, bound) {
        Ok(range) => range.sample_iter(rng).take(n).collect(),
        Err(_) => vec![0.0; n],
    }
}

/// `n` standard normal numbers.
pub fn normal(n: usize, rng: &mut impl Rng) -> Vec<f32> {
    StandardNormal.sample_iter(rng).take(n).collect()
}
