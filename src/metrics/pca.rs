//! Principal axes of standardised rows.
//!
//! Convention of the references (scikit-learn with a fixed sign): rows are standardised with their own mean and ddof-0
//! spread, variances have ddof 1, and the entry of largest magnitude of each component is positive.

pub mod moments;

use nalgebra::SymmetricEigen;

use crate::ground::fault::Fault;
use moments::Moments;

/// Principal axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    /// [D][D]: `components` over the spreads.
    per_raw: Vec<Vec<f64>>,
    /// Variance along each axis, largest first (ddof 1).
    pub variance: Vec<f64>,
    /// Share of the whole variance along each axis.
    pub ratio: Vec<f64>,
    /// [D][D] unit vectors in standardised coordinates, in the order of `variance`.
    pub components: Vec<Vec<f64>>,
}

impl Pca {
    /// Axes of rows [N, d].
    ///
    /// # Errors
    /// With fewer than two rows or a number that is not finite.
    pub fn fit(rows: &[f32], d: usize) -> Result<Self, Fault> {
        if d == 0 || rows.len() / d < 2 {
            return Err(Fault::failed(NEEDED));
        }
        let centre = moments::mean(rows, d);
        Self::of(&Moments::of(rows, &centre), &centre)
    }

    /// Axes of rows whose sums around `centre` [D] are known.
    ///
    /// # Errors
    /// With fewer than two rows or a number that is not finite.
    pub fn of(sums: &Moments, centre: &[f64]) -> Result<Self, Fault> {
        if sums.n < 2.0 || sums.second.iter().any(|v| !v.is_finite()) {
            return Err(Fault::failed(NEEDED));
        }
        let mut std: Vec<f64> = sums.variances().into_iter().map(f64::sqrt).collect();
        std.iter_mut().filter(|s| **s < 1e-12).for_each(|s| *s = 1.0);
        let eigen = SymmetricEigen::new(sums.covariance(&std));
        let mut order: Vec<usize> = (0..std.len()).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let variance: Vec<f64> = order.iter().map(|&i| eigen.eigenvalues[i].max(0.0)).collect();
        let all: f64 = variance.iter().sum();
        let components: Vec<Vec<f64>> =
            order.iter().map(|&i| signed(eigen.eigenvectors.column(i).iter().copied().collect())).collect();
        let per_raw = components.iter().map(|w| w.iter().zip(&std).map(|(w, s)| w / s).collect()).collect();
        let mean = centre.iter().zip(sums.offset()).map(|(c, o)| c + o).collect();
        Ok(Self { mean, per_raw, ratio: variance.iter().map(|v| v / all).collect(), variance, components })
    }

    /// Coordinate of a raw row along axis `i`.
    pub fn project(&self, row: &[f32], i: usize) -> f64 {
        row.iter().zip(&self.mean).zip(&self.per_raw[i]).map(|((&v, m), w)| (f64::from(v) - m) * w).sum()
    }
}

const NEEDED: &str = "principal axes need at least two finite states";

/// The vector or its opposite: the one whose entry of largest magnitude is positive.
fn signed(v: Vec<f64>) -> Vec<f64> {
    let largest = v.iter().copied().fold(0.0f64, |m, x| if x.abs() > m.abs() { x } else { m });
    if largest < 0.0 { v.into_iter().map(|x| -x).collect() } else { v }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn axes_of_a_correlated_cloud() {
        // Both columns move together, so the first axis is (1, 1)/√2 and carries nearly everything.
        let rows: Vec<f32> = (0..100).flat_map(|i| [i as f32, 3.0 * i as f32 + (i % 3) as f32]).collect();
        let p = Pca::fit(&rows, 2).unwrap();
        assert!((p.components[0][0] - 0.5f64.sqrt()).abs() < 1e-9 && (p.components[0][1] - 0.5f64.sqrt()).abs() < 1e-9);
        assert!(p.ratio[0] > 0.99 && (p.ratio[0] + p.ratio[1] - 1.0).abs() < 1e-12);
        // Variances with ddof 1 of columns standardised with ddof 0 sum to D · N / (N - 1).
        assert!((p.variance.iter().sum::<f64>() - 2.0 * 100.0 / 99.0).abs() < 1e-9);
        let mean: f64 = rows.chunks_exact(2).map(|r| p.project(r, 0)).sum::<f64>() / 100.0;
        assert!(mean.abs() < 1e-9);
    }

    #[test]
    fn one_row_or_nan_is_refused_and_a_constant_column_is_not() {
        assert!(Pca::fit(&[1.0, 2.0], 2).is_err());
        assert!(Pca::fit(&[1.0, f32::NAN], 1).is_err());
        let p = Pca::fit(&[1.0, 5.0, 2.0, 5.0, 4.0, 5.0], 2).unwrap();
        assert_eq!(p.variance[1], 0.0);
    }
}
