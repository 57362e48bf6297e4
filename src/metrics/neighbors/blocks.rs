//! Points as blocks of eight, dimension-major, for SIMD scans.

use wide::f32x8;

use super::candidates::Best;
use super::points::Points;

/// Points in a block.
pub const LANES: usize = 8;
/// Row number of a lane that holds no point.
const EMPTY: u32 = u32::MAX;
/// Coordinate of a lane that holds no point: its square is infinite.
const FAR: f32 = f32::MAX;

/// Standardised coordinates in the order of `rows`, eight points a block.
pub struct Blocks {
    dim: usize,
    /// [blocks, D] of eight lanes.
    lanes: Vec<f32x8>,
    /// [blocks · 8] reference row of each lane.
    rows: Vec<u32>,
}

impl Blocks {
    /// Lays out the points `rows` (a block never spans two of `groups`' ends; each group starts a new block).
    pub fn new(points: &Points, groups: &[&[u32]]) -> Self {
        let dim = points.dim();
        let blocks: usize = groups.iter().map(|g| g.len().div_ceil(LANES)).sum();
        let mut out = Self { dim, lanes: Vec::with_capacity(blocks * dim), rows: Vec::with_capacity(blocks * LANES) };
        for block in groups.iter().flat_map(|g| g.chunks(LANES)) {
            for d in 0..dim {
                let lane = |l: usize| block.get(l).map_or(FAR, |&r| points.z(r as usize)[d]);
                out.lanes.push(f32x8::from(std::array::from_fn::<f32, LANES, _>(lane)));
            }
            out.rows.extend((0..LANES).map(|l| block.get(l).copied().unwrap_or(EMPTY)));
        }
        out
    }

    /// Number of blocks.
    pub fn count(&self) -> usize {
        self.rows.len() / LANES
    }

    /// Offers every point of the named blocks that lies within the bound. `query` holds one splat a dimension.
    pub fn scan(&self, range: std::ops::Range<usize>, query: &[f32x8], best: &mut Best<'_>) {
        for block in range {
            let lanes = &self.lanes[block * self.dim..(block + 1) * self.dim];
            let mut sum = f32x8::splat(0.0);
            for (&p, &q) in lanes.iter().zip(query) {
                let gap = p - q;
                sum += gap * gap;
            }
            let sum = sum.to_array();
            let bound = best.bound();
            if sum.iter().all(|&s| s > bound) {
                continue;
            }
            for (l, &s) in sum.iter().enumerate() {
                let row = self.rows[block * LANES + l];
                if s <= best.bound() && row != EMPTY {
                    best.offer(row);
                }
            }
        }
    }
}

/// One splat of each coordinate.
pub fn splat(query: &[f32]) -> Vec<f32x8> {
    query.iter().map(|&v| f32x8::splat(v)).collect()
}
