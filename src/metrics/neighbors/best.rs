//! The k nearest rows of one query so far, and the proof that searching in f32 loses none of them.
//!
//! A search gives each row an f32 distance D with |D - d| ≤ ρ·d + α of the true distance d ([`Slack`]). k rows with D ≤ T
//! have d ≤ (T + α) / (1 - ρ), so a row that is truly among the k nearest has D ≤ (T + α)(1 + ρ)/(1 - ρ) + α, which is at
//! most (T + 2α)(1 + 4ρ) for ρ < 1/8. What is farther is dropped; the few that are left are measured in f64 on the rows
//! themselves and ordered by (distance, row), so every strategy gives the same answer to the bit.

use super::boxes::min;

/// Half the distance of neighbouring f32 numbers near 1.
pub const U: f64 = 1.0 / 16_777_216.0;
/// So many rows beyond k may be undecided before all are measured in f64.
const SPARE: usize = 64;

/// What f32 may do to a distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slack {
    /// ρ: share of the distance.
    pub relative: f64,
    /// α: in the unit of distances.
    pub absolute: f64,
}

impl Slack {
    /// Squared f32 distance beyond which no row is among the nearest, if k rows are within `reach`.
    fn beyond(self, reach: f64) -> f32 {
        let far = (reach + 2.0 * self.absolute) * (1.0 + 4.0 * self.relative);
        // Rounding to f32 may go down by U, and squares below the normal range lose more.
        (far * far * (1.0 + 4.0 * U)) as f32 + f32::MIN_POSITIVE
    }

    /// What makes a squared distance its [`Slack::beyond`] where the slack is relative only.
    fn factor(self) -> f32 {
        // (1 + 4ρ)² ≤ 1 + 9ρ for ρ < 1/16, and f32 rounds the factor and the product by U each.
        (1.0 + 9.0 * self.relative + 8.0 * U) as f32
    }
}

/// How a row is measured: its place in the index to (squared f64 distance, row).
pub trait Measure: Fn(u32) -> (f64, u32) {}
impl<T: Fn(u32) -> (f64, u32)> Measure for T {}

/// The k best of one query.
#[derive(Debug, Clone)]
pub struct Best {
    k: usize,
    slack: Slack,
    factor: f32,
    bound: f32,
    /// Ascending (squared f32 distance, place): the k nearest and what cannot be told from them.
    near: Vec<(f32, u32)>,
    /// Ascending (squared f64 distance, row), at most k; used instead of `near` where `measured`.
    exact: Vec<(f64, u32)>,
    measured: bool,
}

impl Best {
    /// Nothing found yet. `bounding`: f32 distances are lower bounds only, so every row that is offered is measured.
    pub fn new(k: usize, bounding: bool) -> Self {
        let slack = Slack { relative: 0.0, absolute: 0.0 };
        let mut best =
            Self { k, slack, factor: 1.0, bound: f32::INFINITY, near: vec![], exact: vec![], measured: bounding };
        best.near.reserve(k + SPARE + 1);
        best.exact.reserve(k + SPARE + 1);
        best
    }

    /// Begins a query. `reach`: k rows are known to be within this distance (infinite if nothing is known).
    #[inline(always)]
    pub fn begin(&mut self, slack: Slack, reach: f64, bounding: bool) {
        if slack != self.slack {
            (self.slack, self.factor) = (slack, slack.factor());
        }
        self.bound = if reach.is_finite() { slack.beyond(reach) } else { f32::INFINITY };
        self.near.clear();
        self.exact.clear();
        self.measured = bounding;
    }

    /// Squared f32 distance beyond which nothing needs to be offered.
    #[inline(always)]
    pub fn bound(&self) -> f32 {
        self.bound
    }

    /// Considers the row at `place` with squared f32 distance `squared`.
    #[inline]
    pub fn offer(&mut self, squared: f32, place: u32, measure: &impl Measure) {
        if self.measured {
            return self.offer_measured(measure(place));
        }
        if self.near.len() > self.k + SPARE {
            self.measure_all(measure);
            return self.offer_measured(measure(place));
        }
        let mut at = self.near.len();
        self.near.push((squared, place));
        while at > 0 && self.near[at - 1].0 > squared {
            self.near[at] = self.near[at - 1];
            at -= 1;
        }
        self.near[at] = (squared, place);
        if at < self.k && self.near.len() >= self.k {
            let kth = self.near[self.k - 1].0;
            let beyond = if self.slack.absolute > 0.0 {
                self.slack.beyond(f64::from(kth).sqrt())
            } else {
                kth * self.factor + f32::MIN_POSITIVE
            };
            self.bound = min(self.bound, beyond);
            while self.near.last().is_some_and(|n| n.0 > self.bound) {
                self.near.pop();
            }
        }
    }

    /// Adds the places of k rows that are near: the nearest, unless too many were. None if there are fewer.
    pub fn places(&self, out: &mut Vec<u32>) {
        if self.near.len() >= self.k {
            out.extend(self.near[..self.k].iter().map(|n| n.1));
        }
    }

    #[cold]
    fn measure_all(&mut self, measure: &impl Measure) {
        self.measured = true;
        let undecided = std::mem::take(&mut self.near);
        for &(_, place) in &undecided {
            self.offer_measured(measure(place));
        }
        self.near = undecided;
    }

    /// Considers a row by its f64 distance.
    pub fn offer_measured(&mut self, new: (f64, u32)) {
        if self.exact.len() == self.k && self.exact.last().is_some_and(|last| *last <= new) {
            return;
        }
        let at = self.exact.partition_point(|old| *old < new);
        self.exact.insert(at, new);
        self.exact.truncate(self.k);
        if self.exact.len() == self.k {
            let reach = self.exact.last().map_or(f64::INFINITY, |e| e.0.sqrt());
            self.bound = self.bound.min(self.slack.beyond(reach));
        }
    }

    /// The k nearest as (squared distance, row), ascending; fewer if fewer were offered.
    pub fn finish(&mut self, measure: &impl Measure) -> &[(f64, u32)] {
        if !self.measured {
            // Nothing is offered any more, so that no bound is needed; the order is nearly right already.
            for &(_, place) in &self.near {
                let new = measure(place);
                let mut at = self.exact.len();
                self.exact.push(new);
                while at > 0 && self.exact[at - 1] > new {
                    self.exact[at] = self.exact[at - 1];
                    at -= 1;
                }
                self.exact[at] = new;
            }
            self.exact.truncate(self.k);
        }
        &self.exact
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn rounding_cannot_drop_a_row_and_ties_go_to_the_lowest() {
        // True distances 3, 1, 1, 2 of places 0..4, rows in reverse; f32 distances are off by up to 1 %.
        let truth = [3.0f64, 1.0, 1.0, 2.0];
        let measure = |place: u32| (truth[place as usize].powi(2), 9 - place);
        let mut best = Best::new(2, false);
        best.begin(Slack { relative: 0.01, absolute: 0.0 }, f64::INFINITY, false);
        for (place, off) in [(0u32, 1.0), (1, 1.009), (3, 1.0), (2, 0.991)] {
            let squared = (truth[place as usize] * off).powi(2) as f32;
            if squared <= best.bound() {
                best.offer(squared, place, &measure);
            }
        }
        assert_eq!(best.finish(&measure), [(1.0, 7), (1.0, 8)]);
    }

    #[test]
    fn many_equal_rows_are_measured_and_the_lowest_win() {
        let measure = |place: u32| (4.0, 1000 - place);
        let mut best = Best::new(3, false);
        best.begin(Slack { relative: U, absolute: 0.0 }, f64::INFINITY, false);
        (0..1000u32).for_each(|place| best.offer(4.0, place, &measure));
        assert_eq!(best.finish(&measure), [(4.0, 1), (4.0, 2), (4.0, 3)]);
    }
}
