//! What is asked of an index, and its answer.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::points::Points;
use super::{Exclude, Knn};
use crate::ground::fault::Fault;
use crate::ground::task::{Cancelled, Ctx};

/// Squares of larger standardised numbers could leave f32's range.
const ORDINARY: f64 = 1e15;
/// Rows that one thread looks at before it takes more.
const FEW: usize = 4096;

/// Queries to be answered together.
pub struct Search<'a> {
    /// All queries.
    pub queries: &'a Points,
    /// Which of them.
    at: &'a [u32],
    /// Neighbours that an index looks for: one more than asked for where a query may find itself.
    pub k: usize,
    exclude: Exclude,
}

impl<'a> Search<'a> {
    /// Asks for the `k` nearest of the queries `at`.
    pub fn new(queries: &'a Points, at: &'a [u32], k: usize, exclude: Exclude) -> Self {
        Self { queries, at, k: k + usize::from(exclude == Exclude::SameRow), exclude }
    }

    /// Queries asked.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// True if nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The query at `position` of those asked.
    #[inline(always)]
    pub fn query(&self, position: u32) -> usize {
        self.at[position as usize] as usize
    }

    /// [len, D] coordinates of the queries asked.
    pub fn rows(&self) -> Cow<'a, [f32]> {
        if self.at.len() == self.queries.len() {
            return Cow::Borrowed(self.queries.rows());
        }
        Cow::Owned(self.at.iter().flat_map(|&i| self.queries.raw(i as usize)).copied().collect())
    }

    /// True if a reference row must not be found by query `at`. The row is looked up only if it matters.
    #[inline(always)]
    pub fn bars(&self, points: &Points, row: impl FnOnce() -> u32, at: usize) -> bool {
        self.exclude == Exclude::SameEpisode && points.owner(row() as usize) == self.queries.owner(at)
    }

    /// True if two queries may find the same rows.
    #[inline(always)]
    pub fn alike(&self, a: usize, b: usize) -> bool {
        self.exclude != Exclude::SameEpisode || self.queries.owner(a) == self.queries.owner(b)
    }

    /// Distance of two queries in the spreads of `points`.
    #[inline(always)]
    pub fn apart(&self, points: &Points, a: usize, b: usize) -> f64 {
        let gaps = self.queries.raw(a).iter().zip(self.queries.raw(b)).zip(points.inv_std());
        gaps.map(|((&a, &b), s)| ((f64::from(a) - f64::from(b)) * s).powi(2)).sum::<f64>().sqrt()
    }
}

/// Neighbours of some queries.
pub struct Found {
    k: usize,
    /// Positions among those asked.
    positions: Vec<u32>,
    /// [positions, k] ascending (squared distance, row).
    nearest: Vec<(f64, u32)>,
}

impl Found {
    /// Room for `n` queries.
    pub fn new(k: usize, n: usize) -> Self {
        Self { k, positions: Vec::with_capacity(n), nearest: Vec::with_capacity(n * k) }
    }

    /// Adds the at most k nearest of one query; what is missing is infinitely far.
    pub fn push(&mut self, position: u32, nearest: &[(f64, u32)]) {
        self.positions.push(position);
        self.nearest.extend_from_slice(nearest);
        self.nearest.resize(self.positions.len() * self.k, NOTHING);
    }
}

/// No neighbour.
const NOTHING: (f64, u32) = (f64::INFINITY, u32::MAX);

/// Neighbours of all queries of a search.
pub struct Answer {
    k: usize,
    done: usize,
    found: Vec<(f64, u32)>,
}

impl Answer {
    /// An answer that has nothing yet.
    pub fn new(search: &Search<'_>) -> Self {
        Self { k: search.k, done: 0, found: vec![NOTHING; search.len() * search.k] }
    }

    /// Adds what was found, and reports progress.
    ///
    /// # Errors
    /// When cancelled.
    pub fn keep(out: &Mutex<Self>, search: &Search<'_>, found: &Found, cx: &Ctx) -> Result<(), Fault> {
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        out.done += found.positions.len();
        let k = out.k;
        for (&position, nearest) in found.positions.iter().zip(found.nearest.chunks_exact(k)) {
            let first = position as usize * k;
            out.found[first..first + k].copy_from_slice(nearest);
        }
        let done = out.done;
        drop(out);
        cx.step(done as u64, search.len() as u64).map_err(|Cancelled| Fault::Cancelled)
    }

    /// The answer when all have been kept.
    pub fn whole(out: Mutex<Self>) -> Self {
        out.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The nearest of the query at `position`.
    pub fn of(&self, position: usize) -> &[(f64, u32)] {
        &self.found[position * self.k..(position + 1) * self.k]
    }

    /// Puts distances and rows where the queries are; a query's own row is taken out where it must not be found.
    pub(super) fn write(&self, search: &Search<'_>, out: &mut Knn) {
        let k = out.k;
        let one = |at: u32, position: usize, distances: &mut [f64], rows: &mut [u32]| {
            let own = |row: u32| search.exclude == Exclude::SameRow && row == at;
            let kept = self.of(position).iter().filter(|f| !own(f.1)).take(k);
            for ((&(squared, row), to), row_to) in kept.zip(distances).zip(rows) {
                (*to, *row_to) = (squared.sqrt(), row);
            }
        };
        if search.len() == search.queries.len() {
            let places = out.distances.par_chunks_mut(k).zip(out.rows.par_chunks_mut(k)).with_min_len(FEW);
            places.enumerate().for_each(|(i, (distances, rows))| one(i as u32, i, distances, rows));
        } else {
            for (position, &at) in search.at.iter().enumerate() {
                let own = at as usize * k..(at as usize + 1) * k;
                one(at, position, &mut out.distances[own.clone()], &mut out.rows[own]);
            }
        }
    }
}

/// Queries that an index can answer, and those that are finite but too large for it. What is not finite is in neither and
/// stays infinitely far from everything.
pub fn divide(points: &Points, queries: &Points) -> (Vec<u32>, Vec<u32>) {
    let everyone = 0..queries.len() as u32;
    if ordinary(points, queries.rows()) {
        return (everyone.collect(), Vec::new());
    }
    let (near, others): (Vec<u32>, Vec<u32>) = everyone.partition(|&i| small(points, queries.raw(i as usize)));
    (near, others.into_iter().filter(|&i| queries.is_finite(i as usize)).collect())
}

/// True if the points and their spreads are numbers that f32 can square.
pub fn is_ordinary(points: &Points) -> bool {
    points.inv_std().iter().all(|s| (1.0 / ORDINARY..ORDINARY).contains(s)) && ordinary(points, points.rows())
}

/// True if all of these rows are, once they are standardised.
fn ordinary(points: &Points, rows: &[f32]) -> bool {
    let surely = points.reach(ORDINARY);
    let all = |rows: &[f32]| {
        // No short cut within a block, so that it is done with vectors.
        rows.iter().fold(true, |all, v| all & (v.abs() < surely))
            || rows.chunks_exact(points.dim()).all(|row| small(points, row))
    };
    rows.par_chunks(points.dim() * FEW).all(all)
}

fn small(points: &Points, row: &[f32]) -> bool {
    points.standardise(row).fold(true, |all, v| all & (v.abs() < ORDINARY))
}
