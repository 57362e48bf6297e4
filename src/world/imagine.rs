//! Imagination: what the world model predicts along recorded actions, step by step on its own predictions
//! ([`open_loop`], and [`propagated`] in every other way), and from every real state anew ([`one_step`]).

use rayon::prelude::*;

use super::propagation::{Course, Propagation};
use super::world_model::{Feedback, Prediction, WorldModel};
use crate::data::episode::TransitionBatch;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::ground::stats;
use crate::ground::task::{Cancelled, Ctx};

/// Rows that go through the ensemble between two looks at the cancel flag: for the largest ensembles in use (7 members of
/// 4 x 200) about ten milliseconds of two cores, and under a hundred in an unoptimised build on a busy machine.
const CHUNK: usize = 512;
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

/// Predictions from N real states, each one step ahead.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OneStep {
    /// [N] rows of the batch that are predicted: all but those with too little past.
    pub rows: Vec<usize>,
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// [N, D] mean over the elite members of the next observation.
    pub next_obs: Vec<f32>,
    /// [N] mean over the elite members of the reward, if the model predicts it.
    pub reward: Option<Vec<f32>>,
    /// [N] standard deviation over all members (ddof 0), mean over the columns, raw units.
    pub disagreement: Vec<f32>,
    /// [N, D] standard deviation over all members (ddof 0) of every column, raw units.
    pub member_std: Vec<f32>,
    /// [N] the same with every column divided by the model's target deviation; equal to `disagreement` for models that
    /// predict raw units.
    pub disagreement_scaled: Vec<f32>,
    /// [N] square root of the variance over all members (ddof 0), averaged over the columns (OfflineRL-Kit's
    /// `ensemble_std`).
    pub ensemble_std: Vec<f32>,
    /// [N] largest norm over all members of the predicted standard deviations of all targets (MOPO, Yu et al. 2020), if
    /// the model predicts variances.
    pub aleatoric_max: Option<Vec<f32>>,
    /// [N] largest distance over all members between a member's next observation and the mean of all (OfflineRL-Kit's
    /// `pairwise-diff`).
    pub pairwise_diff: Vec<f32>,
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
    roll(model, past, actions, horizon, member.map_or(Course::Mean, Course::Member), cx)
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
    let own = |member: usize| roll(model, past, actions, horizon, Course::Member(member), cx);
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
    let (d, k, a) = (past.obs_dim, past.rows, actions.space().dim());
    assert_eq!(actions.rows(), k * horizon, "actions is [K, H]");
    let mut out = Rollouts {
        starts: k,
        horizon,
        obs_dim: d,
        obs: vec![0.0; k * (horizon + 1) * d],
        reward: model.predicts_reward().then(|| vec![0.0; k * horizon]),
        terminated: model.predicts_end().then(|| vec![0.0; k * horizon]),
        disagreement: vec![0.0; k * horizon],
        member_std: vec![0.0; k * horizon * d],
        members: Vec::new(),
    };
    let total = (k * horizon) as u64;
    let each = chunk(model);
    for first in (0..k).step_by(each) {
        let rows = each.min(k - first);
        let mut state = model.begin(&past.part(first..first + rows));
        out.put_obs(first, 0, &state.obs);
        for h in 0..horizon {
            cx.step((first * horizon + h * rows) as u64, total)?;
            let mut action = Vec::with_capacity(rows * a);
            for r in first..first + rows {
                action.extend_from_slice(actions.stored_at(r * horizon + h));
            }
            let feedback = course.feedback(first..first + rows);
            let step = model.step(&mut state, &Actions::new(actions.space(), action), feedback);
            out.put_spread(first, h, &step.prediction);
            for (all, said) in [(&mut out.reward, &step.reward), (&mut out.terminated, &step.terminated)] {
                if let (Some(all), Some(said)) = (all, said) {
                    said.iter().enumerate().for_each(|(r, v)| all[(first + r) * horizon + h] = *v);
                }
            }
            out.put_obs(first, h + 1, &state.obs);
        }
    }
    cx.step(total, total)?;
    Ok(out)
}

/// Rows that go through `model` between two looks at the cancel flag: fewer where it has to be told a long past first.
pub fn chunk(model: &dyn WorldModel) -> usize {
    model.rows_at_once().unwrap_or_else(|| (CHUNK / (model.context() / SHORT).max(1)).max(LEAST))
}

impl Rollouts {
    /// [D] imagined observation of start `k` after `h` steps.
    pub fn obs_at(&self, k: usize, h: usize) -> &[f32] {
        let at = (k * (self.horizon + 1) + h) * self.obs_dim;
        &self.obs[at..at + self.obs_dim]
    }

    fn put_obs(&mut self, first: usize, h: usize, rows: &[f32]) {
        let d = self.obs_dim;
        for (r, row) in rows.chunks_exact(d).enumerate() {
            let at = ((first + r) * (self.horizon + 1) + h) * d;
            self.obs[at..at + d].copy_from_slice(row);
        }
    }

    fn put_spread(&mut self, first: usize, h: usize, p: &Prediction) {
        let (d, horizon, of) = (self.obs_dim, self.horizon, first..first + p.rows);
        let stds = self.member_std[of.start * horizon * d..of.end * horizon * d].par_chunks_mut(horizon * d);
        let means = self.disagreement[of.start * horizon..of.end * horizon].par_chunks_mut(horizon);
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

/// What the model predicts one step ahead from the real states and actions of `batch`, wherever enough past is there.
///
/// # Errors
/// [`Cancelled`] once the work was asked to stop.
///
/// # Panics
/// If the batch has other dimensions than the model.
pub fn one_step(model: &dyn WorldModel, batch: &TransitionBatch, cx: &Ctx) -> Result<OneStep, Cancelled> {
    let (d, context) = (batch.obs_dim, model.context());
    let rows = batch.with_context(context);
    let n = rows.len();
    let mut out = OneStep {
        obs_dim: d,
        reward: model.predicts_reward().then(Vec::new),
        aleatoric_max: model.predicts_variance().then(Vec::new),
        ..OneStep::default()
    };
    let unit: Vec<f32> = model.unit().map_or_else(|| vec![1.0; d], <[f32]>::to_vec);
    let each = chunk(model);
    for (i, chunk) in rows.chunks(each).enumerate() {
        cx.step((i * each) as u64, n as u64)?;
        let mut state = model.begin(&batch.pasts(chunk, context));
        let step = model.step(&mut state, &batch.actions_at(chunk), Feedback::Mean);
        out.next_obs.append(&mut state.obs);
        if let (Some(all), Some(mean)) = (&mut out.reward, &step.reward) {
            all.extend_from_slice(mean);
        }
        let p = &step.prediction;
        out.push_spread(p, &unit);
        if let (Some(all), Some(logvar)) = (&mut out.aleatoric_max, &p.logvar) {
            push_aleatoric(all, logvar, p.rows, p.members);
        }
    }
    out.rows = rows;
    cx.step(n as u64, n as u64)?;
    Ok(out)
}

impl OneStep {
    fn push_spread(&mut self, p: &Prediction, unit: &[f32]) {
        let d = p.obs_dim;
        let mut far = vec![0.0f64; p.members];
        for r in 0..p.rows {
            let (mut raw, mut scaled, mut variance) = (0.0, 0.0, 0.0);
            far.fill(0.0);
            for (c, scale) in unit.iter().enumerate() {
                let (mean, var) = moments(p, r, c);
                raw += var.sqrt();
                self.member_std.push(var.sqrt() as f32);
                scaled += var.sqrt() / f64::from(*scale);
                variance += var;
                for (e, sum) in far.iter_mut().enumerate() {
                    *sum += (member(p, e, r, c) - mean).powi(2);
                }
            }
            self.disagreement.push((raw / d as f64) as f32);
            self.disagreement_scaled.push((scaled / d as f64) as f32);
            self.ensemble_std.push((variance / d as f64).sqrt() as f32);
            self.pairwise_diff.push(far.iter().copied().fold(0.0, largest).sqrt() as f32);
        }
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
    let mut all = Vec::with_capacity(p.rows);
    push_aleatoric(&mut all, p.logvar.as_ref()?, p.rows, p.members);
    Some(all)
}

/// Appends, for every row, the largest norm over the members of exp(logvar / 2); `logvar` is [E, rows, targets].
fn push_aleatoric(all: &mut Vec<f32>, logvar: &[f32], rows: usize, members: usize) {
    let targets = logvar.len() / (members * rows).max(1);
    for r in 0..rows {
        let norms = logvar.chunks_exact(rows * targets).map(|member| {
            let row = &member[r * targets..(r + 1) * targets];
            row.iter().map(|lv| f64::from(*lv).exp()).sum::<f64>().sqrt()
        });
        all.push(norms.fold(0.0, largest) as f32);
    }
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
#[cfg(test)]
mod propagation_tests;
#[cfg(test)]
mod tests;
