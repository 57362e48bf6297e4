//! Vendi score: the effective number of different states in a sample.
//!
//! Friedman & Dieng 2023: exp(-Σ λ log λ) over the eigenvalues λ of K/n with K the similarity of every pair, K(i, i) = 1;
//! n equal states score 1, n states without any similarity score n.

use nalgebra::{DMatrix, SymmetricEigen};

use super::neighbors::points::Points;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// A score with what each state adds to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Vendi {
    /// The score, from 1 to n.
    pub score: f64,
    /// [n]: each state's part of the entropy of the spectrum; their mean is the logarithm of the score. To first order
    /// the entropy of a reweighted sample is the weighted mean of these (the influence function of -tr ρ log ρ, less
    /// its constant), so that a bootstrap needs no further eigenvalues.
    pub parts: Vec<f64>,
}

/// Score of a similarity matrix [n, n], symmetric with ones on the diagonal.
pub fn of_kernel(kernel: DMatrix<f64>) -> Vendi {
    let n = kernel.nrows();
    let eigen = SymmetricEigen::new(kernel / n as f64);
    let mut parts = vec![0.0; n];
    for (j, &l) in eigen.eigenvalues.iter().enumerate().filter(|(_, l)| **l > 1e-14) {
        let weight = -(n as f64) * l * l.ln();
        parts.iter_mut().zip(eigen.eigenvectors.column(j).iter()).for_each(|(p, v)| *p += weight * v * v);
    }
    Vendi { score: stats::mean(&parts).exp(), parts }
}

/// Score of points with the kernel exp(-‖x - y‖² / (2 h²)); h = the median distance of pairs. Returns the score and h.
///
/// # Errors
/// When cancelled.
pub fn of_points(points: &Points, cx: &Ctx) -> Result<(Vendi, f64), Cancelled> {
    let n = points.len();
    let mut squares = Vec::with_capacity(n * n.saturating_sub(1) / 2);
    for i in 0..n {
        cx.check()?;
        squares.extend((0..i).map(|j| points.squared(i, points, j)));
    }
    let distances: Vec<f64> = squares.iter().map(|s| s.sqrt()).collect();
    let h = stats::quantile(&distances, 0.5);
    let mut kernel = DMatrix::identity(n, n);
    let mut pairs = squares.iter();
    for i in 0..n {
        for (j, &square) in pairs.by_ref().take(i).enumerate() {
            // Equal points have h = 0 and are fully alike.
            let k = if square > 0.0 { (-square / (2.0 * h * h)).exp() } else { 1.0 };
            kernel[(i, j)] = k;
            kernel[(j, i)] = k;
        }
    }
    cx.check()?;
    Ok((of_kernel(kernel), h))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(kernel: &[f64]) -> f64 {
        let n = kernel.len().isqrt();
        of_kernel(DMatrix::from_row_slice(n, n, kernel)).score
    }

    /// The vectors of the project's definitions (computed with numpy): identical states 1, states without similarity n,
    /// [[1, .5], [.5, 1]] 1.754765.
    #[test]
    fn known_matrices() {
        assert!((score(&[1.0; 9]) - 1.0).abs() < 1e-9);
        let mut identity = [0.0; 16];
        (0..4).for_each(|i| identity[5 * i] = 1.0);
        assert!((score(&identity) - 4.0).abs() < 1e-9);
        assert!((score(&[1.0, 0.5, 0.5, 1.0]) - 1.754_765).abs() < 1e-6);
    }

    /// numpy 2.4, scipy 1.17: `d = pdist(X)`, `h = np.median(d)`, `K = exp(-squareform(d)**2 / (2 h**2))`,
    /// `l = eigvalsh(K / 12)`, `exp(-(l * log(l)).sum())` of the twelve float32 rows below.
    #[test]
    fn points_are_scored_as_by_numpy() {
        let row = |i: u32| [f64::from(i).sin() as f32, (0.7 * f64::from(i)).cos() as f32, (i % 5) as f32 / 2.0];
        let points = Points::plain((0..12).flat_map(row).collect(), 3);
        let (vendi, h) = of_points(&points, &Ctx::quiet()).unwrap();
        assert!((h - 1.672_695_189_182_917_6).abs() < 1e-6 && (vendi.score - 3.262_769_595_353_937_7).abs() < 1e-6);
        assert!((stats::mean(&vendi.parts).exp() - vendi.score).abs() < 1e-12);
    }

    /// Doubling the weight of half of the states moves the entropy by the mean of their parts, to first order.
    #[test]
    fn parts_are_the_influence_of_each_state() {
        let row = |i: u32| [f64::from(i).sin() as f32, (0.7 * f64::from(i)).cos() as f32];
        let n = 30;
        let points = Points::plain((0..n).flat_map(row).collect(), 2);
        let (all, h) = of_points(&points, &Ctx::quiet()).unwrap();
        let step = 1e-3;
        let weights: Vec<f64> = (0..n).map(|i| if i < n / 2 { 1.0 + step } else { 1.0 - step }).collect();
        let kernel = DMatrix::from_fn(n as usize, n as usize, |i, j| {
            (weights[i] * weights[j]).sqrt() * (-points.squared(i, &points, j) / (2.0 * h * h)).exp()
        });
        let moved = of_kernel(kernel).score.ln() - all.score.ln();
        let told: f64 = all.parts.iter().zip(&weights).map(|(p, w)| p * (w - 1.0)).sum::<f64>() / f64::from(n);
        assert!((moved - told).abs() < 0.02 * moved.abs(), "{moved} {told}");
    }
}
