//! Classifier two-sample test (Lopez-Paz & Oquab 2017): can a logistic regression tell states of B from states of A in
//! episodes that it was not trained on? It sees differences along a line; the energy distance sees every difference.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::logistic::Logistic;
use super::sample::Sample;
use crate::metrics::trust::auroc;
use crate::metrics::{MetricError, stats};
use crate::task::Ctx;

/// Most folds of the cross-validation.
const FOLDS: usize = 5;
/// Strength of the penalty (scikit-learn's default C).
pub const C: f64 = 1.0;

/// Folds of whole episodes, each with episodes of both sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Folds {
    /// [E] fold of each episode.
    pub of: Vec<usize>,
    /// How many.
    pub count: usize,
}

impl Folds {
    /// Deals the shuffled episodes of each set onto at most five folds; nothing with fewer than two episodes of a set.
    pub fn new(sample: &Sample, rng: &mut ChaCha8Rng) -> Option<Self> {
        let count = FOLDS.min(sample.blocks_a).min(sample.blocks_b());
        let mut of = vec![0; sample.blocks];
        for set in [0..sample.blocks_a, sample.blocks_a..sample.blocks] {
            let mut episodes: Vec<usize> = set.collect();
            episodes.shuffle(rng);
            episodes.iter().enumerate().for_each(|(i, &e)| of[e] = i % count);
        }
        (count >= 2).then_some(Self { of, count })
    }
}

/// Out-of-fold decisions and what they are worth.
#[derive(Debug, Clone)]
pub struct Classified {
    /// Mean over folds of the balanced accuracy: the mean of the shares of A's and of B's states that are put into the right
    /// set; 0.5 is chance.
    pub accuracy: f64,
    /// Mean over folds of the area under the ROC curve; 0.5 is chance.
    pub auroc: f64,
    /// [N] decision values, above 0 for B.
    pub decision: Vec<f64>,
}

/// Trains on all folds but one and decides the states of that one, for each.
///
/// # Errors
/// When cancelled.
pub fn cross_validate(sample: &Sample, folds: &Folds, cx: &Ctx) -> Result<Classified, MetricError> {
    let d = sample.points.dim();
    let points = &sample.points;
    let x: Vec<f64> = (0..points.len()).flat_map(|i| points.standardise(points.raw(i))).collect();
    let is_b = sample.is_b();
    let fold = |i: usize| folds.of[sample.block[i]];
    let one = |f: usize| -> Result<(Vec<usize>, Vec<f64>), MetricError> {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..is_b.len()).partition(|&i| fold(i) == f);
        let rows: Vec<f64> = train.iter().flat_map(|&i| x[i * d..(i + 1) * d].to_vec()).collect();
        let labels: Vec<bool> = train.iter().map(|&i| is_b[i]).collect();
        let model = Logistic::fit(&rows, d, &labels, C, cx)?;
        let decision = test.iter().map(|&i| model.decide(&x[i * d..(i + 1) * d])).collect();
        Ok((test, decision))
    };
    let decided: Vec<_> = (0..folds.count).into_par_iter().map(one).collect::<Result<_, _>>()?;
    let mut out = vec![0.0; is_b.len()];
    let (mut accuracies, mut areas) = (Vec::new(), Vec::new());
    for (test, decision) in decided {
        let truth: Vec<bool> = test.iter().map(|&i| is_b[i]).collect();
        accuracies.push(balanced_accuracy(&decision, &truth));
        areas.push(auroc(&decision, &truth));
        test.iter().zip(decision).for_each(|(&i, v)| out[i] = v);
    }
    Ok(Classified { accuracy: stats::mean(&accuracies), auroc: stats::mean(&areas), decision: out })
}

/// Mean over the two sets of the share of their states on the right side of 0.
fn balanced_accuracy(decision: &[f64], is_b: &[bool]) -> f64 {
    let recall = |set: bool| {
        let of: Vec<f64> = decision.iter().zip(is_b).filter(|(_, b)| **b == set).map(|(d, _)| *d).collect();
        of.iter().filter(|d| (**d > 0.0) == set).count() as f64 / of.len() as f64
    };
    f64::midpoint(recall(false), recall(true))
}

/// The mean AUROC over folds if the episodes of each fold had other labels: `shuffles` times, the real labels first.
///
/// The classifier of a fold never saw the fold's labels, so under the hypothesis of no difference they are exchangeable.
///
/// # Errors
/// When cancelled.
pub fn shuffled(
    sample: &Sample,
    folds: &Folds,
    decision: &[f64],
    shuffles: usize,
    rng: &mut ChaCha8Rng,
    cx: &Ctx,
) -> Result<Vec<f64>, MetricError> {
    // Mann-Whitney: the area follows from the sum of B's ranks, so an episode's ranks are summed once.
    let mut parts: Vec<Vec<Ranked>> = Vec::new();
    for f in 0..folds.count {
        let test: Vec<usize> = (0..decision.len()).filter(|&i| folds.of[sample.block[i]] == f).collect();
        let ranks = stats::ranks(&test.iter().map(|&i| decision[i]).collect::<Vec<_>>());
        let owner: Vec<usize> = test.iter().map(|&i| sample.block[i]).collect();
        let episodes = stats::by_episode(&owner).into_iter();
        parts.push(
            episodes
                .map(|(e, rows)| Ranked {
                    is_b: e >= sample.blocks_a,
                    states: rows.len() as f64,
                    ranks: rows.iter().map(|&r| ranks[r]).sum(),
                })
                .collect(),
        );
    }
    let mut out = Vec::with_capacity(shuffles + 1);
    for shuffle in 0..=shuffles {
        cx.check()?;
        let mut areas = Vec::with_capacity(parts.len());
        for part in &parts {
            let mut labels: Vec<bool> = part.iter().map(|e| e.is_b).collect();
            if shuffle > 0 {
                labels.shuffle(rng);
            }
            let (mut b, mut a, mut ranks) = (0.0, 0.0, 0.0);
            for (episode, is_b) in part.iter().zip(labels) {
                *if is_b { &mut b } else { &mut a } += episode.states;
                ranks += if is_b { episode.ranks } else { 0.0 };
            }
            areas.push((ranks - b * (b + 1.0) / 2.0) / (a * b));
        }
        out.push(stats::mean(&areas));
    }
    Ok(out)
}

/// An episode of a fold.
struct Ranked {
    is_b: bool,
    states: f64,
    /// Sum of the ranks of its states' decisions within the fold.
    ranks: f64,
}

#[cfg(test)]
pub(super) mod tests;
