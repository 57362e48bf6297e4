//! Disagreement of ensemble members: what a model knows about its own ignorance.

use crate::ground::stats;

/// Standard deviation over members (ddof 0) of the predicted next states, mean over dimensions in units of `scale`.
///
/// `members` is [M, N, D] row-major, `scale` [D] (all ones for raw units, the definition of the references); one number
/// a row, zero for a single member.
pub fn member_std(members: &[f32], count: usize, scale: &[f64]) -> Vec<f64> {
    let d = scale.len();
    let n = members.len() / (count * d).max(1);
    (0..n)
        .map(|row| {
            let spread = |c: usize| {
                let (_, variance) = stats::moments((0..count).map(|m| f64::from(members[(m * n + row) * d + c])));
                variance.sqrt() / scale[c]
            };
            (0..d).map(spread).sum::<f64>() / d as f64
        })
        .collect()
}

/// As [`member_std`] of standard deviations over the members that are known already: `std` [N, D], mean over the dimensions
/// whose `scale` [D] is above 0, each in units of it.
pub fn in_units(std: &[f32], scale: &[f64]) -> Vec<f64> {
    let live = scale.iter().filter(|s| **s > 0.0).count().max(1) as f64;
    let row =
        |row: &[f32]| row.iter().zip(scale).filter(|(_, s)| **s > 0.0).map(|(m, s)| f64::from(*m) / s).sum::<f64>();
    std.chunks_exact(scale.len().max(1)).map(|r| row(r) / live).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn spread_is_in_units_of_the_scale() {
        // Two members, one row, two dimensions: spreads 1 and 4.
        let members = [0.0, 10.0, 2.0, 18.0];
        assert_eq!(member_std(&members, 2, &[1.0, 1.0]), [2.5]);
        assert_eq!(member_std(&members, 2, &[1.0, 4.0]), [1.0]);
        assert_eq!(member_std(&members, 1, &[1.0, 1.0]), [0.0, 0.0]);
        assert!(member_std(&[], 2, &[1.0]).is_empty());
        assert_eq!(in_units(&[1.0, 4.0], &[1.0, 4.0]), [1.0]);
        assert_eq!(in_units(&[3.0, 9.0], &[1.0, 0.0]), [3.0], "what never moves has no unit");
    }
}
