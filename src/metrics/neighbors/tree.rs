//! A static k-d tree: median splits along the widest side, buckets at the leaves, a bounding box at every node.
//!
//! Friedman, Bentley & Finkel 1977, with boxes instead of splitting planes: the distance to a box of the points that are
//! really there is a much better bound than the distance to a plane where data lie on a thin manifold, as states do.

use wide::f32x8;

use super::Neighbors;
use super::blocks::{Blocks, LANES, splat};
use super::candidates::Best;
use super::points::Points;
use crate::metrics::MetricError;
use crate::task::Ctx;

/// Points in a leaf: a few SIMD blocks.
const LEAF: usize = 4 * LANES;

/// Children of a node, or the blocks of a leaf.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Inner { left: u32, right: u32 },
    Leaf { first: u32, end: u32 },
}

/// The tree.
pub struct Tree {
    points: Points,
    blocks: Blocks,
    nodes: Vec<Kind>,
    /// [nodes, 2, D]: lower and upper corner of the box around each node's points.
    boxes: Vec<f32>,
}

impl Tree {
    /// Builds the tree over all points; their order inside does not matter for results.
    ///
    /// # Errors
    /// When cancelled.
    pub fn build(points: Points, cx: &Ctx) -> Result<Self, MetricError> {
        let mut rows: Vec<u32> = (0..points.len() as u32).collect();
        let mut grow = Grow { points: &points, nodes: vec![], boxes: vec![], leaves: vec![], blocks: 0, cx };
        grow.node(&mut rows, 0)?;
        let Grow { nodes, boxes, leaves, .. } = grow;
        let groups: Vec<&[u32]> = leaves.iter().map(|l| &rows[l.clone()]).collect();
        let blocks = Blocks::new(&points, &groups);
        Ok(Self { points, blocks, nodes, boxes })
    }

    /// Squared f32 distance of the query from a node's box.
    fn box_distance(&self, node: u32, query: &[f32]) -> f32 {
        let d = query.len();
        let corners = &self.boxes[node as usize * 2 * d..(node as usize + 1) * 2 * d];
        let (lo, hi) = corners.split_at(d);
        let mut sum = 0.0;
        for ((&q, &lo), &hi) in query.iter().zip(lo).zip(hi) {
            let gap = (lo - q).max(q - hi).max(0.0);
            sum += gap * gap;
        }
        sum
    }

    fn visit(&self, node: u32, query: &[f32], lanes: &[f32x8], best: &mut Best<'_>) {
        match self.nodes[node as usize] {
            Kind::Leaf { first, end } => self.blocks.scan(first as usize..end as usize, lanes, best),
            Kind::Inner { left, right } => {
                let (l, r) = (self.box_distance(left, query), self.box_distance(right, query));
                let order = if r < l { [(right, r), (left, l)] } else { [(left, l), (right, r)] };
                for (child, distance) in order {
                    if distance <= best.bound() {
                        self.visit(child, query, lanes, best);
                    }
                }
            }
        }
    }
}

impl Neighbors for Tree {
    fn name(&self) -> &'static str {
        "k-d tree"
    }

    fn points(&self) -> &Points {
        &self.points
    }

    fn search(&self, best: &mut Best<'_>) {
        if !self.nodes.is_empty() {
            let query = best.query();
            self.visit(0, query, &splat(query), best);
        }
    }
}

/// A tree while it grows.
struct Grow<'a> {
    points: &'a Points,
    nodes: Vec<Kind>,
    boxes: Vec<f32>,
    leaves: Vec<std::ops::Range<usize>>,
    blocks: u32,
    cx: &'a Ctx,
}

impl Grow<'_> {
    /// Adds the node of `rows`, which start at `offset` of all rows; halving keeps the depth at log2(N).
    fn node(&mut self, rows: &mut [u32], offset: usize) -> Result<u32, MetricError> {
        let me = self.nodes.len() as u32;
        let axis = self.push_box(rows);
        if rows.len() <= LEAF {
            let first = self.blocks;
            self.blocks += rows.len().div_ceil(LANES) as u32;
            self.nodes.push(Kind::Leaf { first, end: self.blocks });
            self.leaves.push(offset..offset + rows.len());
            return Ok(me);
        }
        self.cx.check()?;
        // A multiple of the leaf size, so that nearly all leaves are full.
        let half = (rows.len() / 2).next_multiple_of(LEAF).min(rows.len() - 1);
        let (points, at) = (self.points, |r: u32| self.points.z(r as usize)[axis]);
        debug_assert!(points.dim() > axis);
        rows.select_nth_unstable_by(half, |&a, &b| at(a).total_cmp(&at(b)).then(a.cmp(&b)));
        self.nodes.push(Kind::Inner { left: 0, right: 0 });
        let (low, high) = rows.split_at_mut(half);
        let left = self.node(low, offset)?;
        let right = self.node(high, offset + half)?;
        self.nodes[me as usize] = Kind::Inner { left, right };
        Ok(me)
    }

    /// Adds the box around `rows`; returns its widest side.
    fn push_box(&mut self, rows: &[u32]) -> usize {
        let d = self.points.dim();
        let (mut lo, mut hi) = (vec![f32::INFINITY; d], vec![f32::NEG_INFINITY; d]);
        for &r in rows {
            for ((&v, lo), hi) in self.points.z(r as usize).iter().zip(&mut lo).zip(&mut hi) {
                *lo = lo.min(v);
                *hi = hi.max(v);
            }
        }
        let widest = (0..d).max_by(|&a, &b| (hi[a] - lo[a]).total_cmp(&(hi[b] - lo[b]))).unwrap_or(0);
        self.boxes.extend(lo);
        self.boxes.extend(hi);
        widest
    }
}
