//! The queries answered last, for a bound to begin the next one with.
//!
//! k rows that are near one query are not far from the next, so their distances from it bound its k-th neighbour: more
//! tightly than the triangle inequality does, whatever rows they are.

use pulp::Simd;

use super::boxes;

/// Queries that are remembered.
pub const RECENT: usize = 32;

/// Queries of `D` dimensions with the places of k rows near each.
pub struct Recent<const D: usize> {
    /// Coordinates, in the shape of a leaf of the tree; infinite where there is no query yet.
    pub queries: [[f32; RECENT]; D],
    at: [usize; RECENT],
    k: usize,
    /// [32, k].
    places: Vec<u32>,
    next: usize,
}

impl<const D: usize> Recent<D> {
    /// No query yet.
    pub fn new(k: usize) -> Self {
        Self { queries: [[f32::INFINITY; RECENT]; D], at: [0; RECENT], k, places: vec![0; RECENT * k], next: 0 }
    }

    /// The nearest query, given the distances of all, and its k places.
    #[inline(always)]
    pub fn nearest<S: Simd>(&self, simd: S, distances: &[f32; RECENT]) -> Option<(usize, &[u32])> {
        let least = boxes::least(simd, distances);
        let best = boxes::within(simd, distances, least).next().filter(|_| least < f32::INFINITY)?;
        Some((self.at[best], &self.places[best * self.k..(best + 1) * self.k]))
    }

    /// Remembers query `at` in place of the oldest; not if it has fewer than k `places`.
    #[inline(always)]
    pub fn keep(&mut self, at: usize, query: &[f32; D], places: &[u32]) {
        if places.len() != self.k {
            return;
        }
        let i = self.next;
        self.next = (i + 1) % RECENT;
        self.at[i] = at;
        self.queries.iter_mut().zip(query).for_each(|(lanes, &v)| lanes[i] = v);
        self.places[i * self.k..(i + 1) * self.k].copy_from_slice(places);
    }
}
