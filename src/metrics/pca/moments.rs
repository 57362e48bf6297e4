//! Sums, squares and products of rows: what covariances of any weighting of episodes are made of.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;

/// Rows that one thread takes at a time.
const BLOCK: usize = 4096;

/// Σ(x - c) and Σ(x - c)(x - c)ᵀ of rows around a fixed centre c, in f64.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Rows (or their summed weights).
    pub n: f64,
    /// [D].
    pub first: Vec<f64>,
    /// [D (D + 1) / 2]: the lower triangle, row by row.
    pub second: Vec<f64>,
}

impl Moments {
    /// Of no row of `d` columns.
    pub fn zero(d: usize) -> Self {
        Self { n: 0.0, first: vec![0.0; d], second: vec![0.0; d * (d + 1) / 2] }
    }

    /// Of rows [N, D] around `centre` [D], in parallel; sums are taken in a fixed order.
    pub fn of(rows: &[f32], centre: &[f64]) -> Self {
        Self::of_ranges(rows, centre, std::slice::from_ref(&(0..rows.len() / centre.len().max(1))))
    }

    /// Of the named ranges of rows.
    pub fn of_ranges(rows: &[f32], centre: &[f64], ranges: &[Range<usize>]) -> Self {
        let d = centre.len();
        let cut = |r: &Range<usize>| {
            let r = r.clone();
            r.clone().step_by(BLOCK).map(move |at| at..(at + BLOCK).min(r.end))
        };
        let blocks: Vec<Range<usize>> = ranges.iter().flat_map(cut).collect();
        // Short episodes are taken together: one set of sums for each would be larger than the rows.
        let mean_rows = (blocks.iter().map(ExactSizeIterator::len).sum::<usize>() / blocks.len().max(1)).max(1);
        let parts: Vec<Self> = blocks
            .par_chunks(BLOCK.div_ceil(mean_rows))
            .map(|some| {
                let mut sums = Self::zero(d);
                for r in some {
                    sums.push(&rows[r.start * d..r.end * d], centre);
                }
                sums
            })
            .collect();
        let mut all = Self::zero(d);
        for part in &parts {
            all.add(part, 1.0);
        }
        all
    }

    /// Adds `weight` times the sums of `other`.
    pub fn add(&mut self, other: &Self, weight: f64) {
        self.n += weight * other.n;
        self.first.iter_mut().zip(&other.first).for_each(|(a, b)| *a += weight * b);
        self.second.iter_mut().zip(&other.second).for_each(|(a, b)| *a += weight * b);
    }

    fn push(&mut self, rows: &[f32], centre: &[f64]) {
        let d = centre.len();
        let mut z = vec![0.0; 4 * d];
        // Four rows at a time: each sum is loaded and stored once for four products.
        for four in rows.chunks(4 * d) {
            z.fill(0.0);
            for (z, row) in z.chunks_exact_mut(d).zip(four.chunks_exact(d)) {
                z.iter_mut().zip(row).zip(centre).for_each(|((z, &v), c)| *z = f64::from(v) - c);
            }
            self.n += (four.len() / d) as f64;
            let (z0, rest) = z.split_at(d);
            let (z1, rest) = rest.split_at(d);
            let (z2, z3) = rest.split_at(d);
            let mut at = 0;
            for a in 0..d {
                self.first[a] += z0[a] + z1[a] + z2[a] + z3[a];
                let [p, q, r, s] = [z0[a], z1[a], z2[a], z3[a]];
                for (b, sum) in self.second[at..=at + a].iter_mut().enumerate() {
                    *sum += p * z0[b] + q * z1[b] + r * z2[b] + s * z3[b];
                }
                at += a + 1;
            }
        }
    }

    /// Mean of the rows less the centre.
    pub fn offset(&self) -> Vec<f64> {
        self.first.iter().map(|s| s / self.n).collect()
    }

    /// Population variance (ddof 0) of each column.
    pub fn variances(&self) -> Vec<f64> {
        let mut at = 0;
        let diagonal = (0..self.first.len()).map(|a| {
            at += a + 1;
            self.second[at - 1]
        });
        diagonal.zip(self.offset()).map(|(s, m)| (s / self.n - m * m).max(0.0)).collect()
    }

    /// Covariance (ddof 1) of the columns divided by `std`; a column whose spread is 0 is all zeros.
    pub fn covariance(&self, std: &[f64]) -> DMatrix<f64> {
        let (d, mean) = (self.first.len(), self.offset());
        let mut cov = DMatrix::zeros(d, d);
        let mut at = 0;
        for a in 0..d {
            for b in 0..=a {
                let sum = self.second[at] - self.n * mean[a] * mean[b];
                at += 1;
                if std[a] > 0.0 && std[b] > 0.0 {
                    cov[(a, b)] = sum / (std[a] * std[b]) / (self.n - 1.0);
                    cov[(b, a)] = cov[(a, b)];
                }
            }
        }
        cov
    }
}

/// Mean of each of `d` columns of rows [N, d], in parallel; sums are taken in a fixed order.
pub fn mean(rows: &[f32], d: usize) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = rows
        .par_chunks(BLOCK * d)
        .map(|block| {
            let mut sums = vec![0.0; d];
            for row in block.chunks_exact(d) {
                sums.iter_mut().zip(row).for_each(|(s, &v)| *s += f64::from(v));
            }
            sums
        })
        .collect();
    let n = (rows.len() / d).max(1) as f64;
    (0..d).map(|c| parts.iter().map(|p| p[c]).sum::<f64>() / n).collect()
}

/// Largest magnitude of each of `d` columns of rows [N, d], in parallel.
pub fn largest(rows: &[f32], d: usize) -> Vec<f32> {
    let more = |mut most: Vec<f32>, row: &[f32]| {
        most.iter_mut().zip(row).for_each(|(m, v)| *m = m.max(v.abs()));
        most
    };
    let block = |rows: &[f32]| rows.chunks_exact(d).fold(vec![0.0; d], more);
    rows.par_chunks(BLOCK * d).map(block).reduce(|| vec![0.0; d], |a, b| more(a, &b))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn sums_of_parts_are_the_sums_of_the_whole() {
        let rows: Vec<f32> = (0..30_003u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as f32).collect();
        let centre = mean(&rows, 3);
        let all = Moments::of(&rows, &centre);
        let mut parts = Moments::zero(3);
        for range in [0..1, 1..7000, 7000..10_001] {
            parts.add(&Moments::of_ranges(&rows, &centre, &[range]), 1.0);
        }
        assert_eq!(all.n, 10_001.0);
        for (a, b) in all.second.iter().zip(&parts.second) {
            assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "{a} {b}");
        }
        // Twice the same rows have the same variance.
        let mut twice = Moments::zero(3);
        twice.add(&all, 2.0);
        assert!(all.variances().iter().zip(twice.variances()).all(|(a, b)| (a - b).abs() < 1e-9 * a));
    }

    #[test]
    fn a_large_offset_leaves_the_variance_whole() {
        let rows: Vec<f32> = (0..1000).map(|i| 1.0e6 + (i % 2) as f32).collect();
        let m = Moments::of(&rows, &mean(&rows, 1));
        assert!((m.variances()[0] - 0.25).abs() < 1e-9);
    }
}
