//! λ-returns of imagined rollouts, and the range that they are normalised by.

use crate::ground::stats;

/// [H, B] λ-returns (Sutton and Barto 2018, section 12.1; Hafner et al. 2023, equation 5): with `discount` γ c of going on after each
/// step, `R_t = r_t + γ c_t ((1 − λ) v_{t+1} + λ R_{t+1})` and `R_H = v_H`. `reward` and `discount` are [H, B], `value` [H + 1, B].
///
/// # Panics
/// If they are not.
pub fn lambda_returns(reward: &[f32], discount: &[f32], value: &[f32], rows: usize, lambda: f32) -> Vec<f32> {
    assert!(reward.len() == discount.len() && value.len() == reward.len() + rows, "one value more than rewards");
    let mut returns = vec![0.0; reward.len()];
    let mut after = value[reward.len()..].to_vec();
    for at in (0..reward.len() / rows.max(1)).rev().map(|t| t * rows) {
        for (i, after) in after.iter_mut().enumerate() {
            let next = value[at + rows + i];
            *after = reward[at + i] + discount[at + i] * (next + lambda * (*after - next));
            returns[at + i] = *after;
        }
    }
    returns
}

/// [H, B] what a step counts: the chance discounted by γ that the rollout is still going on there, from `discount` [H, B].
pub fn weights(discount: &[f32], rows: usize) -> Vec<f32> {
    let mut weights = vec![1.0; discount.len()];
    for i in rows..discount.len() {
        weights[i] = weights[i - rows] * discount[i - rows];
    }
    weights
}

/// Share of the range that a batch replaces.
const RATE: f64 = 0.01;
/// The range's quantiles.
const QUANTILES: (f64, f64) = (0.05, 0.95);

/// The range of returns: running means of their 5 and 95 % quantiles (Hafner et al. 2023, equation 7). The first batch is the first
/// range.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReturnRange {
    known: Option<(f64, f64)>,
}

impl ReturnRange {
    /// That of saved quantiles.
    pub fn of(known: Option<(f64, f64)>) -> Self {
        Self { known }
    }

    /// The quantiles, once there are some.
    pub fn known(self) -> Option<(f64, f64)> {
        self.known
    }

    /// Takes over a batch of returns; answers what advantages are divided by, the range and at least 1.
    pub fn normalise(&mut self, returns: &[f32]) -> f32 {
        let mut sorted: Vec<f64> = returns.iter().map(|r| f64::from(*r)).collect();
        sorted.sort_by(f64::total_cmp);
        let here = (stats::quantile_sorted(&sorted, QUANTILES.0), stats::quantile_sorted(&sorted, QUANTILES.1));
        let toward = |old: f64, new: f64| old + RATE * (new - old);
        let range = self.known.map_or(here, |(low, high)| (toward(low, here.0), toward(high, here.1)));
        self.known = Some(range);
        (range.1 - range.0).max(1.0) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition: (1 − λ) Σ λⁿ⁻¹ Gⁿ + λ^{H−t−1} G^{H−t}, with n-step returns that add discounted rewards one by one.
    #[test]
    fn are_the_weighted_sums_of_n_step_returns() {
        let (h, b, lambda) = (6, 3, 0.95f64);
        let number = |i: usize, s: usize| ((i * 37 + s * 11) % 17) as f32 / 4.0 - 2.0;
        let reward: Vec<f32> = (0..h * b).map(|i| number(i, 1)).collect();
        let value: Vec<f32> = (0..(h + 1) * b).map(|i| number(i, 2)).collect();
        let discount: Vec<f32> = (0..h * b).map(|i| 0.5 + 0.03 * (i % 16) as f32).collect();
        let got = lambda_returns(&reward, &discount, &value, b, lambda as f32);
        for (t, i) in (0..h).flat_map(|t| (0..b).map(move |i| (t, i))) {
            let steps = |n: usize| {
                let (mut sum, mut alive) = (0.0, 1.0);
                for k in t..t + n {
                    sum += alive * f64::from(reward[k * b + i]);
                    alive *= f64::from(discount[k * b + i]);
                }
                sum + alive * f64::from(value[(t + n) * b + i])
            };
            let left = h - t;
            let shorter: f64 = (1..left).map(|n| (1.0 - lambda) * lambda.powi(n as i32 - 1) * steps(n)).sum();
            let want = shorter + lambda.powi(left as i32 - 1) * steps(left);
            // Single precision, six terms of size 4.
            assert!((f64::from(got[t * b + i]) - want).abs() < 1e-5, "{t} {i}: {} {want}", got[t * b + i]);
            let alive: f64 = (0..t).map(|k| f64::from(discount[k * b + i])).product();
            assert!((f64::from(weights(&discount, b)[t * b + i]) - alive).abs() < 1e-6);
        }
    }

    #[test]
    fn the_range_moves_a_hundredth_a_batch_and_is_at_least_one() {
        let mut range = ReturnRange::default();
        // numpy 2.3: quantile(0..=100, [0.05, 0.95]) is 5 and 95.
        let first: Vec<f32> = (0..=100u8).map(f32::from).collect();
        assert!((range.normalise(&first) - 90.0).abs() < 1e-4);
        let narrow = range.normalise(&[50.0; 10]);
        assert!((narrow - 0.99 * 90.0).abs() < 1e-4, "{narrow}");
        assert_eq!(range, ReturnRange::of(range.known()));
        assert!((ReturnRange::default().normalise(&[0.3, 0.4]) - 1.0).abs() < 1e-7);
    }
}
