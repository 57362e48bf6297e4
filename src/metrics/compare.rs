//! Two sets of states compared: dataset A against dataset B, a dataset against rollouts, imagined against real.
//!
//! Distances ([`measured`]) see both sets evenly thinned to the same number of states. p-values ([`evidence`]) come from
//! shuffling whole episodes ([`permute`]) that are thinned alike in both sets ([`sample`]). Units are standard deviations of
//! A's training part.

pub mod beyond;
pub mod classifier;
pub mod energy;
pub mod evidence;
pub mod logistic;
pub mod measured;
pub mod mmd;
mod numbers;
pub mod pairs;
pub mod permute;
pub mod prdc;
pub mod region;
pub mod sample;
pub mod sliced;
mod verdict;
pub mod wasserstein;

use rayon::prelude::*;

use super::States;
use super::features::Choice;
use super::neighbors::points::Points;
use super::novelty::{Novelty, Rule};
use super::report::Report;
use super::threshold::Kind;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use evidence::Evidence;
use measured::Measured;
use numbers::Found;
use sample::Sample;

/// The two sets. A comes in the parts of its split; B whole.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Name of every dimension.
    pub names: &'a [String],
    /// Which feature space the states are in.
    pub choice: Choice<'a>,
    /// A's novelty with the `k` and `alpha` of the options, where it has been fitted already.
    pub novelty: Option<&'a Novelty>,
    /// A's training part: the reference of novelty, and the unit of distances.
    pub train: States<'a>,
    /// A's episodes that the novelty threshold comes from.
    pub calibration: States<'a>,
    /// A's remaining episodes.
    pub heldout: States<'a>,
    /// B.
    pub b: States<'a>,
    /// A's parts share their episodes because there are too few.
    pub shared: bool,
}

impl<'a> Input<'a> {
    /// All of A, each episode once.
    pub fn a(&self) -> Vec<States<'a>> {
        if self.shared { vec![self.train] } else { vec![self.train, self.calibration, self.heldout] }
    }
}

/// How they are compared.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Options {
    /// Which neighbour's distance is the novelty.
    pub k: usize,
    /// False-alarm level of the novelty threshold.
    pub alpha: f64,
    /// Most states of each set in what looks at every pair; a test has twice as many of both together.
    pub states: usize,
    /// Shuffles of the episodes; 0 gives no p-value.
    pub permutations: usize,
    /// Seed of shuffles, folds, directions and resampling.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { k: 5, alpha: 0.1, states: 1000, permutations: 199, seed: 0 }
    }
}

/// The classifier sees about twice so many states of both sets together.
const CLASSIFIED: usize = 400;

/// Compares B with A.
///
/// # Errors
/// A sentence where a set is empty, too small, not finite or of another width; cancelled.
pub fn report(input: &Input<'_>, options: &Options, cx: &Ctx) -> Result<Report, Fault> {
    if input.b.is_empty() || input.b.rows.len() != input.b.len() * input.names.len() {
        return Err(Fault::failed(format!(
            "B has {} values in {} states where A has {} dimensions: name two sets of the same observation space",
            input.b.rows.len(),
            input.b.len(),
            input.names.len()
        )));
    }
    let mut report = Report::new("compare", "B compared with A");
    let rule = Rule { k: options.k, kind: Kind::Conformal, alpha: options.alpha, shared: input.shared };
    let fitted;
    let novelty = if let Some(known) = input.novelty {
        known
    } else {
        let parts = (input.train, input.calibration);
        fitted = Novelty::fit_in((input.names, input.choice), parts.0, parts.1, rule, &cx.phase("novelty of A"))?;
        &fitted
    };
    let beyond = beyond::report(input, novelty, options, &mut report, cx)?;
    let features = &beyond.novelty.features;
    let sample = Sample::new(features, &input.a(), input.b, options.states)?;
    let measured = Measured::of(&sample, options, cx)?;
    let tested = Sample::alike(features, &input.a(), input.b, options.states)?;
    let few = Sample::alike(features, &input.a(), input.b, options.states.min(CLASSIFIED))?;
    let evidence = Evidence::gather(&tested, &few, options, cx)?;
    let regions = region::most_different(&sample, features, &cx.phase("looking for the region that differs"))?;
    let permutations = options.permutations;
    let found = Found { sample: &sample, measured: &measured, tested: &tested, evidence: &evidence, permutations };
    numbers::stats(&mut report, &found);
    report.tables.push(numbers::dimensions_table(&found, features));
    report.tables.push(numbers::tests_table(&evidence));
    numbers::distributions(&mut report, &measured, features, input);
    verdict::verdict(&mut report, &found, &beyond);
    verdict::constants(&mut report, features, input);
    features.tell_parted(&mut report, input.b.rows);
    verdict::regions(&mut report, regions, features, input);
    verdict::basis(&mut report, &beyond, &found, options);
    Ok(report)
}

/// Refuses sets that have no distance.
fn comparable(a: &Points, b: &Points) -> Result<(), Fault> {
    if a.dim() != b.dim() || a.is_empty() || b.is_empty() {
        return Err(Fault::failed(format!(
            "cannot compare {} states of {} dimensions with {} of {}: both sets need a state and the same dimensions",
            a.len(),
            a.dim(),
            b.len(),
            b.dim()
        )));
    }
    Ok(())
}

/// For every row of `a`, `of` its Euclidean distances to all rows of `b`.
fn rows<T: Send>(a: &Points, b: &Points, cx: &Ctx, of: impl Fn(usize, &[f64]) -> T + Sync) -> Result<Vec<T>, Fault> {
    comparable(a, b)?;
    (0..a.len())
        .into_par_iter()
        .map(|i| {
            cx.check()?;
            let distances: Vec<f64> = (0..b.len()).map(|j| a.squared(i, b, j).sqrt()).collect();
            Ok(of(i, &distances))
        })
        .collect()
}

/// Sums of `of(distance)` over the unordered pairs within and between two sets.
fn sums(x: &Points, y: &Points, cx: &Ctx, of: impl Fn(f64) -> f64 + Sync) -> Result<pairs::Sums, Fault> {
    let within = |set: &Points| -> Result<f64, Fault> {
        Ok(rows(set, set, cx, |i, d| d[i + 1..].iter().map(|&d| of(d)).sum::<f64>())?.iter().sum())
    };
    let xy = rows(x, y, cx, |_, d| d.iter().map(|&d| of(d)).sum::<f64>())?.iter().sum();
    Ok(pairs::Sums { xx: within(x)?, yy: within(y)?, xy, n: x.len() as f64, m: y.len() as f64 })
}

#[cfg(test)]
mod tests;
