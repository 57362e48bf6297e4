//! Every row is measured in f64: the plainest way, for few rows and for numbers too large for f32 squares.

use std::sync::Mutex;

use rayon::prelude::*;

use super::best::{Best, Slack};
use super::points::Points;
use super::search::Found;
use super::{Answer, Neighbors, Search};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows measured between two looks at the cancel.
const CHUNK: usize = 65_536;

/// A plain scan.
pub struct Scan {
    points: Points,
}

impl Scan {
    /// Takes the points as they are.
    pub fn new(points: Points) -> Self {
        Self { points }
    }
}

impl Neighbors for Scan {
    fn name(&self) -> &'static str {
        "plain scan"
    }

    fn points(&self) -> &Points {
        &self.points
    }

    fn bytes(&self) -> usize {
        0
    }

    fn search(&self, search: &Search<'_>, cx: &Ctx) -> Result<Answer, Fault> {
        scan(&self.points, search, cx)
    }
}

/// Answers `search` by looking at every row of `points`.
///
/// # Errors
/// When cancelled.
pub fn scan(points: &Points, search: &Search<'_>, cx: &Ctx) -> Result<Answer, Fault> {
    let out = Mutex::new(Answer::new(search));
    (0..search.len() as u32).into_par_iter().try_for_each(|position| {
        let at = search.query(position);
        let mut best = Best::new(search.k, true);
        best.begin(Slack { relative: 0.0, absolute: 0.0 }, f64::INFINITY, true);
        for row in 0..points.len() as u32 {
            if (row as usize).is_multiple_of(CHUNK) {
                cx.check()?;
            }
            if !search.bars(points, || row, at) {
                best.offer_measured((points.squared(row as usize, search.queries, at), row));
            }
        }
        let mut found = Found::new(search.k, 1);
        found.push(position, best.finish(&|_| (f64::NAN, 0)));
        Answer::keep(&out, search, &found, cx)
    })?;
    Ok(Answer::whole(out))
}
