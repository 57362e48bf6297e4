//! What a step of the system usually is, learned from steps of which nearly half may be no steps of it at all.
//!
//! A step is predicted by a polynomial of state and action ([`Linear`]) that is fitted by least trimmed squares (Rousseeuw &
//! Van Driessen 2006): from the shorter half of the steps on, the half that it predicts best is fitted again. Then a
//! forward search (Atkinson & Riani 2000) takes in what lies near the rest, and stops at a gap. A contact throws some
//! dimensions far off; a jump to an unrelated state throws off most of them, moves most of them, and is long: two
//! unrelated states lie about √2 standard deviations apart in every dimension.

use std::collections::HashMap;

use super::columns::Columns;
use crate::data::audit::linear::{Linear, Rows};
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// Steps that the polynomial is fitted to: so many a feature, within these ends.
const SAMPLE: (usize, usize, usize) = (20, 4_000, 20_000);
/// Fewer steps do not tell what is usual.
const LEAST: usize = 200;
/// Share of the sample that may lie within one cell of a standard deviation: else a system at rest is all that is learned.
const CELL: f64 = 0.02;
/// The half that is fitted, and how often it is sought: by lines, then by products.
const HALF: f64 = 0.52;
const TRIMS: (usize, usize) = (2, 2);
/// Rounds of the forward search, and every which round fits anew.
const ROUNDS: (usize, usize) = (20, 4);
/// A step of which a third of the dimensions are off by more than this many widths is not taken in.
const OUTSIDE: f64 = 2.5;
/// A dimension is predicted no better than to this share of its standard deviation.
const FLOOR: f64 = 1e-3;
/// In a jump a third of the dimensions are off by so many widths, and more than half of them by so many.
const OFF: (f64, f64) = (8.0, 3.0);
/// One dimension gives no second opinion.
const ALONE: f64 = 36.0;
/// In a jump more than half of the dimensions move by so many standard deviations.
const MOVED: f64 = 0.1;
/// A jump is at least so long: root mean square over the dimensions, in standard deviations.
const LONG: f64 = 0.5;
/// A step that goes on is off by no more than so many widths in a third of the dimensions, and no longer than this times
/// the 99 % quantile of the steps.
const ON: (f64, f64) = (1.5, 1.0);

/// A step as numbers.
pub struct Scratch {
    x: Vec<f64>,
    /// The step itself, by moving dimension.
    pub y: Vec<f64>,
    residual: Vec<f64>,
    room: Vec<f64>,
}

/// What steps usually do.
pub struct Usual {
    step: Linear,
    /// Dimensions that move.
    pub dims: Vec<usize>,
    /// 95 % quantile of the residuals of the bulk.
    width: Vec<f64>,
    inv_std: Vec<f64>,
    /// 99 % quantile of the lengths of the bulk.
    long: f64,
}

/// How unusual a step is.
#[derive(Debug, Clone, Copy)]
pub struct Far {
    /// Widths by which a third of the dimensions are off.
    third: f64,
    /// Widths by which more than half of them are off.
    half: f64,
    /// Length of what is off.
    off: f64,
    /// Length of the step.
    long: f64,
    /// Standard deviations that more than half of the dimensions move.
    moved: f64,
}

impl Usual {
    /// Learns from the rows that did not fail; nothing where there is too little to learn from.
    pub fn learn(data: &Dataset, columns: &Columns, failed: &[bool], cx: &Ctx) -> Result<Option<Self>, Cancelled> {
        if data.num_steps() < LEAST || columns.alive.is_empty() {
            return Ok(None);
        }
        let mut usual = Self {
            step: Linear::nothing(),
            dims: columns.alive.clone(),
            width: Vec::new(),
            inv_std: Vec::new(),
            long: 0.0,
        };
        let rows = usual.sample(data, columns, failed, cx)?;
        let d = usual.dims.len();
        let std: Vec<f64> =
            (0..d).map(|c| stats::moments(rows.x.iter().skip(c).step_by(rows.inputs).copied()).1.sqrt()).collect();
        let moves = |c: usize| {
            let sizes = rows.y.iter().skip(c).step_by(d).map(|v| v.abs()).collect();
            std[c] > 0.0 && stats::nearest_rank(sizes, 0.95) > 0.0
        };
        let kept: Vec<usize> = (0..d).filter(|&c| moves(c)).collect();
        if kept.is_empty() || rows.len() < LEAST / 2 {
            return Ok(None);
        }
        let rows = rows.outputs_of(&kept);
        usual.dims = kept.iter().map(|&c| usual.dims[c]).collect();
        usual.inv_std = kept.iter().map(|&c| std[c].recip()).collect();
        Ok(usual.fit(&rows, cx)?.then_some(usual))
    }

    /// Steps spread over all episodes, no cell of the states holding more than its share.
    fn sample(&self, data: &Dataset, columns: &Columns, failed: &[bool], cx: &Ctx) -> Result<Rows, Cancelled> {
        let inputs = self.dims.len() + data.action_dim();
        let most = (SAMPLE.0 * Linear::features_of(inputs)).clamp(SAMPLE.1, SAMPLE.2);
        let every = (data.num_steps() / most).max(1);
        let mut rows = Rows::new(inputs, self.dims.len());
        let mut scratch = Scratch::new(self.dims.len(), inputs);
        for e in super::episodes(data) {
            cx.check()?;
            // Strides that meet every phase of a periodic motion.
            for t in (e.index % every..e.span.obs_rows.saturating_sub(1)).step_by(every) {
                if scratch.load(self, &e, t, columns, failed) {
                    rows.x.extend_from_slice(&scratch.x);
                    rows.y.extend_from_slice(&scratch.y);
                }
            }
        }
        let d = self.dims.len();
        let inv: Vec<f64> = (0..d)
            .map(|c| stats::moments(rows.x.iter().skip(c).step_by(inputs).copied()).1.sqrt().max(1e-30).recip())
            .collect();
        let cap = ((rows.len() as f64 * CELL) as usize).max(20);
        let mut cells: HashMap<Vec<i32>, usize> = HashMap::new();
        let keep: Vec<usize> = (0..rows.len())
            .filter(|&i| {
                let cell = rows.x[i * inputs..i * inputs + d].iter().zip(&inv).map(|(x, s)| (x * s).floor() as i32);
                let held = cells.entry(cell.collect()).or_default();
                *held += 1;
                *held <= cap
            })
            .collect();
        Ok(rows.pick(&keep))
    }

    /// The trimmed fit and the forward search; false where nothing can be fitted.
    fn fit(&mut self, rows: &Rows, cx: &Ctx) -> Result<bool, Cancelled> {
        let (n, d) = (rows.len(), self.dims.len());
        let half = (n as f64 * HALF).ceil() as usize;
        let middle: Vec<f64> =
            (0..d).map(|c| stats::median(rows.y.iter().skip(c).step_by(d).map(|v| v.abs()).collect())).collect();
        let mut best = self.best(&rows.y, &middle, half);
        for i in 0..TRIMS.0 + TRIMS.1 {
            cx.check()?;
            let Some(step) = Linear::fit_on(rows, &best, i >= TRIMS.0) else { return Ok(false) };
            let residuals = step.residuals(rows);
            let scale: Vec<f64> = (0..d).map(|c| quantile(&residuals, (c, d), &best, 0.9)).collect();
            best = self.best(&residuals, &scale, half);
            self.step = step;
        }
        let mut residuals = self.step.residuals(rows);
        for round in 0..ROUNDS.0 {
            cx.check()?;
            self.width = self.widths(&residuals, &best);
            let within: Vec<usize> =
                (0..n).filter(|&i| self.off(&residuals[i * d..(i + 1) * d]).0 <= OUTSIDE).collect();
            let done = within == best || within.len() < half;
            best = if within.len() < half { best } else { within };
            if done || round % ROUNDS.1 == 1 {
                let Some(step) = Linear::fit_on(rows, &best, true) else { return Ok(false) };
                self.step = step;
                residuals = self.step.residuals(rows);
            }
            if done {
                break;
            }
        }
        self.width = self.widths(&residuals, &best);
        let lengths = best.iter().map(|&i| self.length(&rows.y[i * d..(i + 1) * d])).collect();
        self.long = stats::nearest_rank(lengths, 0.99);
        Ok(true)
    }

    fn widths(&self, residuals: &[f64], rows: &[usize]) -> Vec<f64> {
        let d = self.dims.len();
        (0..d).map(|c| quantile(residuals, (c, d), rows, 0.95).max(FLOOR / self.inv_std[c])).collect()
    }

    /// The `half` of the rows [N, D] that is the smallest in units of `scale`.
    fn best(&self, rows: &[f64], scale: &[f64], half: usize) -> Vec<usize> {
        let unit: Vec<f64> = scale.iter().zip(&self.inv_std).map(|(s, inv)| s.max(FLOOR / inv).recip()).collect();
        let size = |row: &[f64]| row.iter().zip(&unit).map(|(v, u)| (v * u).abs().min(1e3)).sum::<f64>();
        let mut sizes: Vec<(f64, usize)> =
            rows.chunks_exact(self.dims.len()).enumerate().map(|(i, row)| (size(row), i)).collect();
        sizes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut best: Vec<usize> = sizes.into_iter().take(half).map(|s| s.1).collect();
        best.sort_unstable();
        best
    }

    /// By how many widths a third, and more than half of the dimensions are off.
    fn off(&self, residual: &[f64]) -> (f64, f64) {
        ranked(residual.iter().zip(&self.width).map(|(r, w)| r.abs() / w))
    }

    /// Root mean square of a step, in standard deviations.
    fn length(&self, step: &[f64]) -> f64 {
        let squares = step.iter().zip(&self.inv_std).map(|(y, s)| (y * s).powi(2)).sum::<f64>();
        (squares / self.dims.len().max(1) as f64).sqrt()
    }

    /// How unusual the loaded step is; nothing if it is short.
    pub fn far(&self, s: &mut Scratch) -> Option<Far> {
        let long = self.length(&s.y);
        (long > LONG.max(self.long)).then(|| self.measure(s, long))
    }

    fn measure(&self, s: &mut Scratch, long: f64) -> Far {
        self.step.residual(&s.x, &s.y, &mut s.room, &mut s.residual);
        let (third, half) = self.off(&s.residual);
        let moved = ranked(s.y.iter().zip(&self.inv_std).map(|(y, s)| (y * s).abs())).1;
        Far { third, half, off: self.length(&s.residual), long, moved }
    }

    /// How far off the step is, if it is a jump.
    pub fn jump(&self, s: &mut Scratch) -> Option<f64> {
        let far = self.far(s)?;
        let alone = self.dims.len() > 1 || far.half > ALONE;
        let off = far.third > OFF.0 && far.half > OFF.1 && alone;
        (off && far.moved > MOVED && far.off > LONG.max(self.long)).then_some(far.half)
    }

    /// Whether the step is one that the system usually makes.
    pub fn goes_on(&self, s: &mut Scratch) -> bool {
        let long = self.length(&s.y);
        let far = self.measure(s, long);
        far.third <= ON.0 && far.long <= ON.1 * self.long
    }
}

impl Scratch {
    /// For `dims` dimensions and `inputs` numbers of state and action.
    pub fn new(dims: usize, inputs: usize) -> Self {
        Self { x: vec![0.0; inputs], y: vec![0.0; dims], residual: vec![0.0; dims], room: Vec::new() }
    }

    /// For the steps that `usual` looks at.
    pub fn of(usual: &Usual, columns: &Columns, data: &Dataset) -> Self {
        Self::new(usual.dims.len(), columns.alive.len() + data.action_dim())
    }

    /// Takes step `t`; false where a row of it failed or a number is not finite.
    pub fn load(&mut self, usual: &Usual, e: &Episode<'_>, t: usize, columns: &Columns, failed: &[bool]) -> bool {
        let row = e.span.first_obs + t;
        !failed[row] && !failed[row + 1] && self.load_pair(usual, e, t, e.obs_at(t + 1), columns)
    }

    /// Takes step `t` as if it led to `then`.
    pub fn load_pair(&mut self, usual: &Usual, e: &Episode<'_>, t: usize, then: &[f32], columns: &Columns) -> bool {
        if t >= e.steps() {
            return false;
        }
        let (now, action) = (e.obs_at(t), e.action_at(t));
        let (state, act) = self.x.split_at_mut(columns.alive.len());
        state.iter_mut().zip(&columns.alive).for_each(|(x, &c)| *x = f64::from(now[c]));
        act.iter_mut().zip(action).for_each(|(x, &v)| *x = f64::from(v));
        self.y.iter_mut().zip(&usual.dims).for_each(|(y, &c)| *y = columns.all[c].step(now[c], then[c]));
        for quaternion in &columns.quaternions {
            let four = quaternion.first..quaternion.first + 4;
            let dot: f64 = four.clone().map(|c| f64::from(now[c]) * f64::from(then[c])).sum();
            if dot < 0.0 {
                let flipped = self.y.iter_mut().zip(&usual.dims).filter(|(_, c)| four.contains(c));
                flipped.for_each(|(y, &c)| *y = -f64::from(then[c]) - f64::from(now[c]));
            }
        }
        self.x.iter().chain(&self.y).all(|v| v.is_finite())
    }
}

/// What a third of the values, and more than half of them reach (of two or more: at least two).
fn ranked(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut all: Vec<f64> = values.collect();
    let m = all.len();
    all.sort_by(|a, b| b.total_cmp(a));
    let third = if m > 1 { (m / 3).max(1) } else { 0 };
    (all[third], all[m / 2])
}

/// Quantile `q` of the sizes of column `c` of `d`, over some rows.
fn quantile(values: &[f64], (c, d): (usize, usize), rows: &[usize], q: f64) -> f64 {
    stats::nearest_rank(rows.iter().map(|&i| values[i * d + c].abs()).collect(), q)
}
