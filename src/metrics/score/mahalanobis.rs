//! Mahalanobis distance to the training states: how far in units of their joint spread.

use nalgebra::{Cholesky, DMatrix, DVector, SymmetricEigen};
use rayon::prelude::*;

use super::{Measure, Reference, Score, Seen, StateScore, each_row};
use crate::metrics::MetricError;
use crate::metrics::features::Features;
use crate::task::Ctx;

/// The score.
pub const SCORE: Score = Score {
    name: "mahalanobis",
    label: "Mahalanobis distance",
    unit: "std",
    definition: "sqrt((z - m)' S^-1 (z - m)) with mean m and covariance S (ddof 0) of the standardised training states; \
                 one ellipsoid for all data, so it misses holes inside it (Mahalanobis 1936; Lee et al. 2018).",
    measure: Measure::States(|reference, _| Ok(Box::new(Mahalanobis::fit(reference)?))),
};

/// A covariance whose smallest eigenvalue is below this share of the largest has no inverse worth the name: f32 states
/// carry 2⁻²⁴ ≈ 6e-8 of rounding, whose square is 4e-15.
const SINGULAR: f64 = 1e-12;
/// Weight of the sphere that a singular covariance is mixed with.
const SHRINK: f64 = 1e-6;
/// Rows of the training part between two looks at the cancel flag.
const ROWS: usize = 1024;

struct Mahalanobis {
    features: Features,
    cholesky: Cholesky<f64, nalgebra::Dyn>,
    shrunk: bool,
}

impl Mahalanobis {
    fn fit(reference: &Reference<'_>) -> Result<Self, MetricError> {
        let covariance = &reference.covariance;
        let eigen = SymmetricEigen::new(covariance.clone()).eigenvalues;
        let shrunk = eigen.min() <= SINGULAR * eigen.max();
        let regular = if shrunk {
            let d = covariance.nrows();
            covariance * (1.0 - SHRINK) + DMatrix::identity(d, d) * (SHRINK * covariance.trace() / d as f64)
        } else {
            covariance.clone()
        };
        let cholesky = Cholesky::new(regular)
            .ok_or_else(|| MetricError::bad("the training states' covariance is not finite: leave such states out"))?;
        Ok(Self { features: reference.novelty.features.clone(), cholesky, shrunk })
    }
}

impl StateScore for Mahalanobis {
    fn of(&self, seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<f64>, MetricError> {
        let l = self.cholesky.l_dirty();
        each_row(seen.states.len(), cx, |i| {
            let mut z = DVector::zeros(self.features.dim());
            standardise(&self.features, seen.states.rows, i, z.as_mut_slice());
            // |L⁻¹ z|² = z' S⁻¹ z.
            if l.solve_lower_triangular_mut(&mut z) { z.norm() } else { f64::INFINITY }
        })
    }

    fn note(&self) -> Option<String> {
        self.shrunk.then(|| {
            format!(
                "The training states' covariance is singular (some dimension is a combination of others): for the \
                 Mahalanobis distance it is mixed with {SHRINK:e} of a sphere of the same size."
            )
        })
    }
}

/// Row `i` of `rows` as standard deviations from the mean, of every kept dimension.
pub(super) fn standardise(features: &Features, rows: &[f32], i: usize, out: &mut [f64]) {
    let row = &rows[i * features.dim_in..(i + 1) * features.dim_in];
    for (d, slot) in out.iter_mut().enumerate() {
        *slot = (f64::from(row[features.kept[d]]) - features.mean[d]) / features.std[d];
    }
}

/// [D, D] covariance (ddof 0) of the standardised rows; their mean is zero by their own standardisation.
pub(super) fn covariance(features: &Features, rows: &[f32], cx: &Ctx) -> Result<DMatrix<f64>, MetricError> {
    let (d, n) = (features.dim(), rows.len() / features.dim_in.max(1));
    if n == 0 || rows.len() != n * features.dim_in {
        return Err(MetricError::bad("scores need training states of the width that novelty was fitted to"));
    }
    let part = |chunk: usize| -> Result<DMatrix<f64>, MetricError> {
        cx.check()?;
        let last = n.min((chunk + 1) * ROWS);
        let mut z = DMatrix::zeros(d, last - chunk * ROWS);
        for (mut column, i) in z.column_iter_mut().zip(chunk * ROWS..last) {
            standardise(features, rows, i, column.as_mut_slice());
        }
        Ok(&z * z.transpose())
    };
    let chunks: Vec<usize> = (0..n.div_ceil(ROWS)).collect();
    let mut sum = DMatrix::zeros(d, d);
    // Sums in a fixed order, so that the same data give the same digits; eight chunks at a time bound the memory.
    for some in chunks.chunks(8) {
        let parts: Vec<DMatrix<f64>> = some.par_iter().map(|&c| part(c)).collect::<Result<_, _>>()?;
        for p in &parts {
            sum += p;
        }
    }
    Ok(sum / n as f64)
}
