//! Activations with their derivatives, eight values at a time.

use wide::f32x8;

use crate::world::net::lanes::{sigmoid_of, widest};
use crate::world::net::mlp::Activation;

/// Replaces `values` by their activation and writes its derivative at each into `slopes` (as many).
pub(crate) fn activate(activation: Activation, values: &mut [f32], slopes: &mut [f32]) {
    match activation {
        Activation::Silu => silu(values, slopes),
        Activation::Relu => each(values, slopes, relu),
        Activation::Tanh => each(values, slopes, tanh),
        Activation::Identity => slopes.fill(1.0),
        Activation::LeakyRelu(_) | Activation::Gelu | Activation::GeluTanh | Activation::Elu(_) => {
            for (value, slope) in values.iter_mut().zip(slopes) {
                let (y, dy) = activation.value_and_slope(f64::from(*value));
                (*value, *slope) = (y as f32, dy as f32);
            }
        }
    }
}

/// x σ(x); its derivative σ + x σ (1 - σ).
fn silu(values: &mut [f32], slopes: &mut [f32]) {
    widest(|| {
        for (value, slope) in values.iter_mut().zip(slopes) {
            let sigmoid = sigmoid_of(*value);
            *value *= sigmoid;
            *slope = sigmoid + *value * (1.0 - sigmoid);
        }
    });
}

/// max(x, 0); its derivative is taken to be 0 at 0, as burn and PyTorch do.
fn relu(x: f32x8) -> (f32x8, f32x8) {
    (x.max(f32x8::ZERO), x.simd_gt(f32x8::ZERO).select(f32x8::ONE, f32x8::ZERO))
}

/// tanh x; its derivative 1 - tanh².
fn tanh(x: f32x8) -> (f32x8, f32x8) {
    let value = x.tanh();
    (value, f32x8::ONE - value * value)
}

fn each(values: &mut [f32], slopes: &mut [f32], f: impl Fn(f32x8) -> (f32x8, f32x8)) {
    let (blocks, rest) = values.as_chunks_mut::<8>();
    let (slope_blocks, slope_rest) = slopes.as_chunks_mut::<8>();
    for (block, slope) in blocks.iter_mut().zip(slope_blocks) {
        let (y, dy) = f(f32x8::from(*block));
        (*block, *slope) = (y.to_array(), dy.to_array());
    }
    let mut last = [0.0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let (y, dy) = f(f32x8::from(last));
    rest.copy_from_slice(&y.to_array()[..rest.len()]);
    slope_rest.copy_from_slice(&dy.to_array()[..slope_rest.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::net::activation::Constant;

    const ALL: [Activation; 8] = [
        Activation::Silu,
        Activation::Relu,
        Activation::Tanh,
        Activation::LeakyRelu(Constant::new(0.2)),
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Elu(Constant::new(1.0)),
        Activation::Identity,
    ];

    #[test]
    fn values_and_slopes_at_every_length() {
        for activation in ALL {
            for n in [1, 7, 8, 9, 131] {
                let x: Vec<f32> = (0..n).map(|i| i as f32 * 0.31 - 20.0).collect();
                let (mut values, mut slopes) = (x.clone(), vec![f32::NAN; n]);
                activate(activation, &mut values, &mut slopes);
                for (i, &x) in x.iter().enumerate() {
                    let (y, dy) = activation.value_and_slope(f64::from(x));
                    // A few roundings of f32 at magnitude <= 1 (times x for what grows with it).
                    assert!((f64::from(values[i]) - y).abs() <= 4e-7 * y.abs().max(1.0), "{activation:?}({x})");
                    assert!((f64::from(slopes[i]) - dy).abs() <= 1e-6, "{activation:?}'({x})");
                }
            }
        }
    }

    #[test]
    fn far_out_values_stay_finite() {
        for activation in ALL {
            let (mut values, mut slopes) = ([-3e4, -200.0, 200.0, 3e4], [f32::NAN; 4]);
            activate(activation, &mut values, &mut slopes);
            assert!(values.iter().chain(&slopes).all(|v| v.is_finite()), "{activation:?} {values:?} {slopes:?}");
        }
    }
}
