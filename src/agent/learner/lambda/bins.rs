//! Values as distributions over bins: two neighbours of a compressed value share it (Hafner et al. 2023, equation 10). The size of the
//! gradient does not go with the size of the returns.

use crate::world::latent::{symexp, symlog};
use crate::world::net::activation::softmax;

/// Bins of a value.
pub const BINS: usize = 127;
/// The outermost, compressed: returns of 22,025, for rewards that were brought to a magnitude of 1.
const OUTERMOST: f32 = 10.0;
const STEP: f32 = 2.0 * OUTERMOST / (BINS - 1) as f32;

/// Probabilities of rows of logits.
fn probabilities(logits: &[f32]) -> Vec<f32> {
    let mut p = logits.to_vec();
    p.chunks_exact_mut(BINS).for_each(softmax);
    p
}

/// What bin `i` stands for, stretched.
fn bin(i: usize) -> f32 {
    symexp(STEP * (i as f32 - (BINS / 2) as f32))
}

/// [B] the expectations of `logits` [B, `BINS`].
pub fn expected(logits: &[f32]) -> Vec<f32> {
    let bins: Vec<f64> = (0..BINS).map(|i| f64::from(bin(i))).collect();
    let p = probabilities(logits);
    // Bins of both signs from outside in, so that even weights give 0: the outermost are of size 10⁴.
    let term = |row: &[f32], i: usize| f64::from(row[i]) * bins[i];
    let of = |row: &[f32]| (0..BINS / 2).map(|i| term(row, i) + term(row, BINS - 1 - i)).sum::<f64>() as f32;
    p.chunks_exact(BINS).map(of).collect()
}

/// The lower of the two bins that share `value`, and the share of the upper one. The shares are such that the expectation is the value.
fn shared(value: f32) -> (usize, f32) {
    let at = (symlog(value) / STEP + (BINS / 2) as f32).clamp(0.0, (BINS - 1) as f32);
    let lower = (at.floor() as usize).min(BINS - 2);
    let (low, high) = (bin(lower), bin(lower + 1));
    (lower, ((value - low) / (high - low)).clamp(0.0, 1.0))
}

/// Adds to `gradient` [B, `BINS`] that of the sum over rows of `weight` [B] times the cross-entropy between `value` [B] and `logits`;
/// answers that sum.
pub fn cross_entropy(logits: &[f32], value: &[f32], weight: &[f32], gradient: &mut [f32]) -> f64 {
    let p = probabilities(logits);
    let mut sum = 0.0;
    let rows = p.chunks_exact(BINS).zip(gradient.chunks_exact_mut(BINS)).zip(value).zip(weight);
    for (((p, gradient), value), weight) in rows {
        let (lower, upper) = shared(*value);
        gradient.iter_mut().zip(p).for_each(|(g, p)| *g += weight * p);
        for (i, share) in [(lower, 1.0 - upper), (lower + 1, upper)] {
            gradient[i] -= weight * share;
            sum -= f64::from(weight * share) * f64::from(p[i].max(f32::MIN_POSITIVE)).ln();
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::seed::stream;
    use crate::world::net::init;

    #[test]
    fn two_bins_mean_what_they_share() {
        for value in [-3000.0f32, -1.0, -0.01, 0.0, 0.3, 1.0, 57.3, 9999.0] {
            let (lower, upper) = shared(value);
            let mut logits = vec![-200.0; BINS];
            (logits[lower], logits[lower + 1]) = ((1.0 - upper).max(1e-30).ln(), upper.max(1e-30).ln());
            let mean = expected(&logits)[0];
            // Shares in single precision of bins a sixth apart.
            assert!((mean - value).abs() < 1e-5 * value.abs().max(1.0), "{value} {mean}");
        }
        assert!(expected(&[0.3; BINS])[0].abs() < 1e-6);
        assert_eq!((shared(1e9), shared(-1e9)), ((BINS - 2, 1.0), (0, 0.0)));
    }

    #[test]
    fn the_gradient_is_the_finite_difference() {
        let logits = init::normal(2 * BINS, &mut stream(0, "logits", 0));
        let (value, weight) = ([4.2, -0.7], [0.5, 2.0]);
        let mut gradient = vec![0.0; 2 * BINS];
        cross_entropy(&logits, &value, &weight, &mut gradient);
        let at = |i: usize, by: f32| {
            let mut moved = logits.clone();
            moved[i] += by;
            cross_entropy(&moved, &value, &weight, &mut vec![0.0; 2 * BINS])
        };
        for i in (0..2 * BINS).step_by(7).chain([shared(4.2).0, BINS + shared(-0.7).0]) {
            let want = (at(i, 1e-2) - at(i, -1e-2)) / 2e-2;
            // Logarithms of single precision over a step of 1e-2, and the curvature.
            assert!((f64::from(gradient[i]) - want).abs() < 1e-4, "{i}: {} {want}", gradient[i]);
        }
    }
}
