//! Exact k-nearest-neighbour distances.
//!
//! Every strategy searches in f32 with enough slack that rounding cannot drop a true neighbour, and measures what it
//! keeps again in f64 on unstandardised differences; so all of them give the same numbers to the bit ([`best`]).
//!
//! | strategy | for | how |
//! |---|---|---|
//! | [`tree`] | up to 12 dimensions | boxes of boxes, one query after the other |
//! | [`packets`] | more | principal axes, 128 queries together |
//! | [`scan`] | few rows, huge numbers | every row in f64 |
//!
//! [`growing`] adds rows to any of them without a rebuild.

#![allow(clippy::inline_always, reason = "what is dispatched to vector instructions must be inlined into the dispatch")]

pub mod best;
pub mod boxes;
pub mod growing;
pub mod leaves;
pub mod numbers;
pub mod order;
pub mod packet;
pub mod packets;
pub mod points;
pub mod recent;
pub mod rotation;
pub mod scan;
pub mod search;
pub mod tile;
pub mod tree;

use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use points::Points;
pub use search::{Answer, Search};

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
    /// Name for notes and benches ("box tree").
    fn name(&self) -> &'static str;

    /// The reference.
    fn points(&self) -> &Points;

    /// Bytes held beside the reference rows.
    fn bytes(&self) -> usize;

    /// The nearest rows of every query of `search`, all of which are finite and of ordinary size.
    ///
    /// # Errors
    /// When cancelled.
    fn search(&self, search: &Search<'_>, cx: &Ctx) -> Result<Answer, Fault>;

    /// The `k` nearest reference rows of every query, in parallel over queries.
    ///
    /// # Errors
    /// If `k` is 0 or more rows are asked for than there are, if widths differ, or when cancelled.
    fn knn(&self, queries: &Points, k: usize, exclude: Exclude, cx: &Ctx) -> Result<Knn, Fault> {
        check(self.points(), queries, k, exclude)?;
        let (ordinary, huge) = search::divide(self.points(), queries);
        let mut out =
            Knn { k, distances: vec![f64::INFINITY; queries.len() * k], rows: vec![u32::MAX; queries.len() * k] };
        let asked = Search::new(queries, &ordinary, k, exclude);
        self.search(&asked, cx)?.write(&asked, &mut out);
        if !huge.is_empty() {
            let asked = Search::new(queries, &huge, k, exclude);
            scan::scan(self.points(), &asked, cx)?.write(&asked, &mut out);
        }
        Ok(out)
    }
}

/// Refuses what cannot be answered.
fn check(points: &Points, queries: &Points, k: usize, exclude: Exclude) -> Result<(), Fault> {
    if points.dim() != queries.dim() {
        let (a, b) = (points.dim(), queries.dim());
        return Err(Fault::failed(format!("the reference has {a} dimensions, the queries have {b}")));
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
        return Err(Fault::failed(format!(
            "k = {k} neighbours are asked for, but only {there} reference states may be found: {remedy}"
        )));
    }
    Ok(())
}

/// Builds an index over a reference.
pub type Build = fn(Points, &Ctx) -> Result<Box<dyn Neighbors>, Fault>;

/// A strategy.
pub struct Strategy {
    /// Its name.
    pub name: &'static str,
    /// Most dimensions that it takes.
    pub most: usize,
    /// Builds its index.
    pub build: Build,
}

/// Every strategy.
pub const STRATEGIES: &[Strategy] = &[
    Strategy { name: "box tree", most: tree::MOST, build: |p, cx| Ok(Box::new(tree::Tree::build(p, cx)?)) },
    Strategy { name: "packet search", most: usize::MAX, build: |p, cx| Ok(Box::new(packets::Packets::build(p, cx)?)) },
    Strategy { name: "plain scan", most: usize::MAX, build: |p, _| Ok(Box::new(scan::Scan::new(p))) },
];

/// Below this many rows an index does not pay.
const FEW: usize = 256;

/// An index over `points` with the strategy that suits their number and dimensions.
///
/// # Errors
/// If there is no point, or when cancelled.
pub fn index(points: Points, cx: &Ctx) -> Result<Box<dyn Neighbors>, Fault> {
    if points.is_empty() {
        return Err(Fault::failed("the reference has no state: coverage needs at least one training episode"));
    }
    if points.len() < FEW || !search::is_ordinary(&points) {
        Ok(Box::new(scan::Scan::new(points)))
    } else if points.dim() <= tree::MOST {
        Ok(Box::new(tree::Tree::build(points, cx)?))
    } else {
        Ok(Box::new(packets::Packets::build(points, cx)?))
    }
}

#[cfg(test)]
mod tests;
