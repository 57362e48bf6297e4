//! What a run of an agent that is given data has seen so far, and the report named "offline" that is drawn from it.

use serde::{Deserialize, Serialize};

use super::options::Options;
use crate::metrics::report::{Axis, Report, Role, Series};
use crate::topup::measured::Measured;

/// One evaluation, and what was collected after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Environment steps of the course until then: those that the online agent had acted.
    pub clock: usize,
    /// Mean return of the policy's most likely actions.
    pub score: f64,
    /// Its standard error over the episodes.
    pub score_se: f64,
    /// Environment steps added to the data, those of this round included.
    pub added: usize,
    /// Environment steps of probe episodes that were not added.
    pub probed: usize,
    /// Environment steps of evaluations.
    pub evaluated: usize,
    /// [D + 1] squared one-step errors on the held-out episodes, as [`Measured::errors`]; nothing where there are none.
    #[serde(default)]
    pub heldout: Vec<f64>,
    /// What the evaluation's episodes say of the networks.
    pub measured: Measured,
    /// The check after it, where the schedule has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
}

/// What a check found and what followed, in the agent's own steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Loss ratio R of the probe episodes, where there were some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Steps that were due.
    pub due: usize,
    /// Steps that were added.
    pub collected: usize,
    /// Numbers of the probe episodes among them.
    #[serde(default)]
    pub kept: Vec<usize>,
}

impl Round {
    /// Every real environment step so far.
    pub fn total(&self) -> usize {
        self.added + self.probed + self.evaluated
    }

    /// What TensorBoard is told, over the clock.
    pub fn scalars(&self) -> [(&'static str, f64); 4] {
        let ratio = self.checked.as_ref().and_then(|c| c.ratio).unwrap_or(f64::NAN);
        [
            ("offline/return", self.score),
            ("offline/added", self.added as f64),
            ("offline/total", self.total() as f64),
            ("offline/R", ratio),
        ]
    }
}

/// Everything that was measured.
#[derive(Debug, Clone)]
pub struct History {
    env: String,
    threshold: Option<f64>,
    dataset_steps: usize,
    /// Environment steps added to the data.
    pub added: usize,
    /// Those of probe episodes that were not.
    pub probed: usize,
    /// Those of evaluations.
    pub evaluated: usize,
    /// The rounds.
    pub rounds: Vec<Round>,
}

impl History {
    /// Nothing seen yet.
    pub fn new(env: &str, options: &Options, dataset_steps: usize) -> Self {
        Self {
            env: env.into(),
            threshold: options.schedule.is_adaptive().then_some(options.threshold),
            dataset_steps,
            added: 0,
            probed: 0,
            evaluated: 0,
            rounds: Vec::new(),
        }
    }

    /// One sentence for people.
    pub fn summary(&self) -> String {
        let score = self.rounds.last().map_or(f64::NAN, |r| r.score);
        let total = self.added + self.probed + self.evaluated;
        format!(
            "{}: mean return {score:.1} on {} steps of data, {} added, {total} real in all with probes and evaluations",
            self.env, self.dataset_steps, self.added
        )
    }

    /// The report named "offline".
    pub fn report(&self) -> Report {
        let mut report = Report::new("offline", "Learning from given data");
        let curve = |key: &str, group: &str, label: &str, unit: &str, of: &dyn Fn(&Round) -> f64| Series {
            key: key.into(),
            label: label.into(),
            group: group.into(),
            x_axis: Axis::new("environment step", ""),
            y_axis: Axis::new(unit, ""),
            x: self.rounds.iter().map(|r| r.clock as f64).collect(),
            y: self.rounds.iter().map(of).collect(),
            ..Series::default()
        };
        report.series.push(curve("score", "score", "evaluation", "return", &|r| r.score));
        if let Some(threshold) = self.threshold {
            let ratio = |r: &Round| r.checked.as_ref().and_then(|c| c.ratio).unwrap_or(f64::NAN);
            report.series.push(curve("ratio", "loss ratio R", "R", "", &ratio));
            let line = curve("threshold", "loss ratio R", "threshold", "", &|_| threshold);
            report.series.push(Series { role: Role::Threshold, ..line });
        }
        for (key, label, value, definition) in [
            ("added", "steps added", self.added, "environment steps added to the data"),
            ("probed", "steps of probes", self.probed, "environment steps of probe episodes that were not added"),
            (
                "evaluated",
                "steps of evaluations",
                self.evaluated,
                "environment steps of evaluations, learned from by nobody",
            ),
        ] {
            report.stat(key, label, value as f64, "steps", definition);
        }
        report
    }
}
