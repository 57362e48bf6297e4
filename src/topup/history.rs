//! What a top-up has seen so far, and the report named "topup" that is drawn from it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::controller::trigger::{Evidence, Trigger};
use super::controller::{Check, Decision, Rule, StopReason};
use super::loss::{self, Chance};
use super::options::Options;
use super::regime::Standing;
use crate::ground::stats;
use crate::metrics::report::{Report, STANDARD_ERROR};

mod curves;
mod notes;
mod tables;
mod trigger_words;

const OUTSIDE: &str = "share of the probe episodes' states whose distance to the 5th nearest state of the training part and \
                       what was added to it is above the conformal threshold (level 10 %) of the dataset's calibration episodes";

/// What the report of a run says first that is held until somebody lets it go on.
pub const HELD: &str = "Held after this check: p lets it go on, o to the next check.";

/// How the sentence begins that says what a top-up made worse.
pub const WORSE_OFF: &str = "Worse than before: ";
/// What stands before the reason in the note that says what a run brought.
pub const ENDED: &str = "Top-up ended: ";

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
    /// Loss on the held-out episodes in units of that before, where it is known.
    #[serde(default)]
    pub forgotten: Option<f64>,
    /// The same after the training that followed the check, and after each rehearsal of it.
    #[serde(default)]
    pub rehearsed: Vec<f64>,
}

impl Round {
    /// What TensorBoard is told, over the environment steps taken.
    pub fn scalars(&self) -> [(&'static str, f64); 8] {
        [
            ("topup/return", self.check.score),
            ("topup/loss_ratio", self.check.ratio),
            ("topup/threshold", self.threshold),
            ("topup/added", self.check.spent as f64),
            ("model/loss_fresh", self.fresh_loss),
            ("model/loss_heldout", self.heldout_loss),
            ("model/loss_heldout_times", self.forgotten.unwrap_or(f64::NAN)),
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
    /// Those of evaluations among them.
    pub evaluated: usize,
    /// The checks.
    pub rounds: Vec<Round>,
    /// Before the first check.
    pub before: Option<Evaluation>,
    /// After the last.
    pub after: Option<Evaluation>,
    /// [episodes] losses of the model before and of the one after on those evaluation episodes of before that were not added to
    /// the data.
    pub revisited: (Vec<f64>, Vec<f64>),
    /// The return before held against the data's, where it can be.
    pub standing: Option<Standing>,
    /// Steps that one top-up adds.
    pub chunk: usize,
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
            evaluated: 0,
            rounds: Vec::new(),
            before: None,
            after: None,
            revisited: Default::default(),
            standing: None,
            chunk: 0,
            warnings: Vec::new(),
            held: false,
            informed: Vec::new(),
            saved: None,
            untrained: false,
            stopped: None,
        }
    }

    /// How many times the mean loss on the held-out episodes is that before.
    pub fn forgotten(&self, heldout: &[f64]) -> Option<f64> {
        let before = stats::mean(&self.before.as_ref()?.heldout);
        Some(stats::mean(heldout) / before).filter(|times| times.is_finite())
    }

    /// Gain of the mean return and the standard error of the paired difference (the same starts before and after).
    pub fn gain(&self) -> Option<(f64, f64)> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        let difference: Vec<f64> = after.returns.iter().zip(&before.returns).map(|(a, b)| a - b).collect();
        Some(stats::mean_se(&difference))
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
        report.stat(
            "evaluation_steps",
            "of it evaluation",
            self.evaluated as f64,
            "steps",
            "environment steps of the evaluations before and after, which are part of every step taken",
        );
        if let Some(standing) = &self.standing {
            standing.stat(report);
        }
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
                    .spans((mean - se, mean + se), STANDARD_ERROR);
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
}

#[cfg(test)]
impl Round {
    /// A check that found R = 1 and asked for nothing: what the tests of several files begin with.
    pub fn plain() -> Self {
        let check = Check {
            ratio: 1.0,
            ratio_se: 0.1,
            score: 0.0,
            score_se: 1.0,
            surprise: None,
            spent: 0,
            chunk: 10,
            asked: false,
            confirming: false,
        };
        Self {
            check,
            threshold: 1.35,
            chance: None,
            evidence: None,
            reference: 4,
            decision: Decision::Train,
            fresh_loss: 1.0,
            heldout_loss: 1.0,
            outside: None,
            total: 0,
            probes: 1,
            budget: 100,
            kept: Vec::new(),
            forgotten: None,
            rehearsed: Vec::new(),
        }
    }
}
