//! Coordinates in which distances come together early: along the principal axes, and beyond the first of them one number
//! for all the rest.
//!
//! A rotation keeps distances. Beyond [`KEPT`] axes a row keeps the norm of what is left, and | |a| - |b| | ≤ |a - b|, so
//! distances of these coordinates never exceed the true ones: what is too far by them is too far.

use nalgebra::{DMatrix, SymmetricEigen};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::points::Points;
use crate::ground::task::{Cancelled, Ctx};

/// Axes kept where there are at most twice as many, and where there are more.
const KEPT: usize = 40;
const KEPT_OF_MANY: usize = 64;
/// Rows that the axes are fitted to; any rotation is right, a good one is fast.
const FITTED: usize = 16_384;
/// Rows turned between two looks at the cancel.
const CHUNK: usize = 4096;

/// A rotation of standardised rows, learned from a reference.
#[derive(Debug, Clone)]
pub struct Rotation {
    dim: usize,
    /// Axes kept.
    axes: usize,
    /// [D, axes], one column an axis, largest variance first.
    matrix: Vec<f64>,
}

impl Rotation {
    /// Principal axes of the standardised points.
    pub fn fit(points: &Points) -> Self {
        let (n, d) = (points.len(), points.dim());
        let step = (n / FITTED).max(1);
        let mut cov = vec![0.0f64; d * d];
        let mut z = vec![0.0f64; d];
        for i in (0..n).step_by(step) {
            z.iter_mut().zip(points.standardise(points.raw(i))).for_each(|(z, v)| *z = v);
            for (a, row) in cov.chunks_exact_mut(d).enumerate() {
                let own = z[a];
                row.iter_mut().zip(&z).take(a + 1).for_each(|(c, v)| *c += own * v);
            }
        }
        let whole = DMatrix::from_fn(d, d, |a, b| cov[a.max(b) * d + a.min(b)]);
        let eigen = SymmetricEigen::new(whole);
        let mut by_variance: Vec<usize> = (0..d).collect();
        by_variance.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let axes = if d <= 2 * KEPT { d.min(KEPT) } else { KEPT_OF_MANY };
        let matrix = (0..d).flat_map(|row| by_variance[..axes].iter().map(move |&c| (row, c))).collect::<Vec<_>>();
        let matrix = matrix.into_iter().map(|(row, c)| eigen.eigenvectors[(row, c)]).collect();
        Self { dim: d, axes, matrix }
    }

    /// True if a norm stands for axes that are not kept: distances are then lower bounds.
    pub fn is_bounding(&self) -> bool {
        self.axes < self.dim
    }

    /// Numbers a row becomes.
    pub fn width(&self) -> usize {
        self.axes + usize::from(self.is_bounding())
    }

    /// Turns the rows of `asked` [N, D], standardised as `points` are, into [N, width].
    ///
    /// # Errors
    /// When cancelled.
    pub fn turn(&self, points: &Points, asked: &[f32], cx: &Ctx) -> Result<Vec<f32>, Cancelled> {
        let (d, w) = (self.dim, self.width());
        let mut out = vec![0.0f32; asked.len() / d * w];
        out.par_chunks_mut(CHUNK * w).zip(asked.par_chunks(CHUNK * d)).try_for_each(|(out, rows)| {
            Arch::new().dispatch(Turn { rotation: self, points, rows, out });
            cx.check()
        })?;
        Ok(out)
    }
}

/// Some rows to turn.
struct Turn<'a> {
    rotation: &'a Rotation,
    points: &'a Points,
    rows: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Turn<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { rotation, points, rows, out } = self;
        let (axes, w) = (rotation.axes, rotation.width());
        let mut turned = vec![0.0f64; axes];
        for (to, row) in out.chunks_exact_mut(w).zip(rows.chunks_exact(rotation.dim)) {
            turned.fill(0.0);
            let mut whole = 0.0;
            for (v, axis) in points.standardise(row).zip(rotation.matrix.chunks_exact(axes)) {
                whole += v * v;
                for (t, a) in turned.iter_mut().zip(axis) {
                    *t += v * a;
                }
            }
            for (to, &t) in to.iter_mut().zip(&turned) {
                *to = t as f32;
            }
            if rotation.is_bounding() {
                let kept: f64 = turned.iter().map(|t| t * t).sum();
                to[axes] = (whole - kept).max(0.0).sqrt() as f32;
            }
        }
    }
}
