//! All pairwise distances of a pooled sample, measured once, and their sums within and between episodes.

use rayon::prelude::*;

use super::sample::Sample;
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::neighbors::points::Points;

/// Euclidean distances of every pair of points, in f64.
#[derive(Debug, Clone)]
pub struct Distances {
    /// Row i holds the distances from point i to points i+1, i+2, …
    rows: Vec<Vec<f64>>,
}

impl Distances {
    /// Measures all pairs of `points`.
    ///
    /// # Errors
    /// When cancelled.
    pub fn new(points: &Points, cx: &Ctx) -> Result<Self, Fault> {
        // Rows of f64 in the points' unit, filled up with zeros to whole lanes.
        let (n, width) = (points.len(), points.dim().next_multiple_of(LANES));
        let mut scaled = vec![0.0; n * width];
        for d in 0..points.dim() {
            scaled.iter_mut().skip(d).step_by(width).zip(points.column(d)).for_each(|(slot, v)| *slot = v);
        }
        let at = |i: usize| &scaled[i * width..(i + 1) * width];
        let row = |i: usize| {
            cx.check()?;
            Ok(((i + 1)..n).map(|j| squared(at(i), at(j)).sqrt()).collect())
        };
        Ok(Self { rows: (0..n).into_par_iter().map(row).collect::<Result<_, Fault>>()? })
    }

    /// Points.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True where there are no points.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Distance of points i and j.
    pub fn between(&self, i: usize, j: usize) -> f64 {
        match i.cmp(&j) {
            std::cmp::Ordering::Less => self.rows[i][j - i - 1],
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => self.rows[j][i - j - 1],
        }
    }

    /// Median over all pairs; NaN of fewer than two points.
    pub fn median(&self) -> f64 {
        stats::median(self.rows.concat())
    }

    /// Sums of `of(distance)` over the pairs of every two episodes of the sample.
    ///
    /// # Errors
    /// When cancelled.
    pub fn blocks(&self, sample: &Sample, cx: &Ctx, of: impl Fn(f64) -> f64) -> Result<Blocks, Fault> {
        let (block, count) = (&sample.block, sample.blocks);
        let mut sums: Vec<Vec<f64>> = (0..count).map(|e| vec![0.0; e + 1]).collect();
        for (i, row) in self.rows.iter().enumerate() {
            cx.check()?;
            let own = block[i];
            for (d, &other) in row.iter().zip(&block[i + 1..]) {
                sums[own.max(other)][own.min(other)] += of(*d);
            }
        }
        let mut states = vec![0; count];
        for &b in block {
            states[b] += 1;
        }
        Ok(Blocks { sums, states })
    }
}

/// Numbers that are added side by side.
const LANES: usize = 4;

/// Squared distance of rows of whole lanes. Four sums at once: one would wait for itself at every addition.
fn squared(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    sums.iter().sum()
}

/// Sums over the unordered pairs of different states, by the episodes that they are in.
#[derive(Debug, Clone)]
pub struct Blocks {
    /// Row e holds the sums with episodes 0..=e.
    sums: Vec<Vec<f64>>,
    /// States of each episode.
    states: Vec<usize>,
}

/// Sums over the unordered pairs of different states, within two sets and between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sums {
    /// Pairs within the first set.
    pub xx: f64,
    /// Pairs within the second set.
    pub yy: f64,
    /// Pairs of a state of each.
    pub xy: f64,
    /// States of the first set.
    pub n: f64,
    /// States of the second set.
    pub m: f64,
}

impl Sums {
    /// nm/(n+m): what multiplies a squared distance of sets of these sizes before it is held against others.
    pub fn scale(&self) -> f64 {
        self.n * self.m / (self.n + self.m)
    }
}

impl Blocks {
    /// The sums for every assignment of episodes to the first set (`true`): [P] for [P][E] labels.
    ///
    /// # Errors
    /// When cancelled.
    pub fn split(&self, labels: &[Vec<bool>], cx: &Ctx) -> Result<Vec<Sums>, Fault> {
        let chosen: Vec<Vec<u32>> =
            labels.iter().map(|l| (0..l.len()).filter(|&e| l[e]).map(|e| e as u32).collect()).collect();
        let mut reach: Vec<f64> = self.sums.iter().map(|row| row.iter().sum()).collect();
        let mut total = 0.0;
        for (e, row) in self.sums.iter().enumerate() {
            total += row.iter().sum::<f64>();
            // Pairs within an episode count twice: once from each of the two ends, as those between episodes do.
            reach[e] += row[e];
            row[..e].iter().enumerate().for_each(|(f, s)| reach[f] += s);
        }
        let within = self.within(&chosen, cx)?;
        let all: usize = self.states.iter().sum();
        Ok(chosen
            .iter()
            .zip(within)
            .map(|(chosen, xx)| {
                let both_ends: f64 = chosen.iter().map(|&e| reach[e as usize]).sum();
                let n: usize = chosen.iter().map(|&e| self.states[e as usize]).sum();
                let xy = both_ends - 2.0 * xx;
                Sums { xx, xy, yy: total - xx - xy, n: n as f64, m: (all - n) as f64 }
            })
            .collect())
    }

    /// Sum over the pairs within each choice of episodes. A row of the sums serves all choices while it is in the cache.
    fn within(&self, chosen: &[Vec<u32>], cx: &Ctx) -> Result<Vec<f64>, Fault> {
        const ROWS: usize = 64;
        let of_rows = |first: usize| {
            cx.check()?;
            let mut out = vec![0.0; chosen.len()];
            let rows = self.sums.iter().enumerate().skip(first * ROWS).take(ROWS);
            for (e, row) in rows {
                for (sum, chosen) in out.iter_mut().zip(chosen) {
                    if let Ok(last) = chosen.binary_search(&(e as u32)) {
                        *sum += chosen[..=last].iter().map(|&f| row[f as usize]).sum::<f64>();
                    }
                }
            }
            Ok(out)
        };
        let parts: Vec<Vec<f64>> =
            (0..self.sums.len().div_ceil(ROWS)).into_par_iter().map(of_rows).collect::<Result<_, Fault>>()?;
        // In a fixed order, so that the same data give the same digits on any number of threads.
        Ok((0..chosen.len()).map(|p| parts.iter().map(|part| part[p]).sum()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::States;
    use crate::metrics::features::Features;

    #[test]
    fn sums_of_blocks_are_sums_of_pairs() {
        let rows: Vec<f32> = (0..40u16).map(|i| f32::from(i * i % 23)).collect();
        let names = ["x".to_owned(), "y".to_owned()];
        let a = States { rows: &rows[..24], owner: &[0, 0, 0, 1, 1, 1, 1, 2, 2, 0, 0, 1] };
        let b = States { rows: &rows[24..], owner: &[0, 0, 0, 1, 1, 1, 1, 2] };
        let sample = Sample::new(&Features::fit(a.rows, &names).unwrap(), &[a], b, 8).unwrap();
        let d = Distances::new(&sample.points, &Ctx::quiet()).unwrap();
        let blocks = d.blocks(&sample, &Ctx::quiet(), |d| d * d).unwrap();
        let labels = vec![vec![true, true, true, false, false, false], vec![false, true, false, true, true, false]];
        for (label, got) in labels.iter().zip(blocks.split(&labels, &Ctx::quiet()).unwrap()) {
            let mut want = Sums { xx: 0.0, yy: 0.0, xy: 0.0, n: 0.0, m: 0.0 };
            for i in 0..16 {
                let x = label[sample.block[i]];
                *if x { &mut want.n } else { &mut want.m } += 1.0;
                for j in 0..i {
                    let sum = match (x, label[sample.block[j]]) {
                        (true, true) => &mut want.xx,
                        (false, false) => &mut want.yy,
                        _ => &mut want.xy,
                    };
                    *sum += d.between(i, j).powi(2);
                }
            }
            assert_eq!((got.n, got.m), (want.n, want.m));
            for (g, w) in [(got.xx, want.xx), (got.yy, want.yy), (got.xy, want.xy)] {
                assert!((g - w).abs() < 1e-9 * w, "{got:?} {want:?}");
            }
        }
    }
}
