//! Classifier two-sample test (Lopez-Paz & Oquab 2017): can a logistic regression tell states of B from states of A in
//! episodes that it was not trained on? It sees differences along a line; the energy distance sees every difference.

use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::logistic::Logistic;
use super::sample::Sample;
use crate::ground::fault::Fault;
use crate::ground::seed::{Stream, keyed};
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::trust::auroc;

/// Most folds of the cross-validation.
const FOLDS: usize = 5;
/// Strength of the penalty (scikit-learn's default C).
pub const C: f64 = 1.0;
/// Share of the first gradient at which a fit ends: far below what moves a digit, and below what moves a rank.
const EXACT: f64 = 1e-9;
const LOOSE: f64 = 1e-3;

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
    pub fn new(is_a: &[bool], rng: &mut Stream) -> Option<Self> {
        let set = |a: bool| -> Vec<usize> { (0..is_a.len()).filter(|&e| is_a[e] == a).collect() };
        let sets = [set(true), set(false)];
        let count = FOLDS.min(sets[0].len()).min(sets[1].len());
        if count < 2 {
            return None;
        }
        let mut of = vec![0; is_a.len()];
        for mut episodes in sets {
            episodes.shuffle(rng);
            episodes.iter().enumerate().for_each(|(i, &e)| of[e] = i % count);
        }
        Some(Self { of, count })
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

/// A sample whose episodes can be given to either set.
pub struct Classifier<'a> {
    sample: &'a Sample,
    /// [N, D] standardised states.
    rows: Vec<f64>,
}

impl<'a> Classifier<'a> {
    /// Takes the states of the sample.
    pub fn new(sample: &'a Sample) -> Self {
        let points = &sample.points;
        Self { sample, rows: (0..points.len()).flat_map(|i| points.standardise(points.raw(i))).collect() }
    }

    /// Trains on all folds but one and decides the states of that one, for each; `is_a` [E] says whose an episode is.
    ///
    /// # Errors
    /// When cancelled.
    pub fn cross_validate(&self, is_a: &[bool], folds: &Folds, cx: &Ctx) -> Result<Classified, Fault> {
        self.validate(is_a, folds, EXACT, cx)
    }

    fn validate(&self, is_a: &[bool], folds: &Folds, tolerance: f64, cx: &Ctx) -> Result<Classified, Fault> {
        let (d, block) = (self.sample.points.dim(), &self.sample.block);
        let is_b = |i: usize| !is_a[block[i]];
        let row = |i: usize| &self.rows[i * d..(i + 1) * d];
        let mut decision = vec![0.0; block.len()];
        let (mut accuracies, mut areas) = (Vec::new(), Vec::new());
        for fold in 0..folds.count {
            let (test, train): (Vec<usize>, Vec<usize>) = (0..block.len()).partition(|&i| folds.of[block[i]] == fold);
            let rows: Vec<f64> = train.iter().flat_map(|&i| row(i)).copied().collect();
            let labels: Vec<bool> = train.iter().map(|&i| is_b(i)).collect();
            let model = Logistic::fit(&rows, d, &labels, C, tolerance, cx)?;
            let decided: Vec<f64> = test.iter().map(|&i| model.decide(row(i))).collect();
            let truth: Vec<bool> = test.iter().map(|&i| is_b(i)).collect();
            accuracies.push(balanced_accuracy(&decided, &truth));
            areas.push(auroc(&decided, &truth));
            test.iter().zip(decided).for_each(|(&i, v)| decision[i] = v);
        }
        Ok(Classified { accuracy: stats::mean(&accuracies), auroc: stats::mean(&areas), decision })
    }

    /// The cross-validated AUROC for every assignment of episodes to A: [P] for [P][E] labels. Folds are dealt and all
    /// classifiers fitted anew for each: the folds share training episodes, so with fixed classifiers their areas would
    /// vary more together than shuffled labels do, and p-values would be too small.
    ///
    /// # Errors
    /// When cancelled.
    pub fn shuffled(&self, labels: &[Vec<bool>], seed: u64, cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let one = |(p, is_a): (usize, &Vec<bool>)| -> Result<f64, Fault> {
            match Folds::new(is_a, &mut keyed(seed, FIRST_STREAM + p as u64)) {
                Some(folds) => Ok(self.validate(is_a, &folds, LOOSE, cx)?.auroc),
                None => Ok(f64::NAN),
            }
        };
        labels.par_iter().enumerate().map(one).collect()
    }
}

/// The streams of random numbers from here on deal the folds.
pub const FIRST_STREAM: u64 = 1000;

/// Mean over the two sets of the share of their states on the right side of 0.
fn balanced_accuracy(decision: &[f64], is_b: &[bool]) -> f64 {
    let recall = |set: bool| {
        let of: Vec<f64> = decision.iter().zip(is_b).filter(|(_, b)| **b == set).map(|(d, _)| *d).collect();
        of.iter().filter(|d| (**d > 0.0) == set).count() as f64 / of.len() as f64
    };
    f64::midpoint(recall(false), recall(true))
}

#[cfg(test)]
pub(super) mod tests;
