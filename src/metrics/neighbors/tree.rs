//! Few dimensions: a hierarchy of boxes, thirty-two children a node, walked depth first, nearest child first.
//!
//! Coordinates stay as they are in the file: differences of them are exact enough that f32 distances have a relative error
//! only, wherever the data lie. Queries are walked in an order of space, and each begins with a bound from the one before:
//! the k-th neighbour of q is no farther than that of q' plus |q - q'|.

use std::sync::Mutex;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::best::{Best, Slack, U};
use super::boxes::{Boxes, WIDE, least, min, within};
use super::numbers::Packed;
use super::order;
use super::points::Points;
use super::recent::{RECENT, Recent};
use super::search::Found;
use super::{Answer, Neighbors, Search};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Points in a leaf where boxes are cheap to look at beside points…
const LEAF: usize = 32;
/// … and in at most [`FLAT`] dimensions, where boxes are much of the memory.
const LARGE_LEAF: usize = 64;
/// See [`LARGE_LEAF`].
const FLAT: usize = 2;
/// Up to so many dimensions row numbers are packed; with more, four bytes beside the coordinates are little.
const PACKED: usize = 4;
/// Queries that are near each other and walked by one thread, one after the other.
const RUN: usize = 256;
/// Queries in the smallest part of their order.
const FINE: usize = 32;
/// Most dimensions that this walk is compiled for.
pub const MOST: usize = 12;

/// Row of each place.
enum Rows {
    Plain(Vec<u32>),
    Small(Packed<LEAF>),
    Large(Packed<LARGE_LEAF>),
}

impl Rows {
    #[inline(always)]
    fn get(&self, place: u32) -> u32 {
        match self {
            Self::Plain(rows) => rows[place as usize],
            Self::Small(rows) => rows.get(place as usize),
            Self::Large(rows) => rows.get(place as usize),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Plain(rows) => rows.len() * size_of::<u32>(),
            Self::Small(rows) => rows.bytes(),
            Self::Large(rows) => rows.bytes(),
        }
    }
}

/// The index.
pub struct Tree {
    points: Points,
    /// [leaves, D, 32 or 64] coordinates.
    leaves: Vec<f32>,
    rows: Rows,
    /// Boxes of leaves, of 32 leaves, of 1024, …; the last level is one block.
    levels: Vec<Boxes>,
}

impl Tree {
    /// Indexes points of at most [`MOST`] dimensions.
    ///
    /// # Errors
    /// When cancelled.
    pub fn build(points: Points, cx: &Ctx) -> Result<Self, Fault> {
        let d = points.dim();
        let scale: Vec<f32> = points.inv_std().iter().map(|&s| s as f32).collect();
        let n = points.len();
        let (leaves, rows, boxes) = if d <= FLAT {
            let (leaves, rows, boxes) = Self::laid_out::<LARGE_LEAF>(&points, &scale, cx)?;
            (leaves, Rows::Large(Packed::new(&rows, n)), boxes)
        } else {
            let (leaves, rows, boxes) = Self::laid_out::<LEAF>(&points, &scale, cx)?;
            let rows = if d <= PACKED { Rows::Small(Packed::new(&rows, n)) } else { Rows::Plain(rows) };
            (leaves, rows, boxes)
        };
        let mut levels = vec![boxes];
        while let Some(top) = levels.last().filter(|top| top.count() > WIDE) {
            let parents = top.parents();
            levels.push(parents);
        }
        Ok(Self { points, leaves, rows, levels })
    }
}

impl Tree {
    /// Leaves of `L` points, the row of each place, and the leaves' boxes.
    fn laid_out<const L: usize>(
        points: &Points,
        scale: &[f32],
        cx: &Ctx,
    ) -> Result<(Vec<f32>, Vec<u32>, Boxes), Fault> {
        let d = points.dim();
        let (leaves, rows) = order::order(points.rows(), scale, L, cx)?.leaves::<L>(d, d <= PACKED);
        cx.check()?;
        let boxes = Boxes::around::<L>(&leaves, points.len(), d, d);
        Ok((leaves, rows, boxes))
    }

    /// Coordinates of a leaf. `D` is the dimension of the points, `L` what a leaf holds.
    #[inline(always)]
    fn leaf<const D: usize, const L: usize>(&self, leaf: usize) -> &[[f32; L]; D] {
        let (lanes, _) = self.leaves[leaf * L * D..(leaf + 1) * L * D].as_chunks::<L>();
        match lanes.try_into() {
            Ok(lanes) => lanes,
            Err(_) => &[[f32::INFINITY; L]; D],
        }
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
        self.leaves.len() * size_of::<f32>() + self.rows.bytes() + self.levels.iter().map(Boxes::bytes).sum::<usize>()
    }

    fn search(&self, search: &Search<'_>, cx: &Ctx) -> Result<Answer, Fault> {
        let scale: Vec<f32> = self.points.inv_std().iter().map(|&s| s as f32).collect();
        let order = order::order(&search.rows(), &scale, FINE, cx)?;
        let out = Mutex::new(Answer::new(search));
        order.from.par_chunks(RUN).try_for_each(|positions| {
            let run = Run { tree: self, search, positions };
            let found = match self.points.dim() {
                1 => Arch::new().dispatch(Walk::<1, LARGE_LEAF>(run)),
                2 => Arch::new().dispatch(Walk::<2, LARGE_LEAF>(run)),
                3 => Arch::new().dispatch(Walk::<3, LEAF>(run)),
                4 => Arch::new().dispatch(Walk::<4, LEAF>(run)),
                5 => Arch::new().dispatch(Walk::<5, LEAF>(run)),
                6 => Arch::new().dispatch(Walk::<6, LEAF>(run)),
                7 => Arch::new().dispatch(Walk::<7, LEAF>(run)),
                8 => Arch::new().dispatch(Walk::<8, LEAF>(run)),
                9 => Arch::new().dispatch(Walk::<9, LEAF>(run)),
                10 => Arch::new().dispatch(Walk::<10, LEAF>(run)),
                11 => Arch::new().dispatch(Walk::<11, LEAF>(run)),
                _ => Arch::new().dispatch(Walk::<12, LEAF>(run)),
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

/// `D`: dimensions; `L`: points in a leaf.
struct Walk<'a, const D: usize, const L: usize>(Run<'a>);

/// A block of boxes on the way: squared distance, level (0 = boxes of leaves), number in the level.
type Step = (f32, u32, u32);

impl<const D: usize, const L: usize> WithSimd for Walk<'_, D, L> {
    type Output = Found;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Run { tree, search, positions } = self.0;
        let points = &tree.points;
        let scale: [f32; D] = std::array::from_fn(|d| points.inv_std()[d] as f32);
        let inv_std: [f64; D] = std::array::from_fn(|d| points.inv_std()[d]);
        let slack = Slack { relative: (D as f64 + 8.0) * U, absolute: 0.0 };
        let mut best = Best::new(search.k, false);
        let mut stack: Vec<Step> = Vec::with_capacity(WIDE * tree.levels.len() + WIDE);
        let (mut recent, mut places) = (Recent::<D>::new(search.k), Vec::with_capacity(search.k));
        let mut out = Found::new(search.k, positions.len());
        for &position in positions {
            let at = search.query(position);
            let row = search.queries.raw(at);
            let query: [f32; D] = std::array::from_fn(|d| row[d]);
            // The same sum as `Points::squared`, of coordinates that are in the cache already.
            let squared = |place: u32| -> f64 {
                let lanes = &tree.leaf::<D, L>(place as usize / L);
                let gap = |d: usize| (f64::from(lanes[d][place as usize % L]) - f64::from(query[d])) * inv_std[d];
                (0..D).map(|d| gap(d) * gap(d)).sum()
            };
            let measure = |place: u32| (squared(place), tree.rows.get(place));
            let before = recent.nearest(simd, &leaf_distances::<S, D, RECENT>(simd, &recent.queries, &query, &scale));
            let reach = match before {
                Some((before, places)) if search.alike(before, at) => {
                    places.iter().map(|&place| squared(place)).fold(0.0, f64::max).sqrt()
                }
                _ => f64::INFINITY,
            };
            best.begin(slack, reach, false);
            stack.clear();
            stack.push((0.0, tree.levels.len() as u32 - 1, 0));
            while let Some((distance, level, node)) = stack.pop() {
                if distance > best.bound() {
                    continue;
                }
                let boxes = &tree.levels[level as usize];
                let near = distances::<S, D>(simd, boxes.block(node as usize), &query, &scale);
                let bound = min(best.bound(), f32::MAX);
                let first = node * WIDE as u32;
                if level > 0 {
                    push(simd, &mut stack, &near, bound, level - 1, first);
                    continue;
                }
                let mut others = within(simd, &near, bound);
                let nearest = (!others.is_empty()).then(|| within(simd, &near, least(simd, &near)).next()).flatten();
                let mut next = nearest;
                while let Some(child) = next {
                    let leaf = first as usize + child;
                    let near_points = leaf_distances::<S, D, L>(simd, tree.leaf(leaf), &query, &scale);
                    for lane in within(simd, &near_points, min(best.bound(), f32::MAX)) {
                        let (s, place) = (near_points[lane], (leaf * L + lane) as u32);
                        if s <= best.bound() && !search.bars(points, || tree.rows.get(place), at) {
                            best.offer(s, place, &measure);
                        }
                    }
                    next = others.find(|&child| near[child] <= best.bound() && nearest != Some(child));
                }
            }
            let found = best.finish(&measure);
            out.push(position, found);
            places.clear();
            best.places(&mut places);
            recent.keep(at, &query, &places);
        }
        out
    }
}

/// Squared distances of a query from a block of boxes.
#[inline(always)]
fn distances<S: Simd, const D: usize>(
    simd: S,
    block: &[[f32; WIDE]],
    query: &[f32; D],
    scale: &[f32; D],
) -> [f32; WIDE] {
    let mut out = [f32::INFINITY; WIDE];
    let (block, _) = block.as_chunks::<2>();
    let Ok(block) = <&[_; D]>::try_from(block) else { return out };
    let (sums, _) = S::as_mut_simd_f32s(&mut out);
    for (v, sum) in sums.iter_mut().enumerate() {
        // Two sums, so that an addition need not wait for the one before.
        let mut squares = [simd.splat_f32s(0.0); 2];
        for (d, [lo, hi]) in block.iter().enumerate() {
            let q = simd.splat_f32s(query[d]);
            let nearest = simd.min_f32s(simd.max_f32s(q, S::as_simd_f32s(lo).0[v]), S::as_simd_f32s(hi).0[v]);
            let gap = simd.mul_f32s(simd.sub_f32s(q, nearest), simd.splat_f32s(scale[d]));
            squares[d % 2] = simd.mul_add_f32s(gap, gap, squares[d % 2]);
        }
        *sum = simd.add_f32s(squares[0], squares[1]);
    }
    out
}

/// Squared distances of a query from the points of a leaf.
#[inline(always)]
fn leaf_distances<S: Simd, const D: usize, const L: usize>(
    simd: S,
    leaf: &[[f32; L]; D],
    query: &[f32; D],
    scale: &[f32; D],
) -> [f32; L] {
    let mut out = [0.0; L];
    let (sums, _) = S::as_mut_simd_f32s(&mut out);
    for (v, sum) in sums.iter_mut().enumerate() {
        let mut squares = [simd.splat_f32s(0.0); 2];
        for (d, lanes) in leaf.iter().enumerate() {
            let gap = simd.sub_f32s(S::as_simd_f32s(lanes).0[v], simd.splat_f32s(query[d]));
            let gap = simd.mul_f32s(gap, simd.splat_f32s(scale[d]));
            squares[d % 2] = simd.mul_add_f32s(gap, gap, squares[d % 2]);
        }
        *sum = simd.add_f32s(squares[0], squares[1]);
    }
    out
}

/// Adds the children within `bound`, the nearest on top.
#[inline(always)]
fn push<S: Simd>(simd: S, stack: &mut Vec<Step>, near: &[f32; WIDE], bound: f32, level: u32, first: u32) {
    let start = stack.len();
    for lane in within(simd, near, bound) {
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
