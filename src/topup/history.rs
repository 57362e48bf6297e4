//! What a top-up has seen so far, and the report named "topup" that is drawn from it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::controller::trigger::{Evidence, Trigger};
use super::controller::{Check, Decision, Rule, StopReason};
use super::loss::{self, Chance, PAPER_THRESHOLD};
use super::options::Options;
use crate::ground::number::{counted, number};
use crate::ground::stats;
use crate::metrics::report::{Axis, Level, Report, Role, Series};

mod tables;
mod trigger_words;

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
const OUTSIDE: &str = "share of the probe episodes' states whose distance to the 5th nearest state of the training part and \
                       what was added to it is above the conformal threshold (level 10 %) of the dataset's calibration episodes";

/// What the report of a run says first that is held until somebody lets it go on.
pub const HELD: &str = "Held after this check: p lets it go on, o to the next check.";

/// A loss on held-out episodes so many times that of before is worse.
const WORSE: f64 = 1.1;

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// What was measured.
    pub check: Check,
    /// Threshold of R at this check.
    pub threshold: f64,
    /// What R reaches by chance, if there were enough reference episodes.
    pub chance: Option<Chance>,
    /// The evidence that R is not so large by chance.
    pub evidence: Option<Evidence>,
    /// Held-out and calibration episodes that the probe episodes are held against.
    pub reference: usize,
    /// What was decided.
    pub decision: Decision,
    /// Mean loss on the probe episodes.
    pub fresh_loss: f64,
    /// Mean loss on the reference episodes.
    pub heldout_loss: f64,
    /// Share of the probe episodes' states outside the data held at this check, where that can be told.
    pub outside: Option<f64>,
    /// Environment steps taken so far, probes and evaluation included.
    pub total: usize,
    /// Probe episodes.
    #[serde(default)]
    pub probes: usize,
    /// Most steps that might be added.
    #[serde(default)]
    pub budget: usize,
    /// Numbers of the probe episodes that are added to the data.
    #[serde(default)]
    pub kept: Vec<usize>,
}

impl Round {
    /// What TensorBoard is told, over the environment steps taken.
    pub fn scalars(&self) -> [(&'static str, f64); 7] {
        [
            ("topup/return", self.check.score),
            ("topup/loss_ratio", self.check.ratio),
            ("topup/threshold", self.threshold),
            ("topup/added", self.check.spent as f64),
            ("model/loss_fresh", self.fresh_loss),
            ("model/loss_heldout", self.heldout_loss),
            ("topup/outside", self.outside.unwrap_or(f64::NAN)),
        ]
    }
}

/// The policy over the evaluation episodes, and the world model on them and on the held-out part.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// [episodes] undiscounted returns.
    pub returns: Vec<f64>,
    /// [episodes] loss on the evaluation episodes.
    pub fresh: Vec<f64>,
    /// [episodes] loss on the held-out episodes.
    pub heldout: Vec<f64>,
    /// [episodes] loss on held-out and calibration episodes, the denominator of R.
    pub reference: Vec<f64>,
    /// Share of the evaluation episodes' states outside the data held then, where that can be told.
    pub outside: Option<f64>,
}

/// Everything that was measured.
#[derive(Debug, Clone)]
pub struct History {
    steps: usize,
    /// Most steps that may be added.
    pub budget: usize,
    options: Options,
    /// Steps added to the data.
    pub added: usize,
    /// Environment steps taken, probes and evaluation included.
    pub total: usize,
    /// The checks.
    pub rounds: Vec<Round>,
    /// Before the first check.
    pub before: Option<Evaluation>,
    /// After the last.
    pub after: Option<Evaluation>,
    /// [episodes] losses of the model before and of the one after on those evaluation episodes of before that were not added to
    /// the data.
    pub revisited: (Vec<f64>, Vec<f64>),
    /// What the user should know of the checkpoint.
    pub warnings: Vec<String>,
    /// It is held until somebody lets it go on.
    pub held: bool,
    /// Where it acts.
    pub informed: Vec<String>,
    /// Where the networks of the last whole round were written.
    pub saved: Option<PathBuf>,
    /// No policy was in the checkpoint: the one before was untrained.
    pub untrained: bool,
    /// Why it ended.
    pub stopped: Option<StopReason>,
}

impl Evaluation {
    /// R of the evaluation episodes.
    pub fn ratio(&self) -> (f64, f64) {
        loss::ratio(&self.fresh, &self.reference)
    }
}

impl History {
    /// Nothing seen yet, of a dataset of `steps` steps.
    pub fn new(steps: usize, rule: &Rule, options: &Options) -> Self {
        Self {
            steps,
            budget: rule.budget,
            options: options.clone(),
            added: 0,
            total: 0,
            rounds: Vec::new(),
            before: None,
            after: None,
            revisited: Default::default(),
            warnings: Vec::new(),
            held: false,
            informed: Vec::new(),
            saved: None,
            untrained: false,
            stopped: None,
        }
    }

    /// Gain of the mean return and the standard error of the paired difference (the same starts before and after).
    pub fn gain(&self) -> Option<(f64, f64)> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        let difference: Vec<f64> = after.returns.iter().zip(&before.returns).map(|(a, b)| a - b).collect();
        Some(stats::mean_se(&difference))
    }

    /// How many times the loss on the held-out episodes is that of before, where fine-tuning made it worse by more than a
    /// tenth.
    fn worse(&self) -> Option<f64> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        let times = stats::mean(&after.heldout) / stats::mean(&before.heldout);
        (times > WORSE).then_some(times)
    }

    /// One sentence for people.
    pub fn summary(&self) -> String {
        let share = 100.0 * self.added as f64 / self.steps as f64;
        let reason = self.stopped.map_or_else(|| "running".to_owned(), |r| r.to_string());
        let gain = self.gain().map_or_else(String::new, |(g, se)| {
            let (b, a) = (self.before.as_ref(), self.after.as_ref());
            let mean = |e: Option<&Evaluation>| e.map_or(f64::NAN, |e| stats::mean_se(&e.returns).0);
            format!(" Mean return {:.0} → {:.0} (gain {g:.0} ± {se:.0} s.e., paired).", mean(b), mean(a))
        });
        let price = match (&self.before, &self.after) {
            (Some(b), Some(a)) => format!(
                " World-model loss on held-out episodes {:.1e} → {:.1e}.",
                stats::mean_std(&b.heldout).0,
                stats::mean_std(&a.heldout).0
            ),
            _ => String::new(),
        };
        format!(
            "Top-up ended: {reason}.{gain}{price} Added {} steps ({share:.1} % of the dataset); {} environment steps in all.",
            self.added, self.total
        )
    }

    /// Everything as a report named "topup".
    pub fn report(&self) -> Report {
        let mut report = Report::new("topup", "Top-up");
        self.stats(&mut report);
        self.curves(&mut report);
        report.tables.push(self.checks());
        if let Some(table) = self.before_after() {
            report.tables.push(table);
        }
        self.notes(&mut report);
        report
    }

    fn stats(&self, report: &mut Report) {
        let last = self.rounds.last();
        let of = |f: fn(&Round) -> f64| last.map_or(f64::NAN, f);
        report.stat("loss_ratio", "loss ratio R", of(|r| r.check.ratio), "",
            "world-model loss on the probe episodes over the loss on held-out and calibration episodes, both one-step")
            .of(last.map_or(0, |r| r.probes), "probe episodes");
        report.stat("threshold", "threshold of R", of(|r| r.threshold), "", &trigger_words::threshold(&self.options));
        trigger_words::stats(report, last, &self.options);
        if let Some(chance) = last.and_then(|r| r.chance) {
            report.stat("false_alarms_paper", "false alarms at 1.35", 100.0 * chance.false_alarms, "%",
                "share of random groups of reference episodes whose R is above 1.35 although nothing is new about them")
                .of(chance.episodes, "reference episodes");
        }
        report
            .stat("score", "score", of(|r| r.check.score), "return", "mean undiscounted return of the probe episodes")
            .of(last.map_or(0, |r| r.probes), "probe episodes");
        if let Some(outside) = last.and_then(|r| r.outside) {
            report
                .stat("outside", "outside the data", 100.0 * outside, "%", OUTSIDE)
                .of(last.map_or(0, |r| r.probes), "probe episodes");
        }
        report.stat("added", "added", self.added as f64, "steps", "environment steps added to the data");
        report.stat(
            "added_share",
            "added share",
            100.0 * self.added as f64 / self.steps as f64,
            "%",
            "steps added over steps of the dataset",
        );
        report.stat("budget", "budget", self.budget as f64, "steps", "most steps that may be added");
        report.stat(
            "total_real",
            "total real",
            self.total as f64,
            "steps",
            "every environment step taken: added, probes and evaluation",
        );
        if let (Some(before), Some(after)) = (&self.before, &self.after) {
            for (key, label, e) in [("before", "before", before), ("after", "after", after)] {
                let (mean, se) = stats::mean_se(&e.returns);
                report
                    .stat(
                        &format!("return_{key}"),
                        &format!("return {label}"),
                        mean,
                        "return",
                        "mean undiscounted return of the evaluation episodes, ± 1 s.e.",
                    )
                    .of(e.returns.len(), "episodes")
                    .between(mean - se, mean + se);
                report
                    .stat(
                        &format!("loss_ratio_{key}"),
                        &format!("R {label}"),
                        e.ratio().0,
                        "",
                        "loss ratio R of the evaluation episodes",
                    )
                    .of(e.fresh.len(), "episodes");
            }
        }
    }

    fn curves(&self, report: &mut Report) {
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

    fn notes(&self, report: &mut Report) {
        if self.held {
            report.note(Level::Info, HELD);
        }
        for warning in &self.warnings {
            report.note(Level::Warn, warning);
        }
        self.informed.iter().for_each(|text| report.note(Level::Info, text));
        if self.untrained {
            report.note(
                Level::Warn,
                "the checkpoint has no policy: the one before is untrained; train one with `oodscope fit --policy-steps`",
            );
        }
        if let (Some(reason), Some((gain, se))) = (self.stopped, self.gain()) {
            let worse = self.worse();
            let good = gain > 2.0 * se && reason != StopReason::User && worse.is_none();
            report.note(if good { Level::Good } else { Level::Warn }, self.summary());
            if let Some(times) = worse {
                report.note(
                    Level::Warn,
                    format!(
                        "The fine-tuned world model is worse on the dataset's held-out episodes: its loss there is {} times \
                         that of before.",
                        number(times)
                    ),
                );
            }
            if let Some(saved) = &self.saved {
                let text = format!(
                    "The other panels show the model before. Open the one after with --checkpoint {}; the one before is \
                     kept as checkpoints/0000 of the run, those between beside it.",
                    saved.display()
                );
                report.note(Level::Info, text);
            }
            if reason == StopReason::Futile {
                report.note(
                    Level::Alarm,
                    "More data of this kind does not help: look at noise, reward or critic, or edge-of-reach.",
                );
            }
        }
        if let Some(r) = self.rounds.last() {
            trigger_words::note(report, r, &self.options);
            match r.chance {
                Some(c) => report.note(Level::Info, format!(
                    "R of {} is above {PAPER_THRESHOLD} by chance in {:.0} % of checks on this data, above {:.2} in 5 %",
                    counted(r.probes, "episodes"), 100.0 * c.false_alarms, c.quantile)),
                None if self.options.trigger == Trigger::PerRun => {}
                None => report.note(Level::Warn, format!(
                    "uncalibrated: fewer than {} held-out and calibration episodes, so the threshold of R carries no false-alarm rate",
                    2 * r.probes)),
            }
        }
    }
}
