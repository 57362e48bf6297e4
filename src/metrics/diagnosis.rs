//! Which real episodes leave the data and the model's competence, how far, how early, and why.

mod charts;
mod rank;

use std::sync::Arc;

use crate::ground::fault::Fault;
use crate::ground::number::counted;
pub use rank::{Crossing, first_sustained, score};

use super::coverage::axes::Map;
use super::novelty::Novelty;
use super::report::{Level, Report, SPREAD};
use super::threshold::is_alarm;
use super::verdict::{Evidence, Verdict};
use crate::ground::stats;
use crate::ground::task::Ctx;

/// One real episode of T steps with the scores of every step.
#[derive(Debug, Clone)]
pub struct EpisodeScores<'a> {
    /// Name in tables and groups ("12").
    pub label: String,
    /// Its index in its set.
    pub index: usize,
    /// That set is the dataset itself; else it is of rollouts.
    pub of_data: bool,
    /// [T, F] states in the feature space of [`Input::novelty`].
    pub features: &'a [f32],
    /// [T] novelty in units of its threshold.
    pub novelty: &'a [f64],
    /// [T] one-step model error in units of its conformal threshold; NaN where a step has no next observation; empty
    /// without a model.
    pub model_error: &'a [f64],
    /// [T, D] squared standardised one-step error of every dimension; empty where unknown.
    pub error_by_dim: &'a [f64],
    /// [T] disagreement of the members in units of its conformal threshold; empty without an ensemble.
    pub disagreement: &'a [f64],
    /// [T] rewards.
    pub reward: &'a [f64],
    /// Undiscounted return.
    pub ret: f64,
}

/// What is diagnosed.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Name of every observation dimension.
    pub names: &'a [String],
    /// The episodes, in any order.
    pub episodes: &'a [EpisodeScores<'a>],
    /// The reference: says which dimensions make a state novel, and what the threshold promises.
    pub novelty: &'a Novelty,
    /// The density map that the worst episode is drawn on.
    pub map: Option<&'a Map>,
    /// Return below which a return is low (say the lower quartile of the dataset's), where one is known.
    pub low_return: Option<f64>,
}

/// One episode's place in the ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Index in [`Input::episodes`].
    pub index: usize,
    /// How far and how early it leaves; see [`score`].
    pub score: f64,
    /// First step of a sustained crossing of the novelty threshold.
    pub first_novel: Option<usize>,
    /// First step of a sustained crossing of the model-error threshold.
    pub first_wrong: Option<usize>,
    /// The numbers of the verdict.
    pub evidence: Evidence,
    /// Shares of the dimensions at the first crossing, largest first.
    pub responsible: Vec<(String, f64)>,
}

/// The report and the ranking it shows.
pub struct Diagnosis {
    /// For the screen and `--json`.
    pub report: Report,
    /// Worst episode first.
    pub ranking: Vec<Ranked>,
}

/// Episodes whose curves are drawn.
const DRAWN: usize = 16;
/// Rows of the table.
const LISTED: usize = 500;

/// Computes the report called "diagnosis".
///
/// # Errors
/// A sentence where there is no episode or an array's length does not fit; cancelled.
pub fn report(input: &Input<'_>, cx: &Ctx) -> Result<Diagnosis, Fault> {
    if input.episodes.is_empty() {
        return Err(Fault::failed("no episode to diagnose: name a file of rollouts or collect some"));
    }
    let mut ranking = Vec::with_capacity(input.episodes.len());
    for (index, e) in input.episodes.iter().enumerate() {
        cx.step(index as u64, input.episodes.len() as u64)?;
        check(e, input)?;
        ranking.push(rank_one(input, index, e));
    }
    // Of episodes that leave equally, those with something to mend come first, then those nearest to an alarm.
    ranking.sort_by(|a, b| {
        let verdicts = || a.evidence.verdict().cmp(&b.evidence.verdict());
        let peaks = || stats::order(&b.peak(), &a.peak());
        b.score.total_cmp(&a.score).then_with(verdicts).then_with(peaks).then(a.index.cmp(&b.index))
    });
    for r in ranking.iter_mut().take(LISTED) {
        cx.check()?;
        r.responsible = responsible(input, r, &Ctx::quiet())?;
    }
    let mut report = Report::new("diagnosis", "Diagnosis");
    numbers(&mut report, input, &ranking);
    charts::table(&mut report, input, &ranking[..ranking.len().min(LISTED)]);
    for r in ranking.iter().take(DRAWN) {
        report.series.extend(charts::curves(&input.episodes[r.index]));
    }
    charts::worst(&mut report, input, &ranking[0]);
    report.details = Arc::new(charts::details(input, &ranking[..ranking.len().min(LISTED)]));
    say(&mut report, input, &ranking);
    Ok(Diagnosis { report, ranking })
}

impl Ranked {
    /// Largest of both signals.
    fn peak(&self) -> f64 {
        self.evidence.peak_novelty.max(self.evidence.peak_error.unwrap_or(0.0))
    }
}

fn check(e: &EpisodeScores<'_>, input: &Input<'_>) -> Result<(), Fault> {
    let (t, d, width) = (e.novelty.len(), input.names.len(), input.novelty.features.dim_in);
    let optional = |n: usize, want: usize| n == 0 || n == want;
    let fits = [
        ("states", e.features.len() == t * width && t > 0),
        ("model errors", optional(e.model_error.len(), t)),
        ("errors by dimension", optional(e.error_by_dim.len(), t * d)),
        ("disagreement", optional(e.disagreement.len(), t)),
        ("rewards", e.reward.len() == t),
    ];
    match fits.iter().find(|f| !f.1) {
        Some((name, _)) => Err(Fault::failed(format!("episode {}: the {name} do not fit its {t} steps", e.label))),
        None => Ok(()),
    }
}

fn rank_one(input: &Input<'_>, index: usize, e: &EpisodeScores<'_>) -> Ranked {
    // A novelty that is no number must not hide; a model error that is none was not measured.
    let beyond = |v: &[f64]| v.iter().filter(|&&s| s > 1.0).count();
    let peak = |v: &[f64]| v.iter().copied().filter(|s| !s.is_nan()).fold(0.0, f64::max);
    let novelty: Vec<f64> = e.novelty.iter().map(|&s| if s.is_nan() { f64::INFINITY } else { s }).collect();
    let first = |ratios: &[f64]| first_sustained(ratios).map(|c| c.step);
    let (first_novel, first_wrong) = (first(&novelty), first(e.model_error));
    Ranked {
        index,
        score: score(&novelty, e.model_error),
        first_novel,
        first_wrong,
        evidence: Evidence {
            steps: novelty.len(),
            peak_novelty: peak(&novelty),
            novel_steps: beyond(&novelty),
            peak_error: (!e.model_error.is_empty()).then(|| peak(e.model_error)),
            wrong_steps: beyond(e.model_error),
            together: novelty.iter().zip(e.model_error).filter(|(n, w)| **n > 1.0 && **w > 1.0).count(),
            lasting: first_novel.or(first_wrong).is_some(),
            ret: e.ret,
            low_return: input.low_return,
        },
        responsible: vec![],
    }
}

/// Shares at the first crossing: of the distance to the nearest training states if novelty is crossed first or with it, of
/// the model's error otherwise; without a sustained crossing at the peak of novelty, if that is an alarm.
fn responsible(input: &Input<'_>, r: &Ranked, cx: &Ctx) -> Result<Vec<(String, f64)>, Fault> {
    let e = &input.episodes[r.index];
    let (d, width) = (input.names.len(), input.novelty.features.dim_in);
    let peak = || {
        (0..e.novelty.len())
            .filter(|&t| is_alarm(e.novelty[t]))
            .max_by(|&a, &b| stats::order(&e.novelty[a], &e.novelty[b]))
    };
    let at_novel = match (r.first_novel, r.first_wrong) {
        (Some(n), Some(w)) => (n <= w).then_some(n),
        (Some(n), None) => Some(n),
        (None, Some(_)) => None,
        (None, None) => peak(),
    };
    if let Some(t) = at_novel {
        return input.novelty.explain(&e.features[t * width..(t + 1) * width], cx);
    }
    let Some(t) = r.first_wrong.filter(|_| !e.error_by_dim.is_empty()) else { return Ok(vec![]) };
    let parts = &e.error_by_dim[t * d..(t + 1) * d];
    let all: f64 = parts.iter().filter(|p| p.is_finite()).sum();
    let mut shares: Vec<(String, f64)> =
        input.names.iter().cloned().zip(parts.iter().map(|p| if all > 0.0 { p / all } else { 0.0 })).collect();
    shares.sort_by(|a, b| stats::order(&b.1, &a.1));
    Ok(shares)
}

fn numbers(report: &mut Report, input: &Input<'_>, ranking: &[Ranked]) {
    let n = ranking.len();
    let share = |of: &dyn Fn(&Ranked) -> bool| ranking.iter().filter(|r| of(r)).count() as f64 / n as f64;
    report.stat("episodes", "episodes", n as f64, "", "Real episodes that were diagnosed.");
    report
        .stat(
            "novel_episodes",
            "episodes that leave the data",
            share(&|r| is_alarm(r.evidence.peak_novelty)),
            "",
            "Share of episodes with any state beyond the novelty threshold.",
        )
        .of(n, "episodes");
    if ranking.iter().any(|r| r.evidence.peak_error.is_some()) {
        report
            .stat(
                "wrong_episodes",
                "episodes beyond the model",
                share(&|r| r.evidence.peak_error.is_some_and(is_alarm)),
                "",
                "Share of episodes with any one-step model error beyond its threshold.",
            )
            .of(n, "episodes");
    }
    let returns: Vec<f64> = input.episodes.iter().map(|e| e.ret).collect();
    report
        .stat(
            "return_median",
            "median return",
            stats::quantile(&returns, 0.5),
            "",
            "Median undiscounted return; interval: 10 % to 90 % of episodes.",
        )
        .spans((stats::quantile(&returns, 0.1), stats::quantile(&returns, 0.9)), SPREAD)
        .of(n, "episodes");
    report
        .stat("worst_score", "score of the worst", ranking[0].score, "x threshold", rank::DEFINITION)
        .of(ranking[0].evidence.steps, "steps");
}

fn say(report: &mut Report, input: &Input<'_>, ranking: &[Ranked]) {
    let worst = &ranking[0];
    let said = charts::verdict(input, worst);
    report.note(said.level, format!("Worst: {}", said.text));
    let mut kinds: Vec<(Verdict, &str)> = ranking.iter().map(|r| (r.evidence.verdict(), r.evidence.name())).collect();
    kinds.sort_unstable();
    let counts: Vec<String> = kinds.chunk_by(|a, b| a == b).map(|c| format!("{} {}", c.len(), c[0].1)).collect();
    report.note(Level::Info, format!("{}: {}.", counted(ranking.len(), "episodes"), counts.join(", ")));
    report.note(Level::Info, format!("Ranking: {}", rank::DEFINITION));
    report.note(Level::Info, input.novelty.features.sentence());
    if ranking.len() > LISTED {
        report.note(Level::Info, format!("The table lists the worst {LISTED} of {} episodes.", ranking.len()));
    }
    let t = &input.novelty.threshold;
    report.note(if t.is_calibrated() { Level::Info } else { Level::Warn }, t.sentence());
}

#[cfg(test)]
mod tests;
