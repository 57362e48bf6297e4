//! An [`Rssm`] in training on stretches of trajectories (Hafner et al. 2023): reconstruction, reward, end of the episode, and the
//! two halves of a balanced Kullback–Leibler divergence between what the posterior reads and what the prior foretold.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use burn_optim::grad_clipping::GradientClippingConfig;
use burn_optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use rand::RngExt;

use super::batch::{Stretches, Table};
use super::{GruCell, Rssm, UNIMIX};
use crate::data::episode::TransitionBatch;
use crate::ground::seed::{Stream, stream};
use crate::ground::task::{Cancelled, Ctx};
use crate::world::net::network::{Network, tensor, values};
use crate::world::world_model::{Fit, WorldModel};

/// Steps of a stretch.
pub const STEPS: usize = 32;
/// Stretches of a batch: Hafner et al. 2023 take 16.
pub const STRETCHES: usize = 16;
/// Weight of the squared error of observations and rewards: that of a normal with a deviation of a tenth.
const SHARP: f32 = 50.0;
/// Nats of divergence that cost nothing.
const FREE: f32 = 1.0;
/// Weight of what moves the posterior to the prior, beside 1 for what moves the prior to the posterior.
const REPRESENTATION: f32 = 0.1;
/// Largest norm of a parameter's gradient.
const CLIP: f32 = 10.0;
/// Numbers that the parameters of one network may have.
const APART: usize = 100;

/// What one step lost, apart.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Losses {
    /// Half the squared error of the observations in the model's units, summed over dimensions.
    pub reconstruction: f64,
    /// The same of rewards.
    pub reward: f64,
    /// Cross-entropy of going on.
    pub goes_on: f64,
    /// Divergence of the posterior from the prior, nats a step, before what is free of it.
    pub divergence: f64,
}

#[derive(Module, Debug)]
struct Nets {
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

/// A model in training.
pub struct RssmFit<'d> {
    model: Rssm,
    nets: Option<Nets>,
    adam: ModuleOptimizer,
    table: Table<'d>,
    validation: Table<'d>,
    device: Device,
    rng: Stream,
    /// What the last step lost.
    pub lost: Losses,
}

impl<'d> RssmFit<'d> {
    /// Training from the present weights of `model`.
    ///
    /// # Errors
    /// A sentence where no stretch is long enough.
    pub fn new(
        model: Rssm,
        training: &'d TransitionBatch,
        validation: &'d TransitionBatch,
        device: Device,
    ) -> Result<Self, String> {
        let table = Table::new(&model, training, STEPS)?;
        let validation = Table::new(&model, validation, STEPS)?;
        let clip = Some(GradientClippingConfig::Norm(CLIP));
        let adam = AdamConfig::new().with_epsilon(1e-8).with_grad_clipping(clip).init();
        let nets = Some(Nets::new(&model, &device));
        Ok(Self { model, nets, adam, table, validation, device, rng: stream(0, "latents", 0), lost: Losses::default() })
    }

    fn written(&self) -> Rssm {
        let mut model = self.model.clone();
        if let Some(nets) = &self.nets {
            nets.write_back(&mut model);
        }
        model
    }
}

impl Fit for RssmFit<'_> {
    fn step(&mut self, drawn: &[usize], rate: f64) -> f64 {
        let batch = self.table.gather(drawn);
        let Some(nets) = self.nets.take() else { return f64::NAN };
        let (loss, lost) = nets.loss(&self.model, &batch, &self.device, &mut self.rng);
        let value = f64::from(values(loss.clone())[0]);
        let grads = GradientsParams::from_grads(loss.backward(), &nets);
        self.nets = Some(self.adam.step(rate, nets, grads));
        self.lost = lost;
        value
    }

    fn parts(&self) -> Vec<(&'static str, f64)> {
        let Losses { reconstruction, reward, goes_on, divergence } = self.lost;
        let at_least = divergence.max(f64::from(FREE));
        vec![
            ("reconstruction loss", 2.0 * f64::from(SHARP) * reconstruction),
            ("reward loss", 2.0 * f64::from(SHARP) * reward),
            ("continue loss", goes_on),
            ("dynamics loss", at_least),
            ("representation loss", f64::from(REPRESENTATION) * at_least),
        ]
    }

    fn validate(&mut self, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
        self.model = self.written();
        Ok(vec![self.validation.one_step_error(&self.model, cx)?])
    }

    fn model(&self) -> Box<dyn WorldModel> {
        Box::new(self.written())
    }
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

    /// [1, B, H] the units after latents and actions.
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

    /// The loss of a batch of stretches, and its parts.
    fn loss(&self, model: &Rssm, batch: &Stretches, device: &Device, rng: &mut Stream) -> (Tensor<1>, Losses) {
        let (rows, steps, d, a) = (batch.rows, batch.steps, model.encoder.inputs(), model.action_dim);
        let of = |all: &[f32], width: usize, t: usize| {
            tensor(all[t * rows * width..(t + 1) * rows * width].to_vec(), [1, rows, width], device)
        };
        let mut units = Tensor::<3>::zeros([1, rows, model.cell.units()], device);
        let embedded = self.encoder.forward(tensor(batch.obs.clone(), [1, (steps + 1) * rows, d], device));
        let (mut features, mut divergence) = (Vec::new(), Vec::new());
        let mut latents: Option<Tensor<3>> = None;
        for t in 0..=steps {
            if let (Some(latents), Some(before)) = (latents.take(), t.checked_sub(1)) {
                units = self.carry_on(units, latents, of(&batch.actions, a, before));
            }
            let seen = embedded.clone().narrow(1, t * rows, rows);
            let posterior = mixed(self.posterior.forward(Tensor::cat(vec![units.clone(), seen], 2)), model);
            if t > 0 {
                let prior = mixed(self.prior.forward(units.clone()), model);
                divergence.push(balanced(&posterior, &prior));
            }
            let drawn = drawn(&posterior, rng, device);
            let through = posterior.clone() + (drawn - posterior).detach();
            let flat = through.reshape([1, rows, model.groups * model.classes]);
            features.push(Tensor::cat(vec![units.clone(), flat.clone()], 2));
            latents = Some(flat);
        }
        let n = rows as f32;
        let all = Tensor::cat(features, 1);
        let half = |error: Tensor<3>, count: f32| error.square().sum().mul_scalar(0.5 / count);
        let target = tensor(batch.obs.clone(), [1, (steps + 1) * rows, d], device);
        let reconstruction = half(self.decoder.forward(all.clone()) - target, n * (steps as f32 + 1.0));
        let arrived = all.narrow(1, rows, steps * rows);
        let rewards = tensor(batch.rewards.clone(), [1, steps * rows, 1], device);
        let reward = half(self.reward.forward(arrived.clone()) - rewards, n * steps as f32);
        let logit = self.goes_on.forward(arrived);
        let label = tensor(batch.goes_on.clone(), [1, steps * rows, 1], device);
        // log(1 + e^z) - y z: the cross-entropy of a logit.
        let goes_on = (activation::softplus(logit.clone(), 1.0) - label * logit).mean();
        let (mut forward, mut backward, mut nats) = (Vec::new(), Vec::new(), 0.0);
        for Divergence { of_prior, of_posterior } in divergence {
            nats += f64::from(values(of_prior.clone().mean())[0]);
            forward.push(of_prior.clamp_min(FREE).mean());
            backward.push(of_posterior.clamp_min(FREE).mean());
        }
        let mean = |parts: Vec<Tensor<1>>| Tensor::cat(parts, 0).mean();
        let lost = Losses {
            reconstruction: f64::from(values(reconstruction.clone())[0]),
            reward: f64::from(values(reward.clone())[0]),
            goes_on: f64::from(values(goes_on.clone())[0]),
            divergence: nats / steps as f64,
        };
        let loss = (reconstruction + reward).mul_scalar(2.0 * SHARP)
            + goes_on
            + mean(forward)
            + mean(backward).mul_scalar(REPRESENTATION);
        (loss, lost)
    }
}

/// Probabilities [B, G, C] of logits [1, B, G·C], a hundredth of them spread evenly.
fn mixed(logits: Tensor<3>, model: &Rssm) -> Tensor<3> {
    let rows = logits.dims()[1];
    let p = activation::softmax(logits.reshape([rows, model.groups, model.classes]), 2);
    p.mul_scalar(1.0 - UNIMIX).add_scalar(UNIMIX / model.classes as f32)
}

/// One class a group, as 0 and 1.
fn drawn(probabilities: &Tensor<3>, rng: &mut Stream, device: &Device) -> Tensor<3> {
    let shape = probabilities.dims();
    let known = values(probabilities.clone().detach());
    let mut out = vec![0.0; known.len()];
    for (group, out) in known.chunks_exact(shape[2]).zip(out.chunks_exact_mut(shape[2])) {
        let mut left: f32 = rng.random::<f32>() * group.iter().sum::<f32>();
        let at = group.iter().position(|p| {
            left -= p;
            left < 0.0
        });
        out[at.unwrap_or(shape[2] - 1)] = 1.0;
    }
    tensor(out, shape, device)
}

/// KL(posterior ‖ prior) [B, 1, 1] summed over the groups, with the gradient through one of the two alone.
struct Divergence {
    of_prior: Tensor<3>,
    of_posterior: Tensor<3>,
}

fn balanced(posterior: &Tensor<3>, prior: &Tensor<3>) -> Divergence {
    let of = |p: Tensor<3>, q: Tensor<3>| (p.clone() * (p.log() - q.log())).sum_dim(2).sum_dim(1);
    Divergence {
        of_prior: of(posterior.clone().detach(), prior.clone()),
        of_posterior: of(posterior.clone(), prior.clone().detach()),
    }
}
