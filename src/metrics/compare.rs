//! Distances between two sets of states (dataset and rollout, imagined and real).
//!
//! All of them compare every pair: give both sets evenly thinned to the same number of states (see
//! [`super::stats::evenly`]), 1,000 or so. Units are standard deviations of the reference.

pub mod energy;
pub mod mmd;
pub mod prdc;
pub mod wasserstein;

use rayon::prelude::*;

use super::MetricError;
use super::neighbors::points::Points;
use crate::task::Ctx;

/// For every row of `a`, `of` its Euclidean distances to all rows of `b`.
fn rows<T: Send>(
    a: &Points,
    b: &Points,
    cx: &Ctx,
    of: impl Fn(usize, &[f64]) -> T + Sync,
) -> Result<Vec<T>, MetricError> {
    if a.dim() != b.dim() || a.is_empty() || b.is_empty() {
        return Err(MetricError::bad(format!(
            "cannot compare {} states of {} dimensions with {} of {}: both sets need a state and the same dimensions",
            a.len(),
            a.dim(),
            b.len(),
            b.dim()
        )));
    }
    (0..a.len())
        .into_par_iter()
        .map(|i| {
            cx.check()?;
            let distances: Vec<f64> = (0..b.len()).map(|j| a.squared(i, b, j).sqrt()).collect();
            Ok(of(i, &distances))
        })
        .collect()
}
