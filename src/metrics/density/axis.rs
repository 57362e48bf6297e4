//! The bins of many numbers at once along one axis, exactly as a binary search among the edges finds them.
//!
//! The bin is guessed by arithmetic in f64, a form that compilers turn into vector instructions; a number within
//! [`NEAR`] bins of an edge, where rounding could decide otherwise than the edge itself, is compared with the edges.

use super::bin;

/// Part of a bin within which the guess is not trusted. Its rounding is below 1e-11 of a bin (see [`Axis::new`]).
const NEAR: f64 = 1e-9;
/// Numbers that are guessed before their flags are looked at.
const BLOCK: usize = 128;
/// Added to a small f64 it leaves the nearest whole number in the lowest bits (1.5 · 2⁵²).
const TO_INT: f64 = 6_755_399_441_055_744.0;

/// Bins of one axis with equal widths.
#[derive(Debug, Clone)]
pub struct Axis<'a> {
    edges: &'a [f64],
    lo: f64,
    per_unit: f64,
    /// Arithmetic is good enough for a guess.
    smooth: bool,
}

impl<'a> Axis<'a> {
    /// Equal bins with these ascending [B + 1] `edges`.
    pub fn new(edges: &'a [f64]) -> Self {
        let bins = edges.len() - 1;
        let (lo, hi) = (edges[0], edges[bins]);
        let per_unit = bins as f64 / (hi - lo);
        // Edges and guess are rounded at 2⁻⁵² of the largest magnitude: with a million of its widths on the axis that is
        // 2e-10 of a bin.
        let smooth = per_unit.is_finite() && per_unit > 0.0 && lo.abs().max(hi.abs()) * per_unit < 1e6;
        Self { edges, lo, per_unit, smooth }
    }

    /// Number of bins B.
    pub fn bins(&self) -> usize {
        self.edges.len() - 1
    }

    /// Writes the bin of every value, B for one that is outside or no number.
    pub fn indices(&self, values: &[f32], out: &mut [u32]) {
        for (values, out) in values.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            if !self.smooth || self.guess(values, out) {
                for (&v, o) in values.iter().zip(out) {
                    *o = self.settle(f64::from(v), *o as usize) as u32;
                }
            }
        }
    }

    /// Guesses the bins; true if any guess is near an edge.
    fn guess(&self, values: &[f32], out: &mut [u32]) -> bool {
        let (lo, per_unit, bins) = (self.lo, self.per_unit, self.bins());
        let top = bins as f64 + 0.5;
        let mut near = 0u64;
        for (o, &v) in out.iter_mut().zip(values) {
            let t = (f64::from(v) - lo) * per_unit;
            // Outside is half a bin away from every edge; so is what is no number, for which no comparison holds.
            let t = if t > -0.5 { t } else { -0.5 };
            let t = if t < top { t } else { top };
            let shifted = (t - 0.5) + TO_INT;
            let middle = shifted - TO_INT + 0.5;
            near |= u64::from((t - middle).abs() > 0.5 - NEAR);
            *o = (shifted.to_bits() as u32).min(bins as u32);
        }
        near != 0
    }

    /// The bin of `v`, looked for near `guess`.
    fn settle(&self, v: f64, guess: usize) -> usize {
        let (e, bins) = (self.edges, self.bins());
        let near = guess.min(bins - 1);
        for i in [near, near.saturating_sub(1), (near + 1).min(bins - 1)] {
            if self.smooth && e[i] <= v && v < e[i + 1] {
                return i;
            }
        }
        bin(e, v).unwrap_or(bins)
    }
}
