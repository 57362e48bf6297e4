//! MOPO's penalty after Lu et al.: the root of the members' mean variance.

use super::{Measure, Members, Score};

/// The score.
pub const SCORE: Score = Score {
    name: "ensemble_std",
    label: "MOPO ensemble std",
    unit: "",
    definition: "sqrt(mean over dimensions of the variance over members (ddof 0) of the predicted next observation), in raw \
                 units (OfflineRL-Kit's 'ensemble_std'; Lu et al. 2022).",
    measure: Measure::Members { least: 2, variances: false, of },
};

fn of(members: &Members<'_>) -> Vec<f64> {
    members.each(|row| {
        let mean = members.mean(row);
        let square = |m: usize| {
            members.change_at(m, row).iter().zip(&mean).map(|(v, m)| (f64::from(*v) - m).powi(2)).sum::<f64>()
        };
        let sum: f64 = (0..members.count).map(square).sum();
        (sum / (members.count * mean.len()) as f64).sqrt()
    })
}
