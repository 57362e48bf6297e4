//! Mahalanobis distance: how far in units of a set's joint spread (Mahalanobis 1936).
//!
//! Always of the standardised kept dimensions: turning them onto all principal axes would change nothing, and onto some of
//! them would hide the directions in which the data never move.

use nalgebra::{Cholesky, DMatrix, Dyn, SymmetricEigen};
use rayon::prelude::*;

use super::features::Features;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// A covariance whose smallest eigenvalue is below this share of the largest has no inverse worth the name: f32 states
/// carry 2⁻²⁴ ≈ 6e-8 of rounding, whose square is 4e-15.
const SINGULAR: f64 = 1e-12;
/// Weight of the sphere that a singular covariance is mixed with.
const SHRINK: f64 = 1e-6;
/// Rows between two looks at the cancel flag.
const ROWS: usize = 1024;

/// [D, D] covariance (ddof 0) of the standardised rows [N, `dim_in`] that `features` were fitted to; their mean is the
/// features' own.
///
/// # Errors
/// If there is no row or rows are of another width; cancelled.
pub fn covariance(features: &Features, rows: &[f32], cx: &Ctx) -> Result<DMatrix<f64>, Fault> {
    let (d, width) = (features.dim(), features.dim_in.max(1));
    if rows.is_empty() || !rows.len().is_multiple_of(width) {
        return Err(Fault::failed("the covariance needs training states of the width that features were fitted to"));
    }
    let part = |rows: &[f32]| -> Result<DMatrix<f64>, Fault> {
        cx.check()?;
        let z = standardised(features, rows);
        Ok(&z * z.transpose())
    };
    let chunks: Vec<&[f32]> = rows.chunks(ROWS * width).collect();
    let mut sum = DMatrix::zeros(d, d);
    // Sums in a fixed order, so that the same data give the same digits; eight chunks at a time bound the memory.
    for some in chunks.chunks(8) {
        let parts: Vec<DMatrix<f64>> = some.par_iter().map(|c| part(c)).collect::<Result<_, _>>()?;
        for part in &parts {
            sum += part;
        }
    }
    Ok(sum / (rows.len() / width) as f64)
}

/// Distance from the mean of a set in units of its covariance.
#[derive(Debug, Clone)]
pub struct Mahalanobis {
    features: Features,
    cholesky: Cholesky<f64, Dyn>,
    /// The covariance was singular and is mixed with [`SHRINK`] of a sphere of the same size.
    pub shrunk: bool,
}

impl Mahalanobis {
    /// The distance of a set with this [`covariance`].
    ///
    /// # Errors
    /// If the covariance is not finite.
    pub fn new(features: &Features, covariance: &DMatrix<f64>) -> Result<Self, Fault> {
        let eigen = SymmetricEigen::new(covariance.clone()).eigenvalues;
        let shrunk = eigen.min() <= SINGULAR * eigen.max();
        let regular = if shrunk {
            let d = covariance.nrows();
            covariance * (1.0 - SHRINK) + DMatrix::identity(d, d) * (SHRINK * covariance.trace() / d as f64)
        } else {
            covariance.clone()
        };
        let cholesky = Cholesky::new(regular)
            .ok_or_else(|| Fault::failed("the reference's covariance is not finite: leave such states out"))?;
        Ok(Self { features: features.clone(), cholesky, shrunk })
    }

    /// sqrt((s - m)ᵀ S⁻¹ (s - m)) of every row [N, `dim_in`]; infinite for a row that is not finite.
    ///
    /// # Errors
    /// When cancelled.
    pub fn distances(&self, rows: &[f32], cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let l = self.cholesky.l();
        let part = |rows: &[f32]| -> Result<Vec<f64>, Fault> {
            cx.check()?;
            // |L⁻¹ z|² = zᵀ S⁻¹ z.
            let mut z = standardised(&self.features, rows);
            l.solve_lower_triangular_mut(&mut z);
            Ok(z.column_iter().map(|c| Some(c.norm()).filter(|v| v.is_finite()).unwrap_or(f64::INFINITY)).collect())
        };
        let parts: Vec<Vec<f64>> = rows.par_chunks(ROWS * self.features.dim_in).map(part).collect::<Result<_, _>>()?;
        Ok(parts.concat())
    }

    /// What a reader must know where the covariance of `whose` states was singular.
    pub fn note(&self, whose: &str) -> Option<String> {
        self.shrunk.then(|| {
            format!(
                "The covariance of {whose} is singular (some dimension is a combination of others): for the Mahalanobis \
                 distance it is mixed with {SHRINK:e} of a sphere of the same size."
            )
        })
    }
}

/// [D, N] standardised columns of rows [N, `dim_in`].
fn standardised(features: &Features, rows: &[f32]) -> DMatrix<f64> {
    let width = features.dim_in;
    let mut z = DMatrix::zeros(features.dim(), rows.len() / width);
    for (mut column, row) in z.column_iter_mut().zip(rows.chunks_exact(width)) {
        features.in_spreads(row, column.as_mut_slice());
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(rows: &[f32], d: usize) -> (Features, DMatrix<f64>) {
        let names: Vec<String> = (0..d).map(|i| i.to_string()).collect();
        let features = Features::fit(rows, &names).unwrap();
        let covariance = covariance(&features, rows, &Ctx::quiet()).unwrap();
        (features, covariance)
    }

    /// scikit-learn 1.9.1: `EmpiricalCovariance().fit(a).mahalanobis([[2, 2], [5, 0], [1.25, 1.5]]) ** 0.5` for
    /// a = [[0, 0], [1, 2], [3, 1], [1, 3]].
    #[test]
    fn numbers_of_scikit_learn() {
        let rows = [0.0, 0.0, 1.0, 2.0, 3.0, 1.0, 1.0, 3.0];
        let (features, covariance) = fitted(&rows, 2);
        let m = Mahalanobis::new(&features, &covariance).unwrap();
        let got = m.distances(&[2.0, 2.0, 5.0, 0.0, 1.25, 1.5, f32::NAN, 0.0], &Ctx::quiet()).unwrap();
        for (got, want) in got.iter().zip(WANT) {
            assert!((got - want).abs() < 1e-9, "{got} {want}");
        }
        assert!(!m.shrunk && got[3].is_infinite());
    }

    const WANT: [f64; 3] = [0.785_507_018_807_435_5, 3.839_880_317_283_838_3, 0.0];

    #[test]
    fn a_singular_covariance_is_shrunk_and_says_so() {
        let rows: Vec<f32> = (0..20).flat_map(|i| [i as f32, (i % 3) as f32, (i + i % 3) as f32]).collect();
        let (features, covariance) = fitted(&rows, 3);
        let m = Mahalanobis::new(&features, &covariance).unwrap();
        let d = m.distances(&[5.0, 1.0, 6.0, 5.0, 1.0, 7.0], &Ctx::quiet()).unwrap();
        assert!(m.shrunk && d[0] < 2.0 && d[1] > 50.0, "off the plane is far: {d:?}");
    }
}
