//! How rarely the training part visits a state's cell of a grid.

use std::collections::HashMap;

use nalgebra::SymmetricEigen;

use super::{Measure, Reference, Score, Seen, StateScore, each_row};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::features::Features;

/// The score.
pub const SCORE: Score = Score {
    name: "cells",
    label: "cell count",
    unit: "nats",
    definition: "ln((N + 1) / (n + 1)) with n of the N training states in the state's grid cell: the grid has the leading \
                 principal axes that carry 95 % of the variance, at most three, in equal bins over the training range, as \
                 many as leave 10 states a cell if they were spread evenly (5 to 40 an axis). An empty cell is ln(N + 1), \
                 however far away it is.",
    measure: Measure::States(|reference, cx| Ok(Box::new(Cells::fit(reference, cx)?))),
};

/// Share of the variance that the axes carry, where three suffice.
const SHARE: f64 = 0.95;
/// Axes at most: with more of them nearly every cell is empty.
const AXES: usize = 3;
/// States a cell, were they spread evenly.
const STATES: f64 = 10.0;

struct Cells {
    features: Features,
    axes: Vec<Axis>,
    bins: usize,
    share: f64,
    counts: HashMap<usize, u32>,
    states: usize,
    ceiling: f64,
}

/// A principal axis with the range of the training states along it.
struct Axis {
    /// [D] unit vector in standardised coordinates.
    direction: Vec<f64>,
    low: f64,
    high: f64,
}

impl Cells {
    fn fit(reference: &Reference<'_>, cx: &Ctx) -> Result<Self, Fault> {
        let features = reference.novelty.features.clone();
        let eigen = SymmetricEigen::new(reference.covariance.clone());
        let mut order: Vec<usize> = (0..features.dim()).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let all: f64 = eigen.eigenvalues.sum();
        let (mut axes, mut carried) = (Vec::new(), 0.0);
        for &i in order.iter().take(AXES) {
            if carried < SHARE * all {
                carried += eigen.eigenvalues[i];
                let direction = eigen.eigenvectors.column(i).iter().copied().collect();
                axes.push(Axis { direction, low: f64::INFINITY, high: f64::NEG_INFINITY });
            }
        }
        let n = reference.train.len();
        let bins = (n as f64 / STATES).powf(1.0 / axes.len() as f64).round().clamp(5.0, 40.0) as usize;
        let ceiling = ((n + 1) as f64).ln();
        let counts = HashMap::new();
        let mut cells = Self { features, axes, bins, share: carried / all, counts, states: n, ceiling };
        cells.count(reference.train.rows, n, cx)?;
        Ok(cells)
    }

    /// Finds the range along every axis, then counts.
    fn count(&mut self, rows: &[f32], n: usize, cx: &Ctx) -> Result<(), Fault> {
        let along = |axis: &Axis| each_row(n, cx, |i| self.project(axis, rows, i));
        let places: Vec<Vec<f64>> = self.axes.iter().map(along).collect::<Result<_, _>>()?;
        for (axis, places) in self.axes.iter_mut().zip(&places) {
            for v in places.iter().filter(|v| v.is_finite()) {
                (axis.low, axis.high) = (axis.low.min(*v), axis.high.max(*v));
            }
        }
        let mut row = 0;
        while row < n {
            cx.check()?;
            let last = n.min(row + 65_536);
            for cell in (row..last).filter_map(|i| self.cell(|a| places[a][i])).collect::<Vec<_>>() {
                *self.counts.entry(cell).or_default() += 1;
            }
            row = last;
        }
        Ok(())
    }

    fn project(&self, axis: &Axis, rows: &[f32], i: usize) -> f64 {
        let mut z = vec![0.0; self.features.dim()];
        self.features.in_spreads(&rows[i * self.features.dim_in..(i + 1) * self.features.dim_in], &mut z);
        z.iter().zip(&axis.direction).map(|(z, u)| z * u).sum()
    }

    /// The cell of a place given along every axis; nothing outside the training range.
    fn cell(&self, place: impl Fn(usize) -> f64) -> Option<usize> {
        let mut cell = 0;
        for (a, axis) in self.axes.iter().enumerate() {
            let share = (place(a) - axis.low) / (axis.high - axis.low);
            if !(0.0..=1.0).contains(&share) {
                return None;
            }
            cell = cell * self.bins + ((share * self.bins as f64) as usize).min(self.bins - 1);
        }
        Some(cell)
    }
}

impl StateScore for Cells {
    fn of(&self, seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let finite = |i: usize| {
            let d = self.features.dim_in;
            seen.states.rows[i * d..(i + 1) * d].iter().all(|v| v.is_finite())
        };
        each_row(seen.states.len(), cx, |i| {
            if !finite(i) {
                return f64::INFINITY;
            }
            let cell = self.cell(|a| self.project(&self.axes[a], seen.states.rows, i));
            let n = cell.and_then(|c| self.counts.get(&c)).copied().unwrap_or(0);
            self.ceiling - (f64::from(n) + 1.0).ln()
        })
    }

    fn note(&self) -> Option<String> {
        Some(format!(
            "Cell counts: {} bins along each of {} principal axes that carry {:.0} % of the variance of {} training states.",
            self.bins,
            self.axes.len(),
            100.0 * self.share,
            self.states
        ))
    }
}
