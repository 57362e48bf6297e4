//! What an online run has seen so far, and the report named "active" that is drawn from it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::options::Options;
use crate::ground::number::{counted, number};
use crate::ground::stats;
use crate::metrics::report::{Axis, Level, Report, Role, Series};
use crate::topup::learning::Block;
use crate::topup::measured::Measured;

/// One evaluation, and where the run was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Environment steps acted to learn from.
    pub acted: usize,
    /// Blocks that they were acted in.
    pub blocks: usize,
    /// Every environment step, evaluations included.
    pub total: usize,
    /// Those of evaluations.
    pub evaluated: usize,
    /// Mean return of the policy's most likely actions.
    pub score: f64,
    /// Its standard error.
    pub score_se: f64,
    /// Mean return over the starts that confirm it, where it reached the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<f64>,
    /// The target is reached.
    pub reached: bool,
    /// One-step loss of the world model on the newest episodes before it learned from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// What its episodes say of the networks.
    #[serde(default)]
    pub measured: Measured,
    /// What was learned since the evaluation before.
    #[serde(default)]
    pub lessons: Vec<Lesson>,
}

/// One stretch of learning, as others can follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Number of the block that it came after: what its random numbers go by.
    pub block: u64,
    /// Episodes that were there to learn from.
    pub episodes: usize,
    /// Environment steps that were new: gradient steps are counted by them.
    pub seen: usize,
    /// Environment steps acted until then.
    pub acted: usize,
}

impl Evaluation {
    /// What TensorBoard is told, over the environment steps acted.
    pub fn scalars(&self) -> [(&'static str, f64); 3] {
        [
            ("active/return", self.score),
            ("model/loss_fresh", self.loss.unwrap_or(f64::NAN)),
            ("active/total", self.total as f64),
        ]
    }
}

/// How an online run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// The user stopped it.
    pub stopped: bool,
    /// The target was reached.
    pub reached: bool,
    /// Environment steps acted to learn from.
    pub acted: usize,
    /// Every environment step.
    pub total: usize,
    /// Mean return of the last evaluation; of those that confirm it where it reached the target.
    pub score: f64,
    /// Mean return of the random policy's episodes.
    pub random: f64,
}

/// Everything that was measured.
#[derive(Debug, Clone)]
pub struct History {
    env: String,
    options: Options,
    /// Environment steps acted to learn from.
    pub acted: usize,
    /// Blocks that they were acted in.
    pub blocks: usize,
    /// Episodes that were learned from.
    pub learned: usize,
    /// Returns of the episodes that were acted at random.
    random: Vec<f64>,
    /// Every environment step, evaluations included.
    pub total: usize,
    /// Those of evaluations.
    pub evaluated: usize,
    /// Steps acted, and the return of each episode.
    pub returns: Vec<(usize, f64)>,
    /// One-step loss of the world model on the newest episodes before it learned from them.
    pub loss: Option<f64>,
    /// What was learned since the last evaluation.
    lessons: Vec<Lesson>,
    /// The evaluations.
    pub rounds: Vec<Evaluation>,
    /// Where it acts.
    pub informed: Vec<String>,
    /// Where the last networks are.
    pub saved: Option<PathBuf>,
    /// It is over.
    pub ended: bool,
}

impl History {
    /// Nothing seen yet.
    pub fn new(env: &str, options: &Options) -> Self {
        Self {
            env: env.into(),
            options: options.clone(),
            acted: 0,
            blocks: 0,
            learned: 0,
            random: Vec::new(),
            total: 0,
            evaluated: 0,
            returns: Vec::new(),
            loss: None,
            lessons: Vec::new(),
            rounds: Vec::new(),
            informed: Vec::new(),
            saved: None,
            ended: false,
        }
    }

    /// Takes over a block of episodes with these returns and so many steps together.
    pub fn take(&mut self, returns: &[f64], steps: usize) {
        // Nothing is learned before.
        if self.acted < self.options.random_steps {
            self.random.extend(returns);
        }
        self.blocks += 1;
        self.acted += steps;
        self.returns.extend(returns.iter().map(|r| (self.acted, *r)));
    }

    /// Takes down that a block was learned from.
    pub fn lesson(&mut self, Block { number, seen }: Block) {
        self.lessons.push(Lesson { block: number, episodes: self.learned, seen, acted: self.acted });
    }

    /// True as long as no more reward was seen than random actions gave.
    pub fn is_lost(&self) -> bool {
        let by_chance = self.random.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let last = self.returns.len().saturating_sub(10);
        let lately: Vec<f64> = self.returns[last..].iter().map(|(_, r)| *r).collect();
        stats::mean(&lately) <= by_chance
    }

    /// What an evaluation of these returns is.
    pub fn evaluation(&mut self, returns: &[f64], confirmed: &[f64], reached: bool, measured: Measured) -> Evaluation {
        let (score, se) = stats::mean_se(returns);
        Evaluation {
            acted: self.acted,
            blocks: self.blocks,
            total: self.total,
            evaluated: self.evaluated,
            score,
            score_se: if se.is_finite() { se } else { 0.0 },
            confirmed: (!confirmed.is_empty()).then(|| stats::mean(confirmed)),
            reached,
            loss: self.loss,
            measured,
            lessons: std::mem::take(&mut self.lessons),
        }
    }

    /// Takes over an evaluation of an earlier process.
    pub fn follow(&mut self, round: Evaluation) {
        (self.total, self.evaluated, self.loss) = (round.total, round.evaluated, round.loss);
        self.rounds.push(round);
    }

    /// How it ended.
    pub fn outcome(&self, stopped: bool) -> Ended {
        let last = self.rounds.last();
        Ended {
            stopped,
            reached: last.is_some_and(|r| r.reached),
            acted: self.acted,
            total: self.total,
            score: last.map_or(f64::NAN, |r| r.confirmed.filter(|_| r.reached).unwrap_or(r.score)),
            random: stats::mean(&self.random),
        }
    }

    /// One sentence for people.
    pub fn summary(&self) -> String {
        let ended = self.outcome(false);
        let steps = format!("{} acted, {} in all with evaluations", counted(self.acted, "steps"), self.total);
        let target = match (self.options.target, ended.reached) {
            (Some(target), true) => format!("; {} is reached on {} other starts", number(target), super::CONFIRMING),
            (Some(target), false) => format!("; {} is not reached", number(target)),
            (None, _) => String::new(),
        };
        let random = number(ended.random);
        if self.rounds.is_empty() {
            return format!("{}: no evaluation yet, {steps} (random actions: {random})", self.env);
        }
        format!("{}: mean return {} after {steps} (random actions: {random}){target}", self.env, number(ended.score))
    }

    /// The report named "active".
    pub fn report(&self) -> Report {
        let mut report = Report::new("active", "Learning online");
        let level = match (self.ended, self.options.target, self.rounds.last().is_some_and(|r| r.reached)) {
            (true, Some(_), false) => Level::Warn,
            _ => Level::Info,
        };
        if !self.rounds.is_empty() {
            report.note(level, self.summary());
        }
        self.informed.iter().for_each(|text| report.note(Level::Info, text.clone()));
        let episodes = || self.returns.iter().map(|(acted, r)| (*acted as f64, *r));
        let evaluated = |of: fn(&Evaluation) -> f64| self.rounds.iter().map(move |r| (r.acted as f64, of(r)));
        report.series.push(curve(
            ("score", "score", "evaluation", "return"),
            "mean return of the policy's most likely actions over the same starts each time",
            evaluated(|r| r.score),
        ));
        report.series.push(curve(
            ("episodes", "score", "episodes", "return"),
            "return of each episode that was learned from",
            episodes(),
        ));
        if let Some(target) = self.options.target {
            let line = curve(("target", "score", "target", "return"), "", evaluated(|_| 0.0).map(|(x, _)| (x, target)));
            report.series.push(Series { role: Role::Threshold, ..line });
        }
        report.series.push(curve(
            ("loss", "world-model loss", "on new steps", "σ²"),
            "one-step loss on the newest episodes before the model learned from them, in units of their own changes' variance",
            evaluated(|r| r.loss.unwrap_or(f64::NAN)),
        ));
        for (key, label, value, definition) in [
            ("acted", "steps acted", self.acted, "environment steps that were learned from"),
            (
                "evaluated",
                "steps of evaluations",
                self.evaluated,
                "environment steps of evaluations, learned from by nobody",
            ),
            ("total", "total real", self.total, "every environment step taken"),
        ] {
            report.stat(key, label, value as f64, "steps", definition);
        }
        report
    }
}

fn curve(
    (key, group, label, unit): (&str, &str, &str, &str),
    definition: &str,
    points: impl Iterator<Item = (f64, f64)>,
) -> Series {
    let (x, y) = points.unzip();
    let log = unit == "σ²";
    Series {
        key: key.into(),
        label: label.into(),
        group: group.into(),
        x_axis: Axis { label: "environment step".into(), ..Axis::default() },
        y_axis: Axis { label: unit.into(), log, ..Axis::default() },
        x,
        y,
        definition: definition.into(),
        ..Series::default()
    }
}
