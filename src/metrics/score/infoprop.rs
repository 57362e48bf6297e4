//! Infoprop's lost information: what the members' disagreement takes away from what the environment's noise leaves known.

use super::members::largest;
use super::{Measure, Members, Score};

/// The score.
pub const SCORE: Score = Score {
    name: "infoprop",
    label: "Infoprop lost information",
    unit: "bits",
    definition: "Sum over the observation's dimensions of max(0, log2(2 pi e (1 - K) S) / 2 - log2(1e-6)): S = 1 / mean of \
                 1/s^2 over members fuses their predicted variances, v is the mean square of their means about the fused mean, \
                 and K = S / (S + v) (Infoprop, Frauenknecht et al. 2025, whose file adds the reward's dimension).",
    measure: Measure::Members { least: 2, variances: true, of },
};

/// Width of what is told apart, in raw units, as the authors' program has it.
const WIDTH: f64 = 1e-6;

fn of(members: &Members<'_>) -> Vec<f64> {
    if members.std.is_none() {
        return Vec::new();
    }
    let count = members.count as f64;
    let bits = |row: usize, c: usize| {
        let all = || (0..members.count).filter_map(|m| members.normal_at(m, row, c));
        let precision = all().map(|(_, std)| 1.0 / (std * std)).sum::<f64>() / count;
        let fused = 1.0 / precision;
        let mean = fused * all().map(|(mean, std)| mean / (std * std)).sum::<f64>() / count;
        let apart = all().map(|(m, _)| (m - mean).powi(2)).sum::<f64>() / count;
        // (1 - K) S without the cancellation of 1 - K.
        let lost = apart * fused / (fused + apart);
        largest(0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * lost).log2() - WIDTH.log2(), 0.0)
    };
    members.each(|row| (0..members.scale.len()).map(|c| bits(row, c)).sum())
}
