//! An [`Ensemble`] in training through burn's autodiff and optimiser: what runs where the fused step does not, and what the
//! fused step is held against.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};
use burn_optim::{AdamConfig, GradientsParams, ModuleOptimizer};

use super::Ensemble;
use super::rows::{Batch, Rows};
use super::training::member_errors;
use crate::data::episode::TransitionBatch;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::net::network::{Network, tensor, values};
use crate::world::world_model::{Fit, WorldModel};

/// A network and the bounds of its log-variance, as burn parameters.
#[derive(Module, Debug)]
pub(super) struct Gaussian {
    network: Network,
    min_logvar: Param<Tensor<3>>,
    max_logvar: Param<Tensor<3>>,
    #[module(skip)]
    device: Device,
}

/// An ensemble with its parameters and burn's Adam.
pub struct AutodiffFit<'d> {
    model: Ensemble,
    gaussian: Option<Gaussian>,
    adam: ModuleOptimizer,
    rows: Rows,
    batch: Batch,
    validation: &'d TransitionBatch,
}

impl<'d> AutodiffFit<'d> {
    /// Training from the present weights of `model`.
    pub fn new(model: Ensemble, training: &TransitionBatch, validation: &'d TransitionBatch, device: Device) -> Self {
        let (gaussian, rows) = (Some(Gaussian::new(&model, device)), Rows::new(&model, training));
        Self { model, gaussian, adam: adam(), rows, batch: Batch::default(), validation }
    }

    fn written(&self) -> Ensemble {
        let mut model = self.model.clone();
        if let Some(gaussian) = &self.gaussian {
            gaussian.write_back(&mut model);
        }
        model
    }
}

impl Fit for AutodiffFit<'_> {
    fn step(&mut self, drawn: &[usize], rate: f64) -> f64 {
        self.rows.gather(drawn, &mut self.batch);
        let Some(gaussian) = self.gaussian.take() else { return f64::NAN };
        let (moved, loss) = gaussian.step(&mut self.adam, &self.batch, &self.model, rate);
        self.gaussian = Some(moved);
        loss / self.model.net.members as f64
    }

    fn validate(&mut self, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
        self.model = self.written();
        member_errors(&self.model, self.validation, cx)
    }

    fn model(&self) -> Box<dyn WorldModel> {
        Box::new(self.written())
    }
}

impl Gaussian {
    pub fn new(model: &Ensemble, device: Device) -> Self {
        let bound = |v: &[f32]| Param::from_tensor(tensor(v.to_vec(), [1, 1, v.len()], &device));
        Self {
            network: Network::from_mlp(&model.net, &device),
            min_logvar: bound(&model.min_logvar),
            max_logvar: bound(&model.max_logvar),
            device,
        }
    }

    /// Sum over members of the mean negative log-likelihood (without its constant) of a batch, with the bounds'
    /// regulariser of PETS and mbrl-lib, and the cross-entropy of termination where the model predicts it.
    pub fn likelihood(&self, batch: &Batch, model: &Ensemble) -> Tensor<1> {
        let (members, targets) = (model.net.members, model.targets());
        let rows = batch.ended.len() / members;
        let device = &self.device;
        let out = self.network.forward(tensor(batch.x.clone(), [members, rows, model.net.inputs()], device));
        let mean = out.clone().narrow(2, 0, targets);
        let error = (mean - tensor(batch.y.clone(), [members, rows, targets], device)).square();
        let (min, max) = (self.min_logvar.val(), self.max_logvar.val());
        let raw = out.clone().narrow(2, targets, targets);
        let below = max.clone() - activation::softplus(max.clone() - raw, 1.0);
        let logvar = min.clone() + activation::softplus(below - min.clone(), 1.0);
        let nll = error * (-logvar.clone()).exp() + logvar;
        let mut loss = nll.mean().mul_scalar(members as f32) + (max - min).sum().mul_scalar(0.01);
        if model.learned_termination {
            let logit = out.narrow(2, 2 * targets, 1);
            let label = tensor(batch.ended.clone(), [members, rows, 1], device);
            // log(1 + e^z) - y z: the cross-entropy of a logit.
            let cross = activation::softplus(logit.clone(), 1.0) - label * logit;
            loss = loss + cross.mean().mul_scalar(members as f32);
        }
        loss
    }

    /// One step of burn's Adam; gives the loss before it.
    pub fn step(self, adam: &mut ModuleOptimizer, batch: &Batch, model: &Ensemble, rate: f64) -> (Self, f64) {
        let loss = self.likelihood(batch, model);
        let value = f64::from(values(loss.clone())[0]);
        let grads = GradientsParams::from_grads(loss.backward(), &self);
        (adam.step(rate, self, grads), value)
    }

    pub fn write_back(&self, model: &mut Ensemble) {
        model.net = self.network.to_mlp();
        model.min_logvar = values(self.min_logvar.val());
        model.max_logvar = values(self.max_logvar.val());
    }
}

/// Adam as training has it.
pub(super) fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_epsilon(1e-8).init()
}
