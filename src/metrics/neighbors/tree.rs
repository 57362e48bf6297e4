//! Few dimensions: a hierarchy of boxes, sixteen children a node, walked depth first, nearest child first.
//!
//! Coordinates stay as they are in the file: differences of them are exact enough that f32 distances have a relative error
//! only, wherever the data lie. Queries are walked in an order of space, and each begins with a bound from the one before:
//! the k-th neighbour of q is no farther than that of q' plus |q - q'|.

use std::sync::Mutex;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::best::{Best, Slack, U};
use super::boxes::{Boxes, WIDE, max, within};
use super::order;
use super::points::Points;
use super::search::Found;
use super::{Answer, Neighbors, Search};
use crate::metrics::MetricError;
use crate::task::Ctx;

/// Points in a leaf.
const LEAF: usize = 32;
/// Queries that are near each other and walked by one thread, one after the other.
const RUN: usize = 256;
/// Queries in the smallest part of their order.
const FINE: usize = 4;
/// Most dimensions that this walk is compiled for.
pub const MOST: usize = 12;
/// Place that holds no point.
const EMPTY: u32 = u32::MAX;

/// The index.
pub struct Tree {
    points: Points,
    /// [leaves, D] of sixteen coordinates.
    leaves: Vec<[f32; LEAF]>,
    /// [leaves · 16] row of each place.
    rows: Vec<u32>,
    /// Boxes of leaves, of sixteen leaves, of 256, …; the last level is one block.
    levels: Vec<Boxes>,
}

impl Tree {
    /// Indexes points of at most [`MOST`] dimensions.
    ///
    /// # Errors
    /// When cancelled.
    pub fn build(points: Points, cx: &Ctx) -> Result<Self, MetricError> {
        let (n, d) = (points.len(), points.dim());
        let scale: Vec<f32> = points.inv_std().iter().map(|&s| s as f32).collect();
        let ordered = order::order(points.rows(), &scale, LEAF, cx)?;
        let count = n.div_ceil(LEAF);
        let mut leaves = vec![[f32::INFINITY; LEAF]; count * d];
        let mut rows = vec![EMPTY; count * LEAF];
        leaves.par_chunks_mut(d).zip(ordered.rows.par_chunks(LEAF * d)).with_min_len(256).for_each(|(leaf, rows)| {
            for (place, row) in rows.chunks_exact(d).enumerate() {
                leaf.iter_mut().zip(row).for_each(|(lanes, &v)| lanes[place] = v);
            }
        });
        rows[..n].copy_from_slice(&ordered.from);
        cx.check()?;
        let mut levels = vec![Boxes::around(&ordered.rows, d, d, LEAF)];
        while let Some(top) = levels.last().filter(|top| top.count() > WIDE) {
            let parents = top.parents();
            levels.push(parents);
        }
        Ok(Self { points, leaves, rows, levels })
    }
}

impl Neighbors for Tree {
    fn name(&self) -> &'static str {
        "box tree"
    }

    fn points(&self) -> &Points {
        &self.points
    }

    fn bytes(&self) -> usize {
        self.leaves.len() * size_of::<[f32; LEAF]>()
            + self.rows.len() * 4
            + self.levels.iter().map(Boxes::bytes).sum::<usize>()
    }

    fn search(&self, search: &Search<'_>, cx: &Ctx) -> Result<Answer, MetricError> {
        let scale: Vec<f32> = self.points.inv_std().iter().map(|&s| s as f32).collect();
        let order = order::order(&search.rows(), &scale, FINE, cx)?;
        let out = Mutex::new(Answer::new(search));
        order.from.par_chunks(RUN).try_for_each(|positions| {
            let run = Run { tree: self, search, positions };
            let found = match self.points.dim() {
                1 => Arch::new().dispatch(Walk::<1>(run)),
                2 => Arch::new().dispatch(Walk::<2>(run)),
                3 => Arch::new().dispatch(Walk::<3>(run)),
                4 => Arch::new().dispatch(Walk::<4>(run)),
                5 => Arch::new().dispatch(Walk::<5>(run)),
                6 => Arch::new().dispatch(Walk::<6>(run)),
                7 => Arch::new().dispatch(Walk::<7>(run)),
                8 => Arch::new().dispatch(Walk::<8>(run)),
                9 => Arch::new().dispatch(Walk::<9>(run)),
                10 => Arch::new().dispatch(Walk::<10>(run)),
                11 => Arch::new().dispatch(Walk::<11>(run)),
                _ => Arch::new().dispatch(Walk::<12>(run)),
            };
            Answer::keep(&out, search, &found, cx)
        })?;
        Ok(Answer::whole(out))
    }
}

/// Queries that one thread answers.
#[derive(Clone, Copy)]
struct Run<'a> {
    tree: &'a Tree,
    search: &'a Search<'a>,
    /// Positions among the search's queries.
    positions: &'a [u32],
}

struct Walk<'a, const D: usize>(Run<'a>);

/// A node on the way: squared distance, level (0 = a leaf), number in the level.
type Step = (f32, u32, u32);

impl<const D: usize> WithSimd for Walk<'_, D> {
    type Output = Found;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let Run { tree, search, positions } = self.0;
        let points = &tree.points;
        let scale: [f32; D] = std::array::from_fn(|d| points.inv_std()[d] as f32);
        let slack = Slack { relative: (D as f64 + 8.0) * U, absolute: 0.0 };
        let mut best = Best::new(search.k, false);
        let mut stack: Vec<Step> = Vec::with_capacity(WIDE * tree.levels.len() + WIDE);
        let mut last: Option<(usize, f64)> = None;
        let mut out = Found::new(search.k, positions.len());
        for &position in positions {
            let at = search.query(position);
            let row = search.queries.raw(at);
            let query: [f32; D] = std::array::from_fn(|d| row[d]);
            let reach = match last {
                Some((before, kth)) if search.alike(before, at) => kth + search.apart(points, before, at),
                _ => f64::INFINITY,
            };
            best.begin(slack, reach, false);
            // The same sum as `Points::squared`, of coordinates that are in the cache already.
            let measure = |place: u32| {
                let (leaf, lane) = (place as usize / LEAF * D, place as usize % LEAF);
                let gap =
                    |d: usize| (f64::from(tree.leaves[leaf + d][lane]) - f64::from(query[d])) * points.inv_std()[d];
                ((0..D).map(|d| gap(d) * gap(d)).sum(), tree.rows[place as usize])
            };
            stack.clear();
            stack.push((0.0, tree.levels.len() as u32, 0));
            while let Some((distance, level, node)) = stack.pop() {
                if distance > best.bound() {
                    continue;
                }
                if level > 0 {
                    let boxes = &tree.levels[level as usize - 1];
                    let near = distances::<D>(boxes.block(node as usize), &query, &scale);
                    push(&mut stack, &near, best.bound(), level - 1, node * WIDE as u32);
                    continue;
                }
                let first = node as usize * D;
                let near = leaf_distances::<D>(&tree.leaves[first..first + D], &query, &scale);
                let bound = best.bound();
                for lane in within(&near, bound) {
                    let (s, place) = (near[lane], node * LEAF as u32 + lane as u32);
                    if s <= best.bound() && !search.bars(points, tree.rows[place as usize], at) {
                        best.offer(s, place, &measure);
                    }
                }
            }
            let found = best.finish(&measure);
            last = (found.len() == search.k).then(|| (at, found[search.k - 1].0.sqrt()));
            out.push(position, found);
        }
        out
    }
}

/// Squared distances of a query from sixteen boxes.
#[inline(always)]
fn distances<const D: usize>(block: &[[f32; WIDE]], query: &[f32; D], scale: &[f32; D]) -> [f32; WIDE] {
    let mut sum = [0.0; WIDE];
    for (d, ends) in block.chunks_exact(2).take(D).enumerate() {
        for lane in 0..WIDE {
            let gap = max(max(ends[0][lane] - query[d], query[d] - ends[1][lane]), 0.0) * scale[d];
            sum[lane] += gap * gap;
        }
    }
    sum
}

/// Squared distances of a query from sixteen points.
#[inline(always)]
fn leaf_distances<const D: usize>(leaf: &[[f32; LEAF]], query: &[f32; D], scale: &[f32; D]) -> [f32; LEAF] {
    let mut sum = [0.0; LEAF];
    for (d, lanes) in leaf.iter().take(D).enumerate() {
        for lane in 0..LEAF {
            let gap = (lanes[lane] - query[d]) * scale[d];
            sum[lane] += gap * gap;
        }
    }
    sum
}

/// Adds the children within `bound`, the nearest on top.
#[inline(always)]
fn push(stack: &mut Vec<Step>, near: &[f32; WIDE], bound: f32, level: u32, first: u32) {
    let start = stack.len();
    for lane in within(near, super::boxes::min(bound, f32::MAX)) {
        let new = (near[lane], level, first + lane as u32);
        let mut at = stack.len();
        stack.push(new);
        while at > start && stack[at - 1].0 < new.0 {
            stack[at] = stack[at - 1];
            at -= 1;
        }
        stack[at] = new;
    }
}
