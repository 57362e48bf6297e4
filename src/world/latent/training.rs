//! Recurrent models in training on stretches of trajectories. Heads learn beside a model, on the features that it has at each step,
//! and it learns nothing of them.

use super::autodiff::Autodiff;
use super::bootstrap::{HeadsFit, Taught};
use super::learned::{FREE, Learned, Losses, REPRESENTATION, SHARP, STEPS, Trainer};
use super::stretches::{Stretches, Table};
use crate::data::episode::TransitionBatch;
use crate::ground::seed::{Stream, stream};
use crate::ground::task::{Cancelled, Ctx};
use crate::world::net::device::Device;
use crate::world::world_model::{Fit, WorldModel};

/// A model in training.
pub struct LatentFit<'d, M: Learned> {
    model: M,
    trainer: Box<dyn Trainer<M>>,
    table: Table<'d>,
    validation: Table<'d>,
    rng: Stream,
    heads: Option<HeadsFit>,
    /// Rewards are told by bins.
    bins: bool,
    /// What the last step lost.
    pub lost: Losses,
}

impl<'d, M: Learned> LatentFit<'d, M> {
    /// Training from the present weights of `model` on `device`.
    ///
    /// # Errors
    /// A sentence where no stretch is long enough, or the device is not there.
    pub fn new(
        model: M,
        training: &'d TransitionBatch,
        validation: &'d TransitionBatch,
        device: Device,
    ) -> Result<Self, String> {
        let resolved = device.resolve()?;
        let by_hand = model.by_hand().filter(|_| device.is_cpu());
        let trainer = by_hand.unwrap_or_else(|| Box::new(Autodiff::new(&model, resolved)));
        Self::with(model, training, validation, trainer)
    }

    /// Training by `trainer`, which has the weights of `model`.
    ///
    /// # Errors
    /// A sentence where no stretch is long enough.
    pub fn with(
        mut model: M,
        training: &'d TransitionBatch,
        validation: &'d TransitionBatch,
        trainer: Box<dyn Trainer<M>>,
    ) -> Result<Self, String> {
        let heads = model.heads().take().map(|heads| HeadsFit::new(&heads, training.len()));
        let (scale, a) = (model.scale(), model.shape().action);
        let table = Table::new(&scale, a, training, STEPS)?;
        let validation = Table::new(&scale, a, validation, STEPS)?;
        let (rng, lost) = (stream(0, "latents", 0), Losses::default());
        Ok(Self { model, trainer, table, validation, rng, heads, bins: false, lost })
    }

    /// The model without its heads.
    fn written(&self) -> M {
        let mut model = self.model.clone();
        self.trainer.write(&mut model);
        model
    }

    /// One step of the heads on `features` [(L + 1)·B, H + G·C], step by step.
    fn teach(&mut self, batch: &Stretches, features: &[f32], rate: f64) {
        let Some(heads) = &mut self.heads else { return };
        let n = batch.rows * batch.steps;
        let (width, d) = (self.model.dims().feature, self.model.shape().obs);
        let rows: Vec<usize> = (0..batch.steps).flat_map(|t| batch.begins.iter().map(move |begin| begin + t)).collect();
        let taught = Taught {
            features: &features[..n * width],
            actions: &batch.actions,
            targets: &batch.obs[batch.rows * d..],
            rows: &rows,
        };
        heads.step(&taught, rate);
    }
}

impl<M: Learned> Fit for LatentFit<'_, M> {
    fn step(&mut self, drawn: &[usize], rate: f64) -> f64 {
        let batch = self.table.gather(drawn);
        let taken = self.trainer.step(&batch, &mut self.rng, rate);
        self.teach(&batch, &taken.features, rate);
        (self.lost, self.bins) = (taken.lost, taken.bins);
        taken.loss
    }

    fn parts(&self) -> Vec<(&'static str, f64)> {
        let Losses { reconstruction, reward, goes_on, divergence } = self.lost;
        let at_least = divergence.max(f64::from(FREE));
        let sharp = 2.0 * f64::from(SHARP);
        let mut parts = vec![
            ("reconstruction loss", sharp * reconstruction),
            ("reward loss", if self.bins { reward } else { sharp * reward }),
            ("continue loss", goes_on),
            ("dynamics loss", at_least),
            ("representation loss", f64::from(REPRESENTATION) * at_least),
        ];
        // No part of what the model learns by; as if it were one.
        parts.extend(self.heads.as_ref().map(|heads| ("heads' own loss", sharp * heads.lost)));
        parts
    }

    fn validate(&mut self, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
        self.model = self.written();
        Ok(vec![self.validation.one_step_error(&self.model, &self.model.scale().std, cx)?])
    }

    fn model(&self) -> Box<dyn WorldModel> {
        let mut model = self.written();
        *model.heads() = self.heads.as_ref().map(HeadsFit::heads);
        Box::new(model)
    }
}
