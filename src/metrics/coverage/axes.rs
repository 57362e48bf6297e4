//! The two axes of the density map: two observation dimensions, or the first two principal axes.

use std::sync::Arc;

use rayon::prelude::*;

use super::{Input, Options};
use crate::ground::fault::Fault;
use crate::metrics::States;
use crate::metrics::density::zoom::Zoom;
use crate::metrics::density::{Density, Range};
use crate::metrics::pca::Pca;
use crate::metrics::projection::Projection;
use crate::metrics::report::{Axis, HeatMap};

/// A density map of the training part.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    projection: Arc<Projection>,
    dim: usize,
    /// Names of the axes.
    pub names: (String, String),
    /// Share of the variance on the two axes where they are principal ones. Of standardised dimensions every one carries the
    /// same, so that two of them say nothing by it.
    pub share: Option<f64>,
    /// Counts of training states.
    pub density: Density,
    /// The same states for any part of the map.
    pub zoom: Option<Arc<Zoom>>,
}

impl Map {
    /// Chooses the axes and counts the training states; the map reaches as far as held-out states, rollouts and what is `beyond`.
    pub(super) fn build(input: &Input<'_>, options: &Options, beyond: Option<States<'_>>) -> Result<Self, Fault> {
        let dim = input.names.len();
        let (projection, names, share) = if let Some((a, b)) = options.axes {
            if a >= dim || b >= dim || a == b {
                return Err(Fault::failed(format!(
                    "the map's axes {a} and {b} are not two of the {dim} {} (0 to {})",
                    input.choice.what,
                    dim.saturating_sub(1)
                )));
            }
            (Projection::Columns(a, b), (input.names[a].clone(), input.names[b].clone()), None)
        } else {
            let pca = Pca::fit(input.train.rows, dim)?;
            let share = pca.ratio.iter().take(2).sum();
            (Projection::Principal(pca), ("PC1".into(), "PC2".into()), Some(share))
        };
        let mut map = Self {
            projection: Arc::new(projection),
            dim,
            names,
            share,
            density: Density::new((0.0, 1.0), (0.0, 1.0), options.bins),
            zoom: None,
        };
        let (x, y) = map.columns(input.train.rows);
        let others: Vec<(Vec<f32>, Vec<f32>)> =
            [Some(input.heldout), input.rollouts, beyond].into_iter().flatten().map(|s| map.columns(s.rows)).collect();
        let ranges = (
            spanned(x.iter().copied(), others.iter().flat_map(|o| o.0.iter().copied())),
            spanned(y.iter().copied(), others.iter().flat_map(|o| o.1.iter().copied())),
        );
        map.density = Density::of(&x, &y, ranges, options.bins);
        map.zoom = Some(Arc::new(Zoom::new(&x, &y, ranges)));
        Ok(map)
    }

    /// The two dimensions that are its axes, where it is no projection.
    pub fn dims(&self) -> Option<(usize, usize)> {
        match *self.projection {
            Projection::Columns(x, y) => Some((x, y)),
            Projection::Principal(_) => None,
        }
    }

    /// The two coordinates of rows [N, D], each [N].
    pub fn columns(&self, rows: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let point = |row: &[f32]| match &*self.projection {
            Projection::Columns(a, b) => (row[*a], row[*b]),
            Projection::Principal(_) => {
                let (x, y) = self.project(row);
                (x as f32, y as f32)
            }
        };
        rows.par_chunks_exact(self.dim).map(point).unzip()
    }

    /// The point of one state.
    pub fn project(&self, row: &[f32]) -> (f64, f64) {
        self.projection.point(row)
    }

    /// The points of rows [N, D].
    pub fn points(&self, rows: &[f32]) -> Vec<(f64, f64)> {
        rows.par_chunks_exact(self.dim).map(|row| self.project(row)).collect()
    }

    /// Ranges of the two axes.
    pub fn ranges(&self) -> (Range, Range) {
        let d = &self.density;
        ((d.x_edges[0], d.x_edges[d.width()]), (d.y_edges[0], d.y_edges[d.height()]))
    }

    /// The map for the screen, without overlays.
    pub fn heat_map(&self) -> HeatMap {
        let d = &self.density;
        let unit = if matches!(*self.projection, Projection::Principal(_)) { "std" } else { "" };
        let axis = |name: &str| Axis { label: name.into(), unit: unit.into(), log: false };
        HeatMap {
            key: "density".into(),
            label: "Training states".into(),
            x_axis: axis(&self.names.0),
            y_axis: axis(&self.names.1),
            x_range: (d.x_edges[0], d.x_edges[d.width()]),
            y_range: (d.y_edges[0], d.y_edges[d.height()]),
            width: d.width(),
            height: d.height(),
            values: d.counts.iter().map(|&c| c as f64).collect(),
            unit: "states in the cell".into(),
            variance_share: self.share,
            fine: self.zoom.clone(),
            onto: Some(Arc::clone(&self.projection)),
            ..HeatMap::default()
        }
    }

    /// One sentence for the user.
    pub fn sentence(&self) -> String {
        Self::told(&[self.names.0.clone(), self.names.1.clone()], self.share)
    }

    /// The sentence about axes with these names, which carry this share of the variance where they are principal ones.
    pub fn told([x, y]: &[String; 2], share: Option<f64>) -> String {
        let share = share.map(|share| {
            format!(" (principal components), which carry {:.0} % of the standardised states' variance", 100.0 * share)
        });
        let share = share.unwrap_or_default();
        format!("The map shows {x} and {y}{share}; other dimensions are not seen on it.")
    }
}

/// What the training states span along one axis, and beyond it what others span, by at most half of that on each side:
/// one exploded rollout must not shrink the data to a dot.
pub fn spanned(train: impl Iterator<Item = f32>, others: impl Iterator<Item = f32>) -> Range {
    let (mut lo, mut hi) = ends(train);
    if lo >= hi {
        // As numpy does for a range without width.
        (lo, hi) = (lo - 0.5, hi + 0.5);
    }
    let (more, room) = (ends(others), 0.5 * (hi - lo));
    (lo.min(more.0.max(lo - room)), hi.max(more.1.min(hi + room)))
}

fn ends(values: impl Iterator<Item = f32>) -> Range {
    let finite = values.filter(|v| v.is_finite());
    let (lo, hi) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |r, v| (r.0.min(v), r.1.max(v)));
    (f64::from(lo), f64::from(hi))
}
