//! Recurrent models in training on stretches of trajectories. Heads learn beside a model, on the features that it has at each step,
//! and it learns nothing of them.

use burn::tensor::Device;
use burn_optim::grad_clipping::GradientClippingConfig;
use burn_optim::{AdamConfig, GradientsParams, ModuleOptimizer};

use super::bootstrap::{HeadsFit, Taught};
use super::loss::{FREE, Losses, REPRESENTATION, Recurrent, SHARP, Shape, loss};
use super::stretches::{Stretches, Table};
use crate::data::episode::TransitionBatch;
use crate::ground::seed::{Stream, stream};
use crate::ground::task::{Cancelled, Ctx};
use crate::world::net::mlp::Mlp;
use crate::world::net::network::values;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::{Fit, WorldModel};

/// Steps of a stretch.
pub const STEPS: usize = 32;
/// Stretches of a batch: Hafner et al. 2023 take 16.
pub const STRETCHES: usize = 16;
/// Largest norm of a parameter's gradient.
const CLIP: f32 = 10.0;
/// Numbers that the parameters of one network may have.
pub const APART: usize = 100;

/// A recurrent model that is trained here.
pub trait Learned: WorldModel + Clone + 'static {
    /// Its networks in training.
    type Nets: Recurrent;

    /// Its shape.
    fn shape(&self) -> Shape;

    /// [D] shift and scale of the observations that it was made for.
    fn scale(&self) -> Normalizer;

    /// Its heads.
    fn heads(&mut self) -> &mut Option<Mlp>;

    /// Its networks as burn parameters.
    fn nets(&self, device: &Device) -> Self::Nets;

    /// Takes the weights of `nets`.
    fn write(&mut self, nets: &Self::Nets);
}

/// A model in training.
pub struct LatentFit<'d, M: Learned> {
    model: M,
    nets: Option<M::Nets>,
    adam: ModuleOptimizer,
    table: Table<'d>,
    validation: Table<'d>,
    device: Device,
    rng: Stream,
    heads: Option<HeadsFit>,
    /// Rewards are told by bins.
    bins: bool,
    /// What the last step lost.
    pub lost: Losses,
}

impl<'d, M: Learned> LatentFit<'d, M> {
    /// Training from the present weights of `model`.
    ///
    /// # Errors
    /// A sentence where no stretch is long enough.
    pub fn new(
        mut model: M,
        training: &'d TransitionBatch,
        validation: &'d TransitionBatch,
        device: Device,
    ) -> Result<Self, String> {
        let heads = model.heads().take().map(|heads| HeadsFit::new(&heads, training.len()));
        let (scale, a) = (model.scale(), model.shape().action);
        let table = Table::new(&scale, a, training, STEPS)?;
        let validation = Table::new(&scale, a, validation, STEPS)?;
        let clip = Some(GradientClippingConfig::Norm(CLIP));
        let adam = AdamConfig::new().with_epsilon(1e-8).with_grad_clipping(clip).init();
        let nets = Some(model.nets(&device));
        let (rng, lost) = (stream(0, "latents", 0), Losses::default());
        Ok(Self { model, nets, adam, table, validation, device, rng, heads, bins: false, lost })
    }

    /// The model without its heads.
    fn written(&self) -> M {
        let mut model = self.model.clone();
        if let Some(nets) = &self.nets {
            model.write(nets);
        }
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
        let Some(nets) = self.nets.take() else { return f64::NAN };
        let told = loss(&nets, self.model.shape(), &batch, &self.device, &mut self.rng);
        if self.heads.is_some() {
            self.teach(&batch, &values(told.features), rate);
        }
        let value = f64::from(values(told.loss.clone())[0]);
        let grads = GradientsParams::from_grads(told.loss.backward(), &nets);
        self.nets = Some(self.adam.step(rate, nets, grads));
        (self.lost, self.bins) = (told.lost, told.bins);
        value
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
