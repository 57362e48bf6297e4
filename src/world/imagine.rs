//! Imagination: what the world model predicts along recorded actions, step by step on its own predictions
//! ([`open_loop`]), and from every real state anew ([`one_step`]).

use super::ensemble::{Ensemble, Prediction};
use crate::data::episode::TransitionBatch;
use crate::ground::task::{Cancelled, Ctx};

/// Rows that go through the ensemble between two looks at the cancel flag: for the largest ensembles in use (7 members of
/// 4 x 200) about ten milliseconds of two cores, and under a hundred in an unoptimised build on a busy machine.
const CHUNK: usize = 512;

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
    /// [K, H] standard deviation over all members (ddof 0) of the predicted next observation, mean over its columns,
    /// raw units.
    pub disagreement: Vec<f32>,
    /// [K, H, D] the same deviation of every column: the half-width of a band around the prediction.
    pub member_std: Vec<f32>,
}

/// Predictions from N real states, each one step ahead.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OneStep {
    /// Rows N.
    pub rows: usize,
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// [N, D] mean over the elite members of the next observation.
    pub next_obs: Vec<f32>,
    /// [N] mean over the elite members of the reward, if the model predicts it.
    pub reward: Option<Vec<f32>>,
    /// [N] standard deviation over all members (ddof 0), mean over the columns, raw units.
    pub disagreement: Vec<f32>,
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

/// Imagines `horizon` steps from every start with the recorded actions: the prediction is the mean over the elite members
/// of the predicted mean, and is fed back.
///
/// `starts` is [K, D], `actions` [K, H, A].
///
/// # Errors
/// [`Cancelled`] once the work was asked to stop.
///
/// # Panics
/// If the slices do not hold K whole rows of the model's dimensions.
pub fn open_loop(
    model: &Ensemble,
    starts: &[f32],
    actions: &[f32],
    horizon: usize,
    cx: &Ctx,
) -> Result<Rollouts, Cancelled> {
    let (d, a) = (model.obs_dim, model.action_dim);
    let k = starts.len() / d;
    assert_eq!(starts.len(), k * d, "starts is [K, D]");
    assert_eq!(actions.len(), k * horizon * a, "actions is [K, H, A]");
    let mut out = Rollouts {
        starts: k,
        horizon,
        obs_dim: d,
        obs: vec![0.0; k * (horizon + 1) * d],
        reward: model.learned_reward.then(|| vec![0.0; k * horizon]),
        disagreement: vec![0.0; k * horizon],
        member_std: vec![0.0; k * horizon * d],
    };
    let total = (k * horizon) as u64;
    for first in (0..k).step_by(CHUNK) {
        let rows = CHUNK.min(k - first);
        let mut obs = starts[first * d..(first + rows) * d].to_vec();
        out.put_obs(first, 0, &obs);
        let mut action = vec![0.0; rows * a];
        for h in 0..horizon {
            cx.step((first * horizon + h * rows) as u64, total)?;
            for (r, row) in action.chunks_exact_mut(a).enumerate() {
                let from = ((first + r) * horizon + h) * a;
                row.copy_from_slice(&actions[from..from + a]);
            }
            let p = model.predict(&obs, &action);
            out.put_spread(first, h, &p);
            if let (Some(all), Some(mean)) = (&mut out.reward, p.mean_reward(&model.elites)) {
                mean.iter().enumerate().for_each(|(r, v)| all[(first + r) * horizon + h] = *v);
            }
            obs = p.mean_next_obs(&model.elites);
            out.put_obs(first, h + 1, &obs);
        }
    }
    cx.step(total, total)?;
    Ok(out)
}

impl Rollouts {
    /// [D] imagined observation of start `k` after `h` steps.
    pub fn obs_at(&self, k: usize, h: usize) -> &[f32] {
        let at = (k * (self.horizon + 1) + h) * self.obs_dim;
        &self.obs[at..at + self.obs_dim]
    }

    /// [D] deviation over the members at step `h` (the one that leads to observation `h + 1`) of start `k`.
    pub fn member_std_at(&self, k: usize, h: usize) -> &[f32] {
        let at = (k * self.horizon + h) * self.obs_dim;
        &self.member_std[at..at + self.obs_dim]
    }

    fn put_obs(&mut self, first: usize, h: usize, rows: &[f32]) {
        let d = self.obs_dim;
        for (r, row) in rows.chunks_exact(d).enumerate() {
            let at = ((first + r) * (self.horizon + 1) + h) * d;
            self.obs[at..at + d].copy_from_slice(row);
        }
    }

    fn put_spread(&mut self, first: usize, h: usize, p: &Prediction) {
        let d = self.obs_dim;
        for r in 0..p.rows {
            let at = (first + r) * self.horizon + h;
            let mut sum = 0.0;
            for (c, slot) in self.member_std[at * d..(at + 1) * d].iter_mut().enumerate() {
                let std = moments(p, r, c).1.sqrt();
                sum += std;
                *slot = std as f32;
            }
            self.disagreement[at] = (sum / d as f64) as f32;
        }
    }
}

/// What the model predicts one step ahead from the real states and actions of `batch`.
///
/// # Errors
/// [`Cancelled`] once the work was asked to stop.
///
/// # Panics
/// If the batch has other dimensions than the model.
pub fn one_step(model: &Ensemble, batch: &TransitionBatch, cx: &Ctx) -> Result<OneStep, Cancelled> {
    let (d, a, n) = (model.obs_dim, model.action_dim, batch.len());
    let mut out = OneStep {
        rows: n,
        obs_dim: d,
        reward: model.learned_reward.then(Vec::new),
        aleatoric_max: (!model.deterministic).then(Vec::new),
        ..OneStep::default()
    };
    for first in (0..n).step_by(CHUNK) {
        cx.step(first as u64, n as u64)?;
        let last = (first + CHUNK).min(n);
        let p = model.predict(&batch.obs[first * d..last * d], &batch.action[first * a..last * a]);
        out.next_obs.extend(p.mean_next_obs(&model.elites));
        if let (Some(all), Some(mean)) = (&mut out.reward, p.mean_reward(&model.elites)) {
            all.extend(mean);
        }
        out.push_spread(&p, &model.target.std);
        if let (Some(all), Some(logvar)) = (&mut out.aleatoric_max, &p.logvar) {
            push_aleatoric(all, logvar, p.rows, model.targets());
        }
    }
    cx.step(n as u64, n as u64)?;
    Ok(out)
}

impl OneStep {
    fn push_spread(&mut self, p: &Prediction, target_std: &[f32]) {
        let d = p.obs_dim;
        let mut far = vec![0.0f64; p.members];
        for r in 0..p.rows {
            let (mut raw, mut scaled, mut variance) = (0.0, 0.0, 0.0);
            far.fill(0.0);
            for (c, scale) in target_std.iter().take(d).enumerate() {
                let (mean, var) = moments(p, r, c);
                raw += var.sqrt();
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

/// Appends, for every row, the largest norm over the members of exp(logvar / 2); `logvar` is [E, rows, targets].
fn push_aleatoric(all: &mut Vec<f32>, logvar: &[f32], rows: usize, targets: usize) {
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
    let n = p.members as f64;
    let mean = (0..p.members).map(|e| member(p, e, r, c)).sum::<f64>() / n;
    let variance = (0..p.members).map(|e| (member(p, e, r, c) - mean).powi(2)).sum::<f64>() / n;
    (mean, variance)
}

#[cfg(test)]
mod tests;
