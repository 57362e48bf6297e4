//! Table, curves and map of the report.

use super::{EpisodeScores, Input, Ranked};
use crate::metrics::report::{Axis, Cell, HeatMap, Overlay, Report, Role, Series, Table};

/// A dimension is named as responsible from this share on.
const SHARE: f64 = 0.1;
/// Dimensions named at most.
const NAMED: usize = 3;

/// "θ̇ 71 %", largest first.
pub fn words(responsible: &[(String, f64)]) -> Vec<String> {
    responsible
        .iter()
        .filter(|r| r.1 >= SHARE)
        .take(NAMED)
        .map(|(name, share)| format!("{name} {:.0} %", 100.0 * share))
        .collect()
}

/// The ranking.
pub fn table(report: &mut Report, input: &Input<'_>, ranking: &[Ranked]) {
    let columns = [
        "episode",
        "steps",
        "return",
        "first OOD step",
        "peak novelty (x threshold)",
        "peak model error (x threshold)",
        "responsible dimensions",
        "verdict",
    ];
    let rows = ranking
        .iter()
        .map(|r| {
            let e = &r.evidence;
            vec![
                input.episodes[r.index].label.clone().into(),
                e.steps.into(),
                e.ret.into(),
                r.first_novel.map_or(Cell::Text("-".into()), Cell::from),
                e.peak_novelty.into(),
                e.peak_error.unwrap_or(f64::NAN).into(),
                words(&r.responsible).join(", ").into(),
                e.verdict().name().into(),
            ]
        })
        .collect();
    report.tables.push(Table {
        key: "episodes".into(),
        label: "Episodes, worst first".into(),
        columns: columns.map(String::from).to_vec(),
        rows,
    });
}

/// Novelty, model error, disagreement and reward of one episode over its steps.
pub fn curves(report: &mut Report, e: &EpisodeScores<'_>) {
    use Role::{Lane, Reward};
    let novelty = "Distance to the training states over its alarm threshold.";
    let error = "One-step model error over its conformal threshold.";
    let curves = [
        ("novelty", "novelty", Lane, "x threshold", e.novelty, novelty),
        ("model_error", "model error", Lane, "x threshold", e.model_error, error),
        ("disagreement", "disagreement", Lane, "std", e.disagreement, "Spread of the ensemble's members."),
        ("reward", "reward", Reward, "", e.reward, "Reward of the environment."),
    ];
    for (key, label, role, unit, y, definition) in curves.into_iter().filter(|c| !c.4.is_empty()) {
        report.series.push(Series {
            key: format!("{}/{key}", e.label),
            label: label.into(),
            group: e.label.clone(),
            x_axis: Axis { label: "step".into(), unit: "steps".into(), log: false },
            y_axis: Axis { label: label.into(), unit: unit.into(), log: false },
            x: (0..y.len()).map(|t| t as f64).collect(),
            y: y.iter().map(|&v| if v.is_finite() { v } else { f64::NAN }).collect(),
            role,
            definition: definition.into(),
            ..Series::default()
        });
    }
}

/// The worst episode over the density map.
pub fn path(report: &mut Report, input: &Input<'_>, worst: &Ranked) {
    let Some(map) = input.map else { return };
    let e = &input.episodes[worst.index];
    let points = map.points(e.features);
    report.maps.push(HeatMap {
        key: "path".into(),
        label: format!("The worst, episode {}, over the training states", e.label),
        overlays: vec![Overlay {
            label: format!("episode {}", e.label),
            joined: true,
            x: points.iter().map(|p| p.0).collect(),
            y: points.iter().map(|p| p.1).collect(),
            heat: Some(e.novelty.to_vec()),
        }],
        ..map.heat_map()
    });
}
