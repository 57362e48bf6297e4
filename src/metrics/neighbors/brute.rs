//! Every point is looked at: the fastest way where dimensions are many, and the plainest anywhere.

use super::Neighbors;
use super::blocks::{Blocks, splat};
use super::candidates::Best;
use super::points::Points;

/// A scan over SIMD blocks.
pub struct Brute {
    points: Points,
    blocks: Blocks,
}

impl Brute {
    /// Lays out the points.
    pub fn new(points: Points) -> Self {
        let rows: Vec<u32> = (0..points.len() as u32).collect();
        let blocks = Blocks::new(&points, &[&rows]);
        Self { points, blocks }
    }
}

impl Neighbors for Brute {
    fn name(&self) -> &'static str {
        "brute force"
    }

    fn points(&self) -> &Points {
        &self.points
    }

    fn search(&self, best: &mut Best<'_>) {
        let query = splat(best.query());
        self.blocks.scan(0..self.blocks.count(), &query, best);
    }
}
