//! Differential entropy of a set of states: how widely it is spread, in nats.
//!
//! Kozachenko & Leonenko 1987: H = ψ(N) - ψ(k) + ln V + d·mean(ln ε), ε = distance to the k-th other point (at least
//! 1e-10), V the volume of the unit ball. Compare sets at equal N only; from about ten dimensions on the bias is large.

use super::neighbors::points::Points;
use super::neighbors::{self, Exclude};
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;

/// Entropy of the points in their standardised units.
///
/// # Errors
/// With fewer than k + 1 points, or when cancelled.
pub fn kozachenko_leonenko(points: Points, k: usize, cx: &Ctx) -> Result<f64, Fault> {
    Ok(stats::mean(&by_state(points, k, cx)?))
}

/// Every point's part of the entropy, ψ(N) - ψ(k) + ln V + d·ln ε: the entropy is their mean.
///
/// # Errors
/// As [`kozachenko_leonenko`].
pub fn by_state(points: Points, k: usize, cx: &Ctx) -> Result<Vec<f64>, Fault> {
    let (n, d) = (points.len() as f64, points.dim());
    let queries = points.clone();
    let distances = neighbors::index(points, cx)?.knn(&queries, k, Exclude::SameRow, cx)?.kth(k);
    let same = digamma(n) - digamma(k as f64) + ln_ball(d);
    Ok(distances.into_iter().map(|e| same + d as f64 * e.max(1e-10).ln()).collect())
}

/// ψ(x) for x > 0: recurrence up to 10, then the asymptotic series (error below 1e-14 there).
fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 10.0 {
        below -= 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = y * (1.0 / 12.0 - y * (1.0 / 120.0 - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y * (1.0 / 132.0)))));
    below + x.ln() - 0.5 / x - series
}

/// ln of the unit ball's volume: `V(d) = V(d-2) · 2π/d`, `V(0) = 1`, `V(1) = 2`.
fn ln_ball(d: usize) -> f64 {
    let first = if d.is_multiple_of(2) { 0.0 } else { 2.0f64.ln() };
    let start = if d.is_multiple_of(2) { 2 } else { 3 };
    first + (start..=d).step_by(2).map(|i| (2.0 * std::f64::consts::PI / i as f64).ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use rand::RngExt;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::ground::seed::keyed;

    /// scipy 1.17: `digamma([1, 3, 5, 5000, 0.5])`; `d / 2 * log(pi) - gammaln(d / 2 + 1)`.
    #[test]
    fn special_functions_are_scipys() {
        let want = [
            (1.0, -0.577_215_664_901_532_9),
            (3.0, 0.922_784_335_098_467_1),
            (5.0, 1.506_117_668_431_800_3),
            (5000.0, 8.517_093_188_082_905),
            (0.5, -1.963_510_026_021_423_5),
        ];
        for (x, psi) in want {
            assert!((digamma(x) - psi).abs() < 1e-12, "{x}");
        }
        let pi = std::f64::consts::PI;
        for (d, volume) in [(1, 2.0), (2, pi), (3, 4.0 / 3.0 * pi), (4, pi * pi / 2.0)] {
            assert!((ln_ball(d) - f64::ln(volume)).abs() < 1e-12, "{d}");
        }
    }

    /// Truth (d/2)·ln(2πe) and the estimates at n = 10,000, k = 5 that scipy gave for other draws (FIELD's vectors); the
    /// standard error of the estimate is about √(d/(2n) + 0.22/n) < 0.03 nat here, so 0.1 is over three of them.
    #[test]
    fn a_normal_cloud_has_the_entropy_of_a_normal_cloud() {
        let mut rng = keyed(3, 0);
        for (d, estimate) in [(1usize, 1.421), (2, 2.825), (4, 5.633), (8, 11.290)] {
            let rows: Vec<f32> = (0..10_000 * d).map(|_| StandardNormal.sample(&mut rng)).collect();
            let h = kozachenko_leonenko(Points::plain(rows, d), 5, &Ctx::quiet()).unwrap();
            assert!((h - estimate).abs() < 0.1, "d={d}: {h}");
        }
        let rows: Vec<f32> = (0..20_000).map(|_| rng.random_range(0.0f32..1.0)).collect();
        let h = kozachenko_leonenko(Points::plain(rows, 2), 5, &Ctx::quiet()).unwrap();
        assert!(h.abs() < 0.05, "uniform on the unit square: {h}");
    }

    #[test]
    fn too_few_points_are_refused() {
        assert!(kozachenko_leonenko(Points::plain(vec![1.0, 2.0], 1), 2, &Ctx::quiet()).is_err());
    }
}
