//! The networks of an [`Rssm`] as burn parameters.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};

use super::{GruCell, Rssm};
use crate::world::latent::loss::{Recurrent, Shape};
use crate::world::latent::training::{APART, Learned};
use crate::world::net::mlp::Mlp;
use crate::world::net::network::Network;
use crate::world::net::normalizer::Normalizer;

/// In training.
#[derive(Module, Debug)]
pub struct Nets {
    encoder: Network,
    posterior: Network,
    input: Network,
    of_input: Network,
    of_units: Network,
    prior: Network,
    decoder: Network,
    reward: Network,
    goes_on: Network,
}

impl Nets {
    fn new(model: &Rssm, device: &Device) -> Self {
        let mut place = 0;
        let mut net = |mlp| {
            place += APART;
            Network::numbered(mlp, place - APART, device)
        };
        Self {
            encoder: net(&model.encoder),
            posterior: net(&model.posterior),
            input: net(&model.input),
            of_input: net(model.cell.of_input()),
            of_units: net(model.cell.of_units()),
            prior: net(&model.prior),
            decoder: net(&model.decoder),
            reward: net(&model.reward),
            goes_on: net(&model.goes_on),
        }
    }

    fn write_back(&self, model: &mut Rssm) {
        model.encoder = self.encoder.to_mlp();
        model.posterior = self.posterior.to_mlp();
        model.input = self.input.to_mlp();
        model.cell = GruCell::of(self.of_input.to_mlp(), self.of_units.to_mlp());
        model.prior = self.prior.to_mlp();
        model.decoder = self.decoder.to_mlp();
        model.reward = self.reward.to_mlp();
        model.goes_on = self.goes_on.to_mlp();
    }
}

impl Recurrent for Nets {
    fn embed(&self, obs: Tensor<3>) -> Tensor<3> {
        self.encoder.forward(obs)
    }

    fn carry_on(&self, units: Tensor<3>, latents: Tensor<3>, actions: Tensor<3>) -> Tensor<3> {
        let given = self.of_input.forward(activation::silu(self.input.forward(Tensor::cat(vec![latents, actions], 2))));
        let own = self.of_units.forward(units.clone());
        let h = units.dims()[2];
        let gate = |of: &Tensor<3>, i: usize| of.clone().narrow(2, i * h, h);
        let reset = activation::sigmoid(gate(&given, 0) + gate(&own, 0));
        let update = activation::sigmoid(gate(&given, 1) + gate(&own, 1));
        let new = activation::tanh(gate(&given, 2) + reset * gate(&own, 2));
        new.clone() + update * (units - new)
    }

    fn posterior(&self, units: Tensor<3>, embedded: Tensor<3>) -> Tensor<3> {
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

impl Learned for Rssm {
    type Nets = Nets;

    fn shape(&self) -> Shape {
        Shape {
            obs: self.encoder.inputs(),
            action: self.action_dim,
            units: self.cell.units(),
            groups: self.groups,
            classes: self.classes,
            steps_first: false,
        }
    }

    fn scale(&self) -> Normalizer {
        self.scale.clone()
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
