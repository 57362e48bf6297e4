//! The curves of a top-up over its checks.

use super::{Decision, History, OUTSIDE, Round, tables, trigger_words};
use crate::ground::number::{counted, number};
use crate::metrics::report::{Axis, Report, Role, Series};

/// Group, key, role, label, unit, logarithmic axis and definition of each curve.
const CURVES: [(&str, &str, Role, &str, &str, bool, &str); 12] = [
    ("score", "score", Role::Value, "return", "", false, "mean undiscounted return of the probe episodes, ± 1 s.e."),
    (
        "loss ratio",
        "R",
        Role::Value,
        "R",
        "",
        true,
        "world-model loss on the probe episodes over the loss on held-out and calibration episodes",
    ),
    ("loss ratio", "tau", Role::Threshold, "threshold", "", true, ""),
    ("loss ratio", "triggers", Role::Trigger, "added", "", true, "checks after which data was added"),
    ("world-model loss", "fresh", Role::Value, "fresh", "σ²", true, "one-step loss on the probe episodes"),
    (
        "world-model loss",
        "heldout",
        Role::Value,
        "held-out",
        "σ²",
        true,
        "one-step loss on held-out and calibration episodes of the dataset",
    ),
    ("forgetting", "forgotten", Role::Value, "held-out", "", true, FORGETTING),
    (
        "forgetting",
        "fine_tuned",
        Role::Value,
        "tuned",
        "",
        true,
        "the same after fine-tuning, before the old data was rehearsed",
    ),
    ("forgetting", "forgetting_bound", Role::Threshold, "too much", "", true, "half as much again as before: too much"),
    ("interaction", "added", Role::Value, "added", "steps", false, "steps added to the data before the check"),
    (
        "interaction",
        "total",
        Role::Value,
        "total real",
        "steps",
        false,
        "every environment step taken, probes and evaluation included",
    ),
    ("outside the data", "outside", Role::Value, "OOD fraction", "%", false, OUTSIDE),
];
const FORGETTING: &str = "mean one-step loss on the dataset's held-out episodes in units of that before the first update: what the score costs";
/// Times the held-out loss of before that is too much.
const TOO_MUCH: f64 = 1.5;

impl History {
    /// Every curve.
    pub(super) fn curves(&self, report: &mut Report) {
        let get = |f: fn(&Round) -> f64| self.rounds.iter().map(f).collect::<Vec<f64>>();
        let fired = |r: &Round| if matches!(r.decision, Decision::Collect { .. }) { r.check.ratio } else { f64::NAN };
        let x: Vec<f64> = (1..=self.rounds.len()).map(|i| i as f64).collect();
        let ys = [
            get(|r| r.check.score),
            get(|r| r.check.ratio),
            get(|r| r.threshold),
            get(fired),
            get(|r| r.fresh_loss),
            get(|r| r.heldout_loss),
            get(|r| r.forgotten.unwrap_or(f64::NAN)),
            self.fine_tuned(),
            vec![TOO_MUCH; x.len()],
            get(|r| r.check.spent as f64),
            get(|r| r.total as f64),
            get(|r| tables::percent(r.outside)),
        ];
        let side = |sign: f64| self.rounds.iter().map(|r| r.check.score + sign * r.check.score_se).collect();
        for ((group, key, role, label, unit, log, definition), y) in CURVES.into_iter().zip(ys) {
            let unknown = group == "forgetting" && self.rounds.iter().all(|r| r.forgotten.is_none());
            if unknown || (y.iter().all(|v| v.is_nan()) && ["outside", "fine_tuned"].contains(&key)) {
                continue;
            }
            report.series.push(Series {
                key: key.into(),
                label: label.into(),
                group: group.into(),
                x_axis: Axis { label: "check".into(), ..Axis::default() },
                y_axis: Axis {
                    label: if group == "forgetting" { "times" } else { label }.into(),
                    unit: unit.into(),
                    log,
                },
                role,
                x: x.clone(),
                y,
                band: (key == "score").then(|| (side(-1.0), side(1.0))),
                definition: if key == "tau" { trigger_words::threshold(&self.options) } else { definition.into() },
                ..Series::default()
            });
        }
    }

    /// What each check would have seen if nothing had been rehearsed before it; no numbers where nothing ever was.
    fn fine_tuned(&self) -> Vec<f64> {
        if self.rounds.iter().all(|r| r.rehearsed.len() < 2) {
            return vec![f64::NAN; self.rounds.len()];
        }
        // No training came before the first check, nor after one that only asked for confirmation.
        let tuned = [None].into_iter().chain(self.rounds.iter().map(|r| r.rehearsed.first().copied()));
        self.rounds.iter().zip(tuned).map(|(r, tuned)| tuned.or(r.forgotten).unwrap_or(f64::NAN)).collect()
    }

    /// How far the model forgot the dataset, in a sentence: the largest and the last factor of its held-out loss.
    pub(super) fn forgetting(&self) -> Option<String> {
        let seen = || self.rounds.iter().enumerate().filter_map(|(i, r)| Some((i + 1, r.forgotten?)));
        let (check, most) = seen().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let after = self.after.as_ref().and_then(|after| self.forgotten(&after.heldout));
        let last = after.or(seen().next_back().map(|(_, times)| times))?;
        let rehearsed = self.rounds.iter().filter(|r| r.rehearsed.len() > 1).count();
        let rehearsed = if rehearsed == 0 {
            String::new()
        } else {
            format!("; the old data was rehearsed after {}", counted(rehearsed, "checks"))
        };
        let (most, last) = (number(most), number(last));
        let when = if after.is_some() { "at the end" } else { "now" };
        Some(format!("Held-out loss: at most {most} × that before (check {check}), {last} × {when}{rehearsed}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topup::controller::{Rule, Schedule};
    use crate::topup::history::Evaluation;
    use crate::topup::options::Options;

    fn round(forgotten: f64, rehearsed: &[f64]) -> Round {
        Round { forgotten: Some(forgotten), rehearsed: rehearsed.to_vec(), ..Round::plain() }
    }

    #[test]
    fn what_was_forgotten_and_rehearsed_is_a_curve_and_a_sentence() {
        let options = Options::default();
        let mut history = History::new(1000, &Rule::new(Schedule::Fixed, 1.35, 0.1, 1000, 4), &options);
        history.rounds = vec![round(1.0, &[1.1]), round(1.1, &[1.9, 1.42]), round(1.42, &[]), round(1.42, &[1.2])];
        let report = history.report();
        let y = |key: &str| report.series.iter().find(|s| s.key == key).map(|s| s.y.clone());
        assert_eq!(y("forgotten"), Some(vec![1.0, 1.1, 1.42, 1.42]));
        assert_eq!(y("fine_tuned"), Some(vec![1.0, 1.1, 1.9, 1.42]), "what the next check would have seen");
        assert_eq!(y("forgetting_bound"), Some(vec![1.5; 4]));
        let said = |history: &History| history.forgetting().unwrap();
        let most = "Held-out loss: at most 1.42 × that before (check 3)";
        assert_eq!(said(&history), format!("{most}, 1.42 × now; the old data was rehearsed after 1 check."));
        let evaluation = |heldout: [f64; 2]| Evaluation {
            returns: vec![0.0; 2],
            fresh: vec![1.0; 2],
            heldout: heldout.to_vec(),
            reference: vec![1.0; 4],
            outside: None,
        };
        (history.before, history.after) = (Some(evaluation([1.0, 3.0])), Some(evaluation([2.0, 2.5])));
        history.rounds[1].rehearsed.truncate(1);
        assert_eq!(said(&history), format!("{most}, 1.125 × at the end."));
        assert!(history.report().series.iter().all(|s| s.key != "fine_tuned"));
        // A run of an earlier version does not know.
        history.rounds.iter_mut().for_each(|round| round.forgotten = None);
        assert!(history.forgetting().is_none() && history.report().series.iter().all(|s| s.group != "forgetting"));
    }
}
