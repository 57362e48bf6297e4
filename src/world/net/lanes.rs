//! Functions of many numbers at a time that activations and likelihoods are made of.

use wide::f32x8;

/// Runs `work`, loops over plain numbers, as it was built for the widest vectors that this processor has. They give the same numbers
/// everywhere: nothing is summed in them, and no product is contracted with a sum.
pub(crate) fn widest<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// eˣ, to two roundings, of numbers between -87 and 88; beyond, of the nearer end. A quarter of the work of a general
/// exponential, which takes longer than all products of a small network's step.
///
/// eˣ = 2ⁿ eʳ with n the nearest integer to x / ln 2 and |r| <= ln 2 / 2, where Cephes's polynomial (`expf`) stands
/// for eʳ. Inlined always: a call would keep the loop around it from being built for wide vectors.
#[inline(always)]
fn exp_of(x: f32) -> f32 {
    // 1.5 · 2²³: adding it rounds to an integer and leaves that integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, the first of so few bits that its product with n is exact.
    const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);
    const CEPHES: [f32; 6] = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.500_000_06];
    let x = if x > -87.0 { x } else { -87.0 };
    let x = if x < 88.0 { x } else { 88.0 };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2.0 - n * LN_2.1;
    let tail = CEPHES[1..].iter().fold(CEPHES[0], |sum, c| sum * r + c);
    // 2ⁿ is the number of exponent 127 + n: the shift drops all but the lowest bits, which hold n.
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    (tail * r * r + r + 1.0) * power
}

/// σ(x) = 1 / (1 + e⁻ˣ).
#[inline(always)]
#[expect(clippy::inline_always, reason = "a call would keep the loop around it from being built for wide vectors")]
pub(crate) fn sigmoid_of(x: f32) -> f32 {
    1.0 / (1.0 + exp_of(-x))
}

/// [`exp_of`] of eight numbers.
pub(crate) fn exp(x: f32x8) -> f32x8 {
    f32x8::from(x.to_array().map(exp_of))
}

/// σ(x) = 1 / (1 + e⁻ˣ).
pub(crate) fn sigmoid(x: f32x8) -> f32x8 {
    f32x8::ONE / (f32x8::ONE + exp(-x))
}

/// softplus(x) = log(1 + eˣ) and its derivative σ(x), finite for every finite x.
pub(crate) fn softplus(x: f32x8) -> (f32x8, f32x8) {
    let small = (-x.abs()).exp();
    let sum = f32x8::ONE + small;
    let sigmoid = x.simd_ge(f32x8::ZERO).select(f32x8::ONE, small) / sum;
    (x.max(f32x8::ZERO) + sum.ln(), sigmoid)
}

/// Calls `f` on eight columns of up to three rows at once and writes what it says into `out`; what is left over is filled up with
/// zeros.
///
/// # Panics
/// If the rows are not as long as `out`.
pub(crate) fn over_columns(out: &mut [f32], rows: [&[f32]; 3], f: impl Fn([f32x8; 3]) -> f32x8) {
    assert!(rows.iter().all(|row| row.len() == out.len()), "rows are as long as what is made of them");
    for (i, out) in out.chunks_mut(8).enumerate() {
        let block = rows.map(|row| {
            let mut lanes = [0.0; 8];
            lanes[..out.len()].copy_from_slice(&row[8 * i..8 * i + out.len()]);
            f32x8::from(lanes)
        });
        out.copy_from_slice(&f(block).to_array()[..out.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn far_out_values_of_softplus_stay_finite() {
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

    #[test]
    fn columns_of_every_length_are_reached() {
        for n in [1, 7, 8, 9, 18] {
            let row: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let mut out = vec![f32::NAN; n];
            over_columns(&mut out, [&row, &row, &row], |[a, b, c]| a * b + c);
            let want: Vec<f32> = row.iter().map(|v| v * v + v).collect();
            assert_eq!(out, want);
        }
    }
}
