//! The same training step through burn's autodiff and optimiser: what the fused one is held against.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, activation};
use burn_optim::{AdamConfig, GradientsParams, ModuleOptimizer};

use crate::world::ensemble::Ensemble;
use crate::world::fit::rows::Batch;
use crate::world::network::{Network, device, tensor, values};

/// A network and the bounds of its log-variance, as burn parameters.
#[derive(Module, Debug)]
pub(super) struct Gaussian {
    network: Network,
    min_logvar: Param<Tensor<3>>,
    max_logvar: Param<Tensor<3>>,
}

/// Collects every parameter's gradient.
struct Collect<'a> {
    grads: &'a Gradients,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push(param.val().grad(self.grads).map(values).unwrap());
    }
}

impl Gaussian {
    pub fn new(model: &Ensemble) -> Self {
        let device = device();
        let bound = |v: &[f32]| Param::from_tensor(tensor(v.to_vec(), [1, 1, v.len()], &device));
        Self {
            network: Network::from_mlp(&model.net, &device),
            min_logvar: bound(&model.min_logvar),
            max_logvar: bound(&model.max_logvar),
        }
    }

    /// Sum over members of the mean negative log-likelihood (without its constant) of a batch, with the bounds'
    /// regulariser of PETS and mbrl-lib, and the cross-entropy of termination where the model predicts it.
    pub fn likelihood(&self, batch: &Batch, model: &Ensemble) -> Tensor<1> {
        let (members, targets) = (model.net.members, model.targets());
        let rows = batch.ended.len() / members;
        let device = device();
        let out = self.network.forward(tensor(batch.x.clone(), [members, rows, model.net.inputs()], &device));
        let mean = out.clone().narrow(2, 0, targets);
        let error = (mean - tensor(batch.y.clone(), [members, rows, targets], &device)).square();
        let (min, max) = (self.min_logvar.val(), self.max_logvar.val());
        let raw = out.clone().narrow(2, targets, targets);
        let below = max.clone() - activation::softplus(max.clone() - raw, 1.0);
        let logvar = min.clone() + activation::softplus(below - min.clone(), 1.0);
        let nll = error * (-logvar.clone()).exp() + logvar;
        let mut loss = nll.mean().mul_scalar(members as f32) + (max - min).sum().mul_scalar(0.01);
        if model.learned_termination {
            let logit = out.narrow(2, 2 * targets, 1);
            let label = tensor(batch.ended.clone(), [members, rows, 1], &device);
            // log(1 + e^z) - y z: the cross-entropy of a logit.
            let cross = activation::softplus(logit.clone(), 1.0) - label * logit;
            loss = loss + cross.mean().mul_scalar(members as f32);
        }
        loss
    }

    /// Loss, and gradients in the order of `Trainer::gradients`: weights and biases by turns, lower bounds, upper ones.
    pub fn gradients(&self, batch: &Batch, model: &Ensemble) -> (f64, Vec<Vec<f32>>) {
        let loss = self.likelihood(batch, model);
        let value = f64::from(values(loss.clone())[0]);
        let grads = loss.backward();
        let mut collect = Collect { grads: &grads, found: Vec::new() };
        self.visit(&mut collect);
        // burn visits all weights, then all biases, then the bounds.
        let mut found = collect.found;
        let bounds = found.split_off(found.len() - 2);
        let biases = found.split_off(found.len() / 2);
        (value, found.into_iter().zip(biases).flat_map(|(w, b)| [w, b]).chain(bounds).collect())
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
