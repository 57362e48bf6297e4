//! One packet of queries on its way through the leaves.

use pulp::{Simd, WithSimd};

use super::Search;
use super::best::{Best, Slack, U};
use super::boxes::{self, WIDE, max};
use super::leaves::{Leaves, PACKET};
use super::search::Found;
use super::tile::{self, LEAF, QUERIES, Tile};
use crate::ground::task::{Cancelled, Ctx};

/// Queries near each other.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    /// What they search.
    pub index: &'a Leaves,
    /// What is asked.
    pub search: &'a Search<'a>,
    /// Positions among the search's queries, at most [`PACKET`].
    pub positions: &'a [u32],
    /// [positions, width] turned coordinates.
    pub coords: &'a [f32],
    /// To be stopped by.
    pub cx: &'a Ctx,
}

/// Where the packet lies along each boxed axis.
struct Around {
    /// [boxed] ends and middle.
    lo: Vec<f32>,
    hi: Vec<f32>,
    middle: Vec<f32>,
    /// [boxed] of each query's coordinate; what is beyond the last query repeats the first.
    axes: Vec<[f32; PACKET]>,
}

/// What is known of the queries while they walk.
struct Walkers {
    best: Vec<Best>,
    /// Each query's bound; below zero beyond the last query.
    bounds: [f32; PACKET],
}

impl WithSimd for Packet<'_> {
    type Output = Result<Found, Cancelled>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let around = self.around();
        let mut walkers = self.walkers();
        let groups = &self.index.groups;
        // From the middle of the packet outwards: the first leaves give every query a bound.
        let mut order: Vec<(f32, f32, u32)> = Vec::with_capacity(groups.count());
        for block in 0..groups.count().div_ceil(WIDE) {
            let near = boxes::box_distances(groups.block(block), &around.middle, &around.middle);
            let any = boxes::box_distances(groups.block(block), &around.lo, &around.hi);
            let ids = block * WIDE..((block + 1) * WIDE).min(groups.count());
            order.extend(ids.map(|g| (near[g % WIDE], any[g % WIDE], g as u32)));
        }
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        for (_, any, group) in order {
            if any <= walkers.farthest() {
                self.cx.check()?;
                self.group(simd, group as usize, &around, &mut walkers);
            }
        }
        Ok(self.finish(walkers))
    }
}

impl Packet<'_> {
    fn around(&self) -> Around {
        let (w, n) = (self.index.rotation.width(), self.index.boxes.dim());
        let mut around = Around {
            lo: vec![f32::INFINITY; n],
            hi: vec![f32::NEG_INFINITY; n],
            middle: vec![0.0; n],
            axes: vec![[0.0; PACKET]; n],
        };
        for d in 0..n {
            let values = &mut around.axes[d];
            for (i, v) in values.iter_mut().enumerate() {
                let query = if i < self.positions.len() { i } else { 0 };
                *v = self.coords[query * w + d];
            }
            let own = &values[..self.positions.len()];
            around.lo[d] = own.iter().copied().fold(f32::INFINITY, f32::min);
            around.hi[d] = own.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            around.middle[d] = own.iter().sum::<f32>() / own.len() as f32;
        }
        around
    }

    fn walkers(&self) -> Walkers {
        let bounding = self.index.rotation.is_bounding();
        let mut walkers = Walkers { best: Vec::with_capacity(self.positions.len()), bounds: [-1.0; PACKET] };
        for (i, &position) in self.positions.iter().enumerate() {
            let points = &self.index.points;
            let row = self.search.queries.raw(self.search.query(position));
            let norm = points.standardise(row).map(|v| v * v).sum::<f64>().sqrt();
            // Turned coordinates are rounded once (U of their size), the norm of the rest to about twice that.
            let w = self.index.rotation.width() as f64;
            let slack = Slack { relative: (w + 24.0) * U, absolute: 16.0 * U * norm };
            let mut best = Best::new(self.search.k, bounding);
            best.begin(slack, f64::INFINITY, bounding);
            walkers.bounds[i] = best.bound();
            walkers.best.push(best);
        }
        walkers
    }

    #[inline(always)]
    fn group<S: Simd>(&self, simd: S, group: usize, around: &Around, walkers: &mut Walkers) {
        let block = self.index.boxes.block(group);
        let near = boxes::box_distances(block, &around.middle, &around.middle);
        let any = boxes::box_distances(block, &around.lo, &around.hi);
        let mut order: [usize; WIDE] = std::array::from_fn(|i| i);
        order.sort_unstable_by(|&a, &b| near[a].total_cmp(&near[b]));
        let leaves = self.index.leaves_of(group);
        for leaf in order.into_iter().filter(|i| *i < leaves.len()) {
            if any[leaf] <= walkers.farthest() {
                self.leaf(simd, leaves.start + leaf, around, walkers);
            }
        }
    }

    #[inline(always)]
    fn leaf<S: Simd>(&self, simd: S, leaf: usize, around: &Around, walkers: &mut Walkers) {
        let mut apart = [0.0f32; PACKET];
        for (d, values) in around.axes.iter().enumerate() {
            let (lo, hi) = self.index.boxes.side(leaf, d);
            for (sum, &v) in apart.iter_mut().zip(values) {
                let gap = max(max(lo - v, v - hi), 0.0);
                *sum += gap * gap;
            }
        }
        let mut active = [0u8; PACKET];
        let mut count = 0;
        for (i, (&s, &bound)) in apart.iter().zip(&walkers.bounds).enumerate() {
            active[count] = i as u8;
            count += usize::from(s <= bound);
        }
        let w = self.index.rotation.width();
        let points = &self.index.leaves[leaf * LEAF * w..(leaf + 1) * LEAF * w];
        let mut tile: Tile = [[0.0; LEAF]; QUERIES];
        for four in active[..count].chunks(QUERIES) {
            let who: [usize; QUERIES] = std::array::from_fn(|i| usize::from(four[i.min(four.len() - 1)]));
            let queries = who.map(|q| &self.coords[q * w..(q + 1) * w]);
            let bounds = who.map(|q| walkers.bounds[q]);
            if tile::measure(simd, points, queries, bounds, &mut tile) {
                for (&query, distances) in four.iter().zip(&tile) {
                    self.offer(simd, usize::from(query), leaf, distances, walkers);
                }
            }
        }
    }

    /// Offers what of a leaf is within a query's bound.
    #[inline(always)]
    fn offer<S: Simd>(&self, simd: S, query: usize, leaf: usize, distances: &[f32; LEAF], walkers: &mut Walkers) {
        // Places that hold no point are infinitely far.
        let mut bound = boxes::min(walkers.bounds[query], f32::MAX);
        let near = boxes::within(simd, distances, bound);
        let at = self.search.query(self.positions[query]);
        let best = &mut walkers.best[query];
        let measure = self.measure(at);
        for lane in near {
            let s = distances[lane];
            if s <= bound {
                let place = (leaf * LEAF + lane) as u32;
                if !self.search.bars(&self.index.points, || self.index.rows[place as usize], at) {
                    best.offer(s, place, &measure);
                    bound = best.bound();
                }
            }
        }
        walkers.bounds[query] = bound;
    }

    fn measure(&self, at: usize) -> impl Fn(u32) -> (f64, u32) {
        move |place: u32| {
            let row = self.index.rows[place as usize];
            (self.index.points.squared(row as usize, self.search.queries, at), row)
        }
    }

    fn finish(&self, mut walkers: Walkers) -> Found {
        let mut out = Found::new(self.search.k, self.positions.len());
        for (&position, best) in self.positions.iter().zip(&mut walkers.best) {
            out.push(position, best.finish(&self.measure(self.search.query(position))));
        }
        out
    }
}

impl Walkers {
    /// The bound of the query that looks farthest.
    #[inline(always)]
    fn farthest(&self) -> f32 {
        self.bounds.iter().fold(f32::NEG_INFINITY, |m, &b| max(b, m))
    }
}
