//! Percentile intervals of means by resampling whole episodes.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::metrics::stats;

/// Episodes drawn anew this many times.
const RESAMPLES: usize = 1000;
/// Fewer episodes give no interval worth the name.
const EPISODES: usize = 5;

/// 2.5 % and 97.5 % ends of the mean of `values` over resampled episodes (ratio of sums, so that long episodes weigh more);
/// nothing with fewer than five episodes or a value that is infinite.
pub fn of_mean(values: &[f64], owner: &[usize], seed: u64) -> Option<(f64, f64)> {
    let episodes: Vec<(f64, f64)> = stats::by_episode(owner)
        .into_iter()
        .map(|(_, rows)| (rows.iter().map(|&r| values[r]).sum(), rows.len() as f64))
        .collect();
    if episodes.len() < EPISODES || episodes.iter().any(|(sum, _)| !sum.is_finite()) {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || {
        let (mut sum, mut n) = (0.0, 0.0);
        for _ in 0..episodes.len() {
            let (s, k) = episodes[rng.random_range(0..episodes.len())];
            (sum, n) = (sum + s, n + k);
        }
        sum / n
    };
    let draws = stats::sorted(&(0..RESAMPLES).map(|_| draw()).collect::<Vec<_>>());
    Some((stats::quantile_sorted(&draws, 0.025), stats::quantile_sorted(&draws, 0.975)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty episodes whose means are 0 … 19: the standard error is 5.77/√20 = 1.29, so the interval is near 9.5 ± 2.5.
    #[test]
    fn the_spread_is_that_of_episodes_and_not_of_rows() {
        let owner: Vec<usize> = (0..2000).map(|i| i / 100).collect();
        let values: Vec<f64> = owner.iter().map(|&o| o as f64).collect();
        let (lo, hi) = of_mean(&values, &owner, 0).unwrap();
        assert!((lo - 7.0).abs() < 0.6 && (hi - 12.0).abs() < 0.6, "{lo} {hi}");
        assert_eq!(of_mean(&values[..400], &owner[..400], 0), None);
        assert_eq!(of_mean(&[f64::INFINITY; 5], &[0, 1, 2, 3, 4], 0), None);
    }
}
