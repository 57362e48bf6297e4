//! Is what a probabilistic model says of its own error right? One step ahead, the members' Gaussians as one mixture.
//!
//! The probability integral transform of a real change is the mixture's distribution function there, uniform if the model is
//! calibrated (Dawid 1984). Calibration error: the mean over the levels p = 5 % … 95 % and dimensions of how far the share of real
//! changes below the p-quantile is from p (Kuleshov et al. 2018). Spread–skill: the predicted deviation over the error, both as root
//! mean squares; 1 for a calibrated model, below it the model is too sure of itself.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use super::report::{Axis, Level, Report, Role, Series};
use crate::ground::number::{number, significant};

/// Levels between 0 and 1 at which shares are counted: every twentieth.
const LEVELS: usize = 19;

/// Predictions of E members for N transitions, with what happened.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Members E.
    pub members: usize,
    /// [E, N, D] mean of the change.
    pub mean: &'a [f32],
    /// [E, N, D] log-variance of the change, raw units squared.
    pub logvar: &'a [f32],
    /// [N, D] the change that happened.
    pub real: &'a [f32],
    /// [D] standard deviation of a step's change; 0 for a dimension that never changes.
    pub scale: &'a [f64],
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Mean negative log-likelihood a dimension of the changes in units of their deviation, nats.
    pub nll: f64,
    /// Calibration error.
    pub error: f64,
    /// Root mean square of the predicted deviation over that of the error, in units of the changes' deviation.
    pub spread_skill: f64,
    /// [19] share of real changes below the quantile of each level, mean over dimensions.
    pub below: Vec<f64>,
    /// Transitions.
    pub rows: usize,
}

impl Calibration {
    /// Of the dimensions that move and the transitions whose numbers are finite; nothing where there is none.
    pub fn measure(input: &Input<'_>) -> Option<Self> {
        let d = input.scale.len();
        let n = input.real.len() / d.max(1);
        let live: Vec<usize> = (0..d).filter(|&c| input.scale[c] > 0.0).collect();
        let (mut nll, mut spread, mut skill, mut counted) = (0.0, 0.0, 0.0, 0usize);
        let mut below = vec![vec![0.0; LEVELS]; live.len()];
        let mut rows = 0;
        for r in 0..n {
            let Some(all) = live.iter().map(|&c| one(input, n, r, c)).collect::<Option<Vec<One>>>() else { continue };
            rows += 1;
            for (one, below) in all.iter().zip(&mut below) {
                nll += one.nll;
                spread += one.variance;
                skill += one.error * one.error;
                counted += 1;
                below.iter_mut().enumerate().filter(|(i, _)| one.pit <= level(*i)).for_each(|(_, n)| *n += 1.0);
            }
        }
        if counted == 0 {
            return None;
        }
        below.iter_mut().flatten().for_each(|n| *n /= rows as f64);
        let off = below.iter().flat_map(|b| b.iter().enumerate().map(|(i, share)| (share - level(i)).abs()));
        let mean = |i: usize| below.iter().map(|b| b[i]).sum::<f64>() / live.len() as f64;
        Some(Self {
            nll: nll / counted as f64,
            error: off.sum::<f64>() / (live.len() * LEVELS) as f64,
            spread_skill: (spread / skill).sqrt(),
            below: (0..LEVELS).map(mean).collect(),
            rows,
        })
    }

    /// Adds the numbers, the curve and what they mean.
    pub fn tell(&self, report: &mut Report) {
        let text = "Mean negative log-likelihood of held-out changes, one step ahead and a dimension, in units of a step's deviation; \
                    the members' Gaussians as one mixture.";
        report.stat("nll", "negative log-likelihood", self.nll, "nats", text).of(self.rows, "transitions");
        let text = "Mean over levels 5 % to 95 % and dimensions of how far the share of held-out changes below the predicted quantile \
                    is from the level; 0 for a calibrated model.";
        report.stat("calibration_error", "calibration error", self.error, "", text).of(self.rows, "transitions");
        let text = "Root mean square of the predicted deviation over that of the error, one step ahead; below 1 the model is too sure \
                    of itself.";
        report.stat("spread_skill", "spread over skill", self.spread_skill, "", text).of(self.rows, "transitions");
        let series = |key: &str, label: &str, role: Role, y: Vec<f64>, definition: &str| Series {
            key: key.into(),
            label: label.into(),
            group: "calibration one step ahead".into(),
            role,
            x_axis: Axis::new("predicted quantile", ""),
            y_axis: Axis::new("share of changes below", ""),
            x: (0..LEVELS).map(level).collect(),
            y,
            definition: definition.into(),
            ..Series::default()
        };
        let text = "Share of held-out changes below the predicted quantile, mean over dimensions.";
        report.series.push(series("calibration", "model", Role::Value, self.below.clone(), text));
        let text = "What a calibrated model has.";
        let even = (0..LEVELS).map(level).collect();
        report.series.push(series("calibration_even", "calibrated", Role::Floor, even, text));
        let short = |v: f64| number(significant(v, 2));
        let (level, words) = match self.spread_skill {
            s if s < 0.5 => (Level::Warn, "The model is too sure of itself"),
            s if s > 2.0 => (Level::Info, "The model is less sure of itself than it need be"),
            _ => (Level::Info, "The model knows about how large its error is"),
        };
        let text = format!(
            "{words}: one step ahead its deviation is {} of its error (root mean squares), its quantiles are off by {} on average.",
            short(self.spread_skill),
            short(self.error)
        );
        report.note(level, text);
    }
}

fn level(i: usize) -> f64 {
    (i + 1) as f64 / (LEVELS + 1) as f64
}

/// One transition in one dimension, in units of its deviation.
struct One {
    nll: f64,
    pit: f64,
    variance: f64,
    error: f64,
}

fn one(input: &Input<'_>, n: usize, r: usize, c: usize) -> Option<One> {
    let (d, scale, members) = (input.scale.len(), input.scale[c], input.members as f64);
    let y = f64::from(input.real[r * d + c]) / scale;
    let of = |e: usize| {
        let at = (e * n + r) * d + c;
        (f64::from(input.mean[at]) / scale, (f64::from(input.logvar[at]) / 2.0).exp() / scale)
    };
    let (mut density, mut pit, mut mean, mut square) = (0.0, 0.0, 0.0, 0.0);
    // The largest exponent is taken out of the sum, so that what is far off has a likelihood.
    let exponent = |(m, s): (f64, f64)| -((y - m) / s).powi(2) / 2.0 - s.ln() - TAU.ln() / 2.0;
    let most = (0..input.members).map(|e| exponent(of(e))).fold(f64::NEG_INFINITY, f64::max);
    for e in 0..input.members {
        let (m, s) = of(e);
        density += (exponent((m, s)) - most).exp();
        pit += 0.5 * libm::erfc(-(y - m) / s * FRAC_1_SQRT_2);
        mean += m / members;
        square += (m * m + s * s) / members;
    }
    let nll = -(most + (density / members).ln());
    let one = One { nll, pit: pit / members, variance: square - mean * mean, error: y - mean };
    (nll.is_finite() && one.pit.is_finite() && one.variance.is_finite()).then_some(one)
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::ground::seed::stream;

    /// Python's `math` by the formulas: two members N(0.1, 0.5²) and N(-0.2, 1²), y = 0.3, deviation 2:
    /// `-log(mean(norm.pdf(y/2, m/2, s/2)))` and `mean(norm.cdf(y/2, m/2, s/2))`.
    #[test]
    fn a_mixture_is_scipys() {
        let ln = |s: f32| 2.0 * s.ln();
        let input = Input { members: 2, mean: &[0.1, -0.2], logvar: &[ln(0.5), ln(1.0)], real: &[0.3], scale: &[2.0] };
        let one = one(&input, 1, 0, 0).unwrap();
        assert!((one.nll + 0.084_897_618).abs() < 1e-6, "{}", one.nll);
        assert!((one.pit - 0.673_442_101).abs() < 1e-6, "{}", one.pit);
        assert!((one.variance - 0.161_875_000).abs() < 1e-6, "{}", one.variance);
    }

    /// 20,000 draws of N(0, σ²): told σ the shares are the levels within 5 standard errors; told half of it the model is too sure.
    #[test]
    fn a_true_model_is_calibrated_and_one_that_is_too_sure_is_told() {
        let n = 20_000;
        let mut rng = stream(0, "t", 0);
        let real: Vec<f32> = (0..2 * n)
            .map(|i| {
                let z: f32 = StandardNormal.sample(&mut rng);
                z * if i % 2 == 0 { 1.0 } else { 3.0 }
            })
            .collect();
        let of = |factor: f32| {
            let logvar: Vec<f32> =
                (0..2 * n).map(|i| 2.0 * (factor * if i % 2 == 0 { 1.0 } else { 3.0f32 }).ln()).collect();
            let mean = vec![0.0; 2 * n];
            let input = Input { members: 1, mean: &mean, logvar: &logvar, real: &real, scale: &[1.0, 3.0] };
            Calibration::measure(&input).unwrap()
        };
        let right = of(1.0);
        let five = 5.0 * (0.25 / n as f64).sqrt();
        assert!(right.below.iter().enumerate().all(|(i, share)| (share - level(i)).abs() < five), "{right:?}");
        assert!(right.error < five && (right.spread_skill - 1.0).abs() < 0.03, "{right:?}");
        // Entropy of a normal: ½ ln 2πe.
        assert!((right.nll - 0.5 * (TAU * std::f64::consts::E).ln()).abs() < 0.03, "{right:?}");
        let sure = of(0.25);
        assert!((sure.spread_skill - 0.25).abs() < 0.01 && sure.error > 0.1 && sure.nll > right.nll, "{sure:?}");
        let mut report = Report::default();
        sure.tell(&mut report);
        assert!(report.notes[0].text.starts_with("The model is too sure of itself"), "{:?}", report.notes);
    }

    #[test]
    fn what_is_no_number_and_what_never_moves_is_left_out() {
        let input = Input {
            members: 1,
            mean: &[f32::NAN, 0.0, 0.0, 0.0],
            logvar: &[0.0; 4],
            real: &[0.0, 5.0, 0.0, 5.0],
            scale: &[1.0, 0.0],
        };
        let known = Calibration::measure(&input).unwrap();
        assert_eq!(known.rows, 1);
        assert!(Calibration::measure(&Input { scale: &[0.0, 0.0], ..input }).is_none());
        assert!(Calibration::measure(&Input { real: &[], ..input }).is_none());
    }
}
