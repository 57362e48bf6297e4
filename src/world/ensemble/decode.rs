//! What the network puts out, in raw units.

use rayon::prelude::*;
use wide::f32x8;

use super::Ensemble;
use crate::world::net::lanes::{over_columns, softplus};
use crate::world::world_model::Prediction;

/// Rows of one task: fewer cost more to share out than to work through.
const TILE: usize = 64;

impl Ensemble {
    /// The prediction that `out` [E, B, outputs] is, from observations [B, D].
    pub(super) fn decode(&self, out: &[f32], obs: &[f32], rows: usize) -> Prediction {
        let (d, width, members) = (self.obs_dim, self.net.outputs(), self.net.members);
        let mut delta = vec![0.0; members * rows * d];
        let mut next_obs = delta.clone();
        let places = delta.par_chunks_mut(d).zip(next_obs.par_chunks_mut(d)).zip(out.par_chunks(width));
        places.enumerate().with_min_len(TILE).for_each(|(i, ((delta, next), row))| {
            self.move_on(row, &obs[(i % rows) * d..(i % rows + 1) * d], (delta, next));
        });
        let column = |c: usize| out.chunks_exact(width).map(move |row| row[c]);
        Prediction {
            members,
            rows,
            obs_dim: d,
            next_obs,
            delta,
            reward: self
                .learned_reward
                .then(|| column(d).map(|v| v * self.target.std[d] + self.target.mean[d]).collect()),
            logvar: (!self.deterministic).then(|| self.log_variances(out, rows)),
            terminated: self
                .learned_termination
                .then(|| column(width - 1).map(|logit| 1.0 / (1.0 + (-logit).exp())).collect()),
        }
    }

    /// Change and next observation of one row.
    fn move_on(&self, row: &[f32], start: &[f32], (delta, next): (&mut [f32], &mut [f32])) {
        for (c, (delta, next)) in delta.iter_mut().zip(&mut *next).enumerate() {
            *delta = row[c] * self.target.std[c] + self.target.mean[c];
            *next = start[c] + *delta;
        }
        for &c in &self.absolute {
            next[c] = delta[c];
            delta[c] -= start[c];
        }
    }

    /// [E, B, targets] in raw units squared.
    fn log_variances(&self, out: &[f32], rows: usize) -> Vec<f32> {
        let (targets, width) = (self.targets(), self.net.outputs());
        let own = self.members_have_bounds();
        let units: Vec<f32> = self.target.std.iter().map(|std| 2.0 * std.ln()).collect();
        let mut all = vec![0.0; self.net.members * rows * targets];
        let places = all.par_chunks_mut(targets).zip(out.par_chunks(width));
        places.enumerate().with_min_len(TILE).for_each(|(i, (logvar, row))| {
            let first = if own { i / rows * targets } else { 0 };
            let (min, max) = (&self.min_logvar[first..first + targets], &self.max_logvar[first..first + targets]);
            over_columns(logvar, [&row[targets..2 * targets], min, max], soft_bounds);
            logvar.iter_mut().zip(&units).for_each(|(v, unit)| *v += unit);
        });
        all
    }
}

/// Soft clamp of log-variances between bounds (Chua et al. 2018, appendix A.1): max − softplus(max − x), then
/// min + softplus(x − min).
fn soft_bounds([x, min, max]: [f32x8; 3]) -> f32x8 {
    let below = max - softplus(max - x).0;
    min + softplus(below - min).0
}

/// The same of one log-variance `x`.
pub fn soft_bound(x: f32, min: f32, max: f32) -> f32 {
    soft_bounds([x, min, max].map(f32x8::splat)).to_array()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The formula in f64; rising, and between the bounds, but for softplus(min - max) above the upper one: at most ln 2, next to
        /// nothing where the bounds are far apart.
        #[test]
        fn bounded_log_variances(x in -100f32..100.0, step in 0f32..5.0, min in -12f32..-1.0, width in 2f32..15.0) {
            let max = min + width;
            let y = soft_bound(x, min, max);
            let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
            let (wide, low, high) = (f64::from(x), f64::from(min), f64::from(max));
            let want = low + softplus(high - softplus(high - wide) - low);
            // Differences of numbers up to 120, rounded to f32.
            prop_assert!((f64::from(y) - want).abs() < 4e-5, "{y} {want}");
            let slack = softplus(low - high) as f32 + 1e-4;
            prop_assert!(y >= min - 1e-4 && y <= max + slack, "{y} outside [{min}, {max}]");
            prop_assert!(soft_bound(x + step, min, max) >= y - 1e-4);
        }
    }
}
