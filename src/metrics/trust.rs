//! Can an alarm be trusted: does the signal that raises it go with the error that it warns of?

use crate::ground::bootstrap;
use crate::ground::seed::keyed;
use crate::ground::stats;

pub mod charts;
pub mod contest;
pub mod draws;
pub mod prefix;
pub mod reliability;
pub mod truth;
pub mod use_at_threshold;
pub mod weighted;
pub mod words;

use weighted::{Order, Ranked};

/// Spearman's rank correlation with mean ranks for ties; NaN where one side does not vary or there are fewer than two.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
    pearson(&stats::ranks(a), &stats::ranks(b))
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let (ma, mb) = (stats::mean(a), stats::mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma).powi(2);
        bb += (y - mb).powi(2);
    }
    if aa * bb > 0.0 { (ab / (aa * bb).sqrt()).clamp(-1.0, 1.0) } else { f64::NAN }
}

/// A correlation with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// Spearman's ρ.
    pub rho: f64,
    /// 2.5 % and 97.5 % ends of ρ over resampled episodes; nothing with fewer than 5 episodes.
    pub interval: Option<(f64, f64)>,
    /// Pairs.
    pub n: usize,
    /// Episodes.
    pub episodes: usize,
}

/// Episodes drawn anew this many times.
const RESAMPLES: usize = 400;
/// More pairs than this are thinned inside the bootstrap (evenly), which only widens the interval.
const BOOTSTRAP_PAIRS: usize = 4000;

/// ρ of pairs with a percentile bootstrap over whole episodes (pairs of one episode are not independent).
pub fn spearman_by_episode(a: &[f64], b: &[f64], owner: &[usize], seed: u64) -> Correlation {
    let rho = spearman(a, b);
    let step = a.len().div_ceil(BOOTSTRAP_PAIRS).max(1);
    let thin: Vec<usize> = (0..a.len()).step_by(step).collect();
    let groups = stats::by_episode(&thin.iter().map(|&i| owner[i]).collect::<Vec<_>>());
    let interval = (groups.len() >= 5 && rho.is_finite()).then(|| {
        let mut episode = vec![0; thin.len()];
        for (e, (_, rows)) in groups.iter().enumerate() {
            for &row in rows {
                episode[row] = e;
            }
        }
        let pick = |v: &[f64]| thin.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        let (score, outcome, none) = (Order::new(&pick(a)), Order::new(&pick(b)), vec![false; thin.len()]);
        let mut rng = keyed(seed, 0);
        let mut truth = Ranked::default();
        let mut draw = || {
            let count = bootstrap::multiplicities(&mut rng, groups.len());
            let weight: Vec<f64> = episode.iter().map(|&e| f64::from(count[e])).collect();
            outcome.rank(&weight, &mut truth);
            score.measure(&truth, &none, &weight).rho
        };
        let draws: Vec<f64> = (0..RESAMPLES).map(|_| draw()).filter(|r| r.is_finite()).collect();
        let draws = stats::sorted(&draws);
        (stats::quantile_sorted(&draws, 0.025), stats::quantile_sorted(&draws, 0.975))
    });
    Correlation { rho, interval, n: a.len(), episodes: stats::by_episode(owner).len() }
}

/// Area under the ROC curve of `score` for telling `positive` apart (Mann–Whitney, ties count half); NaN where one class
/// is missing.
pub fn auroc(score: &[f64], positive: &[bool]) -> f64 {
    let mut truth = Ranked::default();
    let order = Order::new(score);
    let once = vec![1.0; score.len()];
    order.rank(&once, &mut truth);
    order.measure(&truth, positive, &once).auroc
}

/// Average precision of `score` for telling `positive` apart, equal scores at one threshold (scikit-learn's
/// `average_precision_score`); NaN where none is positive. Chance is the share of the positive.
pub fn average_precision(score: &[f64], positive: &[bool]) -> f64 {
    let mut truth = Ranked::default();
    let order = Order::new(score);
    let once = vec![1.0; score.len()];
    order.rank(&once, &mut truth);
    order.measure(&truth, positive, &once).auprc
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod rank_tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    const A: [f64; 10] = [0.1, 0.4, 0.4, 0.9, 1.6, 2.5, 2.5, 2.5, 4.9, 6.4];
    const B: [f64; 10] = [3.0, 1.0, 2.0, 2.0, 5.0, 4.0, 9.0, 6.0, 6.0, 8.0];

    const RHO: f64 = 0.808_084_391_283_226_7;
    const AUROC: f64 = 0.919_999_999_999_999_9;

    /// scikit-learn 1.9.1: `average_precision_score(B > 4, A)`.
    const AP: f64 = 0.886_666_666_666_666_7;

    /// scipy 1.17.1: `scipy.stats.spearmanr(A, B).statistic` and
    /// `scipy.stats.mannwhitneyu(pos, neg).statistic / (len(pos) * len(neg))` with `pos = A[B > 4]`, `neg = A[B <= 4]`.
    #[test]
    fn numbers_of_scipy() {
        assert!((spearman(&A, &B) - RHO).abs() < 1e-12, "{}", spearman(&A, &B));
        let positive: Vec<bool> = B.iter().map(|&b| b > 4.0).collect();
        assert!((auroc(&A, &positive) - AUROC).abs() < 1e-12, "{}", auroc(&A, &positive));
        assert!((average_precision(&A, &positive) - AP).abs() < 1e-12);
    }

    #[test]
    fn order_is_all_that_counts() {
        let up: Vec<f64> = A.iter().map(|v| v.exp()).collect();
        assert!((spearman(&up, &B) - spearman(&A, &B)).abs() < 1e-12);
        assert!((spearman(&A, &A) - 1.0).abs() < 1e-12);
        let down: Vec<f64> = A.iter().map(|v| -v).collect();
        assert!((spearman(&A, &down) + 1.0).abs() < 1e-12);
        let mut infinite = A;
        infinite[9] = f64::INFINITY;
        assert!((spearman(&infinite, &B) - spearman(&A, &B)).abs() < 1e-12, "an infinite error still has a rank");
    }

    #[test]
    fn nothing_to_correlate_is_nan_and_has_no_interval() {
        assert!(spearman(&[1.0, 1.0], &[1.0, 2.0]).is_nan() && spearman(&[], &[]).is_nan());
        assert!(auroc(&[1.0, 2.0], &[true, true]).is_nan());
        assert_eq!(spearman_by_episode(&A, &B, &[0; 10], 1).interval, None);
    }

    #[test]
    fn the_interval_is_seeded_and_holds_the_estimate() {
        let owner: Vec<usize> = (0..10).collect();
        let c = spearman_by_episode(&A, &B, &owner, 7);
        let (lo, hi) = c.interval.unwrap();
        assert!(lo <= c.rho && c.rho <= hi && lo > -1.0, "{c:?}");
        assert_eq!(c, spearman_by_episode(&A, &B, &owner, 7));
        assert_eq!((c.n, c.episodes), (10, 10));
    }
}
