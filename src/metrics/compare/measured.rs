//! Distances of equally many states of both sets.

use super::evidence::DIRECTIONS;
use super::pairs::{Distances, Sums};
use super::prdc::{self, Prdc};
use super::sample::Sample;
use super::{Options, energy, mmd, sliced, wasserstein};
use crate::ground::fault::Fault;
use crate::ground::seed::keyed;
use crate::ground::stats;
use crate::ground::task::Ctx;

/// The neighbour whose distance is the radius of precision, recall, density and coverage.
pub const NEIGHBOUR: usize = 5;

/// What the distances are; what chance gives is another matter ([`super::evidence`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Energy distance, in standard deviations.
    pub energy: f64,
    /// Unbiased squared kernel discrepancy; NaN where all states are the same.
    pub mmd2: f64,
    /// Bandwidth of its kernel, in standard deviations.
    pub sigma: f64,
    /// With no more states than the neighbour's number nothing.
    pub prdc: Option<Prdc>,
    /// Sliced Wasserstein distance for p = 1, in standard deviations.
    pub sliced_w1: f64,
    /// Sliced Wasserstein distance for p = 2, in standard deviations.
    pub sliced_w2: f64,
    /// [D] W1 of every kept dimension, in standard deviations.
    pub w1: Vec<f64>,
}

impl Measured {
    /// Measures every distance.
    ///
    /// # Errors
    /// When cancelled.
    pub fn of(sample: &Sample, options: &Options, cx: &Ctx) -> Result<Self, Fault> {
        let at = cx.phase("comparing all pairs");
        at.step(0, 3)?;
        let distances = Distances::new(&sample.points, &at)?;
        let real: Vec<Vec<bool>> = vec![(0..sample.blocks).map(|e| e < sample.blocks_a).collect()];
        let whole = |of: &dyn Fn(f64) -> f64| -> Result<Vec<Sums>, Fault> {
            distances.blocks(sample, &at, of)?.split(&real, &at)
        };
        let energy = whole(&|d| d)?.first().map_or(f64::NAN, energy::of_sums);
        let sigma = distances.median();
        let kernel = mmd::kernel(sigma);
        let mmd2 = if sigma > 0.0 {
            whole(&kernel)?.first().map_or(f64::NAN, |s| mmd::of_sums(s, sigma).unbiased)
        } else {
            f64::NAN
        };
        at.step(1, 3)?;
        let enough = sample.n_a.min(sample.n_b) > NEIGHBOUR;
        let prdc = enough.then(|| prdc::of_distances(&distances, sample.n_a, NEIGHBOUR, &at)).transpose()?;
        drop(distances);
        at.step(2, 3)?;
        let directions = sliced::directions(sample.points.dim(), DIRECTIONS, &mut keyed(options.seed, 2));
        let (a, b) = (sample.a(), sample.b());
        let along = [sliced::projections(&a, &directions, &at)?, sliced::projections(&b, &directions, &at)?];
        let power = |p: f64| sliced::sliced(&along[0], &along[1], p, &at);
        let line =
            |d: usize| wasserstein::to_the_power(&stats::sorted(&a.column(d)), &stats::sorted(&b.column(d)), 1.0);
        let w1 = (0..a.dim()).map(line).collect();
        Ok(Self { energy, mmd2, sigma, prdc, sliced_w1: power(1.0)?, sliced_w2: power(2.0)?, w1 })
    }

    /// Kept dimensions, the most different first.
    pub fn ranked(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.w1.len()).collect();
        order.sort_by(|&i, &j| stats::order(&self.w1[j], &self.w1[i]));
        order
    }
}
