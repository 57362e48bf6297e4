//! MOPO's penalty after Lu et al.: the member farthest from the mean of all.

use super::members::largest;
use super::{Measure, Members, Score};

/// The score.
pub const SCORE: Score = Score {
    name: "pairwise_diff",
    label: "MOPO pairwise-diff",
    unit: "",
    definition: "max over members of the Euclidean distance of a member's predicted next observation from the mean of all \
                 members, in raw units (OfflineRL-Kit's 'pairwise-diff'; Lu et al. 2022).",
    measure: Measure::Members { least: 2, variances: false, of },
};

fn of(members: &Members<'_>) -> Vec<f64> {
    members.each(|row| {
        let mean = members.mean(row);
        let far = |m: usize| {
            let gaps = members.change_at(m, row).iter().zip(&mean).map(|(v, m)| (f64::from(*v) - m).powi(2));
            gaps.sum::<f64>().sqrt()
        };
        (0..members.count).map(far).fold(0.0, largest)
    })
}
