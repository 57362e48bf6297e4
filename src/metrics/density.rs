//! Counts on a grid of two axes, and what they say about coverage.

mod axis;
pub mod means;
pub mod near;
pub mod pairs;
pub mod zoom;

use rayon::prelude::*;

use axis::Axis;

/// Values that are binned before they are counted: their bins stay in the nearest cache.
const BLOCK: usize = 1024;
/// Points below which one thread is faster than several.
const ALONE: usize = 50_000;

/// Counts over a grid, as `numpy.histogram2d` makes them: equal bins over a range, the upper edge belongs to the last
/// bin, what is outside or no number is ignored.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// Bin edges along the first axis, [W + 1].
    pub x_edges: Vec<f64>,
    /// Bin edges along the second axis, [H + 1].
    pub y_edges: Vec<f64>,
    /// [H, W], row 0 at the lower end of the second axis.
    pub counts: Vec<u64>,
}

/// Range of one axis: lower and upper end.
pub type Range = (f64, f64);

/// `bins` + 1 edges as `numpy.linspace` computes them.
pub fn edges(range: Range, bins: usize) -> Vec<f64> {
    let step = (range.1 - range.0) / bins as f64;
    let mut out: Vec<f64> = (0..bins).map(|i| i as f64 * step + range.0).collect();
    out.push(range.1);
    out
}

/// The bin that holds `v`, if any.
pub fn bin(edges: &[f64], v: f64) -> Option<usize> {
    let last = edges.len() - 1;
    if v.is_nan() || v < edges[0] || v > edges[last] {
        return None;
    }
    // The upper edge itself is in the last bin.
    Some((edges.partition_point(|e| *e <= v) - 1).min(last - 1))
}

impl Density {
    /// An empty grid of `bins` × `bins` cells.
    pub fn new(x: Range, y: Range, bins: usize) -> Self {
        let bins = bins.max(1);
        Self { x_edges: edges(x, bins), y_edges: edges(y, bins), counts: vec![0; bins * bins] }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.x_edges.len() - 1
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.y_edges.len() - 1
    }

    /// The cell that holds the point, if any.
    pub fn cell(&self, (x, y): (f64, f64)) -> Option<usize> {
        Some(bin(&self.y_edges, y)? * self.width() + bin(&self.x_edges, x)?)
    }

    /// The points (x, y), both [N], counted in equal bins over two ranges.
    pub fn of(x: &[f32], y: &[f32], (x_range, y_range): (Range, Range), bins: usize) -> Self {
        let mut density = Self::new(x_range, y_range, bins);
        density.count(x, y);
        density
    }

    /// Counts every point (x, y) that is inside; both are [N]. Several threads count on grids of their own.
    pub fn count(&mut self, x: &[f32], y: &[f32]) {
        let n = x.len().min(y.len());
        let threads = if n < ALONE { 1 } else { rayon::current_num_threads().max(1) };
        let part = n.div_ceil(threads).max(1);
        let grids: Vec<Vec<u32>> =
            x[..n].par_chunks(part).zip(y[..n].par_chunks(part)).map(|(x, y)| self.partial(x, y)).collect();
        let (w, h) = (self.width(), self.height());
        for grid in grids {
            for (row, sums) in grid.chunks_exact(w + 1).zip(self.counts.chunks_exact_mut(w)).take(h) {
                sums.iter_mut().zip(row).for_each(|(sum, &count)| *sum += u64::from(count));
            }
        }
    }

    /// Counts on a grid of [H + 1, W + 1] whose last row and column are for what is outside.
    fn partial(&self, x: &[f32], y: &[f32]) -> Vec<u32> {
        let (columns, rows) = (Axis::new(&self.x_edges), Axis::new(&self.y_edges));
        let stride = self.width() + 1;
        let mut grid = vec![0u32; stride * (self.height() + 1)];
        let (mut ix, mut iy) = ([0u32; BLOCK], [0u32; BLOCK]);
        for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
            columns.indices(x, &mut ix);
            rows.indices(y, &mut iy);
            // Steps that follow each other fall into the same cell, where an addition waits for the one before: both halves
            // of the block take turns.
            let n = x.len();
            let half = n / 2;
            let cell = |k: usize| iy[k] as usize * stride + ix[k] as usize;
            for k in 0..half {
                grid[cell(k)] += 1;
                grid[cell(half + k)] += 1;
            }
            if n % 2 == 1 {
                grid[cell(n - 1)] += 1;
            }
        }
        grid
    }

    /// Points counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Cells with any point.
    pub fn occupied(&self) -> usize {
        self.counts.iter().filter(|&&c| c > 0).count()
    }

    /// exp of the entropy of the cell frequencies: the number of equally filled cells with the same entropy.
    pub fn effective_cells(&self) -> f64 {
        let n = self.total() as f64;
        let entropy: f64 = self.counts.iter().filter(|&&c| c > 0).map(|&c| c as f64 / n).map(|p| -p * p.ln()).sum();
        entropy.exp()
    }

    /// Good–Turing estimate of the probability that the next state falls into a cell that nobody has visited: n₁/N with
    /// n₁ = cells visited once. It is for independent states; states that follow each other make it too small.
    pub fn missing_mass(&self) -> f64 {
        self.counts.iter().filter(|&&c| c == 1).count() as f64 / self.total() as f64
    }
}

#[cfg(test)]
mod tests;
