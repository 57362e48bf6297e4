//! What every dimension of the observations is like: where it is not finite, how large its numbers and steps usually are,
//! whether it is an angle that wraps or part of a quaternion. All of it survives that nearly half of the rows are wrong.

use std::f64::consts::TAU;

use rayon::prelude::*;

use super::robust::bulk;
use crate::data::dataset::{Dataset, is_dead};
use crate::data::episode::Episode;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// More dimensions are images, of which no number has a story of its own.
pub const DIMS: usize = 256;
/// Pairs of rows that are looked at to learn what is usual.
const SAMPLE: usize = 20_000;
/// Fewer tell nothing.
const LEAST: usize = 50;
/// So much of a full turn must be used, and no more than this beyond it.
const USED: (f64, f64) = (0.9, 1.001);
/// Wraps that make an angle.
const WRAPS: usize = 2;
/// A step the short way round is no larger than so many widths of all such steps.
const SHORT: f64 = 4.0;
/// How far the norm of a quaternion may be from 1.
const UNIT: f64 = 1e-3;

/// One dimension.
#[derive(Debug, Clone)]
pub struct Column {
    /// Rows in which it is not finite.
    pub bad: usize,
    /// Episodes with such a row.
    pub bad_episodes: usize,
    /// Its least and greatest number.
    pub range: (f64, f64),
    /// The number in the middle.
    pub middle: f64,
    /// Numbers further from the middle are not of the bulk; infinite where there is no such limit.
    pub far: f64,
    /// Steps larger than this are not of the bulk; infinite where there is no such limit.
    pub step: f64,
    /// As `step`, where it is finite or not.
    pub rough: f64,
    /// A full turn, where it is an angle that wraps.
    pub period: Option<f64>,
    /// Steps that wrap.
    pub wraps: Vec<(u32, u32)>,
    /// Whether it changes its sign with a quaternion.
    pub flips: bool,
}

impl Column {
    /// From `a` to `b`, the short way round where it is an angle.
    pub fn step(&self, a: f32, b: f32) -> f64 {
        let step = f64::from(b) - f64::from(a);
        self.period.map_or(step, |turn| step - turn * (step / turn).round())
    }
}

/// Four dimensions that are a quaternion, the first of them, and the steps (episode, step) at which all change their sign.
#[derive(Debug, Clone)]
pub struct Quaternion {
    /// First of the four.
    pub first: usize,
    /// Where the sign changes.
    pub flips: Vec<(u32, u32)>,
}

/// All dimensions.
#[derive(Debug, Clone)]
pub struct Columns {
    /// In the order of the observation.
    pub all: Vec<Column>,
    /// Those that change their sign somewhere.
    pub quaternions: Vec<Quaternion>,
    /// Rows of observations.
    pub rows: usize,
    /// Dimensions that are looked at: none of an image, and not the dead ones.
    pub alive: Vec<usize>,
}

impl Columns {
    /// Looks at `data`.
    pub fn learn(data: &Dataset, cx: &Ctx) -> Result<Self, Cancelled> {
        let (d, rows) = (data.obs_dim(), data.obs.len() / data.obs_dim().max(1));
        let mut all = extents(data, cx)?;
        let alive: Vec<usize> = match d {
            0..=DIMS => (0..d).filter(|&c| !is_dead(all[c].bad, rows)).collect(),
            _ => Vec::new(),
        };
        let pairs = pairs(data);
        for &c in &alive {
            cx.check()?;
            usual(&mut all[c], pairs.iter().map(|&(a, b)| (a[c], b[c])));
            let turn = [TAU, 360.0].into_iter().find(|turn| {
                let used = (all[c].range.1 - all[c].range.0) / turn;
                (USED.0..=USED.1).contains(&used)
            });
            if let Some(turn) = turn {
                wrap(&mut all[c], data, (c, turn), &pairs);
            }
        }
        let mut columns = Self { all, quaternions: Vec::new(), rows, alive };
        columns.find_quaternions(data, &pairs, cx)?;
        Ok(columns)
    }

    /// Whether dimension `c` holds nothing.
    pub fn is_dead(&self, c: usize) -> bool {
        is_dead(self.all[c].bad, self.rows)
    }

    fn find_quaternions(&mut self, data: &Dataset, pairs: &[(&[f32], &[f32])], cx: &Ctx) -> Result<(), Cancelled> {
        let mut c = 0;
        while c + 4 <= self.all.len() && self.all.len() <= DIMS {
            let unit = |row: &[f32]| (norm(row[c..c + 4].iter().map(|&v| f64::from(v))) - 1.0).abs() < UNIT;
            if pairs.len() < LEAST || pairs.iter().filter(|p| unit(p.0)).count() * 2 <= pairs.len() {
                c += 1;
                continue;
            }
            cx.check()?;
            let small = 3.0
                * bulk(pairs.iter().map(|(a, b)| between(a, b, c).0.min(between(a, b, c).1)).collect())
                    .map_or(0.0, |b| b.width);
            let mut flips = Vec::new();
            for e in super::episodes(data) {
                for t in 0..e.span.obs_rows.saturating_sub(1) {
                    let (apart, mirrored) = between(e.obs_at(t), e.obs_at(t + 1), c);
                    if mirrored < apart && mirrored <= small {
                        flips.push((e.index as u32, t as u32));
                    }
                }
            }
            if !flips.is_empty() {
                self.all[c..c + 4].iter_mut().for_each(|column| column.flips = true);
                self.quaternions.push(Quaternion { first: c, flips });
            }
            c += 4;
        }
        Ok(())
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}

/// How far two quaternions are apart, and how far one is from the other's negative, which is the same turn.
fn between(a: &[f32], b: &[f32], c: usize) -> (f64, f64) {
    let pair = || (c..c + 4).map(|i| (f64::from(a[i]), f64::from(b[i])));
    (norm(pair().map(|(a, b)| b - a)), norm(pair().map(|(a, b)| b + a)))
}

/// Of every dimension: rows and episodes that are not finite, least and greatest number.
type Extents = Result<Vec<(usize, usize, f32, f32)>, Cancelled>;

/// Counts and ranges over all rows.
fn extents(data: &Dataset, cx: &Ctx) -> Result<Vec<Column>, Cancelled> {
    let d = data.obs_dim();
    let none = || Ok(vec![(0usize, 0usize, f32::INFINITY, f32::NEG_INFINITY); d]);
    let add = |all: Extents, i: usize| -> Extents {
        let mut all = all?;
        cx.check()?;
        let before: Vec<usize> = all.iter().map(|a| a.0).collect();
        for row in data.episode(i).obs.chunks_exact(d.max(1)) {
            for (a, &v) in all.iter_mut().zip(row) {
                if v.is_finite() {
                    (a.2, a.3) = (a.2.min(v), a.3.max(v));
                } else {
                    a.0 += 1;
                }
            }
        }
        all.iter_mut().zip(before).for_each(|(a, before)| a.1 += usize::from(a.0 > before));
        Ok(all)
    };
    let join = |a: Extents, b: Extents| -> Extents {
        let pairs = a?.into_iter().zip(b?);
        Ok(pairs.map(|(a, b)| (a.0 + b.0, a.1 + b.1, a.2.min(b.2), a.3.max(b.3))).collect())
    };
    let all = (0..data.num_episodes()).into_par_iter().fold(none, add).reduce(none, join)?;
    let column = |(bad, bad_episodes, low, high): (usize, usize, f32, f32)| Column {
        bad,
        bad_episodes,
        range: (f64::from(low), f64::from(high)),
        middle: 0.0,
        far: f64::INFINITY,
        step: f64::INFINITY,
        rough: f64::INFINITY,
        period: None,
        wraps: Vec::new(),
        flips: false,
    };
    Ok(all.into_iter().map(column).collect())
}

/// Rows and those that follow them, spread over all episodes.
fn pairs(data: &Dataset) -> Vec<(&[f32], &[f32])> {
    let every = (data.num_steps() / SAMPLE).max(1);
    // Strides that meet every phase of a periodic motion.
    let of = |e: Episode<'_>| (e.index % every..e.span.obs_rows.saturating_sub(1)).step_by(every);
    super::episodes(data).flat_map(|e| of(e).map(move |t| (e.obs_at(t), e.obs_at(t + 1)))).collect()
}

/// How large numbers and steps are.
fn usual(column: &mut Column, pairs: impl Iterator<Item = (f32, f32)> + Clone) {
    let values: Vec<f64> = pairs.clone().map(|p| f64::from(p.0)).filter(|v| v.is_finite()).collect();
    if values.len() < LEAST {
        return;
    }
    column.middle = stats::median(values.clone());
    let sizes = values.iter().map(|v| (v - column.middle).abs()).collect();
    column.far = bulk(sizes).filter(|b| b.clear).map_or(f64::INFINITY, |b| b.limit);
    limits(column, pairs);
}

fn limits(column: &mut Column, pairs: impl Iterator<Item = (f32, f32)>) {
    let steps = pairs.map(|(a, b)| column.step(a, b).abs()).filter(|v| v.is_finite()).collect();
    let found = bulk(steps);
    column.rough = found.map_or(f64::INFINITY, |b| b.limit);
    column.step = found.filter(|b| b.clear).map_or(f64::INFINITY, |b| b.limit);
}

/// Takes the dimension for an angle of that full `turn`, if most of its large steps are small ones the short way round.
fn wrap(column: &mut Column, data: &Dataset, (c, turn): (usize, f64), pairs: &[(&[f32], &[f32])]) {
    let steps = pairs.iter().map(|(a, b)| f64::from(b[c]) - f64::from(a[c])).filter(|v| v.is_finite());
    let small = bulk(steps.map(|v| (v - turn * (v / turn).round()).abs()).collect()).map_or(0.0, |b| SHORT * b.width);
    let (mut wraps, mut large) = (Vec::new(), 0usize);
    for e in super::episodes(data) {
        for t in 0..e.span.obs_rows.saturating_sub(1) {
            let step = (f64::from(e.obs_at(t + 1)[c]) - f64::from(e.obs_at(t)[c])).abs();
            if step > turn / 2.0 {
                large += 1;
                if turn - step <= small.min(turn / 4.0) {
                    wraps.push((e.index as u32, t as u32));
                }
            }
        }
    }
    if wraps.len() >= WRAPS && wraps.len() * 2 > large {
        (column.period, column.wraps) = (Some(turn), wraps);
        // No turn is further out than another.
        column.far = f64::INFINITY;
        limits(column, pairs.iter().map(|(a, b)| (a[c], b[c])));
    }
}
