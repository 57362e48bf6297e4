//! Ends that are imagined beside those that came: the Brier score by horizon, and how well chances tell ends from other steps.

use super::curves::{Words, curves};
use crate::metrics::report::Report;
use crate::metrics::trust::auroc;

/// Rollouts of S starts over at most H steps, each as far as its episode goes.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// Steps H.
    pub horizon: usize,
    /// [S, H] imagined chance that the episode ends in that step.
    pub said: &'a [f32],
    /// [S] steps of the episode from the start on, at most H.
    pub steps: &'a [usize],
    /// [S] the last of these steps ended the episode.
    pub ended: &'a [bool],
    /// Share of the training part's steps that end an episode.
    pub share: f64,
}

impl Ends<'_> {
    /// Chance and truth of every start whose episode goes on to its step `h`, from 1.
    fn at(&self, h: usize) -> impl Iterator<Item = (f64, bool)> {
        let reach = self.steps.iter().zip(self.ended).enumerate().filter(move |(_, (steps, _))| **steps >= h);
        reach.map(move |(s, (steps, ended))| (f64::from(self.said[s * self.horizon + h - 1]), *ended && *steps == h))
    }

    /// Adds the Brier score by horizon and over all, and the area under the curve of chances against ends.
    pub fn tell(&self, report: &mut Report) {
        let words = Words {
            key: "end_brier_last",
            group: "end error by horizon",
            label: ("Brier score of the end", ""),
            model: "Mean over starts whose episode is still running of the squared difference between the imagined chance that it ends in \
                    that step and whether it did (Brier 1950).",
            floor: "The same of the share of the training part's steps that end an episode.",
            last: "Brier score of the end at the last step",
            without: "the share of ends",
        };
        let brier = |of: &dyn Fn(f64) -> f64, h: usize| {
            let (sum, n) = self.at(h).fold((0.0, 0usize), |(sum, n), (said, ended)| {
                (sum + (of(said) - f64::from(u8::from(ended))).powi(2), n + 1)
            });
            sum / n as f64
        };
        curves(report, (self.at(self.horizon).count(), self.horizon), &words, |h| {
            (brier(&|said| said, h), brier(&|_| self.share, h))
        });
        let all: Vec<(f64, bool)> = (1..=self.horizon).flat_map(|h| self.at(h)).collect();
        let ends = all.iter().filter(|(_, ended)| *ended).count();
        let mean = |of: &dyn Fn(f64) -> f64| {
            let squares = all.iter().map(|(said, ended)| (of(*said) - f64::from(u8::from(*ended))).powi(2));
            squares.sum::<f64>() / all.len() as f64
        };
        let (model, floor) = (mean(&|said| said), mean(&|_| self.share));
        let text = format!(
            "Brier score of the imagined chance of an end over all starts and horizons; that of the training part's share of ends \
             is {floor:.3e}."
        );
        report.stat("end_brier", "Brier score of the end", model, "", &text).of(all.len(), "imagined steps");
        let (scores, positive): (Vec<f64>, Vec<bool>) = all.into_iter().unzip();
        let text = "Share of pairs of a step that ended its episode and one that did not in which the imagined chance is larger at \
                    the end, over all starts and horizons.";
        report.stat("end_auroc", "AUROC of the imagined end", auroc(&scores, &positive), "", text).of(ends, "ends");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three starts: one ends in its second step, one is cut off after one, one goes on.
    #[test]
    fn scores_of_ends_by_hand() {
        let ends = Ends {
            horizon: 2,
            said: &[0.5, 0.75, 0.25, 0.9, 0.0, 0.5],
            steps: &[2, 1, 2],
            ended: &[true, false, false],
            share: 0.5,
        };
        let mut report = Report::new("imagination", "");
        ends.tell(&mut report);
        let near = |key: &str, want: [f64; 2]| {
            let got = &report.series.iter().find(|s| s.key == key).unwrap().y;
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-7), "{key}: {got:?}");
        };
        // Nobody ended in the first step: (0.25 + 0.0625 + 0) / 3; in the second the first did: (0.0625 + 0.25) / 2.
        near("end_brier_last", [0.3125 / 3.0, 0.15625]);
        near("end_brier_last_floor", [0.25, 0.25]);
        assert!((report.value("end_brier").unwrap() - 0.625 / 5.0).abs() < 1e-7);
        // 0.75 is above 0.5, 0.25, 0 and 0.5.
        assert_eq!(report.value("end_auroc"), Some(1.0));
        let stat = |key: &str| report.stats.iter().find(|s| s.key == key).unwrap().n.clone();
        assert_eq!(
            (stat("end_auroc"), stat("end_brier")),
            (Some((1, "ends".into())), Some((5, "imagined steps".into())))
        );
        assert_eq!(stat("end_brier_last"), Some((2, "starts".into())));
    }
}
