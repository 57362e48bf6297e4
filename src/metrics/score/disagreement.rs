//! Disagreement of the members: what a model knows about its own ignorance.

use super::{Measure, Members, Score};
use crate::metrics::disagreement::member_std;

/// The score.
pub const SCORE: Score = Score {
    name: "disagreement",
    label: "ensemble disagreement",
    unit: "std",
    definition: "Standard deviation over the members (ddof 0) of the predicted next observation, mean over dimensions, each \
                 in standard deviations of its change in the training part (Plan2Explore, Sekar et al. 2020).",
    measure: Measure::Members { least: 2, variances: false, of },
};

fn of(members: &Members<'_>) -> Vec<f64> {
    // A dimension that never changes has no scale: it is left out of the mean.
    let live = members.scale.iter().filter(|s| **s > 0.0).count().max(1) as f64;
    let share = members.scale.len() as f64 / live;
    let scale: Vec<f64> = members.scale.iter().map(|&s| if s > 0.0 { s } else { f64::INFINITY }).collect();
    let spread = member_std(members.change, members.count, &scale);
    members.each(|row| spread[row] * share)
}
