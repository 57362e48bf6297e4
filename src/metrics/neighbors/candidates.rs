//! The k best rows so far, and the proof that searching in f32 loses none of them.
//!
//! Let u = 2⁻²⁴. A standardised coordinate is rounded once, so for query q and row r the f32 points lie within
//! u·(‖q‖ + ‖r‖) ≤ u·(2‖q‖ + dist) of the true ones, and a sum of D rounded squares is off by a factor within
//! 1 ± (D + 2)u. A row whose true distance is at most that of the k-th best therefore has an f32 distance of at most
//! (kth·(1 + 2u) + 2u‖q‖)·(1 + (D + 2)u); [`Best::bound`] is the square of it with the constants doubled. Rows and boxes
//! beyond it are skipped, all others are measured in f64 on unstandardised differences.

use super::Exclude;
use super::points::Points;

const U: f64 = 1.0 / 16_777_216.0;
/// Squares of larger norms could leave f32's range.
const SEARCHABLE: f64 = 1e15;

/// The k nearest rows of one query found so far.
pub struct Best<'a> {
    points: &'a Points,
    queries: &'a Points,
    query: usize,
    k: usize,
    exclude: Exclude,
    /// Ascending by (squared distance, row); at most k.
    found: Vec<(f64, u32)>,
    bound: f32,
    norm: f64,
}

impl<'a> Best<'a> {
    pub(crate) fn new(points: &'a Points, queries: &'a Points, query: usize, k: usize, exclude: Exclude) -> Self {
        let norm = queries.z(query).iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        Self { points, queries, query, k, exclude, found: Vec::with_capacity(k + 1), bound: f32::INFINITY, norm }
    }

    /// The query in standardised f32 coordinates.
    pub fn query(&self) -> &'a [f32] {
        self.queries.z(self.query)
    }

    /// Squared f32 distance beyond which nothing needs to be offered.
    pub fn bound(&self) -> f32 {
        self.bound
    }

    /// False where f32 squares would overflow: such a query is answered by [`Best::offer_all`].
    pub(crate) fn is_searchable(&self) -> bool {
        self.norm < SEARCHABLE
    }

    /// Every row in f64; nothing for a query that is not finite, which so stays infinitely far from the data.
    pub(crate) fn offer_all(&mut self) {
        if self.queries.is_finite(self.query) {
            for row in 0..self.points.len() as u32 {
                self.offer(row);
            }
        }
    }

    /// Measures reference row `row` and keeps it if it is among the best.
    pub fn offer(&mut self, row: u32) {
        let at = row as usize;
        let barred = match self.exclude {
            Exclude::Nothing => false,
            Exclude::SameRow => at == self.query,
            Exclude::SameEpisode => self.points.owner(at) == self.queries.owner(self.query),
        };
        if barred {
            return;
        }
        let new = (self.points.squared(at, self.queries, self.query), row);
        if self.found.len() == self.k && self.found.last().is_some_and(|last| *last <= new) {
            return;
        }
        let place = self.found.partition_point(|old| *old < new);
        self.found.insert(place, new);
        self.found.truncate(self.k);
        if self.found.len() == self.k {
            self.tighten();
        }
    }

    fn tighten(&mut self) {
        let kth = self.found.last().map_or(f64::INFINITY, |f| f.0.sqrt());
        let d = self.points.dim() as f64;
        let reach = (kth * (1.0 + 4.0 * U) + 4.0 * U * self.norm) * (1.0 + 2.0 * (d + 2.0) * U);
        // Rounding to f32 may go down by u, and squares below the normal range lose more.
        self.bound = (reach * reach * (1.0 + 4.0 * U)) as f32 + f32::MIN_POSITIVE;
    }

    pub(crate) fn write(&self, distances: &mut [f64], rows: &mut [u32]) {
        for ((d, r), found) in distances.iter_mut().zip(rows).zip(&self.found) {
            (*d, *r) = (found.0.sqrt(), found.1);
        }
    }
}
