//! The training loss of a Gaussian ensemble and its gradient with respect to the network's outputs.

use wide::f32x8;

use crate::world::net::lanes::softplus;

/// Weight of the bounds' regulariser, as PETS and mbrl-lib have it.
pub(super) const BOUNDS_WEIGHT: f32 = 0.01;

/// What the columns of the network's outputs mean and how much a row counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    /// Means, then as many raw log-variances.
    pub targets: usize,
    /// All columns: one more than twice the targets where a termination logit follows.
    pub width: usize,
    /// Rows a member B over which the loss is a mean.
    pub batch: usize,
}

/// Sums over some rows; kept in f64, so that their number costs no precision.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    pub loss: f64,
    /// [targets] gradient of the lower bounds.
    pub min: Vec<f64>,
    /// [targets] gradient of the upper bounds.
    pub max: Vec<f64>,
}

/// Soft bounds of the log-variance, [targets] each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<'a> {
    pub min: &'a [f32],
    pub max: &'a [f32],
}

/// For rows `out` [rows, width], targets `y` [rows, targets] and termination labels `ended` [rows]: overwrites `out`
/// with the loss's gradient and `sums` with the rows' share of the loss and of the bounds' gradient.
pub(super) fn backward(out: &mut [f32], y: &[f32], ended: &[f32], columns: Columns, bounds: Bounds, sums: &mut Sums) {
    sums.loss = 0.0;
    sums.min.fill(0.0);
    sums.max.fill(0.0);
    let rows = out.chunks_mut(8 * columns.width);
    let labels = y.chunks(8 * columns.targets).zip(ended.chunks(8));
    for (out, (y, ended)) in rows.zip(labels) {
        for c in 0..columns.targets {
            gaussian(out, y, c, columns, bounds, sums);
        }
        if columns.width > 2 * columns.targets {
            termination(out, ended, columns, sums);
        }
    }
}

/// Column `c` of up to eight rows; absent rows read as zero.
fn column(rows: &[f32], width: usize, c: usize) -> f32x8 {
    let mut lanes = [0.0; 8];
    for (lane, row) in lanes.iter_mut().zip(rows.chunks_exact(width)) {
        *lane = row[c];
    }
    f32x8::from(lanes)
}

fn put(rows: &mut [f32], width: usize, c: usize, lanes: f32x8) {
    for (lane, row) in lanes.to_array().iter().zip(rows.chunks_exact_mut(width)) {
        row[c] = *lane;
    }
}

/// The sum of the first `live` lanes.
fn total(lanes: f32x8, live: usize) -> f64 {
    lanes.to_array()[..live].iter().map(|&v| f64::from(v)).sum()
}

/// Target `c` of up to eight rows: (µ - y)² e^-s + s with s the softly bounded log-variance (Chua et al. 2018,
/// appendix A.1), as a mean over rows and targets.
fn gaussian(out: &mut [f32], y: &[f32], c: usize, columns: Columns, bounds: Bounds, sums: &mut Sums) {
    let Columns { targets, width, batch } = columns;
    let one = f32x8::ONE;
    let weight = f32x8::splat(1.0 / (batch * targets) as f32);
    let (min, max) = (f32x8::splat(bounds.min[c]), f32x8::splat(bounds.max[c]));
    let error = column(out, width, c) - column(y, targets, c);
    let (above, slope_above) = softplus(max - column(out, width, targets + c));
    let (over, slope_over) = softplus(max - above - min);
    let logvar = min + over;
    let precision = (-logvar).exp();
    let square = error * error * precision;
    put(out, width, c, (error + error) * precision * weight);
    let by_logvar = (one - square) * weight;
    let by_below = by_logvar * slope_over;
    put(out, width, targets + c, by_below * slope_above);
    let live = out.len() / width;
    sums.loss += total((square + logvar) * weight, live);
    sums.min[c] += total(by_logvar * (one - slope_over), live);
    sums.max[c] += total(by_below * (one - slope_above), live);
}

/// The logit of up to eight rows: log(1 + eᶻ) - y z, the cross-entropy of a logit, as a mean over rows.
fn termination(out: &mut [f32], ended: &[f32], columns: Columns, sums: &mut Sums) {
    let weight = f32x8::splat(1.0 / columns.batch as f32);
    let logit = column(out, columns.width, 2 * columns.targets);
    let label = column(ended, 1, 0);
    let (log_sum, sigmoid) = softplus(logit);
    put(out, columns.width, 2 * columns.targets, (sigmoid - label) * weight);
    sums.loss += total((log_sum - label * logit) * weight, out.len() / columns.width);
}
