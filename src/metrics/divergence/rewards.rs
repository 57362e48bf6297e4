//! Rewards that were imagined beside those that were got, step by step and summed up to returns.

use super::charts::{axis, finite};
use super::curves::{Words, curves};
use crate::ground::stats;
use crate::metrics::report::{Report, Role, SPREAD, Series};

/// The plot of returns.
const GROUP: &str = "value error by horizon";

/// Rewards along rollouts of S starts over H steps.
#[derive(Debug, Clone, Copy)]
pub struct Rewards<'a> {
    /// Steps H.
    pub horizon: usize,
    /// [S, H] that were got.
    pub real: &'a [f64],
    /// [S, H] that were imagined.
    pub imagined: &'a [f32],
    /// Mean and standard deviation in the training part.
    pub scale: (f64, f64),
    /// Discount of returns.
    pub discount: f64,
}

impl Rewards<'_> {
    /// Adds the error of the imagined reward by horizon and, where `summed`, that of the imagined return.
    pub fn tell(&self, report: &mut Report, summed: bool) {
        let std = if self.scale.1 > 1e-8 { self.scale.1 } else { 1.0 };
        let unit = if self.scale.1 > 1e-8 { "std" } else { "" };
        let words = Words {
            key: "reward_rms",
            group: "reward error by horizon",
            label: ("reward error", unit),
            model: "Root mean square over starts of imagined minus real reward of that step, in standard deviations of the training \
                    part's rewards.",
            floor: "The same of the mean reward of the training part.",
            last: "reward error at the last step",
            without: "the mean reward",
        };
        let starts = self.real.len() / self.horizon.max(1);
        curves(report, (starts, self.horizon), &words, |h| self.errors(h, std));
        if summed {
            self.returns(report);
        }
    }

    /// Of the model and of the mean reward at horizon `h`, over the starts whose reward is a number.
    fn errors(&self, h: usize, std: f64) -> (f64, f64) {
        let pairs =
            self.real.iter().zip(self.imagined).skip(h - 1).step_by(self.horizon).filter(|(real, _)| real.is_finite());
        let (mut model, mut floor, mut n) = (0.0, 0.0, 0usize);
        for (real, imagined) in pairs {
            model += ((f64::from(*imagined) - real) / std).powi(2);
            floor += ((self.scale.0 - real) / std).powi(2);
            n += 1;
        }
        ((model / n as f64).sqrt(), (floor / n as f64).sqrt())
    }

    /// [S', H] of the starts whose rewards are all numbers: what is imagined of the return up to every horizon less what was got,
    /// and the same of the mean reward.
    fn return_errors(&self) -> Vec<Vec<(f64, f64)>> {
        let rollouts = self.real.chunks_exact(self.horizon.max(1)).zip(self.imagined.chunks_exact(self.horizon.max(1)));
        let whole = rollouts.filter(|(real, _)| real.iter().all(|r| r.is_finite()));
        whole
            .map(|(real, imagined)| {
                let steps = real.iter().zip(imagined).scan((0.0, 0.0, 1.0), |(model, floor, weight), (real, said)| {
                    *model += *weight * (f64::from(*said) - real);
                    *floor += *weight * (self.scale.0 - real);
                    *weight *= self.discount;
                    Some((*model, *floor))
                });
                steps.collect()
            })
            .collect()
    }

    fn returns(&self, report: &mut Report) {
        let errors = self.return_errors();
        if errors.is_empty() {
            return;
        }
        let sum = match self.discount {
            1.0 => "undiscounted".to_owned(),
            discount => format!("discounted by {discount}"),
        };
        let model = |h: usize| errors.iter().map(|e| e[h - 1].0).collect::<Vec<f64>>();
        let floor = |h: usize| errors.iter().map(|e| e[h - 1].1).collect::<Vec<f64>>();
        let text = format!(
            "Sum of the rewards imagined up to that step less the sum of those got, {sum}, under the recorded actions: what imagination \
             promises too much of the steps that it sees. Mean over starts; band: 10 % to 90 % of starts."
        );
        let (last, n) = (model(self.horizon), errors.len());
        report
            .stat("return_error", "return error at the last step", stats::mean(&last), "return", &text)
            .spans((stats::quantile(&last, 0.1), stats::quantile(&last, 0.9)), SPREAD)
            .of(n, "starts");
        let along = |of: &dyn Fn(usize) -> f64| (1..=self.horizon).map(|h| finite(of(h))).collect::<Vec<f64>>();
        let quantile = |q: f64| along(&|h| stats::quantile(&model(h), q));
        let series = |key: &str, label: &str, role: Role, y: Vec<f64>, definition: &str| Series {
            key: key.into(),
            label: label.into(),
            group: GROUP.into(),
            role,
            x_axis: axis("horizon", "steps", false),
            y_axis: axis("imagined less real", "return", false),
            x: (1..=self.horizon).map(|h| h as f64).collect(),
            y,
            definition: definition.into(),
            ..Series::default()
        };
        let band = Some((quantile(0.1), quantile(0.9)));
        let curve = series("return_error", "model", Role::Value, along(&|h| stats::mean(&model(h))), &text);
        report.series.push(Series { band, ..curve });
        let text = "The same of a model that promises the mean reward of the training part at every step.";
        let curve = along(&|h| stats::mean(&floor(h)));
        report.series.push(series("return_error_floor", "the mean reward", Role::Floor, curve, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(report: &Report, key: &str, want: &[f64]) {
        let got = &report.series.iter().find(|s| s.key == key).unwrap().y;
        let close = got.len() == want.len() && got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close, "{key}: {got:?} for {want:?}");
    }

    /// Two starts of two steps, one of three of which a reward is no number; mean 2, deviation 0.5.
    #[test]
    fn rewards_and_returns_by_hand() {
        let rewards = Rewards {
            horizon: 2,
            real: &[3.0, 1.0, 2.0, 2.0, f64::NAN, 2.0],
            imagined: &[1.0, 2.0, 4.0, 3.0, 7.0, 2.0],
            scale: (2.0, 0.5),
            discount: 0.5,
        };
        let mut report = Report::new("imagination", "");
        rewards.tell(&mut report, true);
        // Off by -2 and 2 at the first step, by 1, 1 and 0 at the second, in units of a half.
        near(&report, "reward_rms", &[4.0, (8.0f64 / 3.0).sqrt()]);
        near(&report, "reward_rms_floor", &[2.0f64.sqrt(), (4.0f64 / 3.0).sqrt()]);
        // -2, then -2 + 1/2; 2, then 2 + 1/2. The mean reward: -1, then -1 + 1/2; 0 and 0.
        near(&report, "return_error", &[0.0, 0.5]);
        near(&report, "return_error_floor", &[-0.5, -0.25]);
        assert_eq!(report.value("return_error"), Some(0.5));
        let stat = report.stats.iter().find(|s| s.key == "return_error").unwrap();
        assert_eq!(stat.n, Some((2, "starts".into())));
        assert!(stat.definition.contains("discounted by 0.5"), "{}", stat.definition);
        let mut alone = Report::default();
        rewards.tell(&mut alone, false);
        assert!(alone.value("return_error").is_none() && alone.value("reward_rms").is_some());
    }
}
