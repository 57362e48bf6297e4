//! The curves of a top-up over its checks.

use super::{Decision, History, OUTSIDE, Round, tables, trigger_words};
use crate::metrics::report::{Axis, Report, Role, Series};

/// Group, key, role, label, unit, logarithmic axis and definition of each curve.
const CURVES: [(&str, &str, Role, &str, &str, bool, &str); 9] = [
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
    ("loss ratio", "triggers", Role::Trigger, "collected", "", true, "checks after which data was added"),
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
            get(|r| r.check.spent as f64),
            get(|r| r.total as f64),
            get(|r| tables::percent(r.outside)),
        ];
        let side = |sign: f64| self.rounds.iter().map(|r| r.check.score + sign * r.check.score_se).collect();
        for ((group, key, role, label, unit, log, definition), y) in CURVES.into_iter().zip(ys) {
            if y.iter().all(|v| v.is_nan()) && key == "outside" {
                continue;
            }
            report.series.push(Series {
                key: key.into(),
                label: label.into(),
                group: group.into(),
                x_axis: Axis { label: "check".into(), ..Axis::default() },
                y_axis: Axis { label: label.into(), unit: unit.into(), log },
                role,
                x: x.clone(),
                y,
                band: (key == "score").then(|| (side(-1.0), side(1.0))),
                definition: if key == "tau" { trigger_words::threshold(&self.options) } else { definition.into() },
            });
        }
    }
}
