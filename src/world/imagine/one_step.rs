//! Imagination of one step, from every real state anew.

use std::ops::Range;

use super::parts::{Parts, Tick};
use super::{add, largest, member, moments, mopo_penalty};
use crate::data::episode::TransitionBatch;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::world_model::{Feedback, Prediction, WorldModel};

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
    let mut out = OneStep::empty(model, d);
    let unit: Vec<f32> = model.unit().map_or_else(|| vec![1.0; d], <[f32]>::to_vec);
    let predicted = |part: Range<usize>, _: &mut Tick<'_>| {
        let rows = &rows[part];
        let mut state = model.begin(&batch.pasts(rows, context));
        let step = model.step(&mut state, &batch.actions_at(rows), Feedback::Mean);
        let p = &step.prediction;
        let mut out = OneStep {
            next_obs: state.obs,
            reward: step.reward,
            aleatoric_max: mopo_penalty(p),
            ..OneStep::empty(model, d)
        };
        out.push_spread(p, &unit);
        Ok(out)
    };
    Parts::of(model, rows.len(), 1, cx).at_once(predicted, |part| out.append(part))?;
    out.rows = rows;
    Ok(out)
}

impl OneStep {
    /// Predictions from no state.
    fn empty(model: &dyn WorldModel, obs_dim: usize) -> Self {
        Self {
            obs_dim,
            reward: model.predicts_reward().then(Vec::new),
            aleatoric_max: model.predicts_variance().then(Vec::new),
            ..Self::default()
        }
    }

    /// Puts the predictions from further states behind these.
    fn append(&mut self, mut part: Self) {
        self.next_obs.append(&mut part.next_obs);
        self.disagreement.append(&mut part.disagreement);
        self.member_std.append(&mut part.member_std);
        self.disagreement_scaled.append(&mut part.disagreement_scaled);
        self.ensemble_std.append(&mut part.ensemble_std);
        self.pairwise_diff.append(&mut part.pairwise_diff);
        add(&mut self.reward, part.reward);
        add(&mut self.aleatoric_max, part.aleatoric_max);
    }

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
