//! The trainable twin of [`Mlp`]: the same weights as burn parameters, with gradients.

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData, activation};

use super::mlp::{Activation, Layer, Mlp};

/// E perceptrons as burn parameters: weights [E, in, out], biases [E, 1, out].
#[derive(Module, Debug)]
pub struct Network {
    weights: Vec<Param<Tensor<3>>>,
    biases: Vec<Param<Tensor<3>>>,
    #[module(skip)]
    activation: Activation,
}

/// The processor, with gradients.
pub fn cpu() -> Device {
    Device::flex().autodiff()
}

/// A tensor of the given shape from values in row-major order.
pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A parameter of a given number within its module: what an optimiser keeps of it goes by that number, so that it can be saved
/// and found again by another process.
pub fn parameter<const D: usize>(value: Tensor<D>, number: u64) -> Param<Tensor<D>> {
    Param::initialized(ParamId::from(number), value.require_grad())
}

/// The values of a tensor in row-major order.
pub fn values<const D: usize>(t: Tensor<D>) -> Vec<f32> {
    t.into_data().iter::<f32>().collect()
}

/// `x` through a non-linearity.
pub fn activated(x: Tensor<3>, by: Activation) -> Tensor<3> {
    match by {
        Activation::Silu => activation::silu(x),
        Activation::Relu => activation::relu(x),
        Activation::Tanh => activation::tanh(x),
        Activation::LeakyRelu(slope) => activation::leaky_relu(x, f64::from(slope.value())),
        Activation::Gelu => activation::gelu(x),
        Activation::GeluTanh => activation::gelu_approximate(x),
        Activation::Elu(alpha) => activation::elu(x, f64::from(alpha.value())),
        Activation::Identity => x,
    }
}

impl Network {
    /// The weights, layer by layer: [E, in, out].
    pub fn weights(&self) -> Vec<Tensor<3>> {
        self.weights.iter().map(Param::val).collect()
    }

    /// Copies the weights of `net` into parameters, which are numbered by their place.
    pub fn from_mlp(net: &Mlp, device: &Device) -> Self {
        Self::numbered(net, 0, device)
    }

    /// The same, numbered from `first` on: for several networks that one optimiser moves.
    pub fn numbered(net: &Mlp, first: usize, device: &Device) -> Self {
        Self::laid(net, device, |value, at| parameter(value, (first + at) as u64))
    }

    /// The same on a device of which no gradients are asked.
    pub fn constant(net: &Mlp, device: &Device) -> Self {
        Self::laid(net, device, |value, at| Param::initialized(ParamId::from(at as u64), value))
    }

    /// Every layer's weights and biases as the parameters that `made` makes of them and their place.
    fn laid(net: &Mlp, device: &Device, made: impl Fn(Tensor<3>, usize) -> Param<Tensor<3>>) -> Self {
        let e = net.members;
        let param = |v: &[f32], shape, at: usize| made(tensor(v.to_vec(), shape, device), at);
        let layers = || net.layers.iter().enumerate();
        Self {
            weights: layers().map(|(i, l)| param(&l.weight, [e, l.inputs, l.outputs], 2 * i)).collect(),
            biases: layers().map(|(i, l)| param(&l.bias, [e, 1, l.outputs], 2 * i + 1)).collect(),
            activation: net.activation,
        }
    }

    /// Copies the parameters out.
    pub fn to_mlp(&self) -> Mlp {
        let layers: Vec<Layer> = self
            .weights
            .iter()
            .zip(&self.biases)
            .map(|(w, b)| {
                let [_, inputs, outputs] = w.val().dims();
                Layer { inputs, outputs, weight: values(w.val()), bias: values(b.val()) }
            })
            .collect();
        let members = self.weights.first().map_or(0, |w| w.val().dims()[0]);
        Mlp { members, activation: self.activation, layers }
    }

    /// Rows [E or 1, B, in] -> [E, B, out].
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let last = self.weights.len() - 1;
        let mut x = x;
        for (i, (w, b)) in self.weights.iter().zip(&self.biases).enumerate() {
            x = x.matmul(w.val()) + b.val();
            if i < last {
                x = activated(x, self.activation);
            }
        }
        x
    }
}

impl Network {
    /// Moves the weights a share `tau` of the way to those of `other` (Polyak averaging).
    pub fn toward(self, other: &Self, tau: f32) -> Self {
        let blend = |mine: Vec<Param<Tensor<3>>>, theirs: &[Param<Tensor<3>>]| {
            mine.into_iter()
                .zip(theirs)
                .map(|(m, t)| {
                    let t = t.val().inner();
                    m.map(|m| {
                        let m = m.inner();
                        Tensor::from_inner(m.clone() + (t - m).mul_scalar(tau))
                    })
                })
                .collect()
        };
        Self {
            weights: blend(self.weights, &other.weights),
            biases: blend(self.biases, &other.biases),
            activation: self.activation,
        }
    }
}
