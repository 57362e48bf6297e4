//! An index that rows are added to: a small remainder is scanned beside it, and a rebuild takes it in when it has grown.

use super::points::Points;
use super::scan::scan;
use super::{Exclude, Knn, Neighbors, Search, index};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The remainder may hold this share of the index's rows…
const SHARE: usize = 64;
/// … or this many, before a rebuild pays.
const SMALL: usize = 4096;

/// An index with rows that came later.
pub struct Growing {
    settled: Box<dyn Neighbors>,
    later: Points,
}

impl Growing {
    /// Begins with an index.
    pub fn new(settled: Box<dyn Neighbors>) -> Self {
        let later = settled.points().pick(&[]);
        Self { settled, later }
    }

    /// The index of the first rows.
    pub fn settled(&self) -> &dyn Neighbors {
        self.settled.as_ref()
    }

    /// The points that row `row` of an answer is of, and its place among them.
    pub fn point(&self, row: usize) -> (&Points, usize) {
        let first = self.settled.points();
        if row < first.len() { (first, row) } else { (&self.later, row - first.len()) }
    }

    /// Rows in all.
    pub fn len(&self) -> usize {
        self.settled.points().len() + self.later.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds rows in no time: they are copied, nothing is rebuilt. They count in the spreads of the first reference.
    ///
    /// # Errors
    /// If they have another width.
    pub fn insert(&mut self, more: &Points) -> Result<(), Fault> {
        if more.dim() != self.later.dim() {
            let (a, b) = (self.later.dim(), more.dim());
            return Err(Fault::failed(format!("rows of {b} dimensions cannot join an index of {a}")));
        }
        self.later.extend(more);
        Ok(())
    }

    /// True if queries would gain from [`Growing::rebuilt`].
    pub fn wants_rebuild(&self) -> bool {
        self.later.len() > SMALL.max(self.settled.points().len() / SHARE)
    }

    /// One index over all rows, for a worker to build while this one goes on answering. Rows keep their numbers.
    ///
    /// # Errors
    /// When cancelled.
    pub fn rebuilt(&self, cx: &Ctx) -> Result<Self, Fault> {
        let mut all = self.settled.points().clone();
        all.extend(&self.later);
        Ok(Self::new(index(all, cx)?))
    }

    /// As [`Neighbors::knn`]; later rows are numbered after the first ones.
    ///
    /// # Errors
    /// As [`Neighbors::knn`].
    pub fn knn(&self, queries: &Points, k: usize, exclude: Exclude, cx: &Ctx) -> Result<Knn, Fault> {
        let first = self.settled.points().len();
        if self.later.is_empty() || exclude == Exclude::SameRow {
            return if self.later.is_empty() {
                self.settled.knn(queries, k, exclude, cx)
            } else {
                self.rebuilt(cx)?.knn(queries, k, exclude, cx)
            };
        }
        let mut out = self.settled.knn(queries, k, exclude, cx)?;
        // An episode may take all of the remainder away: then fewer are found, and infinite distances stay.
        let few = self.later.len().min(k);
        let everyone: Vec<u32> = (0..queries.len() as u32).filter(|&q| queries.is_finite(q as usize)).collect();
        let asked = Search::new(queries, &everyone, few, exclude);
        let mut more = Knn {
            k: few,
            distances: vec![f64::INFINITY; queries.len() * few],
            rows: vec![u32::MAX; queries.len() * few],
        };
        scan(&self.later, &asked, cx)?.write(&asked, &mut more);
        for q in 0..queries.len() {
            let own = q * k..(q + 1) * k;
            let pairs = |knn: &Knn, range: std::ops::Range<usize>, shift: u32| {
                let (d, r) = (&knn.distances[range.clone()], &knn.rows[range]);
                d.iter()
                    .copied()
                    .zip(r.iter().map(|&r| r.saturating_add(shift)).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            };
            let mut all = pairs(&out, own.clone(), 0);
            all.extend(pairs(&more, q * few..(q + 1) * few, first as u32));
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for (at, (distance, row)) in own.zip(all) {
                (out.distances[at], out.rows[at]) = (distance, row);
            }
        }
        Ok(out)
    }
}
