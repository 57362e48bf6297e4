//! The table "which alarm predicts failure", the sentence that names it, and the reliability curves.

use super::contest::{Contest, Entry};
use super::reliability::{BINS, reliability};
use super::truth::{Estimate, Kind, Signal, Truth};
use super::use_at_threshold::AtThreshold;
use super::words;
use crate::metrics::report::{Axis, Cell, Report, Series, Table};

/// Columns of the table.
const COLUMNS: [&str; 11] = [
    "score",
    "rho",
    "rho 95 %",
    "AUROC",
    "AUROC 95 %",
    "AUPRC",
    "AUPRC 95 %",
    "fires on bad (%)",
    "fires on good (%)",
    "gain, 95 % interval (%)",
    "lead (steps)",
];

/// Adds the table `trust`, that first which is of most use at its threshold, with the sentences that say which alarm is of use, which score ranks best, and what
/// the numbers are. Its last rows are what chance gives and, of episodes, what their length alone does.
pub fn table(report: &mut Report, contest: &Contest, truth: &Truth) {
    let share = contest.positive as f64 / contest.rows as f64;
    let exact = |value: f64| Estimate { value, interval: None };
    // Whoever trusts an alarm goes by its threshold; of those that do the same there, the one that ranks better comes first.
    let gain = |e: &Entry| e.at.map_or(f64::NEG_INFINITY, |(at, _)| if at.gain.is_nan() { 0.0 } else { at.gain });
    let mut entries: Vec<&Entry> = contest.entries.iter().collect();
    entries.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    let mut rows: Vec<Vec<Cell>> = entries.into_iter().map(entry).collect();
    if let Some(l) = contest.length {
        rows.push(row("length of the episode alone", [l.rho, l.auroc, l.auprc], None));
    }
    rows.push(row("chance", [0.0, 0.5, share].map(exact), None));
    report.tables.push(Table {
        key: "trust".into(),
        label: match truth.kind {
            Kind::ModelError => "Which alarm predicts the model's error on this data".into(),
            Kind::LowReturn => "Which alarm predicts a low return on this data".into(),
        },
        columns: COLUMNS.map(String::from).to_vec(),
        rows,
    });
    words::notes(report, contest, truth);
}

fn entry(e: &Entry) -> Vec<Cell> {
    row(e.score.label, [e.rho, e.auroc, e.auprc], e.at.as_ref())
}

fn row(label: &str, ranks: [Estimate; 3], at: Option<&(AtThreshold, Estimate)>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![label.into()];
    for estimate in ranks {
        cells.extend([Cell::Number(estimate.value), words::interval(estimate).into()]);
    }
    let number = |of: fn(&AtThreshold) -> f64| at.map_or(f64::NAN, |(at, _)| of(at));
    cells.extend([
        Cell::Number(100.0 * number(|at| at.bad)),
        Cell::Number(100.0 * number(|at| at.good)),
        at.map_or_else(|| "-".into(), |(_, gain)| words::interval(in_percent(*gain))).into(),
        Cell::Number(number(|at| at.lead.map_or(f64::NAN, |l| l.median))),
    ]);
    cells
}

/// A share in percent.
fn in_percent(share: Estimate) -> Estimate {
    let of = |(low, high): (f64, f64)| (100.0 * low, 100.0 * high);
    Estimate { value: 100.0 * share.value, interval: share.interval.map(of) }
}

/// Adds the numbers `spearman_<score>` and `auroc_<score>` with their intervals, for programs that read reports.
pub fn stats(report: &mut Report, contest: &Contest, truth: &Truth) {
    for e in &contest.entries {
        let kinds = [
            ("spearman", "rho", e.rho, format!("Spearman's rho of the score with {}.", words::severity(truth))),
            ("auroc", "AUROC", e.auroc, format!("{} for positive = {}.", words::area(truth), truth.definition)),
        ];
        for (key, label, estimate, definition) in kinds {
            let (key, label) = (format!("{key}_{}", e.score.name), format!("{label} of {}", e.score.label));
            let stat = report.stat(&key, &label, estimate.value, "", &definition).of(contest.rows, words::unit(truth));
            if let Some((low, high)) = estimate.interval {
                stat.between(low, high);
            }
        }
        for (key, label, value) in used(e) {
            let definition = "Share of rows with an alarm at the threshold: of those that are bad, of the others, and the \
                              difference (Youden's J); interval: 95 % over resampled episodes.";
            report
                .stat(
                    &format!("{key}_{}", e.score.name),
                    &format!("{label}: {}", e.score.label),
                    value.value,
                    "",
                    definition,
                )
                .of(contest.rows, words::unit(truth))
                .within(value.interval);
        }
    }
    if let Some(l) = contest.length {
        let definition =
            "Area under the ROC curve of the number of steps as a score: what a score that is blind could have.";
        report
            .stat("auroc_length", "AUROC of length alone", l.auroc.value, "", definition)
            .of(contest.rows, "episodes")
            .within(l.auroc.interval);
    }
}

/// What an alarm does at its threshold, as numbers of a report.
fn used(e: &Entry) -> Vec<(&'static str, &'static str, Estimate)> {
    let exact = |value: f64| Estimate { value, interval: None };
    e.at.iter()
        .flat_map(|(at, gain)| {
            [
                ("fires_on_bad", "fires on bad", exact(at.bad)),
                ("fires_on_good", "fires on good", exact(at.good)),
                ("gain", "gain at the threshold", *gain),
            ]
        })
        .collect()
}

/// Adds one curve a score to the group "reliability": mean severity by decile of the score.
pub fn curves(report: &mut Report, signals: &[Signal], truth: &Truth, seed: u64) {
    let (label, unit) = match truth.kind {
        Kind::ModelError => ("model error", "x threshold"),
        Kind::LowReturn => ("lost return", ""),
    };
    for Signal { score, values, .. } in signals {
        let r = reliability(values, &truth.severity, &truth.owner, seed);
        report.series.push(Series {
            key: format!("reliability_{}", score.name),
            label: score.label.into(),
            group: "reliability".into(),
            x_axis: Axis { label: "decile of the score".into(), unit: String::new(), log: false },
            y_axis: Axis { label: label.into(), unit: unit.into(), log: false },
            x: (1..=BINS).map(|b| b as f64).collect(),
            y: r.mean,
            band: r.band,
            definition:
                "Mean outcome of the rows in each decile of the score: a score that can be trusted rises. Band: 95 % \
                         over resampled episodes."
                    .into(),
            ..Series::default()
        });
    }
}
