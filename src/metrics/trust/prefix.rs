//! Rank statistics of whole episodes that do not reward length.
//!
//! The largest score of an episode grows with its length: of independent scores, the larger maximum is the longer episode's
//! with probability L₁/(L₁+L₂), so a score that knows nothing tells failed episodes of another length apart. Here two
//! episodes are held against each other over the steps that both have: prefix-matched concordance, the share of pairs
//! (failed i, sound j) with `max_{t<L} s_i > max_{t<L} s_j`, L = min(`L_i`, `L_j`), ties half. Of equal lengths it is the
//! area under the ROC curve.

use rayon::prelude::*;

use crate::ground::stats;

/// [T] largest score up to each step; a score that is no number counts as infinite.
pub fn running(scores: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut most = f64::NEG_INFINITY;
    let mut up_to = |s: f64| {
        most = most.max(if s.is_nan() { f64::INFINITY } else { s });
        most
    };
    scores.into_iter().map(&mut up_to).collect()
}

/// [episodes][T] of scores [N] whose episodes are `owner` [N], in the order of their first rows.
pub fn by_episode(scores: &[f64], owner: &[usize]) -> Vec<Vec<f64>> {
    stats::by_episode(owner).into_iter().map(|(_, rows)| running(rows.into_iter().map(|i| scores[i]))).collect()
}

/// Episode `i` with these [`running`] maxima held against every one over their common steps: 2 where its score is larger, 1
/// where they are equal, 0 where it is smaller. None may be empty.
fn against<'r>(running: &'r [&[f64]], i: usize) -> impl Iterator<Item = u8> + 'r {
    running.iter().map(move |other| {
        let end = running[i].len().min(other.len()) - 1;
        let (own, other) = (running[i][end], other[end]);
        u8::from(own > other) + u8::from(own >= other)
    })
}

/// Sums over failed episodes.
#[derive(Default)]
struct Tally {
    concordant: f64,
    pairs: f64,
    precision: f64,
    failed: f64,
}

impl Tally {
    /// Takes a failed episode that weighs `own` and its `wins` over all, which weigh `weight`.
    fn add(&mut self, own: f64, wins: impl Iterator<Item = u8>, weight: &[f64], positive: &[bool]) {
        let (mut won, mut sound, mut hits, mut seen) = (0.0, 0.0, 0.0, 0.0);
        for ((win, &w), &positive) in wins.zip(weight).zip(positive) {
            if positive {
                hits += if win < 2 { w } else { 0.0 };
            } else {
                won += 0.5 * f64::from(win) * w;
                sound += w;
            }
            seen += if win < 2 { w } else { 0.0 };
        }
        self.concordant += own * won;
        self.pairs += own * sound;
        self.precision += own * hits / seen;
        self.failed += own;
    }

    /// Concordance and average precision.
    fn result(&self) -> (f64, f64) {
        (self.concordant / self.pairs, self.precision / self.failed)
    }
}

/// [`Pairs::measure`] of episodes that all weigh the same, without holding the pairs: there may be any number of them.
pub fn measure(running: &[&[f64]], positive: &[bool]) -> (f64, f64) {
    let (mut tally, once) = (Tally::default(), vec![1.0; running.len()]);
    for i in (0..running.len()).filter(|&i| positive[i]) {
        tally.add(1.0, against(running, i), &once, positive);
    }
    tally.result()
}

/// Every failed episode held against every other over their common steps, to be measured under many weights.
#[derive(Debug, Clone)]
pub struct Pairs {
    /// Number of episodes.
    n: usize,
    /// [F] the failed ones.
    failed: Vec<usize>,
    /// [N] which failed.
    positive: Vec<bool>,
    /// [F][N] wins of the failed one.
    wins: Vec<u8>,
}

impl Pairs {
    /// Holds episodes with these [`running`] maxima against each other; none may be empty.
    pub fn new(running: &[&[f64]], positive: &[bool]) -> Self {
        let failed: Vec<usize> = (0..running.len()).filter(|&i| positive[i]).collect();
        let wins = failed.par_iter().flat_map_iter(|&i| against(running, i)).collect();
        Self { n: running.len(), failed, positive: positive.to_vec(), wins }
    }

    /// Prefix-matched concordance and average precision under `weight` [N]; NaN where a class is missing.
    ///
    /// The precision at a failed episode is that among the episodes whose score over the common steps is not smaller; average
    /// precision is its mean over the failed ones (of equal lengths scikit-learn's `average_precision_score`).
    pub fn measure(&self, weight: &[f64]) -> (f64, f64) {
        let mut tally = Tally::default();
        for (row, &i) in self.failed.iter().enumerate().filter(|(_, i)| weight[**i] > 0.0) {
            let wins = self.wins[row * self.n..(row + 1) * self.n].iter().copied();
            tally.add(weight[i], wins, weight, &self.positive);
        }
        tally.result()
    }
}

#[cfg(test)]
mod tests;
