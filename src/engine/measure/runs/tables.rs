//! The table of runs, that of the numbers there are, and the curves.

use super::run::{Run, SHOWN};
use super::seeds::Group;
use crate::metrics::report::{Axis, Cell, Report, Series, Table};
use crate::runlog::thin;

/// Columns of the table of runs.
const COLUMNS: [&str; 14] = [
    "run",
    "state",
    "steps",
    "score",
    "R",
    "seed",
    "agent",
    "task",
    "kind",
    "added",
    "total",
    "gain ± s.e.",
    "group",
    "started",
];
/// Points of all curves together.
const POINTS: usize = 2_000_000;
/// Rows of the table of numbers.
const NAMES: usize = 500;

/// Adds the table of runs, and, row by row, that of what is longer: where each lies and how its state is known.
pub fn runs(report: &mut Report, runs: &[Run], groups: &[Group]) {
    let group = |number: usize| {
        let own = groups.iter().find(|group| group.runs.values().any(|run| *run == number));
        own.map_or_else(|| "–".into(), |group| Cell::from(group.name.as_str()))
    };
    let row = |(at, run): (usize, &Run)| -> Vec<Cell> {
        let number = |v: Option<f64>| Cell::from(v.unwrap_or(f64::NAN));
        let text = |t: &str| Cell::from(if t.is_empty() { "–" } else { t });
        vec![
            run.label.as_str().into(),
            run.state.0.word().into(),
            number(run.steps),
            number(run.score),
            number(run.ratio),
            run.seed.map_or_else(|| "–".into(), |seed| Cell::Count(seed.try_into().unwrap_or(i64::MAX))),
            text(&run.agent),
            text(&run.task),
            run.kind.as_str().into(),
            number(run.added),
            number(run.total),
            run.gain.map_or_else(|| "–".into(), |(gain, se)| format!("{gain:.0} ± {se:.0}").into()),
            group(at),
            run.started.as_str().into(),
        ]
    };
    let place = |run: &Run| -> Vec<Cell> {
        let path = |p: &std::path::Path| Cell::from(p.display().to_string());
        vec![
            run.label.as_str().into(),
            run.state.1.as_str().into(),
            run.result.as_deref().map_or_else(|| "–".into(), path),
            path(&run.place),
        ]
    };
    report.tables.push(Table {
        key: "runs".into(),
        label: "Runs".into(),
        columns: COLUMNS.map(String::from).to_vec(),
        rows: runs.iter().enumerate().map(row).collect(),
    });
    report.tables.push(Table {
        key: "places".into(),
        label: "Where they lie, and how their state is known".into(),
        columns: ["run", "known by", "result", "path"].map(String::from).to_vec(),
        rows: runs.iter().map(place).collect(),
    });
}

/// Adds the table of the numbers that the runs have.
pub fn metrics(report: &mut Report, runs: &[Run], chosen: &[String]) {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let mut at = std::collections::HashMap::new();
    for name in runs.iter().flat_map(|run| run.names.iter()) {
        let slot = *at.entry(name.as_str()).or_insert_with(|| {
            counts.push((name, 0));
            counts.len() - 1
        });
        counts[slot].1 += 1;
    }
    let place = |name: &str| chosen.iter().position(|c| c == name).unwrap_or(usize::MAX);
    counts.sort_by_cached_key(|(name, _)| (place(name), super::choice::class(name), (*name).to_owned()));
    let row = |(name, n): &(&str, usize)| {
        vec![(*name).into(), (*n).into(), if place(name) < usize::MAX { "shown" } else { "on request" }.into()]
    };
    if !counts.is_empty() {
        report.tables.push(Table {
            key: "metrics".into(),
            label: "Metrics".into(),
            columns: ["metric", "runs", "curves"].map(String::from).to_vec(),
            rows: counts.iter().take(NAMES).map(row).collect(),
        });
    }
}

/// Adds the curves of the chosen numbers, each run's in the order of the table.
pub fn curves(report: &mut Report, runs: &[Run], chosen: &[String]) {
    let of = |metric: &String| runs.iter().filter(move |run| run.line(metric).is_some()).count();
    let all: usize = chosen.iter().map(of).sum();
    let each = (POINTS / all.max(1)).clamp(64, SHOWN);
    for metric in chosen {
        for run in runs {
            let Some(line) = run.line(metric) else { continue };
            let curve = thin(&line.curve, each);
            report.series.push(Series {
                key: format!("{metric}/{}", run.label),
                label: run.label.clone(),
                group: metric.clone(),
                x_axis: Axis::new(&run.axis, ""),
                y_axis: Axis::new(if line.unit.is_empty() { metric } else { &line.unit }, ""),
                x: curve.x,
                y: curve.y,
                definition: format!("{} of {}", line.definition, run.name),
                ..Series::default()
            });
        }
    }
}
