//! The training step through burn's autodiff and Adam, as a program that knows no better would write it.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};
use burn_optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use oodscope::world::ensemble::Ensemble;
use oodscope::world::net::network::{Network, cpu, tensor};

use super::super::Batch;

#[derive(Module, Debug)]
struct Gaussian {
    network: Network,
    min_logvar: Param<Tensor<3>>,
    max_logvar: Param<Tensor<3>>,
}

/// Parameters and their optimiser.
pub struct BurnPath {
    gaussian: Option<Gaussian>,
    adam: ModuleOptimizer,
}

impl BurnPath {
    /// From the weights of `model`.
    pub fn new(model: &Ensemble) -> Self {
        let bound = |v: &[f32]| Param::from_tensor(tensor(v.to_vec(), [1, 1, v.len()], &cpu()));
        let gaussian = Gaussian {
            network: Network::from_mlp(&model.net, &cpu()),
            min_logvar: bound(&model.min_logvar),
            max_logvar: bound(&model.max_logvar),
        };
        Self { gaussian: Some(gaussian), adam: AdamConfig::new().with_epsilon(1e-8).init() }
    }

    /// One step.
    pub fn step(&mut self, batch: &Batch, model: &Ensemble, rate: f64) {
        let Some(gaussian) = self.gaussian.take() else { return };
        let grads = GradientsParams::from_grads(gaussian.likelihood(batch, model).backward(), &gaussian);
        self.gaussian = Some(self.adam.step(rate, gaussian, grads));
    }
}

impl Gaussian {
    fn likelihood(&self, batch: &Batch, model: &Ensemble) -> Tensor<1> {
        let (members, targets, inputs) = (model.net.members, model.targets(), model.net.inputs());
        let rows = batch.x.len() / members / inputs;
        let out = self.network.forward(tensor(batch.x.clone(), [members, rows, inputs], &cpu()));
        let y = tensor(batch.y.clone(), [members, rows, targets], &cpu());
        let error = (out.clone().narrow(2, 0, targets) - y).square();
        let (min, max) = (self.min_logvar.val(), self.max_logvar.val());
        let below = max.clone() - activation::softplus(max.clone() - out.narrow(2, targets, targets), 1.0);
        let logvar = min.clone() + activation::softplus(below - min.clone(), 1.0);
        let nll = error * (-logvar.clone()).exp() + logvar;
        nll.mean().mul_scalar(members as f32) + (max - min).sum().mul_scalar(0.01)
    }
}
