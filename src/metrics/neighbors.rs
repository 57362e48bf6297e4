//! Exact k-nearest-neighbour distances.
//!
//! Every strategy searches in f32 with enough slack that rounding cannot drop a true neighbour, and measures what it
//! keeps again in f64 on unstandardised differences; so all of them give the same numbers ([`candidates`]).

pub mod blocks;
pub mod brute;
pub mod candidates;
pub mod points;
pub mod tree;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::MetricError;
use crate::task::Ctx;
use candidates::Best;
use points::Points;

/// Which reference rows a query must not find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclude {
    /// None: queries are other data.
    Nothing,
    /// The row with the query's own number: queries are the reference itself.
    SameRow,
    /// Rows of the query's own episode: neighbours in time are not coverage.
    SameEpisode,
}

/// Distances to the nearest reference rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Knn {
    /// Neighbours per query.
    pub k: usize,
    /// [Q, k] ascending, in standard deviations; infinite for a query that is not finite.
    pub distances: Vec<f64>,
    /// [Q, k] reference rows; of equally distant ones the lowest. `u32::MAX` for a query that is not finite.
    pub rows: Vec<u32>,
}

impl Knn {
    /// Distance of every query to its `j`-th neighbour, `j` from 1.
    pub fn kth(&self, j: usize) -> Vec<f64> {
        self.distances.iter().skip(j.saturating_sub(1)).step_by(self.k.max(1)).copied().collect()
    }
}

/// An index over reference points. A new strategy is one implementation; the battery in the tests asks every one in
/// [`STRATEGIES`].
pub trait Neighbors: Send + Sync {
    /// Name for notes and benches ("k-d tree").
    fn name(&self) -> &'static str;

    /// The reference.
    fn points(&self) -> &Points;

    /// Offers at least every reference row that can be among the best of `best`'s query.
    fn search(&self, best: &mut Best<'_>);

    /// The `k` nearest reference rows of every query, in parallel over queries.
    ///
    /// # Errors
    /// If `k` is 0 or more rows are asked for than there are, if widths differ, or when cancelled.
    fn knn(&self, queries: &Points, k: usize, exclude: Exclude, cx: &Ctx) -> Result<Knn, MetricError> {
        let points = self.points();
        check(points, queries, k, exclude)?;
        let mut out =
            Knn { k, distances: vec![f64::INFINITY; queries.len() * k], rows: vec![u32::MAX; queries.len() * k] };
        // A chunk is at most a few million multiplications, so that a cancel is seen within 100 ms.
        let per_query = points.len() * points.dim();
        let chunk = (4_000_000 / per_query.max(1)).clamp(1, 64);
        let (finished, total) = (AtomicU64::new(0), queries.len() as u64);
        out.distances.par_chunks_mut(chunk * k).zip(out.rows.par_chunks_mut(chunk * k)).enumerate().try_for_each(
            |(c, (distances, rows))| {
                let first = c * chunk;
                for i in 0..distances.len() / k {
                    let mut best = Best::new(points, queries, first + i, k, exclude);
                    if best.is_searchable() {
                        self.search(&mut best);
                    } else {
                        best.offer_all();
                    }
                    best.write(&mut distances[i * k..(i + 1) * k], &mut rows[i * k..(i + 1) * k]);
                }
                let n = (distances.len() / k) as u64;
                cx.step(finished.fetch_add(n, Ordering::Relaxed) + n, total)
            },
        )?;
        Ok(out)
    }
}

/// Refuses what cannot be answered.
fn check(points: &Points, queries: &Points, k: usize, exclude: Exclude) -> Result<(), MetricError> {
    if points.dim() != queries.dim() {
        let (a, b) = (points.dim(), queries.dim());
        return Err(MetricError::bad(format!("the reference has {a} dimensions, the queries have {b}")));
    }
    let largest_hole = match exclude {
        Exclude::Nothing => 0,
        Exclude::SameRow => 1,
        Exclude::SameEpisode => points.largest_shared_episode(queries),
    };
    let there = points.len() - largest_hole.min(points.len());
    if k == 0 || k > there {
        let remedy =
            if there > 0 { format!("choose k from 1 to {there}, or add episodes") } else { "add episodes".into() };
        return Err(MetricError::bad(format!(
            "k = {k} neighbours are asked for, but only {there} reference states may be found: {remedy}"
        )));
    }
    Ok(())
}

/// Builds an index over a reference.
pub type Build = fn(Points, &Ctx) -> Result<Box<dyn Neighbors>, MetricError>;

/// Every strategy by name.
pub const STRATEGIES: &[(&str, Build)] = &[
    ("k-d tree", |p, cx| Ok(Box::new(tree::Tree::build(p, cx)?))),
    ("brute force", |p, _| Ok(Box::new(brute::Brute::new(p)))),
];

/// From this many dimensions on a k-d tree visits nearly every leaf, and a plain scan is faster.
const TREE_DIMENSIONS: usize = 20;
/// Below this many rows building a tree does not pay.
const TREE_ROWS: usize = 512;

/// An index over `points` with the strategy that suits their number and dimensions.
///
/// # Errors
/// If there is no point, or when cancelled.
pub fn index(points: Points, cx: &Ctx) -> Result<Box<dyn Neighbors>, MetricError> {
    if points.is_empty() {
        return Err(MetricError::bad("the reference has no state: coverage needs at least one training episode"));
    }
    if points.dim() <= TREE_DIMENSIONS && points.len() >= TREE_ROWS {
        Ok(Box::new(tree::Tree::build(points, cx)?))
    } else {
        Ok(Box::new(brute::Brute::new(points)))
    }
}

#[cfg(test)]
mod tests;
