//! Smaller parts of the report.

use super::axes::Map;
use crate::ground::stats;
use crate::metrics::States;
use crate::metrics::novelty::Novelty;
use crate::metrics::report::{Overlay, Report, Table};
use crate::metrics::threshold::episode_max;

/// Paths drawn over the map.
const PATHS: usize = 8;
/// Points of one path.
const POINTS: usize = 1000;

/// The rollouts that go farthest, as paths coloured by novelty in units of the threshold.
pub fn paths(map: &Map, states: States<'_>, ratios: &[f64]) -> Vec<Overlay> {
    let points = map.points(states.rows);
    let maxima = episode_max(ratios, states.owner);
    let mut episodes: Vec<_> = stats::by_episode(states.owner).into_iter().zip(maxima).collect();
    episodes.sort_by(|a, b| b.1.total_cmp(&a.1));
    episodes
        .into_iter()
        .take(PATHS)
        .map(|((owner, rows), _)| {
            let rows: Vec<usize> = stats::evenly(rows.len(), POINTS).into_iter().map(|i| rows[i]).collect();
            Overlay {
                label: format!("rollout {owner}"),
                joined: true,
                x: rows.iter().map(|&r| points[r].0).collect(),
                y: rows.iter().map(|&r| points[r].1).collect(),
                heat: Some(rows.iter().map(|&r| ratios[r]).collect()),
            }
        })
        .collect()
}

/// One episode, the rows of whose states are `rows`, as a path coloured by novelty in units of the threshold, with every state.
pub fn path(map: &Map, rows: &[f32], ratios: &[f64], label: &str) -> Overlay {
    let points = map.points(rows);
    Overlay {
        label: label.into(),
        joined: true,
        x: points.iter().map(|p| p.0).collect(),
        y: points.iter().map(|p| p.1).collect(),
        heat: Some(ratios.to_vec()),
    }
}

/// Names what was left out, if anything was.
pub fn dropped_table(report: &mut Report, novelty: &Novelty) {
    let dropped = &novelty.features.dropped;
    if !dropped.is_empty() {
        report.tables.push(Table {
            key: "dimensions_dropped".into(),
            label: "Dimensions left out".into(),
            columns: vec!["dimension".into(), "constant at".into()],
            rows: dropped.iter().map(|d| vec![d.name.clone().into(), d.value.into()]).collect(),
        });
    }
}

/// Three significant digits for sentences.
pub fn short(v: f64) -> String {
    if v == 0.0 || !v.is_finite() {
        return v.to_string();
    }
    let digits = (2 - v.abs().log10().floor() as i32).clamp(0, 12) as usize;
    format!("{v:.digits$}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn sentences_have_three_digits() {
        let words: Vec<String> =
            [0.0, 1234.6, 2.5, 0.012_345, 1.0e-5, f64::INFINITY].iter().map(|&v| super::short(v)).collect();
        assert_eq!(words, ["0", "1235", "2.50", "0.0123", "0.0000100", "inf"]);
    }
}
