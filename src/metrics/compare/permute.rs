//! Permutation tests that shuffle whole episodes: states of one episode follow each other and are no sample of their own.
//!
//! Under the hypothesis that the episodes of A and B come from the same source, which of them are called A is chance. The
//! p-value (1 + #{shuffled ≥ observed}) / (1 + P) is then valid for any statistic (Phipson & Smyth 2010).

use rand::seq::SliceRandom;

use crate::ground::seed::Stream;

/// Assignments of episodes to A (`true`): the real one first, then the shuffled ones.
#[derive(Debug, Clone)]
pub struct Labels {
    /// [1 + P][E].
    pub all: Vec<Vec<bool>>,
}

/// A statistic and what it is under shuffled labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// With the real labels.
    pub value: f64,
    /// Permutation p-value; NaN without permutations.
    pub p: f64,
    /// 95 % quantile under shuffled labels: what chance alone gives; NaN without permutations.
    pub by_chance: f64,
}

impl Labels {
    /// The first `episodes_a` of `episodes` are A's; `permutations` shuffles of that.
    pub fn new(episodes: usize, episodes_a: usize, permutations: usize, rng: &mut Stream) -> Self {
        let real: Vec<bool> = (0..episodes).map(|e| e < episodes_a).collect();
        let mut all = vec![real.clone()];
        for _ in 0..permutations {
            let mut shuffled = real.clone();
            shuffled.shuffle(rng);
            all.push(shuffled);
        }
        Self { all }
    }
}

/// The statistic of the real labels (first) against those of the shuffled ones.
pub fn test(values: &[f64]) -> Tested {
    let Some((&value, shuffled)) = values.split_first().filter(|(_, shuffled)| !shuffled.is_empty()) else {
        return Tested { value: values.first().copied().unwrap_or(f64::NAN), p: f64::NAN, by_chance: f64::NAN };
    };
    Tested { value, p: p_value(value, shuffled), by_chance: crate::ground::stats::quantile(shuffled, 0.95) }
}

/// [`test`] of statistics that chance makes larger the smaller one of the sets is: each is held against the others after
/// multiplication with its `scale` (nm/(n+m) for squared distances, its root for distances). Episodes of different lengths
/// make divisions of different sizes.
pub fn test_scaled(values: &[f64], scale: &[f64]) -> Tested {
    let scaled: Vec<f64> = values.iter().zip(scale).map(|(v, s)| v * s).collect();
    let Tested { value: _, p, by_chance } = test(&scaled);
    let unit = scale.first().copied().unwrap_or(f64::NAN);
    Tested { value: values.first().copied().unwrap_or(f64::NAN), p, by_chance: by_chance / unit }
}

/// (1 + #{shuffled ≥ observed}) / (1 + P).
pub fn p_value(observed: f64, shuffled: &[f64]) -> f64 {
    // Labels that swap the two sets have the same statistic but for the order of the sums.
    let slack = 1e-12 * observed.abs();
    // A shuffle that gives no number counts against the finding.
    let reached = shuffled.iter().filter(|s| s.is_nan() || **s >= observed - slack).count();
    (1 + reached) as f64 / (1 + shuffled.len()) as f64
}

/// The smallest p-value that so many episodes allow: one over the number of different assignments.
pub fn smallest(episodes: usize, episodes_a: usize) -> f64 {
    let k = episodes_a.min(episodes - episodes_a.min(episodes));
    let ways: f64 = (0..k).map(|i| (episodes - i) as f64 / (i + 1) as f64).product();
    // Equal numbers: swapping the two sets changes nothing.
    if 2 * k == episodes && k > 0 { (2.0 / ways).min(1.0) } else { 1.0 / ways }
}

#[cfg(test)]
mod tests;
