//! Curves of a task: score, loss on own trajectories and R over the course, mean over seeds with one standard error, and R around
//! the moments at which data was added.

use std::collections::BTreeMap;

use crate::experiment::result::{CellResult, Row};
use crate::experiment::results::scale;
use crate::experiment::site::Site;
use crate::ground::stats;
use crate::metrics::report::{Axis, Report, Role, Series};

/// Evaluations before and after a top-up that are shown.
const BEFORE: usize = 2;
const AFTER: usize = 4;

/// A number of an evaluation.
type Of<'f> = &'f dyn Fn(&CellResult, &Row) -> f64;

/// Adds those of `task` to `report`.
pub fn add(report: &mut Report, site: &Site<'_>, results: &BTreeMap<usize, CellResult>, task: &str) {
    let of_task = || results.values().filter(|r| r.task == task && !r.rows.is_empty());
    let mut agents: Vec<&str> = Vec::new();
    for result in of_task() {
        if !agents.contains(&result.agent.as_str()) {
            agents.push(&result.agent);
        }
    }
    for agent in agents {
        let own: Vec<&CellResult> = of_task().filter(|r| r.agent == agent).collect();
        let score = |_: &CellResult, row: &Row| row.score;
        let loss = |r: &CellResult, row: &Row| scale(results, r).map_or(f64::NAN, |s| s.loss(&row.errors));
        let ratio = |r: &CellResult, row: &Row| heldout_ratio(results, r, row);
        let kinds: [(&str, &str, Of<'_>); 3] =
            [("score", "return", &score), ("loss on own trajectories", "σ²", &loss), ("loss ratio R", "R", &ratio)];
        for (kind, unit, of) in kinds {
            report.series.extend(curve(task, agent, (kind, unit), &own, of));
        }
        report.series.extend(around(task, agent, &own));
    }
    if report.series.iter().any(|s| s.group == format!("{task}: loss ratio R")) {
        let threshold = site.plan.schedule.threshold;
        let steps = site.plan.tasks.iter().find(|t| t.name == task).map_or(0, |t| t.options.steps);
        report.series.push(Series {
            key: format!("{task}/threshold"),
            label: "threshold".into(),
            group: format!("{task}: loss ratio R"),
            role: Role::Threshold,
            x_axis: Axis::new("environment step", ""),
            y_axis: Axis::new("R", ""),
            x: vec![0.0, steps as f64],
            y: vec![threshold; 2],
            definition: "R above which the adaptive schedule collects".into(),
            ..Series::default()
        });
    }
}

/// R of an evaluation's own episodes, where there are held-out ones to hold them against.
fn heldout_ratio(results: &BTreeMap<usize, CellResult>, r: &CellResult, row: &Row) -> f64 {
    let Some(scale) = scale(results, r).filter(|_| !row.heldout.is_empty()) else { return f64::NAN };
    scale.loss(&row.errors) / scale.loss(&row.heldout)
}

/// The mean over seeds, evaluation by evaluation, as far as all seeds have them.
fn curve(task: &str, agent: &str, (kind, unit): (&str, &str), own: &[&CellResult], of: Of<'_>) -> Option<Series> {
    let n = own.iter().map(|r| r.rows.len()).min()?;
    let at = |i: usize, of: Of<'_>| own.iter().map(|r| of(r, &r.rows[i])).collect::<Vec<f64>>();
    let x: Vec<f64> = (0..n).map(|i| stats::mean(&at(i, &|_, row| row.clock as f64))).collect();
    let means: Vec<(f64, f64)> = (0..n).map(|i| stats::mean_se(&at(i, of))).collect();
    let y: Vec<f64> = means.iter().map(|(mean, _)| *mean).collect();
    if !y.iter().any(|v| v.is_finite()) {
        return None;
    }
    let band = (own.len() > 1).then(|| means.iter().map(|(mean, se)| (mean - se, mean + se)).unzip());
    Some(Series {
        key: format!("{task}/{agent}/{kind}"),
        label: agent.into(),
        group: format!("{task}: {kind}"),
        x_axis: Axis::new("environment step", ""),
        y_axis: Axis { label: unit.into(), log: unit == "σ²", ..Axis::default() },
        x,
        y,
        band,
        definition: format!("mean over {} seeds, band: one standard error", own.len()),
        ..Series::default()
    })
}

/// R of the checks around those that added data, mean over them.
fn around(task: &str, agent: &str, own: &[&CellResult]) -> Option<Series> {
    let mut at: Vec<Vec<f64>> = vec![Vec::new(); BEFORE + 1 + AFTER];
    let mut triggers = 0;
    for result in own {
        for (i, row) in result.rows.iter().enumerate() {
            if row.ratio.is_none() || row.collected == 0 {
                continue;
            }
            triggers += 1;
            for (k, values) in at.iter_mut().enumerate() {
                let there = (i + k).checked_sub(BEFORE).and_then(|j| result.rows.get(j)?.ratio);
                values.extend(there);
            }
        }
    }
    if triggers == 0 {
        return None;
    }
    let means: Vec<(f64, f64)> = at.iter().map(|values| stats::mean_se(values)).collect();
    let se = |(_, se): &(f64, f64)| if se.is_finite() { *se } else { 0.0 };
    Some(Series {
        key: format!("{task}/{agent}/around"),
        label: agent.into(),
        group: format!("{task}: R around a top-up"),
        x_axis: Axis::new("checks after the top-up", ""),
        y_axis: Axis::new("R", ""),
        x: (0..at.len()).map(|k| k as f64 - BEFORE as f64).collect(),
        y: means.iter().map(|(mean, _)| *mean).collect(),
        band: Some((means.iter().map(|m| m.0 - se(m)).collect(), means.iter().map(|m| m.0 + se(m)).collect())),
        definition: format!(
            "loss ratio R of the probe episodes, mean over {triggers} top-ups, band: one standard error"
        ),
        ..Series::default()
    })
}
