//! Precision, recall, density and coverage (Naeem et al. 2020), with the strict "<" of their code.
//!
//! X is the dataset, Y what a policy or a model visits: low precision or density means that Y leaves the data; low
//! coverage that Y is narrow. Use equally many states of both, or coverage has another ideal value.

use rayon::prelude::*;

use super::comparable;
use super::pairs::Distances;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::neighbors::points::Points;

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
pub fn prdc(x: &Points, y: &Points, k: usize, cx: &Ctx) -> Result<Prdc, Fault> {
    comparable(x, y)?;
    let between = |a: &Points, i: usize, b: &Points| (0..b.len()).map(|j| a.squared(i, b, j).sqrt()).collect();
    let rows =
        Rows { n: x.len(), m: y.len(), xx: |i| between(x, i, x), yy: |j| between(y, j, y), xy: |i| between(x, i, y) };
    rows.judge(k, cx)
}

/// [`prdc`] of measured distances whose first `n` points are X and whose others are Y.
///
/// # Errors
/// As [`prdc`].
pub fn of_distances(d: &Distances, n: usize, k: usize, cx: &Ctx) -> Result<Prdc, Fault> {
    let m = d.len() - n.min(d.len());
    let to = |i: usize, others: std::ops::Range<usize>| others.map(|j| d.between(i, j)).collect();
    Rows { n, m, xx: |i| to(i, 0..n), yy: |j| to(n + j, n..n + m), xy: |i| to(i, n..n + m) }.judge(k, cx)
}

/// Distances of one state to all of a set, by its number: within X, within Y, and from X to Y.
struct Rows<A, B, C> {
    n: usize,
    m: usize,
    xx: A,
    yy: B,
    xy: C,
}

impl<A, B, C> Rows<A, B, C>
where
    A: Fn(usize) -> Vec<f64> + Sync,
    B: Fn(usize) -> Vec<f64> + Sync,
    C: Fn(usize) -> Vec<f64> + Sync,
{
    fn judge(&self, k: usize, cx: &Ctx) -> Result<Prdc, Fault> {
        let (n, m) = (self.n, self.m);
        if k == 0 || n <= k || m <= k {
            return Err(Fault::failed(format!(
                "{n} and {m} states are too few for the {k}-th neighbour within each set"
            )));
        }
        // The (k+1)-th smallest distance within the own set: the state itself is the first.
        let radius = |mut d: Vec<f64>| -> Result<f64, Fault> {
            cx.check()?;
            Ok(*d.select_nth_unstable_by(k, f64::total_cmp).1)
        };
        let rx: Vec<f64> = (0..n).into_par_iter().map(|i| radius((self.xx)(i))).collect::<Result<_, _>>()?;
        let ry: Vec<f64> = (0..m).into_par_iter().map(|j| radius((self.yy)(j))).collect::<Result<_, _>>()?;
        let of_x = |i: usize| -> Result<(Vec<u32>, bool), Fault> {
            cx.check()?;
            let d = (self.xy)(i);
            let inside = d.iter().zip(0u32..).filter(|(d, _)| **d < rx[i]).map(|(_, j)| j).collect();
            Ok((inside, d.iter().zip(&ry).any(|(d, r)| d < r)))
        };
        let balls: Vec<(Vec<u32>, bool)> = (0..n).into_par_iter().map(of_x).collect::<Result<_, _>>()?;
        let mut held = vec![false; m];
        balls.iter().flat_map(|(inside, _)| inside).for_each(|&j| held[j as usize] = true);
        let share = |part: usize, all: usize| part as f64 / all as f64;
        Ok(Prdc {
            precision: share(held.iter().filter(|h| **h).count(), m),
            recall: share(balls.iter().filter(|b| b.1).count(), n),
            density: share(balls.iter().map(|b| b.0.len()).sum(), k * m),
            coverage: share(balls.iter().filter(|b| !b.0.is_empty()).count(), n),
        })
    }
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

    /// FIELD's simulation: N(0, I) in four dimensions, 1,000 states each, k = 5: .984, .981, 1.008 ± .020, .968 ± .007;
    /// within four standard deviations, and 0.02 where none is stated.
    #[test]
    fn equal_sources_have_their_known_values() {
        use crate::ground::seed::keyed;
        use rand_distr::{Distribution, StandardNormal};
        let mut rng = keyed(3, 0);
        let mut draw = || Points::plain((0..4000).map(|_| StandardNormal.sample(&mut rng)).collect(), 4);
        let p = prdc(&draw(), &draw(), 5, &Ctx::quiet()).unwrap();
        assert!((p.precision - 0.984).abs() < 0.02 && (p.recall - 0.981).abs() < 0.02, "{p:?}");
        assert!((p.density - 1.008).abs() < 0.08 && (p.coverage - 0.968).abs() < 0.028, "{p:?}");
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
