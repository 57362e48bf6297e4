//! What recurrent models lose on stretches of trajectories (Hafner et al. 2023): reconstruction, reward, end of the episode, and the
//! two halves of a balanced Kullback–Leibler divergence between what the posterior reads and what the prior foretold.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use rand::RngExt;

use super::stretches::Stretches;
use super::{OUTERMOST, UNIMIX};
use crate::ground::seed::Stream;
use crate::world::net::network::{tensor, values};

/// Weight of the squared error of observations and rewards: that of a normal with a deviation of a tenth.
pub const SHARP: f32 = 50.0;
/// Nats of divergence that cost nothing.
pub const FREE: f32 = 1.0;
/// Weight of what moves the posterior to the prior, beside 1 for what moves the prior to the posterior.
pub const REPRESENTATION: f32 = 0.1;
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

/// What a batch of stretches loses.
pub struct Told {
    /// The whole loss.
    pub loss: Tensor<1>,
    /// Its parts.
    pub lost: Losses,
    /// Rewards are told by bins.
    pub bins: bool,
    /// [1, (L + 1)·B, H + G·C] the features of every step, without gradients.
    pub features: Tensor<3>,
}

/// The loss of a batch of stretches.
pub fn loss(nets: &impl Recurrent, shape: Shape, batch: &Stretches, device: &Device, rng: &mut Stream) -> Told {
    let (rows, steps, d, a) = (batch.rows, batch.steps, shape.obs, shape.action);
    let of = |all: &[f32], width: usize, t: usize| {
        tensor(all[t * rows * width..(t + 1) * rows * width].to_vec(), [1, rows, width], device)
    };
    let mut units = Tensor::<3>::zeros([1, rows, shape.units], device);
    if shape.steps_first {
        let none = |width| Tensor::<3>::zeros([1, rows, width], device);
        units = nets.carry_on(units, none(shape.groups * shape.classes), none(a));
    }
    let embedded = nets.embed(tensor(batch.obs.clone(), [1, (steps + 1) * rows, d], device));
    let (mut features, mut divergence) = (Vec::new(), Vec::new());
    let mut latents: Option<Tensor<3>> = None;
    for t in 0..=steps {
        if let (Some(latents), Some(before)) = (latents.take(), t.checked_sub(1)) {
            units = nets.carry_on(units, latents, of(&batch.actions, a, before));
        }
        let seen = embedded.clone().narrow(1, t * rows, rows);
        let posterior = mixed(nets.posterior(units.clone(), seen), shape);
        if t > 0 {
            let prior = mixed(nets.prior(units.clone()), shape);
            divergence.push(balanced(&posterior, &prior));
        }
        let drawn = drawn(&posterior, rng, device);
        let through = posterior.clone() + (drawn - posterior).detach();
        let flat = through.reshape([1, rows, shape.groups * shape.classes]);
        features.push(Tensor::cat(vec![units.clone(), flat.clone()], 2));
        latents = Some(flat);
    }
    let n = rows as f32;
    let all = Tensor::cat(features, 1);
    let seen = all.clone().detach();
    let half = |error: Tensor<3>, count: f32| error.square().sum().mul_scalar(0.5 / count);
    let target = tensor(batch.obs.clone(), [1, (steps + 1) * rows, d], device);
    let reconstruction = half(nets.decode(all.clone()) - target, n * (steps as f32 + 1.0));
    let arrived = all.narrow(1, rows, steps * rows);
    let said = nets.reward(arrived.clone());
    let bins = said.dims()[2];
    let reward = if bins > 1 {
        let target = tensor(two_hot(&batch.rewards, bins), [1, steps * rows, bins], device);
        (target * activation::log_softmax(said, 2)).sum().mul_scalar(-1.0 / (n * steps as f32))
    } else {
        half(said - tensor(batch.rewards.clone(), [1, steps * rows, 1], device), n * steps as f32)
    };
    let logit = nets.goes_on(arrived);
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
    let told = if bins > 1 {
        reconstruction.mul_scalar(2.0 * SHARP) + reward
    } else {
        (reconstruction + reward).mul_scalar(2.0 * SHARP)
    };
    let loss = told + goes_on + mean(forward) + mean(backward).mul_scalar(REPRESENTATION);
    Told { loss, lost, bins: bins > 1, features: seen }
}

/// [N, bins] weights of the bins, evenly from -20 to 20, that a compressed number lies between: those of its two neighbours, so
/// that their mean is the number; of one beyond the outermost all (Hafner et al. 2023, equation 9).
pub fn two_hot(compressed: &[f32], bins: usize) -> Vec<f32> {
    let mut out = vec![0.0; compressed.len() * bins];
    let last = bins - 1;
    for (v, out) in compressed.iter().zip(out.chunks_exact_mut(bins)) {
        let at = ((f64::from(*v) + f64::from(OUTERMOST)) / (2.0 * f64::from(OUTERMOST)) * last as f64)
            .clamp(0.0, last as f64);
        let low = (at as usize).min(last - 1);
        let share = (at - low as f64) as f32;
        (out[low], out[low + 1]) = (1.0 - share, share);
    }
    out
}

/// Probabilities [B, G, C] of logits [1, B, G·C], a hundredth of them spread evenly.
fn mixed(logits: Tensor<3>, shape: Shape) -> Tensor<3> {
    let rows = logits.dims()[1];
    let p = activation::softmax(logits.reshape([rows, shape.groups, shape.classes]), 2);
    p.mul_scalar(1.0 - UNIMIX).add_scalar(UNIMIX / shape.classes as f32)
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
