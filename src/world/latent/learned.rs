//! What a recurrent model has to be to be trained here, and what training it means: weights of the loss, its parts, and the trainer.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::stretches::Stretches;
use crate::ground::seed::Stream;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::WorldModel;

/// Steps of a stretch.
pub const STEPS: usize = 32;
/// Stretches of a batch: Hafner et al. 2023 take 16.
pub const STRETCHES: usize = 16;
/// Weight of the squared error of observations and rewards: that of a normal with a deviation of a tenth.
pub const SHARP: f32 = 50.0;
/// Nats of divergence that cost nothing.
pub const FREE: f32 = 1.0;
/// Weight of what moves the posterior to the prior, beside 1 for what moves the prior to the posterior.
pub const REPRESENTATION: f32 = 0.1;
/// Largest norm of a parameter's gradient.
pub const CLIP: f32 = 10.0;
/// Numbers that the parameters of one network may have.
pub const APART: usize = 100;

/// What one step lost, apart.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Losses {
    /// Half the squared error of the observations in the model's units, summed over dimensions.
    pub reconstruction: f64,
    /// The same of rewards; of rewards that are told by bins the cross-entropy.
    pub reward: f64,
    /// Cross-entropy of going on.
    pub goes_on: f64,
    /// Divergence of the posterior from the prior, nats a step, before what is free of it.
    pub divergence: f64,
}

/// The networks of a recurrent model as burn parameters. Rows [1, R, columns] throughout; features are units beside latents.
pub trait Recurrent: Module {
    /// Observations in the model's units to embeddings.
    fn embed(&self, obs: Tensor<3>) -> Tensor<3>;

    /// The units after latents and actions.
    fn carry_on(&self, units: Tensor<3>, latents: Tensor<3>, actions: Tensor<3>) -> Tensor<3>;

    /// Units and embeddings to the logits of the posterior.
    fn posterior(&self, units: Tensor<3>, embedded: Tensor<3>) -> Tensor<3>;

    /// Units to the logits of the prior.
    fn prior(&self, units: Tensor<3>) -> Tensor<3>;

    /// Features to observations in the model's units.
    fn decode(&self, features: Tensor<3>) -> Tensor<3>;

    /// Features to the compressed reward, or to the logits of its bins where there are several columns.
    fn reward(&self, features: Tensor<3>) -> Tensor<3>;

    /// Features to the logit of going on.
    fn goes_on(&self, features: Tensor<3>) -> Tensor<3>;
}

/// What a fit has to know of a model beside its networks.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Columns of an observation D.
    pub obs: usize,
    /// Columns of an action A.
    pub action: usize,
    /// Deterministic units H.
    pub units: usize,
    /// Groups of latents G.
    pub groups: usize,
    /// Classes of a group C.
    pub classes: usize,
    /// The first observation is seen after a step of the cell from nothing, with an action of zeros.
    pub steps_first: bool,
}

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

    /// A trainer of its own for the processor, where there is one that is faster than autodiff.
    fn by_hand(&self) -> Option<Box<dyn Trainer<Self>>> {
        None
    }
}

/// What a step did.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The loss before it.
    pub loss: f64,
    /// Its parts.
    pub lost: Losses,
    /// Rewards are told by bins.
    pub bins: bool,
    /// [(L + 1)·B, H + G·C] features step by step, before it.
    pub features: Vec<f32>,
}

/// What moves the weights of a model M by gradients.
pub trait Trainer<M> {
    /// One step with step size `rate` on `batch`; `rng` draws the latents.
    fn step(&mut self, batch: &Stretches, rng: &mut Stream, rate: f64) -> Taken;

    /// Writes the weights into `model`.
    fn write(&self, model: &mut M);
}
