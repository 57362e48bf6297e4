//! Does the error rise with the score? Mean realised severity by decile of a score.

use crate::ground::bootstrap;
use crate::ground::seed::keyed;
use crate::ground::stats;

/// Bins of equal numbers of rows.
pub const BINS: usize = 10;
/// Episodes drawn anew this many times.
const RESAMPLES: usize = 300;
/// Fewer episodes give no band.
const LEAST: usize = 5;

/// Mean severity by decile of the score.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// [10] mean severity of the rows in the decile; NaN for one that ties left empty.
    pub mean: Vec<f64>,
    /// 2.5 % and 97.5 % ends over resampled episodes; nothing with fewer than 5 episodes.
    pub band: Option<(Vec<f64>, Vec<f64>)>,
}

/// Deciles are cut by mid-rank, so equal scores share one; severities that are not finite count as the largest finite one.
pub fn reliability(score: &[f64], severity: &[f64], owner: &[usize], seed: u64) -> Reliability {
    let largest = severity.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let ranks = stats::ranks(score);
    let n = score.len() as f64;
    let bin = |i: usize| (((ranks[i] - 0.5) / n * BINS as f64) as usize).min(BINS - 1);
    let sums: Vec<[(f64, f64); BINS]> = stats::by_episode(owner)
        .iter()
        .map(|(_, rows)| {
            let mut sums = [(0.0, 0.0); BINS];
            for &i in rows {
                let slot = &mut sums[bin(i)];
                *slot = (slot.0 + if severity[i].is_finite() { severity[i] } else { largest }, slot.1 + 1.0);
            }
            sums
        })
        .collect();
    let mean = |of: &dyn Fn(usize) -> usize| -> Vec<f64> {
        let mut all = [(0.0, 0.0); BINS];
        for e in 0..sums.len() {
            all.iter_mut().zip(&sums[of(e)]).for_each(|(a, s)| *a = (a.0 + s.0, a.1 + s.1));
        }
        all.iter().map(|(sum, n)| sum / n).collect()
    };
    let band = (sums.len() >= LEAST).then(|| {
        let mut rng = keyed(seed, 0);
        let draws: Vec<Vec<f64>> = (0..RESAMPLES)
            .map(|_| {
                let drawn: Vec<usize> = bootstrap::drawn(&mut rng, sums.len()).collect();
                mean(&|e| drawn[e])
            })
            .collect();
        let end = |q: f64| -> Vec<f64> {
            let column = |b: usize| draws.iter().map(|d| d[b]).filter(|v| !v.is_nan()).collect::<Vec<_>>();
            (0..BINS).map(|b| stats::quantile(&column(b), q)).collect()
        };
        (end(0.025), end(0.975))
    });
    Reliability { mean: mean(&|e| e), band }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn the_error_rises_with_a_score_that_tells_it() {
        let score: Vec<f64> = (0..100).map(f64::from).collect();
        let owner: Vec<usize> = (0..100).map(|i| i % 10).collect();
        let r = reliability(&score, &score, &owner, 1);
        assert_eq!(r.mean, (0..10).map(|b| f64::from(10 * b) + 4.5).collect::<Vec<_>>());
        let (low, high) = r.band.unwrap();
        assert!((0..10).all(|b| low[b] <= r.mean[b] && r.mean[b] <= high[b]));
        let tied = reliability(&[1.0; 4], &[1.0, 3.0, f64::INFINITY, 1.0], &[0; 4], 1);
        assert_eq!(tied.mean[5], 2.0);
        assert!(tied.mean[0].is_nan() && tied.band.is_none(), "ties share one decile");
    }
}
