//! The discrepancy of `MOReL`: the two members that are farthest apart.

use super::members::largest;
use super::{Measure, Members, Score};

/// The score.
pub const SCORE: Score = Score {
    name: "discrepancy",
    label: "MOReL discrepancy",
    unit: "",
    definition: "max over pairs of members of the Euclidean distance between their predicted next observations, in raw units \
                 (MOReL, Kidambi et al. 2020).",
    measure: Measure::Members { least: 2, variances: false, of },
};

fn of(members: &Members<'_>) -> Vec<f64> {
    let apart = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum::<f64>().sqrt()
    };
    members.each(|row| {
        let pairs = (0..members.count).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs.map(|(i, j)| apart(members.change_at(i, row), members.change_at(j, row))).fold(0.0, largest)
    })
}
