//! The table "which alarm predicts failure", the sentence that names it, and the reliability curves.

use super::contest::{Contest, Entry, Estimate, Kind, RESAMPLES, THINNED, Truth};
use super::reliability::{BINS, reliability};
use crate::metrics::report::{Axis, Cell, Level, Report, Series, Table};
use crate::metrics::score::Score;

/// Adds the table `trust`, best first, with the sentence that names the best and what the numbers are.
pub fn table(report: &mut Report, contest: &Contest, truth: &Truth) {
    let unit = unit(truth);
    let columns = ["score", "rho", "rho 95 %", "AUROC", "AUROC 95 %", "AUPRC", "AUPRC 95 %"];
    let row = |e: &Entry| -> Vec<Cell> {
        let mut cells: Vec<Cell> = vec![e.score.label.into()];
        for estimate in [e.rho, e.auroc, e.auprc] {
            cells.extend([Cell::Number(estimate.value), interval(estimate).into()]);
        }
        cells
    };
    report.tables.push(Table {
        key: "trust".into(),
        label: match truth.kind {
            Kind::ModelError => "Which alarm predicts the model's error on this data".into(),
            Kind::LowReturn => "Which alarm predicts a low return on this data".into(),
        },
        columns: columns.map(String::from).to_vec(),
        rows: contest.entries.iter().map(row).collect(),
    });
    let (level, sentence) = sentence(contest, truth);
    report.note(level, sentence);
    report.note(
        Level::Info,
        format!(
            "Trust: Spearman's rho of a score with {}, AUROC and AUPRC (average precision; chance is {:.2}) for positive = {}; \
             {} {unit} of {} episodes, {} of them positive; intervals: 95 %, {RESAMPLES} draws of whole episodes, not \
             stratified{}{}.",
            severity(truth),
            contest.positive as f64 / contest.rows as f64,
            truth.definition,
            contest.rows,
            contest.episodes,
            contest.positive,
            if contest.rows > THINNED { format!(", over {THINNED} evenly thinned {unit}") } else { String::new() },
            match contest.one_class {
                0 => String::new(),
                n => format!(" ({n} draws without both classes are left out of AUROC and AUPRC)"),
            }
        ),
    );
}

/// Adds the numbers `spearman_<score>` and `auroc_<score>` with their intervals, for programs that read reports.
pub fn stats(report: &mut Report, contest: &Contest, truth: &Truth) {
    for e in &contest.entries {
        let kinds = [
            ("spearman", "rho", e.rho, format!("Spearman's rho of the score with {}.", severity(truth))),
            ("auroc", "AUROC", e.auroc, format!("Area under the ROC curve for positive = {}.", truth.definition)),
        ];
        for (key, label, estimate, definition) in kinds {
            let (key, label) = (format!("{key}_{}", e.score.name), format!("{label} of {}", e.score.label));
            let stat = report.stat(&key, &label, estimate.value, "", &definition).of(contest.rows, unit(truth));
            if let Some((low, high)) = estimate.interval {
                stat.between(low, high);
            }
        }
    }
}

/// Adds one curve a score to the group "reliability": mean severity by decile of the score.
pub fn curves(report: &mut Report, columns: &[(&'static Score, Vec<f64>)], truth: &Truth, seed: u64) {
    let (label, unit) = match truth.kind {
        Kind::ModelError => ("model error", "x threshold"),
        Kind::LowReturn => ("lost return", ""),
    };
    for (score, values) in columns {
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

/// Names the best and the others with their numbers, or says that none is better than chance.
fn sentence(contest: &Contest, truth: &Truth) -> (Level, String) {
    let (what, name, chance) = match truth.kind {
        Kind::ModelError => ("the model's error", "rho", 0.0),
        Kind::LowReturn => ("a low return", "AUROC", 0.5),
    };
    let of = |e: &Entry| if truth.kind == Kind::ModelError { e.rho } else { e.auroc };
    let Some(best) = contest.entries.first() else { return (Level::Info, String::new()) };
    let words = |e: &Entry| format!("{} {:.2} {}", e.score.label, of(e).value, interval(of(e)));
    let others: Vec<String> = contest.entries.iter().skip(1).take(3).map(words).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    let numbers = format!("{name} {:.2} {}{others}", of(best).value, interval(of(best)));
    match of(best).interval {
        _ if of(best).value.is_nan() => (
            Level::Warn,
            format!(
                "Nothing says which alarm predicts {what}: {} of {} {} failed.",
                contest.positive,
                contest.rows,
                unit(truth)
            ),
        ),
        None => (
            Level::Info,
            format!(
                "{} goes best with {what} ({numbers}), but {} episodes with {} failed {} are too few to tell it from chance.",
                best.score.label,
                contest.episodes,
                contest.positive,
                unit(truth)
            ),
        ),
        Some((low, _)) if low <= chance => (
            Level::Warn,
            format!(
                "On this data no alarm predicts {what} better than chance: the best is {} ({numbers}).",
                best.score.label
            ),
        ),
        Some(_) => {
            let second = contest.entries.get(1).filter(|_| contest.lead.is_some_and(|(low, _)| low <= 0.0));
            let tie =
                second.map_or_else(String::new, |s| format!(" The lead over {} is within chance.", s.score.label));
            (Level::Good, format!("On this data {} predicts {what} best: {numbers}.{tie}", best.score.label))
        }
    }
}

fn severity(truth: &Truth) -> &'static str {
    match truth.kind {
        Kind::ModelError => "the realised one-step model error",
        Kind::LowReturn => "the lost return (the episode's largest score against its return)",
    }
}

fn unit(truth: &Truth) -> &'static str {
    match truth.kind {
        Kind::ModelError => "steps",
        Kind::LowReturn => "episodes",
    }
}

/// "[0.66, 0.75]"; a dash where there is none.
fn interval(e: Estimate) -> String {
    e.interval.map_or_else(|| "-".into(), |(low, high)| format!("[{low:.2}, {high:.2}]"))
}
