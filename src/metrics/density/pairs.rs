//! Small maps of every pair of dimensions.

use rayon::prelude::*;

use super::axis::Axis;
use super::{Range, edges};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Cells along each axis of a small map.
pub const BINS: usize = 32;
/// Cells along each axis with one more for what is outside.
const STRIDE: usize = BINS + 1;
/// Rows that are binned by one task.
const BLOCK: usize = 8192;

/// The bin of every row in every dimension: [D][N], [`BINS`] where it is outside or no number.
#[derive(Debug, Clone, PartialEq)]
pub struct Binned {
    ranges: Vec<Range>,
    bins: Vec<Vec<u8>>,
}

/// Counts of one pair of dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Small {
    /// Horizontal and vertical dimension.
    pub dims: (usize, usize),
    /// [`BINS`, `BINS`], row 0 at the lower end.
    pub counts: Vec<u32>,
}

impl Binned {
    /// Bins the rows [N, `ranges.len()`] of `dims` in equal bins over each dimension's range.
    ///
    /// # Errors
    /// Cancelled.
    pub fn new(rows: &[f32], ranges: &[Range], cx: &Ctx) -> Result<Self, Fault> {
        let d = ranges.len().max(1);
        let n = rows.len() / d;
        let edges: Vec<Vec<f64>> = ranges.iter().map(|&r| edges(r, BINS)).collect();
        let mut bins = vec![vec![0u8; n]; ranges.len()];
        let of = |(c, out): (usize, &mut Vec<u8>)| -> Result<(), Fault> {
            let axis = Axis::new(&edges[c]);
            let (mut column, mut found) = (vec![0f32; BLOCK], vec![0u32; BLOCK]);
            for (out, rows) in out.chunks_mut(BLOCK).zip(rows.chunks(BLOCK * d)) {
                cx.check()?;
                column.iter_mut().zip(rows.iter().skip(c).step_by(d)).for_each(|(o, &v)| *o = v);
                axis.indices(&column[..out.len()], &mut found);
                out.iter_mut().zip(&found).for_each(|(o, &i)| *o = i as u8);
            }
            Ok(())
        };
        bins.par_iter_mut().enumerate().try_for_each(of)?;
        Ok(Self { ranges: ranges.to_vec(), bins })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.bins.first().map_or(0, Vec::len)
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Edges of dimension `d`: [`BINS`] + 1.
    pub fn edges(&self, d: usize) -> Vec<f64> {
        edges(self.ranges[d], BINS)
    }

    /// The bin of row `i` in dimension `d`, if it is inside.
    pub fn bin(&self, d: usize, i: usize) -> Option<usize> {
        Some(usize::from(self.bins[d][i])).filter(|&b| b < BINS)
    }

    /// Rows in each bin of dimension `d`: [`BINS`].
    pub fn marginal(&self, d: usize) -> Vec<u32> {
        let mut counts = vec![0u32; STRIDE];
        self.bins[d].iter().for_each(|&b| counts[usize::from(b)] += 1);
        counts.truncate(BINS);
        counts
    }

    /// Counts of the pair (horizontal, vertical).
    pub fn pair(&self, dims: (usize, usize)) -> Small {
        let (x, y) = (&self.bins[dims.0], &self.bins[dims.1]);
        // Steps that follow each other fall into the same cell, and an addition waits for the one before: two grids take
        // turns.
        let (mut even, mut odd) = (vec![0u32; STRIDE * STRIDE], vec![0u32; STRIDE * STRIDE]);
        let cell = |x: u8, y: u8| usize::from(y) * STRIDE + usize::from(x);
        let (xs, x_rest) = x.as_chunks::<2>();
        let (ys, y_rest) = y.as_chunks::<2>();
        for (x, y) in xs.iter().zip(ys) {
            even[cell(x[0], y[0])] += 1;
            odd[cell(x[1], y[1])] += 1;
        }
        for (&x, &y) in x_rest.iter().zip(y_rest) {
            even[cell(x, y)] += 1;
        }
        let sum = |c: usize| even[c] + odd[c];
        let counts = (0..BINS).flat_map(|j| (0..BINS).map(move |i| j * STRIDE + i)).map(sum).collect();
        Small { dims, counts }
    }

    /// Counts of every pair of `dims`, in their order.
    ///
    /// # Errors
    /// Cancelled.
    pub fn pairs(&self, dims: &[usize], cx: &Ctx) -> Result<Vec<Small>, Fault> {
        let pairs: Vec<(usize, usize)> =
            dims.iter().enumerate().flat_map(|(n, &a)| dims[n + 1..].iter().map(move |&b| (a, b))).collect();
        let of = |&pair: &(usize, usize)| {
            cx.check()?;
            Ok(self.pair(pair))
        };
        pairs.par_iter().map(of).collect()
    }
}
