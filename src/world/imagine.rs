//! Imagination: what the world model predicts along recorded actions, step by step on its own predictions
//! ([`open_loop`], and [`propagated`] in every other way), and from every real state anew ([`one_step`]).

use std::ops::Range;

use parts::{Parts, Tick};
use rayon::prelude::*;

pub use self::one_step::{OneStep, one_step};
use super::propagation::{Course, Propagation};
use super::world_model::{Prediction, WorldModel};
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// Rows that go through the ensemble between two looks at the cancel flag: for the largest ensembles in use (7 members of
/// 4 x 200) about ten milliseconds of two cores, and under a hundred in an unoptimised build on a busy machine.
const CHUNK: usize = 512;
/// Rows of one thread that imagines them by itself from their start to their end: as many as go through a network at once.
const TILE: usize = 128;
/// Fewest rows: less is slower than it is sooner.
const LEAST: usize = 32;
/// Observations of the past that cost about as much as one step of the largest ensembles.
const SHORT: usize = 4;

/// Imagined rollouts of K starts over H steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollouts {
    /// Number of starts K.
    pub starts: usize,
    /// Steps H.
    pub horizon: usize,
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// [K, H+1, D]; index 0 is the real start.
    pub obs: Vec<f32>,
    /// [K, H], if the model predicts rewards.
    pub reward: Option<Vec<f32>>,
    /// [K, H] probability that the episode ends in that step, if the model predicts it.
    pub terminated: Option<Vec<f32>>,
    /// [K, H] standard deviation over all members (ddof 0) of the predicted next observation, mean over its columns,
    /// raw units.
    pub disagreement: Vec<f32>,
    /// [K, H, D] the same deviation of every column: the half-width of a band around the prediction.
    pub member_std: Vec<f32>,
    /// [M] every member's own rollouts [K, H+1, D], where they were asked for ([`Propagation::Members`]).
    pub members: Vec<Vec<f32>>,
}

/// Imagines `horizon` steps with the recorded actions from everything that `past` saw, K stretches of as many observations
/// as the model needs: the prediction is the mean over the elite members of the predicted mean, and is fed back. With
/// `member`, it is that member's own mean.
///
/// `actions` is [K, H].
///
/// # Errors
/// [`Cancelled`] once the work was asked to stop.
///
/// # Panics
/// If the rows do not fit each other or the model.
pub fn open_loop(
    model: &dyn WorldModel,
    past: &SequenceBatch<'_>,
    actions: &Actions<'_>,
    horizon: usize,
    member: Option<usize>,
    cx: &Ctx,
) -> Result<Rollouts, Cancelled> {
    roll(model, past, actions, horizon, Course::Steady(member), cx)
}

/// As [`open_loop`], every step going on from what the mode says; what is drawn, by the seed beside it. With
/// [`Propagation::Members`] the deviations are those over all members' own rollouts.
///
/// # Errors
/// [`Cancelled`] once the work was asked to stop.
///
/// # Panics
/// As [`open_loop`].
pub fn propagated(
    model: &dyn WorldModel,
    past: &SequenceBatch<'_>,
    actions: &Actions<'_>,
    horizon: usize,
    (mode, seed): (Propagation, u64),
    cx: &Ctx,
) -> Result<Rollouts, Cancelled> {
    if mode != Propagation::Members {
        return roll(model, past, actions, horizon, Course::of(mode, model, past.rows, seed), cx);
    }
    let own = |member: usize| roll(model, past, actions, horizon, Course::Steady(Some(member)), cx);
    let all = (0..model.dims().members).map(own).collect::<Result<Vec<_>, _>>()?;
    Ok(Rollouts::of_members(all, &model.elites()))
}

fn roll(
    model: &dyn WorldModel,
    past: &SequenceBatch<'_>,
    actions: &Actions<'_>,
    horizon: usize,
    mut course: Course,
    cx: &Ctx,
) -> Result<Rollouts, Cancelled> {
    assert_eq!(actions.rows(), past.rows * horizon, "actions is [K, H]");
    let mut out = Rollouts::zeros(model, (0, horizon, past.obs_dim));
    let asked = Asked { model, past, actions, horizon };
    let mut parts = Parts::of(model, past.rows, horizon, cx);
    if let Course::Steady(member) = course {
        if model.rows_at_once().is_none() {
            parts.each = parts.each.min(TILE);
        }
        let own = |rows: Range<usize>, tick: &mut Tick<'_>| asked.part(rows, &mut Course::Steady(member), tick);
        parts.at_once(own, |part| out.append(part))?;
    } else {
        parts.in_turn(|rows, tick| asked.part(rows, &mut course, tick), |part| out.append(part))?;
    }
    Ok(out)
}

/// What is to be imagined.
struct Asked<'a> {
    model: &'a dyn WorldModel,
    past: &'a SequenceBatch<'a>,
    actions: &'a Actions<'a>,
    horizon: usize,
}

impl Asked<'_> {
    /// The rollouts of some of the starts.
    fn part(&self, rows: Range<usize>, course: &mut Course, tick: &mut Tick<'_>) -> Result<Rollouts, Cancelled> {
        let (model, actions, horizon) = (self.model, self.actions, self.horizon);
        let (n, a) = (rows.len(), actions.space().dim());
        let mut state = model.begin(&self.past.part(rows.clone()));
        let mut out = Rollouts::zeros(model, (n, horizon, self.past.obs_dim));
        out.put_obs(0, &state.obs);
        for h in 0..horizon {
            tick(h * n)?;
            let mut action = Vec::with_capacity(n * a);
            for r in rows.clone() {
                action.extend_from_slice(actions.stored_at(r * horizon + h));
            }
            let step = model.step(&mut state, &Actions::new(actions.space(), action), course.feedback(rows.clone()));
            out.put_spread(h, &step.prediction);
            for (all, said) in [(&mut out.reward, &step.reward), (&mut out.terminated, &step.terminated)] {
                if let (Some(all), Some(said)) = (all, said) {
                    said.iter().enumerate().for_each(|(r, v)| all[r * horizon + h] = *v);
                }
            }
            out.put_obs(h + 1, &state.obs);
        }
        Ok(out)
    }
}

/// Rows that go through `model` between two looks at the cancel flag: fewer where it has to be told a long past first.
pub fn chunk(model: &dyn WorldModel) -> usize {
    model.rows_at_once().unwrap_or_else(|| (CHUNK / (model.context() / SHORT).max(1)).max(LEAST))
}

impl Rollouts {
    /// Room for the rollouts of K starts over H steps of D columns.
    fn zeros(model: &dyn WorldModel, (k, horizon, d): (usize, usize, usize)) -> Self {
        Self {
            starts: k,
            horizon,
            obs_dim: d,
            obs: vec![0.0; k * (horizon + 1) * d],
            reward: model.predicts_reward().then(|| vec![0.0; k * horizon]),
            terminated: model.predicts_end().then(|| vec![0.0; k * horizon]),
            disagreement: vec![0.0; k * horizon],
            member_std: vec![0.0; k * horizon * d],
            members: Vec::new(),
        }
    }

    /// Puts the rollouts of further starts behind these.
    fn append(&mut self, mut part: Self) {
        self.starts += part.starts;
        self.obs.append(&mut part.obs);
        self.disagreement.append(&mut part.disagreement);
        self.member_std.append(&mut part.member_std);
        add(&mut self.reward, part.reward);
        add(&mut self.terminated, part.terminated);
    }

    /// [D] imagined observation of start `k` after `h` steps.
    pub fn obs_at(&self, k: usize, h: usize) -> &[f32] {
        let at = (k * (self.horizon + 1) + h) * self.obs_dim;
        &self.obs[at..at + self.obs_dim]
    }

    fn put_obs(&mut self, h: usize, rows: &[f32]) {
        let d = self.obs_dim;
        for (r, row) in rows.chunks_exact(d).enumerate() {
            let at = (r * (self.horizon + 1) + h) * d;
            self.obs[at..at + d].copy_from_slice(row);
        }
    }

    fn put_spread(&mut self, h: usize, p: &Prediction) {
        let (d, horizon) = (self.obs_dim, self.horizon);
        let stds = self.member_std.par_chunks_mut(horizon * d);
        let means = self.disagreement.par_chunks_mut(horizon);
        stds.zip(means).enumerate().with_min_len(LEAST).for_each(|(r, (stds, means))| {
            let mut sum = 0.0;
            for (c, slot) in stds[h * d..(h + 1) * d].iter_mut().enumerate() {
                let std = moments(p, r, c).1.sqrt();
                sum += std;
                *slot = std as f32;
            }
            means[h] = (sum / d as f64) as f32;
        });
    }
}

/// Puts what is predicted of further rows behind what is predicted already.
fn add(all: &mut Option<Vec<f32>>, more: Option<Vec<f32>>) {
    if let (Some(all), Some(mut more)) = (all.as_mut(), more) {
        all.append(&mut more);
    }
}

/// [B] mean over dimensions of the members' standard deviation in units of the model's targets, as in
/// [`OneStep::disagreement_scaled`].
pub fn disagreement(model: &dyn WorldModel, p: &Prediction) -> Vec<f32> {
    let unit = |c: usize| model.unit().map_or(1.0, |unit| f64::from(unit[c]));
    let of = |r: usize| (0..p.obs_dim).map(|c| moments(p, r, c).1.sqrt() / unit(c)).sum::<f64>() / p.obs_dim as f64;
    (0..p.rows).map(|r| of(r) as f32).collect()
}

/// [B] MOPO's penalty (Yu et al. 2020): the largest norm over the members of the predicted deviations; nothing where the model
/// predicts none.
pub fn mopo_penalty(p: &Prediction) -> Option<Vec<f32>> {
    let logvar = p.logvar.as_ref()?;
    let targets = logvar.len() / (p.members * p.rows).max(1);
    let norm = |member: &[f32], r: usize| {
        let row = &member[r * targets..(r + 1) * targets];
        row.iter().map(|lv| f64::from(*lv).exp()).sum::<f64>().sqrt()
    };
    let largest_of = |r| logvar.chunks_exact(p.rows * targets).map(|member| norm(member, r)).fold(0.0, largest);
    Some((0..p.rows).map(|r| largest_of(r) as f32).collect())
}

/// The larger number; NaN wins, so that a member that broke is not hidden by the others.
fn largest(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn member(p: &Prediction, e: usize, r: usize, c: usize) -> f64 {
    f64::from(p.delta[(e * p.rows + r) * p.obs_dim + c])
}

/// Mean and variance (ddof 0) over the members of the change of column `c` of row `r`.
fn moments(p: &Prediction, r: usize, c: usize) -> (f64, f64) {
    stats::moments((0..p.members).map(|e| member(p, e, r, c)))
}

mod members;
mod one_step;
mod parts;
#[cfg(test)]
mod propagation_tests;
#[cfg(test)]
mod tests;
