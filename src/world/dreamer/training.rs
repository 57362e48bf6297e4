//! The networks of a [`Dreamer`] as burn parameters.

mod net;

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};

use super::{Cell, Dreamer};
use crate::world::latent::loss::{Recurrent, Shape};
use crate::world::latent::training::{APART, Learned};
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;
use net::StackNet;

/// In training.
#[derive(Module, Debug)]
pub struct Nets {
    encoder: StackNet,
    posterior: StackNet,
    /// What the cell's gates take beside the units: of latents and action at once, or of units, latents and action each.
    before: Vec<StackNet>,
    gates: StackNet,
    prior: StackNet,
    decoder: StackNet,
    reward: StackNet,
    goes_on: StackNet,
}

impl Nets {
    fn new(model: &Dreamer, device: &Device) -> Self {
        let mut place = 0;
        let mut net = |stack| {
            place += APART;
            StackNet::numbered(stack, place - APART, device)
        };
        let (before, gates) = match &model.cell {
            Cell::Normed { input, gates } => (vec![net(input)], net(gates)),
            Cell::Blocks { units, latents, action, gates } => (vec![net(units), net(latents), net(action)], net(gates)),
        };
        Self {
            encoder: net(&model.encoder),
            posterior: net(&model.posterior),
            before,
            gates,
            prior: net(&model.prior),
            decoder: net(&model.decoder),
            reward: net(model.reward.stack()),
            goes_on: net(&model.goes_on),
        }
    }

    fn write_back(&self, model: &mut Dreamer) {
        self.encoder.write_back(&mut model.encoder);
        self.posterior.write_back(&mut model.posterior);
        let own_gates = match &mut model.cell {
            Cell::Normed { input, gates } => {
                self.before.iter().zip([input]).for_each(|(net, stack)| net.write_back(stack));
                gates
            }
            Cell::Blocks { units, latents, action, gates } => {
                self.before.iter().zip([units, latents, action]).for_each(|(net, stack)| net.write_back(stack));
                gates
            }
        };
        self.gates.write_back(own_gates);
        self.prior.write_back(&mut model.prior);
        self.decoder.write_back(&mut model.decoder);
        self.reward.write_back(model.reward.stack_mut());
        self.goes_on.write_back(&mut model.goes_on);
    }
}

impl Recurrent for Nets {
    fn embed(&self, obs: Tensor<3>) -> Tensor<3> {
        self.encoder.forward(obs)
    }

    fn carry_on(&self, units: Tensor<3>, latents: Tensor<3>, actions: Tensor<3>) -> Tensor<3> {
        let [_, rows, h] = units.dims();
        if let [input] = &self.before[..] {
            let x = input.forward(Tensor::cat(vec![latents, actions], 2));
            let gates = self.gates.forward(Tensor::cat(vec![units.clone(), x], 2));
            return go(units, gates, 1);
        }
        let parts = self.before.iter().zip([units.clone(), latents, actions]).map(|(net, part)| net.forward(part));
        let hidden = Tensor::cat(parts.collect(), 2);
        let (blocks, width) = (self.gates.blocks(), hidden.dims()[2]);
        // Every block's own units, then all that was hidden.
        let own = units.clone().reshape([rows, blocks, h / blocks]);
        let all = hidden.reshape([rows, 1, width]).repeat_dim(1, blocks);
        let x = Tensor::cat(vec![own, all], 2).reshape([1, rows, h + blocks * width]);
        let gates = self.gates.forward(x);
        go(units, gates, blocks)
    }

    fn posterior(&self, units: Tensor<3>, embedded: Tensor<3>) -> Tensor<3> {
        if self.posterior.inputs() == embedded.dims()[2] {
            return self.posterior.forward(embedded);
        }
        self.posterior.forward(Tensor::cat(vec![units, embedded], 2))
    }

    fn prior(&self, units: Tensor<3>) -> Tensor<3> {
        self.prior.forward(units)
    }

    fn decode(&self, features: Tensor<3>) -> Tensor<3> {
        self.decoder.forward(features)
    }

    fn reward(&self, features: Tensor<3>) -> Tensor<3> {
        self.reward.forward(features)
    }

    fn goes_on(&self, features: Tensor<3>) -> Tensor<3> {
        self.goes_on.forward(features)
    }
}

/// The units after their gates, as [`Cell::step`] has it.
fn go(units: Tensor<3>, gates: Tensor<3>, blocks: usize) -> Tensor<3> {
    let [_, rows, h] = units.dims();
    let each = h / blocks;
    let before = units.reshape([rows, blocks, each]);
    let gates = gates.reshape([rows, blocks, 3 * each]);
    let gate = |i: usize| gates.clone().narrow(2, i * each, each);
    let new = activation::tanh(activation::sigmoid(gate(0)) * gate(1));
    let update = activation::sigmoid(gate(2).sub_scalar(1.0));
    (before.clone() + update * (new - before)).reshape([1, rows, h])
}

impl Learned for Dreamer {
    type Nets = Nets;

    fn shape(&self) -> Shape {
        Shape {
            obs: self.encoder.inputs(),
            action: self.action_dim,
            units: self.units(),
            groups: self.latents() / self.classes.max(1),
            classes: self.classes,
            steps_first: true,
        }
    }

    fn scale(&self) -> Normalizer {
        self.scale.clone().unwrap_or_else(|| Normalizer::identity(self.encoder.inputs()))
    }

    fn heads(&mut self) -> &mut Option<Mlp> {
        &mut self.heads
    }

    fn nets(&self, device: &Device) -> Nets {
        Nets::new(self, device)
    }

    fn write(&mut self, nets: &Nets) {
        nets.write_back(self);
    }
}

#[cfg(test)]
impl Nets {
    /// Of every network in order, as [`StackNet`] has them.
    pub fn gradients(&self, grads: &burn::tensor::Gradients) -> Vec<Vec<f32>> {
        let before = [&self.encoder, &self.posterior].into_iter().chain(&self.before);
        let after = [&self.gates, &self.prior, &self.decoder, &self.reward, &self.goes_on];
        before.chain(after).flat_map(|net| net.gradients(grads)).collect()
    }
}
