//! Distances between two sets of states (dataset and rollout, imagined and real).
//!
//! All of them compare every pair: give both sets evenly thinned to the same number of states (see
//! [`super::stats::evenly`]), 1,000 or so. Units are standard deviations of the reference.

pub mod energy;
pub mod mmd;
pub mod pairs;
pub mod permute;
pub mod prdc;
pub mod sample;
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

/// Sums of `of(distance)` over the unordered pairs within and between two sets.
fn sums(x: &Points, y: &Points, cx: &Ctx, of: impl Fn(f64) -> f64 + Sync) -> Result<pairs::Sums, MetricError> {
    let within = |set: &Points| -> Result<f64, MetricError> {
        Ok(rows(set, set, cx, |i, d| d[i + 1..].iter().map(|&d| of(d)).sum::<f64>())?.iter().sum())
    };
    let xy = rows(x, y, cx, |_, d| d.iter().map(|&d| of(d)).sum::<f64>())?.iter().sum();
    Ok(pairs::Sums { xx: within(x)?, yy: within(y)?, xy, n: x.len() as f64, m: y.len() as f64 })
}

/// Middle value, or the mean of the two middle values; NaN of nothing.
fn median(mut all: Vec<f64>) -> f64 {
    let (n, mid) = (all.len(), all.len() / 2);
    if n == 0 {
        return f64::NAN;
    }
    let (below, &mut upper, _) = all.select_nth_unstable_by(mid, f64::total_cmp);
    if n.is_multiple_of(2) {
        return f64::midpoint(below.iter().copied().fold(f64::NEG_INFINITY, f64::max), upper);
    }
    upper
}
