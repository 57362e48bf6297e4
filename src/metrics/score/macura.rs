//! MACURA's disagreement of whole distributions: how far apart the members' Gaussians are, means and variances.

use super::members::largest;
use super::{Measure, Members, Score};

/// The score.
pub const SCORE: Score = Score {
    name: "macura",
    label: "MACURA divergence",
    unit: "nats",
    definition: "Mean over pairs of members of the geometric Jensen-Shannon divergence of their predicted Gaussians, \
                 sum over the observation's dimensions of half of (m1 - m2)^2 / (2 (s1^2 + s2^2)) + \
                 ln((s1^2 + s2^2) / (2 s1 s2)) (MACURA, Frauenknecht et al. 2024, whose file adds the reward's dimension).",
    measure: Measure::Members { least: 2, variances: true, of },
};

fn of(members: &Members<'_>) -> Vec<f64> {
    if members.std.is_none() {
        return Vec::new();
    }
    let pair = |row: usize, (i, j): (usize, usize)| -> f64 {
        let one = |c: usize| {
            let ((m1, s1), (m2, s2)) = members.normal_at(i, row, c).zip(members.normal_at(j, row, c))?;
            let variances = s1 * s1 + s2 * s2;
            // The authors' terms in the means and in the variances, each with what cancels taken out.
            Some((m1 - m2).powi(2) / (2.0 * variances) + ln_cosh((s1 / s2).ln()))
        };
        0.5 * (0..members.scale.len()).filter_map(one).sum::<f64>()
    };
    let pairs = members.count * members.count.saturating_sub(1) / 2;
    members.each(|row| {
        let all = (0..members.count).flat_map(|i| (0..i).map(move |j| (i, j)));
        all.map(|p| pair(row, p)).sum::<f64>() / pairs.max(1) as f64
    })
}

/// `ln((a / b + b / a) / 2)` of `x = ln(a / b)`, which is never below 0.
fn ln_cosh(x: f64) -> f64 {
    largest(x.abs() + (-2.0 * x.abs()).exp().ln_1p() - std::f64::consts::LN_2, 0.0)
}
