//! Maximum mean discrepancy with a Gaussian kernel (Gretton et al. 2012).

use super::pairs::Sums;
use super::{rows, sums};
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::neighbors::points::Points;

/// Squared MMD of two sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mmd {
    /// Bandwidth of the kernel exp(-|x - y|² / (2σ²)).
    pub sigma: f64,
    /// With the pairs of a state with itself.
    pub biased: f64,
    /// Without them; can be slightly negative.
    pub unbiased: f64,
}

/// σ by the median heuristic: the median of all pairwise distances of the pooled sets.
///
/// # Errors
/// As [`with_sigma`].
pub fn median_heuristic(x: &Points, y: &Points, cx: &Ctx) -> Result<f64, Fault> {
    let mut all: Vec<f64> = rows(x, y, cx, |_, d| d.to_vec())?.concat();
    for set in [x, y] {
        all.extend(rows(set, set, cx, |i, d| d[i + 1..].to_vec())?.concat());
    }
    Ok(stats::median(all))
}

/// Squared MMD for a given bandwidth.
///
/// # Errors
/// If a set has fewer than two states, dimensions differ or σ is not positive; cancelled.
pub fn with_sigma(x: &Points, y: &Points, sigma: f64, cx: &Ctx) -> Result<Mmd, Fault> {
    if x.len() < 2 || y.len() < 2 || sigma.is_nan() || sigma <= 0.0 {
        return Err(Fault::failed("the kernel distance needs two states in each set that are not all the same"));
    }
    Ok(of_sums(&sums(x, y, cx, kernel(sigma))?, sigma))
}

/// exp(-d² / (2σ²)) of a distance d.
pub fn kernel(sigma: f64) -> impl Fn(f64) -> f64 + Sync {
    let gamma = 0.5 / (sigma * sigma);
    move |d| (-gamma * d * d).exp()
}

/// The discrepancy of sums of [`kernel`] values.
pub fn of_sums(s: &Sums, sigma: f64) -> Mmd {
    let (n, m) = (s.n, s.m);
    let cross = 2.0 * s.xy / (n * m);
    Mmd {
        sigma,
        // A state's kernel with itself is 1.
        biased: (2.0 * s.xx + n) / (n * n) + (2.0 * s.yy + m) / (m * m) - cross,
        unbiased: 2.0 * s.xx / (n * (n - 1.0)) + 2.0 * s.yy / (m * (m - 1.0)) - cross,
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::ground::seed::keyed;

    /// N(0, 1) against N(d, 1) with σ = 1: 2/√3 · (1 - exp(-d²/6)). Standard error of 2,000 states each: about 0.01.
    #[test]
    fn shifted_normals_have_their_known_discrepancy() {
        let mut rng = keyed(2, 0);
        let mut draw = |shift: f32| -> Points {
            Points::plain(
                (0..2000)
                    .map(|_| shift + <StandardNormal as Distribution<f32>>::sample(&StandardNormal, &mut rng))
                    .collect(),
                1,
            )
        };
        let x = draw(0.0);
        for (shift, want) in [(0.5, 0.047_124), (1.0, 0.177_268), (2.0, 0.561_858)] {
            let mmd = with_sigma(&x, &draw(shift), 1.0, &Ctx::quiet()).unwrap();
            assert!((mmd.unbiased - want).abs() < 0.04, "{shift}: {mmd:?}");
            assert!(mmd.biased > mmd.unbiased);
        }
    }

    #[test]
    fn the_median_is_that_of_all_pairs() {
        // Pooled 0, 1, 3: distances 1, 3, 2.
        let (x, y) = (Points::plain(vec![0.0, 1.0], 1), Points::plain(vec![3.0], 1));
        assert!((median_heuristic(&x, &y, &Ctx::quiet()).unwrap() - 2.0).abs() < 1e-12);
        assert!(with_sigma(&x, &x, 0.0, &Ctx::quiet()).is_err());
        assert!(with_sigma(&x, &y, 1.0, &Ctx::quiet()).is_err(), "one state is too few");
    }
}
