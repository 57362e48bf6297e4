//! Table, curves and map of the report.

use super::{EpisodeScores, Input, Ranked};
use crate::metrics::coverage::axes::Map;
use crate::metrics::report::{
    Axis, Cell, Detail, HeatMap, IN_THRESHOLDS, Level, Note, Overlay, Report, Role, Series, Table,
};

/// A dimension is named as responsible from this share on.
const SHARE: f64 = 0.1;
/// Dimensions named at most.
const NAMED: usize = 3;
/// Steps of all episodes together whose curves and paths are kept for the screen: some 20 MiB.
const KEPT: usize = 200_000;

/// The dimensions that are named, the largest share first.
fn named(responsible: &[(String, f64)]) -> impl Iterator<Item = &(String, f64)> {
    responsible.iter().filter(|r| r.1 >= SHARE).take(NAMED)
}

/// "θ̇ 71 %", largest first.
pub fn words(responsible: &[(String, f64)]) -> Vec<String> {
    named(responsible).map(|(name, share)| format!("{name} {:.0} %", 100.0 * share)).collect()
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
        "score (x threshold)",
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
                e.name().into(),
                r.score.into(),
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
pub fn curves(e: &EpisodeScores<'_>) -> Vec<Series> {
    use Role::{Lane, Reward};
    let novelty = "Distance to the training states over its alarm threshold.";
    let error = "One-step model error over its conformal threshold.";
    let disagreement = "Spread of the ensemble's members over its conformal threshold.";
    let curves = [
        ("novelty", "novelty", Lane, IN_THRESHOLDS, e.novelty, novelty),
        ("model_error", "model error", Lane, IN_THRESHOLDS, e.model_error, error),
        ("disagreement", "disagreement", Lane, IN_THRESHOLDS, e.disagreement, disagreement),
        ("reward", "reward", Reward, "", e.reward, "Reward of the environment."),
    ];
    let drawn = curves.into_iter().filter(|c| !c.4.is_empty());
    drawn
        .map(|(key, label, role, unit, y, definition)| Series {
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
        })
        .collect()
}

/// The path of an episode over a map.
fn path(map: &Map, e: &EpisodeScores<'_>) -> Overlay {
    let points = map.points(e.features);
    Overlay {
        label: format!("episode {}", e.label),
        joined: true,
        x: points.iter().map(|p| p.0).collect(),
        y: points.iter().map(|p| p.1).collect(),
        heat: Some(e.novelty.to_vec()),
    }
}

/// The worst episode over the density map.
pub fn worst(report: &mut Report, input: &Input<'_>, worst: &Ranked) {
    let Some(map) = input.map else { return };
    let e = &input.episodes[worst.index];
    report.maps.push(HeatMap {
        key: "path".into(),
        label: format!("The worst, episode {}, over the training states", e.label),
        overlays: vec![path(map, e)],
        ..map.heat_map()
    });
}

/// Every ranked episode with its verdict; with curves and path as long as all of them together are not too many.
pub fn details(input: &Input<'_>, ranking: &[Ranked]) -> Vec<Detail> {
    let mut room = KEPT;
    let detail = |r: &Ranked| {
        let e = &input.episodes[r.index];
        let kept = room >= e.novelty.len();
        room = room.saturating_sub(e.novelty.len());
        Detail {
            label: e.label.clone(),
            index: e.index,
            of_data: e.of_data,
            responsible: named(&r.responsible).map(|(name, _)| name.clone()).collect(),
            verdict: verdict(input, r),
            series: if kept { curves(e) } else { Vec::new() },
            path: input.map.filter(|_| kept).map(|map| path(map, e)).into_iter().collect(),
        }
    };
    ranking.iter().map(detail).collect()
}

/// The verdict on an episode. Nothing good and no alarm rests on a threshold that promises nothing.
pub fn verdict(input: &Input<'_>, r: &Ranked) -> Note {
    let (level, text) = (r.evidence.level(), sentence(input, r));
    if input.novelty.threshold.is_calibrated() {
        return Note { level, text };
    }
    Note { level: Level::Warn, text: format!("{text} The novelty threshold is not calibrated, so this is a hint.") }
}

/// When an episode begins to be wrong and by which dimensions, then what that says and the numbers.
fn sentence(input: &Input<'_>, r: &Ranked) -> String {
    let dims = words(&r.responsible);
    let by = if dims.is_empty() { String::new() } else { format!(", by {}", dims.join(", ")) };
    let when = match (r.first_novel, r.first_wrong) {
        (Some(n), Some(w)) if w < n => {
            format!(" one step ahead the model is wrong from step {w} on{by}; the data is left at step {n}.")
        }
        (Some(n), Some(w)) if w > n => {
            format!(" it leaves the data at step {n}{by}; one step ahead the model is wrong from step {w} on.")
        }
        (Some(n), _) => format!(" it leaves the data at step {n}{by}."),
        (None, Some(w)) => format!(" one step ahead the model is wrong from step {w} on{by}."),
        (None, None) => String::new(),
    };
    format!("Episode {}:{when} {}", input.episodes[r.index].label, r.evidence.sentence())
}
