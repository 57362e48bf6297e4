//! MOPO's penalty: the largest noise that any member predicts.

use super::members::largest;
use super::{Measure, Members, Score};

/// The score.
pub const SCORE: Score = Score {
    name: "aleatoric",
    label: "MOPO aleatoric",
    unit: "",
    definition: "max over members of the Euclidean norm of the predicted standard deviations of all targets, in raw units \
                 (MOPO, Yu et al. 2020; OfflineRL-Kit's 'aleatoric').",
    measure: Measure::Members { least: 1, variances: true, of },
};

fn of(members: &Members<'_>) -> Vec<f64> {
    let (Some(std), t) = (members.std, members.targets) else { return Vec::new() };
    let norm = |m: usize, row: usize| {
        let at = (m * members.rows() + row) * t;
        std[at..at + t].iter().map(|s| f64::from(*s).powi(2)).sum::<f64>().sqrt()
    };
    members.each(|row| (0..members.count).map(|m| norm(m, row)).fold(0.0, largest))
}
