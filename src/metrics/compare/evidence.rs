//! What could be chance: every statistic of a sample whose episodes are alike, against shuffled episodes.

use super::classifier::{self, Folds};
use super::pairs::{self, Distances};
use super::permute::{self, Labels, Tested};
use super::sample::Sample;
use super::sliced::{self, Line};
use super::{Options, energy, mmd};
use crate::ground::fault::Fault;
use crate::ground::seed::keyed;
use crate::ground::stats;
use crate::ground::task::Ctx;

/// Random directions of the sliced Wasserstein distance.
pub const DIRECTIONS: usize = 128;
/// What the sample says.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Energy distance.
    pub energy: Tested,
    /// Unbiased squared kernel discrepancy.
    pub mmd2: Tested,
    /// Sliced Wasserstein distance, p = 1.
    pub sliced_w1: Tested,
    /// Largest W1 of a dimension.
    pub w1_max: Tested,
    /// Dimensions, the most different first.
    pub dimensions: Vec<Dimension>,
    /// With fewer than two episodes of a set nothing.
    pub classifier: Option<Told>,
}

/// W1 of one dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dimension {
    /// Number among the kept dimensions.
    pub index: usize,
    /// W1 in A's standard deviations, its own p-value, and what chance gives.
    pub w1: Tested,
    /// p-value that allows for looking at every dimension: against the largest W1 of all (Westfall & Young 1993).
    pub p_of_all: f64,
}

/// How well a cross-validated classifier tells the sets apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// Mean of the shares of A's and of B's states that are put into the right set.
    pub accuracy: f64,
    /// Area under the ROC curve.
    pub auroc: Tested,
    /// Folds.
    pub folds: usize,
    /// States of A and of B that it was shown.
    pub states: (usize, usize),
}

impl Evidence {
    /// Makes every comparison; the classifier, which is fitted anew for every shuffle, sees the smaller sample.
    ///
    /// # Errors
    /// When cancelled.
    pub fn gather(sample: &Sample, few: &Sample, options: &Options, cx: &Ctx) -> Result<Self, Fault> {
        let shuffles = |sample: &Sample| {
            let mut rng = keyed(options.seed, 1);
            Labels::new(sample.blocks, sample.blocks_a, options.permutations, &mut rng).all
        };
        let labels = shuffles(sample);
        let at = cx.phase("shuffling episodes");
        at.step(0, 4)?;
        let distances = Distances::new(&sample.points, &at)?;
        let sums = distances.blocks(sample, &at, |d| d)?.split(&labels, &at)?;
        let energies: Vec<f64> = sums.iter().map(energy::of_sums).collect();
        let scale: Vec<f64> = sums.iter().map(pairs::Sums::scale).collect();
        at.step(1, 4)?;
        let sigma = distances.median();
        let mmd2 = if sigma > 0.0 {
            let sums = distances.blocks(sample, &at, mmd::kernel(sigma))?.split(&labels, &at)?;
            sums.iter().map(|s| mmd::of_sums(s, sigma).unbiased).collect()
        } else {
            Vec::new()
        };
        drop(distances);
        at.step(2, 4)?;
        let sliced_w1 = slices(sample, options, &labels, &scale, &at)?;
        at.step(3, 4)?;
        let (dimensions, w1_max) = dimensions(sample, &labels, &scale, &at)?;
        let classifier = classify(few, &shuffles(few), options.seed, &cx.phase("telling the sets apart"))?;
        let (energy, mmd2) = (permute::test_scaled(&energies, &scale), permute::test_scaled(&mmd2, &scale));
        Ok(Self { energy, mmd2, sliced_w1, w1_max, dimensions, classifier })
    }
}

impl Evidence {
    /// The test of a kept dimension.
    pub fn of(&self, dimension: usize) -> Option<&Dimension> {
        self.dimensions.iter().find(|d| d.index == dimension)
    }
}

/// The scale of distances that are not squared.
fn roots(scale: &[f64]) -> Vec<f64> {
    scale.iter().map(|s| s.sqrt()).collect()
}

/// States of each episode.
fn states(sample: &Sample) -> Vec<usize> {
    let mut states = vec![0; sample.blocks];
    for &b in &sample.block {
        states[b] += 1;
    }
    states
}

/// Sliced Wasserstein distance for p = 1.
fn slices(sample: &Sample, options: &Options, labels: &[Vec<bool>], scale: &[f64], cx: &Ctx) -> Result<Tested, Fault> {
    let directions = sliced::directions(sample.points.dim(), DIRECTIONS, &mut keyed(options.seed, 2));
    let along = sliced::projections(&sample.points, &directions, cx)?;
    let lines: Vec<Line> = along.iter().map(|values| Line::new(values, &sample.block)).collect();
    let each = sliced::shuffled(&lines, labels, &states(sample), cx)?;
    let means: Vec<f64> =
        (0..labels.len()).map(|p| each.iter().map(|line| line[p]).sum::<f64>() / each.len() as f64).collect();
    Ok(permute::test_scaled(&means, &roots(scale)))
}

/// W1 of every dimension, the largest first, and the test of the largest.
fn dimensions(
    sample: &Sample,
    labels: &[Vec<bool>],
    scale: &[f64],
    cx: &Ctx,
) -> Result<(Vec<Dimension>, Tested), Fault> {
    let roots = roots(scale);
    let lines: Vec<Line> =
        (0..sample.points.dim()).map(|d| Line::new(&sample.points.column(d), &sample.block)).collect();
    let each = sliced::shuffled(&lines, labels, &states(sample), cx)?;
    let largest: Vec<f64> =
        (0..labels.len()).map(|p| each.iter().map(|line| line[p]).fold(f64::NEG_INFINITY, f64::max)).collect();
    let of = |(index, values): (usize, &Vec<f64>)| {
        let w1 = permute::test_scaled(values, &roots);
        let against: Vec<f64> = [w1.value].iter().chain(&largest[1..]).copied().collect();
        let p_of_all = permute::test_scaled(&against, &roots).p;
        Dimension { index, w1, p_of_all }
    };
    let mut dimensions: Vec<Dimension> = each.iter().enumerate().map(of).collect();
    dimensions.sort_by(|a, b| stats::order(&b.w1.value, &a.w1.value));
    Ok((dimensions, permute::test_scaled(&largest, &roots)))
}

fn classify(sample: &Sample, labels: &[Vec<bool>], seed: u64, cx: &Ctx) -> Result<Option<Told>, Fault> {
    cx.step(0, 0)?;
    // The folds are those of the first of the shuffles' labels, which are the real ones.
    let Some(folds) = Folds::new(&labels[0], &mut keyed(seed, classifier::FIRST_STREAM)) else { return Ok(None) };
    let classifier = classifier::Classifier::new(sample);
    let got = classifier.cross_validate(&labels[0], &folds, cx)?;
    let test = permute::test(&classifier.shuffled(labels, seed, cx)?);
    Ok(Some(Told {
        accuracy: got.accuracy,
        auroc: Tested { value: got.auroc, ..test },
        folds: folds.count,
        states: (sample.n_a, sample.n_b),
    }))
}
