//! The trainable twin of [`Stack`].

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::world::dreamer::{Dense, Norm, Stack};
use crate::world::net::activation::Activation;
use crate::world::net::network::{activated, parameter, tensor, values};

/// Layers as burn parameters: weights [G, inputs / G, outputs / G], the rest [1, 1, outputs].
#[derive(Module, Debug)]
pub struct StackNet {
    layers: Vec<DenseNet>,
}

#[derive(Module, Debug)]
struct DenseNet {
    weight: Param<Tensor<3>>,
    bias: Param<Tensor<3>>,
    /// Scale of the norm, where there is one.
    scale: Option<Param<Tensor<3>>>,
    /// Shift of a layer norm.
    shift: Option<Param<Tensor<3>>>,
    #[module(skip)]
    eps: f32,
    #[module(skip)]
    activation: Activation,
}

/// Numbers that the parameters of one layer may have.
const EACH: usize = 4;

impl StackNet {
    /// Copies `stack` into parameters, which are numbered from `first` on.
    pub fn numbered(stack: &Stack, first: usize, device: &Device) -> Self {
        let layer = |(i, l): (usize, &Dense)| {
            let row = |v: &[f32], place: usize| {
                parameter(tensor(v.to_vec(), [1, 1, v.len()], device), (first + EACH * i + place) as u64)
            };
            let (scale, shift, eps) = match &l.norm {
                Norm::None => (None, None, 0.0),
                Norm::Layer { scale, shift, eps } => (Some(row(scale, 2)), Some(row(shift, 3)), *eps),
                Norm::Rms { scale, eps } => (Some(row(scale, 2)), None, *eps),
            };
            let weight = tensor(l.weight.clone(), [l.blocks, l.inputs / l.blocks, l.outputs / l.blocks], device);
            DenseNet {
                weight: parameter(weight, (first + EACH * i) as u64),
                bias: row(&l.bias, 1),
                scale,
                shift,
                eps,
                activation: l.activation,
            }
        };
        Self { layers: stack.layers().iter().enumerate().map(layer).collect() }
    }

    /// Copies the parameters into the stack that they were of.
    pub fn write_back(&self, stack: &mut Stack) {
        for (net, layer) in self.layers.iter().zip(stack.layers_mut()) {
            layer.weight = values(net.weight.val());
            layer.bias = values(net.bias.val());
            match &mut layer.norm {
                Norm::None => {}
                Norm::Layer { scale, shift, .. } => {
                    put(net.scale.as_ref(), scale);
                    put(net.shift.as_ref(), shift);
                }
                Norm::Rms { scale, .. } => put(net.scale.as_ref(), scale),
            }
        }
    }

    /// Columns in.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| {
            let [blocks, inputs, _] = layer.weight.val().dims();
            blocks * inputs
        })
    }

    /// Blocks of the last layer.
    pub fn blocks(&self) -> usize {
        self.layers.last().map_or(1, |layer| layer.weight.val().dims()[0])
    }

    /// Rows [1, R, inputs] to [1, R, outputs].
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.layers.iter().fold(x, |x, layer| layer.forward(x))
    }
}

impl DenseNet {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let weight = self.weight.val();
        let [blocks, inputs, outputs] = weight.dims();
        let rows = x.dims()[1];
        let mapped = if blocks == 1 {
            x.matmul(weight)
        } else {
            let own = x.reshape([rows, blocks, inputs]).swap_dims(0, 1).matmul(weight);
            own.swap_dims(0, 1).reshape([1, rows, blocks * outputs])
        };
        let mut out = mapped + self.bias.val();
        if let Some(shift) = &self.shift {
            out = out.clone() - out.mean_dim(2);
            out = self.scaled(out) + shift.val();
        } else if self.scale.is_some() {
            out = self.scaled(out);
        }
        activated(out, self.activation)
    }

    /// To root mean square 1, then scaled.
    fn scaled(&self, x: Tensor<3>) -> Tensor<3> {
        let root = x.clone().square().mean_dim(2).add_scalar(self.eps).sqrt();
        let unit = x / root;
        self.scale.as_ref().map_or_else(|| unit.clone(), |scale| unit.clone() * scale.val())
    }
}

fn put(from: Option<&Param<Tensor<3>>>, into: &mut Vec<f32>) {
    if let Some(param) = from {
        *into = values(param.val());
    }
}

#[cfg(test)]
impl StackNet {
    /// Of every layer the gradients of weights, biases and, where there is a norm, its scale.
    pub fn gradients(&self, grads: &burn::tensor::Gradients) -> Vec<Vec<f32>> {
        let of = |param: &Param<Tensor<3>>| param.val().grad(grads).map_or_else(Vec::new, values);
        let layer = |l: &DenseNet| {
            let scale = l.scale.as_ref().map(&of);
            [of(&l.weight), of(&l.bias)].into_iter().chain(scale).collect::<Vec<_>>()
        };
        self.layers.iter().flat_map(layer).collect()
    }
}
