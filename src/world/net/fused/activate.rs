//! Activations with their derivatives, eight values at a time.

use wide::f32x8;

use crate::world::net::mlp::Activation;

/// Replaces `values` by their activation and writes its derivative at each into `slopes` (as many).
pub(crate) fn activate(activation: Activation, values: &mut [f32], slopes: &mut [f32]) {
    match activation {
        Activation::Silu => each(values, slopes, silu),
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
fn silu(x: f32x8) -> (f32x8, f32x8) {
    let sigmoid = f32x8::ONE / (f32x8::ONE + exp(-x));
    let value = x * sigmoid;
    (value, sigmoid + value * (f32x8::ONE - sigmoid))
}

/// eˣ, to two roundings, of numbers between -87 and 88; beyond, of the nearer end. A quarter of the work of a general
/// exponential, which takes longer than all products of a small network's step.
///
/// eˣ = 2ⁿ eʳ with n the nearest integer to x / ln 2 and |r| <= ln 2 / 2, where Cephes's polynomial (`expf`) stands
/// for eʳ.
fn exp(x: f32x8) -> f32x8 {
    // 1.5 · 2²³: adding it rounds to an integer and leaves that integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, the first of so few bits that its product with n is exact.
    const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);
    const CEPHES: [f32; 6] = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.500_000_06];
    let all = f32x8::splat;
    let x = x.fast_max(all(-87.0)).fast_min(all(88.0));
    let rounded = x * all(std::f32::consts::LOG2_E) + all(ROUND);
    let n = rounded - all(ROUND);
    let r = x - n * all(LN_2.0) - n * all(LN_2.1);
    let tail = CEPHES[1..].iter().fold(all(CEPHES[0]), |sum, &c| sum * r + all(c));
    // 2ⁿ is the number of exponent 127 + n: the shift drops all but the lowest bits, which hold n.
    let power = rounded.to_array().map(|v| f32::from_bits((v.to_bits() << 23).wrapping_add(127 << 23)));
    (tail * r * r + r + f32x8::ONE) * f32x8::from(power)
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

/// softplus(x) = log(1 + eˣ) and its derivative σ(x), finite for every finite x.
pub(crate) fn softplus(x: f32x8) -> (f32x8, f32x8) {
    let small = (-x.abs()).exp();
    let sum = f32x8::ONE + small;
    let sigmoid = x.simd_ge(f32x8::ZERO).select(f32x8::ONE, small) / sum;
    (x.max(f32x8::ZERO) + sum.ln(), sigmoid)
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
    fn exponentials_are_good_to_two_roundings() {
        for block in (-8700..8800).map(|i| i as f32 / 100.0).collect::<Vec<f32>>().as_chunks::<8>().0 {
            for (x, y) in block.iter().zip(exp(f32x8::from(*block)).to_array()) {
                let want = f64::from(*x).exp();
                assert!((f64::from(y) - want).abs() <= 1.2e-7 * want, "exp({x}) = {y}, not {want}");
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
        let (value, slope) = softplus(f32x8::from([-3e4, -100.0, -1.0, 0.0, 1.0, 100.0, 3e4, 20.5]));
        let (value, slope) = (value.to_array(), slope.to_array());
        let ln_2 = std::f32::consts::LN_2;
        let want = [0.0, 0.0, 0.313_261_7, ln_2, 1.313_261_7, 100.0, 3e4, 20.5];
        assert!(value.iter().zip(want).all(|(a, b)| (a - b).abs() <= 2e-7 * b.max(1.0)), "{value:?}");
        assert!(
            slope.iter().all(|s| (0.0..=1.0).contains(s)) && (slope[3] - 0.5).abs() < 1e-7 && slope[6] > 0.999_999_9,
            "{slope:?}"
        );
    }
}
