//! One-step error of a world model with its own alarm threshold.
//!
//! Error of a step: sqrt(mean over dimensions of ((predicted Δ - real Δ) / std of Δ)²), teacher forced, std over the
//! training part. The threshold is set on the calibration part as that of novelty.

use super::model_space;
use crate::data::dataset::Dataset;
use crate::data::episode::TransitionBatch;
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::ground::stats::{self, quantile};
use crate::ground::task::Ctx;
use crate::metrics::disagreement::in_units;
use crate::metrics::threshold::{self, Kind, Threshold};
use crate::world::imagine::one_step;
use crate::world::world_model::WorldModel;

/// A model, the scale of its errors, and where an error becomes an alarm.
pub struct OneStepError<'a> {
    model: &'a dyn WorldModel,
    /// [D] standard deviation of the change of an observation in one step; 0 for a dimension that never changes.
    scale: Vec<f64>,
    threshold: Threshold,
    /// Of the members' disagreement, where there are several.
    disagreement: Option<Threshold>,
    /// 95 % quantile of the calibration steps' errors: what is usual, and no promise.
    usual: f64,
}

/// Errors along one episode of T steps; NaN where a step has no usable next observation.
#[derive(Debug, Default)]
pub struct Steps {
    /// [T] in units of the threshold.
    pub ratio: Vec<f64>,
    /// [T, D] squared, standardised.
    pub by_dim: Vec<f64>,
    /// [T] disagreement of the members in units of its threshold; empty for a single one.
    pub disagreement: Vec<f64>,
}

impl<'a> OneStepError<'a> {
    /// Measures the scale on the training part and the threshold on the calibration part.
    ///
    /// # Errors
    /// A sentence where the calibration part is empty or the level is none; or cancelled.
    pub fn calibrate(
        model: &'a dyn WorldModel,
        opened: &Opened,
        (kind, alpha): (Kind, f64),
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let (data, split) = (&opened.data, &opened.split);
        let scale = model_space::scale(model, change_std(&data.transitions(&split.train)));
        let batch = data.transitions(&split.calibration);
        let predicted = one_step(model, &batch, &cx.phase("calibrating the model error"))?;
        let errors: Vec<f64> = predicted
            .rows
            .iter()
            .enumerate()
            .map(|(j, &i)| total(&squares(&batch, (i, j), &predicted.next_obs, &scale), &scale))
            .collect();
        let owner: Vec<usize> = predicted.rows.iter().map(|&i| batch.episode[i]).collect();
        let usual = quantile(&errors, 0.95);
        let set = |scores: &[f64]| threshold::of_kind(kind, scores, &owner, alpha, split.is_shared());
        let spread = (model.dims().members > 1).then(|| in_units(&predicted.member_std, &scale));
        let (threshold, disagreement) = (set(&errors)?, spread.map(|s| set(&s)).transpose()?);
        Ok(Self { model, scale, threshold, disagreement, usual })
    }

    /// The errors along episode `index` of `data`.
    ///
    /// # Errors
    /// Cancelled.
    pub fn of_episode(&self, data: &Dataset, index: usize, cx: &Ctx) -> Result<Steps, Fault> {
        let batch = data.transitions(&[index]);
        let predicted = one_step(self.model, &batch, &cx.phase("model error of the episodes"))?;
        let (steps, d) = (data.episode(index).steps(), data.obs_dim());
        let mut out = Steps {
            ratio: vec![f64::NAN; steps],
            by_dim: vec![f64::NAN; steps * d],
            disagreement: vec![f64::NAN; if self.disagreement.is_some() { steps } else { 0 }],
        };
        let spread = in_units(&predicted.member_std, &self.scale);
        for (j, &i) in predicted.rows.iter().enumerate() {
            let t = batch.step[i];
            let squares = squares(&batch, (i, j), &predicted.next_obs, &self.scale);
            out.ratio[t] = self.threshold.ratio(total(&squares, &self.scale));
            out.by_dim[t * d..(t + 1) * d].copy_from_slice(&squares);
            if let Some(threshold) = &self.disagreement {
                out.disagreement[t] = threshold.ratio(spread[j]);
            }
        }
        Ok(out)
    }

    /// [D] standard deviation of the change of an observation in one step over the training part; 0 for a dimension that
    /// never changes.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// Error of one prediction; NaN where what happened is not known.
    pub fn of_row(&self, predicted: &[f32], real: &[f32]) -> f64 {
        if real.iter().any(|v| !v.is_finite()) {
            f64::NAN
        } else {
            total(&row_squares(predicted, real, &self.scale), &self.scale)
        }
    }

    /// An error in units of the threshold; NaN stays NaN.
    pub fn ratio(&self, error: f64) -> f64 {
        if error.is_nan() { f64::NAN } else { self.threshold.ratio(error) }
    }

    /// 95 % quantile of the calibration steps' errors.
    pub fn usual(&self) -> f64 {
        self.usual
    }

    /// The model that is asked.
    pub fn model(&self) -> &'a dyn WorldModel {
        self.model
    }

    /// What the threshold promises.
    pub fn sentence(&self) -> String {
        format!(
            "Model error is one-step, in units of its threshold, which is calibrated on this model's own errors: it tells where \
             the model is worse than usual, not that it is right. {}",
            self.threshold.sentence()
        )
    }
}

/// [D] standard deviation (ddof 0) of the change of an observation in one step; 0 for a dimension that never changes.
pub(super) fn change_std(batch: &TransitionBatch) -> Vec<f64> {
    let change = |i: usize, c: usize| f64::from(batch.next_obs_at(i)[c]) - f64::from(batch.obs_at(i)[c]);
    let std = |c: usize| stats::moments((0..batch.len()).map(|i| change(i, c))).1.sqrt();
    if batch.is_empty() { vec![0.0; batch.obs_dim] } else { (0..batch.obs_dim).map(std).collect() }
}

/// Root mean square over `rows` of the error of each one's prediction; infinite where one is not finite.
pub(super) fn rms(batch: &TransitionBatch, rows: &[usize], predicted: &[f32], scale: &[f64]) -> f64 {
    let errors = rows.iter().enumerate().map(|(j, &i)| total(&squares(batch, (i, j), predicted, scale), scale).powi(2));
    (errors.sum::<f64>() / rows.len().max(1) as f64).sqrt()
}

/// [D] squared standardised errors of row `i`, which prediction `j` is of; 0 where the dimension has no scale.
fn squares(batch: &TransitionBatch, (i, j): (usize, usize), predicted: &[f32], scale: &[f64]) -> Vec<f64> {
    row_squares(&predicted[j * batch.obs_dim..(j + 1) * batch.obs_dim], batch.next_obs_at(i), scale)
}

pub(super) fn row_squares(predicted: &[f32], real: &[f32], scale: &[f64]) -> Vec<f64> {
    let pairs = predicted.iter().zip(real).zip(scale);
    pairs.map(|((p, r), s)| if *s > 0.0 { ((f64::from(*p) - f64::from(*r)) / s).powi(2) } else { 0.0 }).collect()
}

/// Root of the mean over the dimensions that have a scale; infinite for a prediction that is not finite.
pub(super) fn total(squares: &[f64], scale: &[f64]) -> f64 {
    let n = scale.iter().filter(|s| **s > 0.0).count().max(1) as f64;
    let mean = squares.iter().sum::<f64>() / n;
    if mean.is_finite() { mean.sqrt() } else { f64::INFINITY }
}

#[cfg(test)]
mod tests;
