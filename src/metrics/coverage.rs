//! What the training part covers, and how much of other data lies outside.

pub mod axes;
pub mod boxes;
pub mod holes;
mod parts;
pub mod survey;

use std::collections::HashSet;
use std::sync::Arc;

use super::features::Choice;
use super::novelty::{Novelty, Rule};
use super::report::{Axis, HeatMap, Histogram, Level, Report};
use super::threshold::{episode_max, is_alarm};
use super::{MetricError, States, density, entropy, ood, stats};
use crate::task::Ctx;
use axes::Map;
use holes::Visits;
use survey::Survey;

/// What coverage is computed of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Name of every dimension of the rows.
    pub names: &'a [String],
    /// Which feature space the rows are in.
    pub choice: Choice<'a>,
    /// The reference.
    pub train: States<'a>,
    /// Episodes that the threshold comes from.
    pub calibration: States<'a>,
    /// Episodes that false alarms are counted on.
    pub heldout: States<'a>,
    /// Episodes of a policy, where there are any.
    pub rollouts: Option<States<'a>>,
    /// The parts share their episodes because there are too few.
    pub shared: bool,
}

/// How coverage is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Which neighbour's distance is the novelty.
    pub k: usize,
    /// False-alarm level of the threshold.
    pub alpha: f64,
    /// Two dimensions of the rows that the map shows; the first two principal axes if none are named.
    pub axes: Option<(usize, usize)>,
    /// Cells along each axis.
    pub bins: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { k: 5, alpha: 0.1, axes: None, bins: 40 }
    }
}

/// Coverage with what other metrics build on.
pub struct Coverage {
    /// For the screen and `--json`.
    pub report: Report,
    /// The reference: novelty of further states.
    pub novelty: Novelty,
    /// The density map: further paths can be laid over it.
    pub map: Map,
    /// [N] novelty of the rollout states in units of the threshold; empty without rollouts.
    pub ratios: Vec<f64>,
}

/// At most so many training states go into the entropy, evenly spread.
const ENTROPY_STATES: usize = 5000;
/// Bars of the novelty histogram.
const BARS: usize = 40;

/// Computes coverage.
///
/// # Errors
/// A sentence where a part is empty, not finite or of another width, or an axis does not exist; cancelled.
pub fn report(input: &Input<'_>, options: &Options, cx: &Ctx) -> Result<Coverage, MetricError> {
    let rule = Rule { k: options.k, alpha: options.alpha, shared: input.shared };
    let map = Map::build(input, options)?;
    let novelty = Novelty::fit_in(
        (input.names, input.choice),
        input.train,
        input.calibration,
        rule,
        &cx.phase("novelty of the calibration part"),
    )?;
    let heldout = novelty.score(input.heldout, &cx.phase("novelty of the held-out part"))?;
    let rollouts = match input.rollouts {
        Some(r) => Some((r, novelty.score_fresh(r.rows, &cx.phase("novelty of the rollouts"))?)),
        None => None,
    };
    let mut report = Report::new("coverage", "Coverage");
    threshold_stats(&mut report, &novelty, input.heldout, &heldout);
    if let Some((states, scores)) = &rollouts {
        rollout_stats(&mut report, &novelty, *states, scores, ood::fraction(&heldout, novelty.threshold.value));
    }
    cell_stats(&mut report, &map);
    entropy_stat(&mut report, &novelty, input, &cx.phase("entropy"))?;
    report.histograms.push(histogram("novelty", "Novelty of held-out states", &heldout, &novelty, &[]));
    let mut ratios = Vec::new();
    if let Some((_, scores)) = &rollouts {
        report.histograms.push(histogram("novelty_rollouts", "Novelty of rollout states", scores, &novelty, &heldout));
        ratios = scores.iter().map(|&s| novelty.threshold.ratio(s)).collect();
    }
    report.maps.push(drawn(&map, input, &ratios));
    parts::dropped_table(&mut report, &novelty);
    let survey = Survey::new(input, &cx.phase("all pairs of dimensions"))?;
    let failing = rollouts.as_ref().map(|(states, scores)| failing(*states, scores, &novelty));
    let visits = input.rollouts.zip(failing.as_deref()).map(|(states, failing)| Visits { states, failing });
    holes::table(&mut report, &survey, visits, &cx.phase("holes"))?;
    report.pairs = Some(Arc::new(survey.report()));
    report.note(Level::Info, novelty.sentence());
    report.note(Level::Info, novelty.features.sentence());
    let level = if novelty.threshold.is_calibrated() { Level::Info } else { Level::Warn };
    report
        .note(level, format!("Threshold {}: {}", parts::short(novelty.threshold.value), novelty.threshold.sentence()));
    report.note(Level::Info, map.sentence());
    Ok(Coverage { report, novelty, map, ratios })
}

/// The map of two other axes, with the rollouts whose novelty is `ratios` ([`Coverage::ratios`]) over it.
///
/// # Errors
/// A sentence where an axis does not exist.
pub fn map(input: &Input<'_>, options: &Options, ratios: &[f64]) -> Result<(Map, HeatMap), MetricError> {
    let map = Map::build(input, options)?;
    let drawn = drawn(&map, input, ratios);
    Ok((map, drawn))
}

fn drawn(map: &Map, input: &Input<'_>, ratios: &[f64]) -> HeatMap {
    let mut drawn = map.heat_map();
    if let Some(states) = input.rollouts.filter(|s| s.len() == ratios.len()) {
        drawn.overlays = parts::paths(map, states, ratios);
    }
    drawn
}

/// [N] whether the episode of each state has any above the threshold.
fn failing(states: States<'_>, scores: &[f64], novelty: &Novelty) -> Vec<bool> {
    let alarms = |i: &usize| is_alarm(novelty.threshold.ratio(scores[*i]));
    let alarmed: HashSet<usize> = (0..scores.len()).filter(alarms).map(|i| states.owner[i]).collect();
    states.owner.iter().map(|o| alarmed.contains(o)).collect()
}

fn threshold_stats(report: &mut Report, novelty: &Novelty, states: States<'_>, scores: &[f64]) {
    let t = &novelty.threshold;
    report
        .stat("threshold", "novelty threshold", t.value, "std", "Conformal alarm threshold: the ceil((n+1)(1-alpha))-th smallest of the calibration episodes' largest novelties.")
        .of(t.episodes, "calibration episodes");
    report.stat(
        "calibration_episodes",
        "calibration episodes",
        t.episodes as f64,
        "",
        "Episodes that the threshold rests on; level alpha needs at least 1/alpha - 1.",
    );
    report
        .stat(
            "ood_fraction_heldout",
            "OOD fraction, held-out",
            ood::fraction(scores, t.value),
            "",
            "Share of held-out states whose novelty is above the threshold.",
        )
        .of(scores.len(), "states");
    let (share, n) = ood::alarmed_episodes(scores, states.owner, t.value);
    report
        .stat(
            "false_alarm_heldout",
            "false alarms, held-out",
            share,
            "",
            "Share of held-out episodes with any state above the threshold; expected to be at most alpha.",
        )
        .of(n, "episodes");
    report
        .stat(
            "usual_novelty",
            "usual novelty",
            novelty.usual,
            "std",
            "95 % quantile of the calibration states' novelty; steps follow each other, so it promises nothing.",
        )
        .of(t.episodes, "calibration episodes");
    unusual(report, "heldout", "unusual states, held-out", scores, novelty);
}

/// Adds the share of states farther than 95 % of the calibration states, and returns it.
fn unusual(report: &mut Report, part: &str, label: &str, scores: &[f64], novelty: &Novelty) -> f64 {
    let share = ood::fraction(scores, novelty.usual);
    let definition = "Share of states farther than 95 % of the calibration states; no guarantee (see usual_novelty).";
    report.stat(&format!("unusual_fraction_{part}"), label, share, "", definition).of(scores.len(), "states");
    share
}

fn rollout_stats(report: &mut Report, novelty: &Novelty, states: States<'_>, scores: &[f64], heldout: f64) {
    let t = &novelty.threshold;
    let fraction = ood::fraction(scores, t.value);
    report
        .stat(
            "ood_fraction_rollouts",
            "OOD fraction, rollouts",
            fraction,
            "",
            "Share of the policy's states whose novelty is above the threshold.",
        )
        .of(scores.len(), "states");
    let (share, n) = ood::alarmed_episodes(scores, states.owner, t.value);
    report
        .stat(
            "alarm_rollouts",
            "rollouts with an alarm",
            share,
            "",
            "Share of the policy's episodes with any state above the threshold.",
        )
        .of(n, "episodes");
    let unusual = unusual(report, "rollouts", "unusual states, rollouts", scores, novelty);
    let worst = episode_max(scores, states.owner).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let text = format!(
        "{:.1} % of {} rollout states, in {} of {n} episodes, are beyond the novelty threshold (held-out: {:.1} %), the farthest at {} times the threshold; {:.1} % are farther than 95 % of the calibration states.",
        100.0 * fraction,
        scores.len(),
        (share * n as f64).round(),
        100.0 * heldout,
        parts::short(t.ratio(worst)),
        100.0 * unusual,
    );
    // More alarmed episodes than the promise allows is news; a tenth of all states is a policy that lives elsewhere, and
    // so is four times the share that is usual.
    let level = match () {
        () if fraction >= 0.1 || unusual >= 0.2 => Level::Alarm,
        () if share > t.alpha => Level::Warn,
        () => Level::Good,
    };
    report.note(level, text);
}

fn cell_stats(report: &mut Report, map: &Map) {
    let d = &map.density;
    let states = d.total() as usize;
    let cells = d.counts.len();
    report
        .stat(
            "occupied_cells",
            "occupied cells",
            d.occupied() as f64,
            "cells",
            "Cells of the map with any training state.",
        )
        .of(states, "states");
    report.stat("cells", "cells", cells as f64, "cells", "Cells of the map, reachable or not.");
    report.stat(
        "occupied_fraction",
        "occupied fraction",
        d.occupied() as f64 / cells as f64,
        "",
        "Occupied cells over all cells of the map.",
    );
    report
        .stat(
            "effective_cells",
            "effective cells",
            d.effective_cells(),
            "cells",
            "exp(entropy of the cell frequencies): as many equally visited cells have the same entropy.",
        )
        .of(states, "states");
    report
        .stat("missing_mass", "missing mass", d.missing_mass(), "", "Good-Turing estimate n1/N of the probability that the next state falls into a map cell never visited; too small for states that follow each other.")
        .of(states, "states");
    report.stat(
        "variance_share",
        "variance on the map",
        map.share,
        "",
        "Share of the standardised training states' variance that the two axes of the map carry.",
    );
}

fn entropy_stat(report: &mut Report, novelty: &Novelty, input: &Input<'_>, cx: &Ctx) -> Result<(), MetricError> {
    let at = stats::evenly(input.train.len(), ENTROPY_STATES);
    let n = at.len();
    if n <= novelty.rule().k {
        return Ok(());
    }
    let d = novelty.features.dim_in;
    let rows: Vec<f32> = at.iter().flat_map(|&i| &input.train.rows[i * d..(i + 1) * d]).copied().collect();
    let points = novelty.features.points(&rows, &vec![0; n])?;
    let nats = entropy::kozachenko_leonenko(points, novelty.rule().k, cx)?;
    report
        .stat("entropy_kl", "entropy", nats, "nats", "Kozachenko-Leonenko entropy of the standardised training states, evenly thinned to at most 5000; compare at equal n only.")
        .of(n, "states");
    Ok(())
}

/// Bars from 0 to the largest finite score of `scores` and `also` or a little beyond the threshold; infinite scores count
/// in the last bar.
fn histogram(key: &str, label: &str, scores: &[f64], novelty: &Novelty, also: &[f64]) -> Histogram {
    let t = novelty.threshold.value;
    let finite = scores.iter().chain(also).copied().filter(|s| s.is_finite());
    let end = finite.fold(if t.is_finite() { 1.25 * t } else { 0.0 }, f64::max).max(f64::MIN_POSITIVE);
    let edges = density::edges((0.0, end), BARS);
    let mut counts = vec![0.0; BARS];
    for &s in scores {
        counts[density::bin(&edges, s).unwrap_or(BARS - 1)] += 1.0;
    }
    Histogram {
        key: key.into(),
        label: label.into(),
        axis: Axis { label: "novelty".into(), unit: "std".into(), log: false },
        edges,
        counts,
        marks: vec![("threshold".into(), t), ("usual (95 %)".into(), novelty.usual)],
    }
}

#[cfg(test)]
mod tests;
