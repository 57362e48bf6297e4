//! How many directions the states really move in: the spectrum of their principal axes.
//!
//! Effective rank: exp of the entropy of the shares of variance (Roy & Vetterli 2007). Participation ratio:
//! (Σ λ)² / Σ λ². Both are 1 for a line and D for a ball in D standardised dimensions.

use std::ops::Range;

use rayon::prelude::*;

use crate::ground::bootstrap::{self, Bootstrap, Units};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::features;
use crate::metrics::pca::Pca;
use crate::metrics::pca::moments::{self, Moments};
use crate::metrics::report::{Axis, Report, Series};

/// Numbers kept for the bootstrap, at most; beyond that episodes are drawn in bundles.
const KEPT: usize = 16_000_000;
/// Dimensions up to which the axes are worth finding anew for every draw.
const DRAWN: usize = 200;
/// Share of the variance that "the" axes carry.
const MOST: f64 = 0.9;

/// Principal axes with what a bootstrap needs of each episode.
pub struct Spectrum {
    /// Axes of all rows.
    pub pca: Pca,
    /// Dimensions that move.
    live: Vec<bool>,
    /// Sums of each episode, or of a bundle of episodes.
    groups: Vec<Moments>,
    episodes: usize,
}

/// Numbers of one spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// exp of the entropy of the shares.
    pub rank: f64,
    /// (Σ λ)² / Σ λ².
    pub participation: f64,
    /// Axes needed for 90 % of the variance.
    pub axes: f64,
    /// [D]: share of the first 1, 2, … axes.
    pub cumulative: Vec<f64>,
}

impl Shape {
    /// Of variances, largest first.
    pub fn of(variance: &[f64]) -> Self {
        let all: f64 = variance.iter().sum();
        let shares: Vec<f64> = variance.iter().map(|v| v / all).collect();
        let entropy: f64 = shares.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let mut sum = 0.0;
        let cumulative: Vec<f64> = shares
            .iter()
            .map(|p| {
                sum += p;
                sum
            })
            .collect();
        // A last share that rounding leaves below the whole still counts.
        let axes = cumulative.iter().filter(|c| **c < MOST - 1e-12).count() + 1;
        Self {
            rank: entropy.exp(),
            participation: 1.0 / shares.iter().map(|p| p * p).sum::<f64>(),
            axes: axes.min(shares.len()) as f64,
            cumulative,
        }
    }
}

impl Spectrum {
    /// The spectrum of states of `d` dimensions.
    ///
    /// # Errors
    /// With fewer than two rows or a number that is not finite; cancelled.
    pub fn of(states: States<'_>, d: usize, units: &Units, cx: &Ctx) -> Result<Self, Fault> {
        cx.check()?;
        let centre = moments::mean(states.rows, d);
        let most = (KEPT / Moments::zero(d).second.len().max(1)).max(bootstrap::LEAST_EPISODES);
        let bundle = units.len().div_ceil(most).max(1);
        let mut ranges: Vec<Vec<Range<usize>>> = vec![Vec::new(); units.len().div_ceil(bundle)];
        for (unit, range) in units.blocks(usize::MAX) {
            ranges[unit as usize / bundle].push(range);
        }
        let sums = |ranges: &Vec<Range<usize>>| {
            cx.check()?;
            Ok(Moments::of_ranges(states.rows, &centre, ranges))
        };
        let groups: Vec<Moments> = ranges.par_iter().map(sums).collect::<Result<_, Fault>>()?;
        let mut all = Moments::zero(d);
        for group in &groups {
            all.add(group, 1.0);
        }
        let std: Vec<f64> = all.variances().into_iter().map(f64::sqrt).collect();
        let largest = moments::largest(states.rows, d);
        let live = std.iter().zip(largest).map(|(s, most)| *s > features::CONSTANT * f64::from(most)).collect();
        Ok(Self { pca: Pca::of(&all, &centre)?, live, groups, episodes: units.len() })
    }

    /// The shape of a set that has every group `weights` times, standardised by its own spreads.
    fn shape(&self, weights: &[u32]) -> Shape {
        let mut sums = Moments::zero(self.live.len());
        self.groups.iter().zip(weights).filter(|(_, w)| **w > 0).for_each(|(g, &w)| sums.add(g, f64::from(w)));
        let std: Vec<f64> =
            sums.variances().iter().zip(&self.live).map(|(v, &live)| if live { v.sqrt() } else { 0.0 }).collect();
        let mut variance: Vec<f64> = sums.covariance(&std).symmetric_eigenvalues().iter().map(|v| v.max(0.0)).collect();
        variance.sort_by(|a, b| b.total_cmp(a));
        Shape::of(&variance)
    }

    /// Adds numbers and curves to the report.
    ///
    /// # Errors
    /// When cancelled.
    pub fn tell(&self, report: &mut Report, bootstrap: &Bootstrap, cx: &Ctx) -> Result<(), Fault> {
        let d = self.live.len() as f64;
        let here = self.shape(&vec![1; self.groups.len()]);
        let bootstrap = if self.live.len() > DRAWN { Bootstrap { draws: 0, ..*bootstrap } } else { *bootstrap };
        let draws = bootstrap.draws(self.groups.len(), "spectrum", cx, |w| self.shape(w))?;
        let of = (self.episodes, "episodes");
        let mut add = |key: &str, label: &str, value: f64, get: fn(&Shape) -> f64, definition: &str| {
            let interval = bootstrap::recentred(draws.iter().map(get), value, (1.0, d));
            report.stat(key, label, value, "axes", definition).of(of.0, of.1).within(interval);
        };
        add(
            "effective_rank",
            "effective rank",
            here.rank,
            |s| s.rank,
            "exp of the entropy of the principal axes' shares of the standardised training states' \
                variance (Roy & Vetterli 2007): as many equal axes have the same entropy; interval: 95 % \
                over episodes drawn anew.",
        );
        add(
            "participation_ratio",
            "participation ratio",
            here.participation,
            |s| s.participation,
            "(sum of the axes' variances)^2 over the sum of their squares: as the effective rank, but \
                small axes weigh less; interval: 95 % over episodes drawn anew.",
        );
        add(
            "axes_90",
            "axes for 90 % of variance",
            here.axes,
            |s| s.axes,
            "Principal axes that carry 90 % of the standardised training states' variance together; \
                interval: 95 % over episodes drawn anew.",
        );
        curves(report, &here, &draws);
        Ok(())
    }
}

/// Shares of the axes one by one and added up, the latter with a band.
fn curves(report: &mut Report, here: &Shape, draws: &[Shape]) {
    let band = |i: usize| bootstrap::percentile(draws.iter().map(|s| s.cumulative[i])).unwrap_or((f64::NAN, f64::NAN));
    let bands = (!draws.is_empty()).then(|| (0..here.cumulative.len()).map(band).unzip());
    let before = [0.0].iter().chain(&here.cumulative);
    let shares: Vec<f64> = here.cumulative.iter().zip(before).map(|(sum, before)| sum - before).collect();
    let curve = |key: &str, label: &str, y: Vec<f64>, band, definition: &str| Series {
        key: key.into(),
        label: label.into(),
        group: "spectrum".into(),
        x_axis: Axis { label: "principal axis".into(), ..Axis::default() },
        y_axis: Axis { label: "share of variance".into(), ..Axis::default() },
        x: (1..=y.len()).map(|i| i as f64).collect(),
        y,
        band,
        definition: definition.into(),
        ..Series::default()
    };
    let one = "Share of the standardised training states' variance along each principal axis.";
    report.series.push(curve("spectrum", "this axis", shares, None, one));
    let all = "Share of the first axes together; band: 95 % over episodes drawn anew.";
    report.series.push(curve("spectrum_cumulative", "up to this axis", here.cumulative.clone(), bands, all));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy 2.4, scikit-learn 1.9: `X` below as float64, `Z = StandardScaler().fit_transform(X)`,
    /// `v = PCA().fit(Z).explained_variance_; p = v / v.sum(); np.exp(-(p * np.log(p)).sum()), 1 / (p**2).sum()`.
    #[test]
    fn the_shape_is_that_of_scikit_learns_spectrum() {
        let x: Vec<f32> = (0..60i16)
            .flat_map(|i| {
                let t = f32::from(i);
                [t, 2.0 * t + f32::from(i % 7), f32::from(i * i % 11), f32::from(i % 2)]
            })
            .collect();
        let owner: Vec<usize> = (0..60).map(|i| i / 6).collect();
        let states = States { rows: &x, owner: &owner };
        let s = Spectrum::of(states, 4, &Units::of(&owner), &Ctx::quiet()).unwrap();
        assert_eq!(s.groups.len(), 10);
        let shape = s.shape(&[1; 10]);
        let want = RANK;
        assert!((shape.rank - want.0).abs() < 1e-9 * want.0, "{}", shape.rank);
        assert!((shape.participation - want.1).abs() < 1e-9 * want.1, "{}", shape.participation);
        for (got, want) in shape.cumulative.iter().zip(CUMULATIVE) {
            assert!((got - want).abs() < 1e-9, "{got} {want}");
        }
        assert!((shape.axes - 3.0).abs() < 1e-12);
        let doubled = s.shape(&[2; 10]);
        assert!((doubled.rank - shape.rank).abs() < 1e-9, "shares do not know how often everything was drawn");
    }

    const RANK: (f64, f64) = (2.835_813_416_878_645, 2.665_954_376_770_854_7);
    const CUMULATIVE: [f64; 4] = [0.500_592_459_966_787_1, 0.752_044_769_420_367_4, 0.999_590_623_829_016_3, 1.0];

    #[test]
    fn a_line_has_rank_one_and_a_ball_its_dimensions() {
        assert!((Shape::of(&[2.0, 0.0, 0.0]).rank - 1.0).abs() < 1e-12);
        let ball = Shape::of(&[0.5; 4]);
        assert!((ball.rank - 4.0).abs() < 1e-12 && (ball.participation - 4.0).abs() < 1e-12);
        assert!((ball.axes - 4.0).abs() < 1e-12);
    }
}
