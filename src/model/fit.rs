//! Training an [`Ensemble`] on transitions: Gaussian likelihood with learned variance bounds (PETS, Chua et al. 2018),
//! early stopping on held-out episodes, elites.

use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Tensor, activation};
use rand::{Rng, RngExt};

use super::ensemble::{Ensemble, Normalizer};
use super::init;
use super::mlp::Activation;
use super::network::{Network, device, tensor, values};
use crate::data::episode::TransitionBatch;
use crate::task::{Cancelled, Ctx};

/// What is trained and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// Ensemble members.
    pub members: usize,
    /// Members kept for prediction.
    pub elites: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Hidden layers.
    pub layers: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Transitions a step and member.
    pub batch: usize,
    /// Gradient steps between looks at the held-out part.
    pub check_every: usize,
    /// At most so many looks.
    pub checks: usize,
    /// Looks without improvement before training stops.
    pub patience: usize,
    /// Keep the last weights rather than the best on the held-out part: right where new data is learned that the
    /// held-out part knows nothing of.
    pub keep_last: bool,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            members: 5,
            elites: 5,
            hidden: 64,
            layers: 3,
            learning_rate: 1e-3,
            batch: 256,
            check_every: 100,
            checks: 60,
            patience: 8,
            keep_last: false,
        }
    }
}

/// How training went.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FitCurve {
    /// Gradient steps at each look.
    pub step: Vec<usize>,
    /// Mean over members of the held-out squared error in units of the targets' standard deviation.
    pub heldout: Vec<f64>,
    /// Training likelihood (mean negative log-likelihood) since the last look.
    pub train: Vec<f64>,
    /// Look whose weights were kept.
    pub best: usize,
}

/// A network and the bounds of its log-variance, as burn parameters.
#[derive(Module, Debug)]
struct Gaussian {
    network: Network,
    min_logvar: Param<Tensor<3>>,
    max_logvar: Param<Tensor<3>>,
}

/// An untrained ensemble for data like `train`, normalised by it.
pub fn fresh(train: &TransitionBatch, options: &FitOptions, rng: &mut impl Rng) -> Ensemble {
    let (d, a) = (train.obs_dim, train.action_dim);
    let targets = d + 1;
    let learned_termination = train.terminated.iter().any(|&t| t);
    let mut sizes = vec![d + a];
    sizes.extend(std::iter::repeat_n(options.hidden, options.layers));
    sizes.push(2 * targets + usize::from(learned_termination));
    let (input, target) = normalizers(train);
    Ensemble {
        obs_dim: d,
        action_dim: a,
        learned_reward: true,
        learned_termination,
        deterministic: false,
        net: init::mlp(options.members, &sizes, Activation::Silu, 1.0, rng),
        input,
        target,
        min_logvar: vec![-12.0; targets],
        max_logvar: vec![0.5; targets],
        elites: (0..options.members).collect(),
    }
}

/// Normalisers of `[obs, action]` and of `[Δobs, reward]` over `batch`; constant columns keep a scale of 1.
pub fn normalizers(batch: &TransitionBatch) -> (Normalizer, Normalizer) {
    let n = batch.len();
    let input = |i: usize| batch.obs_at(i).iter().chain(batch.action_at(i)).copied().collect::<Vec<f32>>();
    (moments(n, input), moments(n, |i| target_row(batch, i)))
}

fn target_row(batch: &TransitionBatch, i: usize) -> Vec<f32> {
    let delta = batch.next_obs_at(i).iter().zip(batch.obs_at(i)).map(|(n, o)| n - o);
    delta.chain(std::iter::once(batch.reward[i])).collect()
}

fn moments(n: usize, row: impl Fn(usize) -> Vec<f32>) -> Normalizer {
    let columns = if n == 0 { 0 } else { row(0).len() };
    let (mut sum, mut square) = (vec![0.0f64; columns], vec![0.0f64; columns]);
    for i in 0..n {
        row(i).iter().zip(&mut sum).for_each(|(v, s)| *s += f64::from(*v));
    }
    let mean: Vec<f64> = sum.iter().map(|s| s / n as f64).collect();
    for i in 0..n {
        row(i).iter().enumerate().for_each(|(c, v)| square[c] += (f64::from(*v) - mean[c]).powi(2));
    }
    let std = |s: &f64| {
        let std = (s / n as f64).sqrt() as f32;
        if std > 1e-8 { std } else { 1.0 }
    };
    Normalizer { mean: mean.iter().map(|&m| m as f32).collect(), std: square.iter().map(std).collect() }
}

/// Rows that training draws from: inputs and targets in the model's own units.
struct Rows {
    input: Vec<f32>,
    target: Vec<f32>,
    terminated: Vec<f32>,
    columns: (usize, usize),
    len: usize,
}

impl Rows {
    fn new(model: &Ensemble, batch: &TransitionBatch) -> Self {
        let (i, t) = (model.obs_dim + model.action_dim, model.targets());
        let (mut input, mut target) = (Vec::with_capacity(batch.len() * i), Vec::with_capacity(batch.len() * t));
        let scaled = |v: f32, n: &Normalizer, c: usize| (v - n.mean[c]) / n.std[c];
        for r in 0..batch.len() {
            let x = batch.obs_at(r).iter().chain(batch.action_at(r));
            input.extend(x.enumerate().map(|(c, &v)| scaled(v, &model.input, c)));
            target.extend(target_row(batch, r).iter().take(t).enumerate().map(|(c, &v)| scaled(v, &model.target, c)));
        }
        let terminated = batch.terminated.iter().map(|&t| f32::from(u8::from(t))).collect();
        Self { input, target, terminated, columns: (i, t), len: batch.len() }
    }

    /// Copies `rows` (one list a member, end to end) into dense columns.
    fn gather(&self, rows: &[usize]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let (i, t) = self.columns;
        let take = |from: &[f32], c: usize| {
            let mut out = Vec::with_capacity(rows.len() * c);
            rows.iter().for_each(|&r| out.extend_from_slice(&from[r * c..(r + 1) * c]));
            out
        };
        (take(&self.input, i), take(&self.target, t), take(&self.terminated, 1))
    }
}

/// Trains `model` in place from its present weights. `draw` picks the training rows of a batch, so that old and new
/// data can be mixed as the caller likes.
///
/// # Errors
/// [`Cancelled`]; the model then has its starting weights.
pub fn train(
    model: &mut Ensemble,
    train: &TransitionBatch,
    heldout: &TransitionBatch,
    options: &FitOptions,
    draw: &mut dyn FnMut(usize) -> Vec<usize>,
    live: &dyn Fn(&FitCurve),
    cx: &Ctx,
) -> Result<FitCurve, Cancelled> {
    let device = device();
    let (members, targets) = (model.net.members, model.targets());
    let bound = |v: &[f32]| Param::from_tensor(tensor(v.to_vec(), [1, 1, targets], &device));
    let mut net = Gaussian {
        network: Network::from_mlp(&model.net, &device),
        min_logvar: bound(&model.min_logvar),
        max_logvar: bound(&model.max_logvar),
    };
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let rows = Rows::new(model, train);
    let mut best = Best::new(model, heldout);
    let mut curve = FitCurve::default();
    best.look(model, heldout, 0);
    curve.step.push(0);
    curve.heldout.push(best.last);
    curve.train.push(f64::NAN);
    let total = (options.checks * options.check_every) as u64;
    for check in 1..=options.checks {
        let mut loss_sum = 0.0;
        for step in 0..options.check_every {
            if step % 8 == 0 {
                cx.step(((check - 1) * options.check_every + step) as u64, total)?;
            }
            let (x, y, ended) = rows.gather(&draw(members * options.batch));
            let x = tensor(x, [members, options.batch, rows.columns.0], &device);
            let y = tensor(y, [members, options.batch, targets], &device);
            let mut loss = likelihood(&net, x, y, model, ended, options.batch);
            if step + 1 == options.check_every {
                loss_sum = values(loss.clone()).first().copied().map_or(f64::NAN, f64::from) / members as f64;
            }
            loss = loss.mul_scalar(1.0);
            let grads = GradientsParams::from_grads(loss.backward(), &net);
            net = adam.step(options.learning_rate, net, grads);
        }
        write_back(model, &net);
        best.look(model, heldout, check);
        curve.step.push(check * options.check_every);
        curve.heldout.push(best.last);
        curve.train.push(loss_sum);
        curve.best = best.at;
        live(&curve);
        if check.saturating_sub(best.at) >= options.patience {
            break;
        }
    }
    curve.best = best.at;
    if options.keep_last {
        curve.best = curve.step.len() - 1;
    } else {
        best.restore(model, options.elites);
    }
    Ok(curve)
}

/// Sum over members of the mean negative log-likelihood, with the bounds' regulariser of mbrl-lib and PETS.
fn likelihood(
    net: &Gaussian,
    x: Tensor<3>,
    y: Tensor<3>,
    model: &Ensemble,
    ended: Vec<f32>,
    batch: usize,
) -> Tensor<1> {
    let (members, targets) = (model.net.members, model.targets());
    let device = x.device();
    let out = net.network.forward(x);
    let mean = out.clone().narrow(2, 0, targets);
    let error = (mean - y).square();
    let (min, max) = (net.min_logvar.val(), net.max_logvar.val());
    let raw = out.clone().narrow(2, targets, targets);
    let below = max.clone() - activation::softplus(max.clone() - raw, 1.0);
    let logvar = min.clone() + activation::softplus(below - min.clone(), 1.0);
    let nll = error * (-logvar.clone()).exp() + logvar;
    let mut loss = nll.mean().mul_scalar(members as f32) + (max - min).sum().mul_scalar(0.01);
    if model.learned_termination {
        let logit = out.narrow(2, 2 * targets, 1);
        let label = tensor(ended, [members, batch, 1], &device);
        // log(1 + e^z) - y z: the cross-entropy of a logit.
        let cross = activation::softplus(logit.clone(), 1.0) - label * logit;
        loss = loss + cross.mean().mul_scalar(members as f32);
    }
    loss
}

fn write_back(model: &mut Ensemble, net: &Gaussian) {
    model.net = net.network.to_mlp();
    model.min_logvar = values(net.min_logvar.val());
    model.max_logvar = values(net.max_logvar.val());
}

/// Best weights so far by the mean held-out error of the members.
struct Best {
    score: f64,
    last: f64,
    at: usize,
    kept: Ensemble,
    per_member: Vec<f64>,
}

impl Best {
    fn new(model: &Ensemble, _heldout: &TransitionBatch) -> Self {
        Self { score: f64::INFINITY, last: f64::NAN, at: 0, kept: model.clone(), per_member: Vec::new() }
    }

    /// Keeps the weights if they beat the best by a thousandth.
    fn look(&mut self, model: &Ensemble, heldout: &TransitionBatch, check: usize) {
        let errors = member_errors(model, heldout);
        self.last = errors.iter().sum::<f64>() / errors.len() as f64;
        if self.last < self.score * 0.999 || self.per_member.is_empty() {
            self.score = self.last;
            self.at = check;
            self.kept = model.clone();
            self.per_member = errors;
        }
    }

    fn restore(self, model: &mut Ensemble, elites: usize) {
        *model = self.kept;
        let mut order: Vec<usize> = (0..self.per_member.len()).collect();
        order.sort_by(|&a, &b| self.per_member[a].total_cmp(&self.per_member[b]));
        order.truncate(elites.clamp(1, model.net.members));
        order.sort_unstable();
        model.elites = order;
    }
}

/// [E] mean squared error of each member's mean over `batch`, in units of the targets' standard deviation.
pub fn member_errors(model: &Ensemble, batch: &TransitionBatch) -> Vec<f64> {
    let rows = Rows::new(model, batch);
    let (targets, width) = (model.targets(), model.net.outputs());
    let out = model.net.forward(&rows.input);
    out.chunks_exact(rows.len.max(1) * width)
        .map(|member| {
            let errors = member.chunks_exact(width).zip(rows.target.chunks_exact(targets));
            let sum: f64 = errors.flat_map(|(o, y)| o.iter().zip(y).map(|(o, y)| f64::from(o - y).powi(2))).sum();
            sum / (rows.len * targets) as f64
        })
        .collect()
}

/// Draws every member's rows uniformly with replacement from `0..len`: the bootstrap of PETS.
pub fn uniform_rows(len: usize, rng: &mut impl Rng) -> impl FnMut(usize) -> Vec<usize> + '_ {
    move |n| (0..n).map(|_| rng.random_range(0..len)).collect()
}

impl Ensemble {
    /// Moves the normalisers to those of `batch` and folds the change into the first and last layer, so that the
    /// function that the network computes stays the same (up to rounding) while new data is well scaled.
    pub fn renormalize(&mut self, batch: &TransitionBatch) {
        let (input, target) = normalizers(batch);
        let members = self.net.members;
        let first = &mut self.net.layers[0];
        for e in 0..members {
            for c in 0..first.inputs {
                let (ratio, shift) =
                    (input.std[c] / self.input.std[c], (input.mean[c] - self.input.mean[c]) / self.input.std[c]);
                for o in 0..first.outputs {
                    let w = &mut first.weight[(e * first.inputs + c) * first.outputs + o];
                    first.bias[e * first.outputs + o] += *w * shift;
                    *w *= ratio;
                }
            }
        }
        let targets = self.targets();
        let deterministic = self.deterministic;
        let last = self.net.layers.len() - 1;
        let last = &mut self.net.layers[last];
        for c in 0..targets {
            let ratio = self.target.std[c] / target.std[c];
            let shift = (self.target.mean[c] - target.mean[c]) / target.std[c];
            for e in 0..members {
                for i in 0..last.inputs {
                    last.weight[(e * last.inputs + i) * last.outputs + c] *= ratio;
                }
                let bias = &mut last.bias[e * last.outputs + c];
                *bias = *bias * ratio + shift;
                if !deterministic {
                    last.bias[e * last.outputs + targets + c] += 2.0 * ratio.ln();
                }
            }
            if !deterministic {
                self.min_logvar[c] += 2.0 * ratio.ln();
                self.max_logvar[c] += 2.0 * ratio.ln();
            }
        }
        self.input = input;
        self.target = target;
    }
}
