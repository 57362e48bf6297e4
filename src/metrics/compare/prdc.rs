//! Precision, recall, density and coverage (Naeem et al. 2020), with the strict "<" of their code.
//!
//! X is the dataset, Y what a policy or a model visits: low precision or density means that Y leaves the data; low
//! coverage that Y is narrow. Use equally many states of both, or coverage has another ideal value.

use super::rows;
use crate::metrics::MetricError;
use crate::metrics::neighbors::points::Points;
use crate::task::Ctx;

/// The four numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prdc {
    /// Share of Y inside the k-NN ball of any X.
    pub precision: f64,
    /// Share of X inside the k-NN ball of any Y.
    pub recall: f64,
    /// Mean number of X balls that hold a Y, over k.
    pub density: f64,
    /// Share of X whose ball holds any Y.
    pub coverage: f64,
}

/// Compares Y with X.
///
/// # Errors
/// If a set has no more than k states, dimensions differ or k is 0; cancelled.
pub fn prdc(x: &Points, y: &Points, k: usize, cx: &Ctx) -> Result<Prdc, MetricError> {
    if k == 0 || x.len() <= k || y.len() <= k {
        return Err(MetricError::bad(format!(
            "{} and {} states are too few for the {k}-th neighbour within each set",
            x.len(),
            y.len()
        )));
    }
    // The (k+1)-th smallest distance within the own set: the state itself is the first.
    let radii = |set: &Points| {
        rows(set, set, cx, |_, d| {
            let mut d = d.to_vec();
            *d.select_nth_unstable_by(k, f64::total_cmp).1
        })
    };
    let (rx, ry) = (radii(x)?, radii(y)?);
    let of_x = rows(x, y, cx, |i, d| {
        let inside = d.iter().filter(|d| **d < rx[i]).count();
        (inside, d.iter().zip(&ry).any(|(d, r)| d < r))
    })?;
    let of_y = rows(y, x, cx, |_, d| d.iter().zip(&rx).any(|(d, r)| d < r))?;
    let share = |n: usize, all: usize| n as f64 / all as f64;
    Ok(Prdc {
        precision: share(of_y.iter().filter(|p| **p).count(), y.len()),
        recall: share(of_x.iter().filter(|r| r.1).count(), x.len()),
        density: share(of_x.iter().map(|r| r.0).sum(), k * y.len()),
        coverage: share(of_x.iter().filter(|r| r.0 > 0).count(), x.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published test of the reference code (FIELD's vector).
    #[test]
    fn the_published_vector() {
        let x = Points::plain(vec![7.0, 16.0, 19.0, 0.0, 17.0], 1);
        let y = Points::plain(vec![6.0, 22.0, 20.0, 17.0, 13.0], 1);
        let p = prdc(&x, &y, 3, &Ctx::quiet()).unwrap();
        assert!((p.density - 16.0 / 15.0).abs() < 1e-12);
        assert!([p.precision, p.recall, p.coverage].iter().all(|v| (v - 1.0).abs() < 1e-12), "{p:?}");
    }

    #[test]
    fn sets_far_apart_share_nothing() {
        let x = Points::plain((0..20).map(|i| i as f32).collect(), 1);
        let y = Points::plain((0..20).map(|i| 1000.0 + i as f32).collect(), 1);
        let p = prdc(&x, &y, 5, &Ctx::quiet()).unwrap();
        assert!([p.precision, p.recall, p.density, p.coverage].iter().all(|v| v.abs() < 1e-12), "{p:?}");
        assert!(prdc(&x, &y, 20, &Ctx::quiet()).is_err() && prdc(&x, &y, 0, &Ctx::quiet()).is_err());
    }
}
