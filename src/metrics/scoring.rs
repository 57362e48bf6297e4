//! Every score of every state, each in units of its own threshold, with the promise and the evidence behind each.

use super::alarm::{self, Alarm};
use super::report::{Axis, Cell, Level, Report, Role, Series, Table};
use super::score::{Column, SCORES, Score};
use super::threshold::Kind;
use super::trust::charts;
use super::trust::contest::Contest;
use super::trust::truth::{Signal, Truth};
use crate::ground::stats;
use crate::metrics::diagnosis;

/// What the alarms said of some states, and what came of it.
pub struct Scored<'a> {
    /// One alarm a column, in the order of `columns`.
    pub alarms: &'a [Alarm],
    /// Scores of all states; episodes after each other, steps in order.
    pub columns: &'a [Column],
    /// [N] episode of every state.
    pub owner: &'a [usize],
    /// [N] one-step model error in units of its threshold, NaN where a step has no next observation; empty without a
    /// world model.
    pub error: &'a [f64],
    /// Names of episodes by the numbers in `owner`.
    pub label: &'a dyn Fn(usize) -> String,
}

/// Every score against what went wrong.
pub struct Evidence {
    /// The result.
    pub contest: Contest,
    /// What it was held against.
    pub truth: Truth,
    /// The scores in the rows of the truth.
    pub signals: Vec<Signal>,
}

/// Episodes whose curves are given.
const DRAWN: usize = 3;
/// A score that is no alarm but stands within this share of its threshold, at this share of the states, is at its
/// largest possible number.
const SATURATED: (f64, f64) = (1e-3, 0.01);

/// The report called "score".
pub fn report(scored: &Scored<'_>, evidence: Option<&Evidence>, seed: u64) -> Report {
    let mut report = Report::new("score", "Scores of states");
    let ratios: Vec<Vec<f64>> = scored.alarms.iter().zip(scored.columns).map(|(a, c)| a.ratios(&c.values)).collect();
    numbers(&mut report, scored, &ratios);
    table(&mut report, scored, &ratios);
    curves(&mut report, scored, &ratios);
    if let Some(e) = evidence {
        trust(&mut report, e, seed);
        charts::stats(&mut report, &e.contest, &e.truth);
    }
    warnings(&mut report, scored, &ratios);
    missing(&mut report, scored);
    report
}

/// Adds what is known of the trust in every alarm: the table, the sentence and the curves.
pub fn trust(report: &mut Report, evidence: &Evidence, seed: u64) {
    charts::table(report, &evidence.contest, &evidence.truth);
    charts::curves(report, &evidence.signals, &evidence.truth, seed);
}

fn numbers(report: &mut Report, scored: &Scored<'_>, ratios: &[Vec<f64>]) {
    let (states, episodes) = (scored.owner.len(), stats::by_episode(scored.owner).len());
    report.stat("states", "states", states as f64, "", "States that were scored.").of(episodes, "episodes");
    for (a, r) in scored.alarms.iter().zip(ratios) {
        let (share, alarmed, n) = alarm::beyond(r, scored.owner);
        let definition = format!("Share of states beyond the threshold of {}. {}", a.score.label, a.score.definition);
        if a.score.name == "novelty" {
            report.stat("ood_fraction", "OOD fraction", share, "", &definition).of(states, "states");
            let definition = "Share of episodes with any state beyond the novelty threshold.";
            report.stat("alarm_episodes", "episodes with a novelty alarm", alarmed, "", definition).of(n, "episodes");
        } else {
            let (key, label) = (format!("beyond_{}", a.score.name), format!("beyond {}", a.score.label));
            report.stat(&key, &label, share, "", &definition).of(states, "states");
        }
    }
}

fn table(report: &mut Report, scored: &Scored<'_>, ratios: &[Vec<f64>]) {
    let columns = [
        "score",
        "threshold",
        "unit",
        "guarantee",
        "nominal false alarms (%)",
        "realised, held-out (%)",
        "realised, 95 % interval (%)",
        "of",
        "states beyond (%)",
        "episodes beyond (%)",
        "given this calibration set, 5-95 % (%)",
    ];
    let row = |(a, r): (&Alarm, &Vec<f64>)| -> Vec<Cell> {
        let (realised, interval, n) = a.realised();
        let (states, episodes, _) = alarm::beyond(r, scored.owner);
        vec![
            a.score.label.into(),
            a.threshold.value.into(),
            a.score.unit.into(),
            a.threshold.short().into(),
            in_percent(a.threshold.alpha).into(),
            in_percent(realised).into(),
            bounds(interval).into(),
            format!("{n} {}", a.unit()).into(),
            in_percent(states).into(),
            in_percent(episodes).into(),
            bounds(a.threshold.spread()).into(),
        ]
    };
    report.tables.push(Table {
        key: "scores".into(),
        label: "Scores, their thresholds and their false alarms".into(),
        columns: columns.map(String::from).to_vec(),
        rows: scored.alarms.iter().zip(ratios).map(row).collect(),
    });
}

/// A share in percent, without what binary fractions add to it.
fn in_percent(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

/// "[0.3, 44.5]", an interval of shares in percent; a dash where there is none.
fn bounds(interval: Option<(f64, f64)>) -> String {
    interval.map_or_else(|| "-".into(), |(low, high)| format!("[{:.1}, {:.1}]", 100.0 * low, 100.0 * high))
}

/// Every score along the worst episodes, in units of its threshold.
fn curves(report: &mut Report, scored: &Scored<'_>, ratios: &[Vec<f64>]) {
    let mut episodes = stats::by_episode(scored.owner);
    let novelty = scored.alarms.iter().position(|a| a.score.name == "novelty").map(|i| &ratios[i]);
    let pick = |v: &[f64], rows: &[usize]| rows.iter().map(|&i| v[i]).collect::<Vec<f64>>();
    let badness = |rows: &[usize]| {
        let novelty = novelty.map_or_else(|| vec![0.0; rows.len()], |n| pick(n, rows));
        let error = if scored.error.is_empty() { Vec::new() } else { pick(scored.error, rows) };
        (diagnosis::score(&novelty, &error), novelty.iter().copied().fold(0.0, f64::max))
    };
    let keyed: std::collections::HashMap<usize, (f64, f64)> =
        episodes.iter().map(|(e, rows)| (*e, badness(rows))).collect();
    episodes.sort_by(|a, b| {
        let (x, y) = (keyed[&a.0], keyed[&b.0]);
        y.0.total_cmp(&x.0).then(y.1.total_cmp(&x.1)).then(a.0.cmp(&b.0))
    });
    for (e, rows) in episodes.iter().take(DRAWN) {
        let group = (scored.label)(*e);
        let mut add = |key: &str, label: &str, values: &[f64], definition: &str| {
            report.series.push(Series {
                key: format!("{group}/{key}"),
                label: label.into(),
                group: group.clone(),
                x_axis: Axis { label: "step".into(), unit: "steps".into(), log: false },
                y_axis: Axis { label: "score".into(), unit: "x threshold".into(), log: false },
                x: (0..rows.len()).map(|t| t as f64).collect(),
                y: pick(values, rows).into_iter().map(|v| if v.is_finite() { v } else { f64::NAN }).collect(),
                role: Role::Lane,
                definition: definition.into(),
                ..Series::default()
            });
        };
        for (a, r) in scored.alarms.iter().zip(ratios) {
            add(a.score.name, a.score.label, r, a.score.definition);
        }
        if !scored.error.is_empty() {
            add("model_error", "model error", scored.error, "One-step model error over its conformal threshold.");
        }
    }
}

fn warnings(report: &mut Report, scored: &Scored<'_>, ratios: &[Vec<f64>]) {
    let Some(first) = scored.alarms.first() else { return };
    let level = if first.threshold.is_calibrated() { Level::Info } else { Level::Warn };
    report.note(level, format!("Thresholds, one a score: {}", first.threshold.sentence()));
    if first.threshold.kind == Kind::PerStep {
        let alarmed: Vec<f64> = scored.alarms.iter().map(|a| a.record.episodes.rate()).collect();
        let most = alarmed.iter().copied().fold(0.0, f64::max);
        report.note(
            Level::Warn,
            format!("At these thresholds up to {:.0} % of held-out episodes have an alarm.", 100.0 * most),
        );
    }
    for (level, text) in scored.alarms.iter().map(Alarm::beside).filter(|(level, _)| *level > Level::Info) {
        report.note(level, text);
    }
    for (a, r) in scored.alarms.iter().zip(ratios) {
        let at_threshold = r.iter().filter(|r| (1.0 - SATURATED.0..=1.0).contains(*r)).count();
        if r.iter().all(|r| *r <= 1.0) && at_threshold as f64 > SATURATED.1 * r.len() as f64 {
            report.note(
                Level::Info,
                format!(
                    "{} is saturated: {at_threshold} states have its largest number, which calibration episodes reach too, so \
                     it raises no alarm.",
                    a.score.label
                ),
            );
        }
    }
}

/// Says which scores could not be measured and what they need.
fn missing(report: &mut Report, scored: &Scored<'_>) {
    let absent = |s: &&Score| scored.columns.iter().all(|c| c.score.name != s.name);
    let words: Vec<String> =
        SCORES.iter().filter(absent).map(|s| format!("{} (needs {})", s.label, s.needs())).collect();
    if !words.is_empty() {
        report.note(Level::Info, format!("Not measured: {}.", words.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;
    use crate::metrics::alarm::Part;

    #[test]
    fn every_score_stands_in_units_of_its_own_threshold() {
        // Ten calibration episodes of two steps; the largest scores are 1 to 10, the tenth of eleven is the threshold.
        let calibration: Vec<f64> = (1..=10).flat_map(|e| [0.0, f64::from(e)]).collect();
        let owner: Vec<usize> = (0..20).map(|i| i / 2).collect();
        let part = Part { values: &calibration, owner: &owner };
        let big: Vec<f64> = calibration.iter().map(|v| 100.0 * v).collect();
        let large = Part { values: &big, owner: &owner };
        let rule = (Kind::Conformal, 0.1, false);
        let alarms = [
            Alarm::set(&SCORES[0], part, part, rule, 0).unwrap(),
            Alarm::set(&SCORES[3], large, large, rule, 0).unwrap(),
        ];
        let columns = [
            Column { score: &SCORES[0], values: vec![5.0, 20.0, 30.0, f64::INFINITY, 1.0, 2.0] },
            Column { score: &SCORES[3], values: vec![1000.0; 6] },
        ];
        let (owner, error) = ([7, 7, 7, 7, 8, 8], [0.5, 2.0, 2.0, f64::NAN, 0.1, 0.2]);
        let scored =
            Scored { alarms: &alarms, columns: &columns, owner: &owner, error: &error, label: &|e| format!("{e}") };
        let r = report(&scored, None, 0);
        assert_eq!((r.value("ood_fraction"), r.value("alarm_episodes")), (Some(0.5), Some(0.5)));
        assert_eq!((r.value("beyond_cells"), r.value("states")), (Some(0.0), Some(6.0)));
        let row = &r.tables[0].rows[0];
        assert_eq!((&row[1], &row[4], &row[5]), (&Cell::Number(10.0), &Cell::Number(10.0), &Cell::Number(0.0)));
        assert_eq!(row[3], Cell::Text("at most 10 % of episodes (n = 10)".into()));
        assert_eq!(row[6], Cell::Text("[0.0, 30.8]".into()));
        let first = &r.series[0];
        assert_eq!((first.group.as_str(), &first.y[..3]), ("7", &[0.5, 2.0, 3.0][..]));
        assert!(first.y[3].is_nan() && r.series[2].key == "7/model_error");
        assert!(r.notes.iter().any(|n| n.text.contains("cell count is saturated: 6 states")));
        assert!(r.notes.iter().any(|n| n.text.starts_with("Not measured: Mahalanobis distance (needs states), local")));
        assert!(r.notes[0].text.contains("with probability at most 10 %"));
    }
}
