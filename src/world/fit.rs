//! Training an [`Ensemble`] on transitions: Gaussian likelihood with learned variance bounds (PETS, Chua et al. 2018),
//! early stopping on held-out episodes, elites.

mod best;
mod rows;
#[cfg(test)]
mod tests;

use rand::{Rng, RngExt};

use super::ensemble::Ensemble;
use super::fused::Trainer;
use super::init;
use super::mlp::Activation;
use crate::data::episode::TransitionBatch;
use crate::ground::task::{Cancelled, Ctx};
use best::Best;
pub use best::member_errors;
pub use rows::normalizers;
use rows::{Batch, Rows};

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
            learning_rate: 2e-3,
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
    /// Training likelihood (mean over members of the negative log-likelihood) of the batch before each look.
    pub train: Vec<f64>,
    /// Look whose weights were kept.
    pub best: usize,
}

/// Times that the step size is cut when the held-out error stalls, before training stops, and the factor of each cut.
const CUTS: usize = 2;
const CUT: f64 = 0.3;

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

/// Trains `model` in place from its present weights. `draw` picks the training rows of a batch, so that old and new
/// data can be mixed as the caller likes; `live` sees the curve after every look.
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
    let mut work = model.clone();
    let rows = Rows::new(&work, train);
    let mut trainer = Trainer::new(&work);
    let mut batch = Batch::default();
    let mut best = Best::new(&work);
    let mut curve = FitCurve::default();
    best.look(&work, heldout, 0, cx)?;
    curve.push(0, best.last, f64::NAN);
    let total = (options.checks * options.check_every) as u64;
    let (mut rate, mut cuts) = (options.learning_rate, 0);
    for check in 1..=options.checks {
        let mut last = f64::NAN;
        for step in 0..options.check_every {
            if step % 8 == 0 {
                cx.step(((check - 1) * options.check_every + step) as u64, total)?;
            }
            rows.gather(&draw(work.net.members * options.batch), &mut batch);
            last = trainer.step(&batch.x, &batch.y, &batch.ended, rate) / work.net.members as f64;
        }
        if options.keep_last {
            // A fixed number of steps: the step size falls along half a cosine, and one look at the end says it all.
            let share = check as f64 / options.checks as f64;
            rate = options.learning_rate * (CUT * CUT).max(0.5 * (1.0 + (std::f64::consts::PI * share).cos()));
            if check < options.checks {
                continue;
            }
        }
        trainer.write_back(&mut work);
        best.look(&work, heldout, check, cx)?;
        curve.push(check * options.check_every, best.last, last);
        curve.best = best.at;
        live(&curve);
        if check.saturating_sub(best.since) >= options.patience {
            if cuts == CUTS {
                break;
            }
            cuts += 1;
            rate *= CUT;
            best.restart(check);
        }
    }
    // Weights that blew up are no weights to keep.
    if options.keep_last && best.last.is_finite() {
        curve.best = curve.step.len() - 1;
    } else {
        best.restore(&mut work, options.elites);
    }
    *model = work;
    Ok(curve)
}

impl FitCurve {
    fn push(&mut self, step: usize, heldout: f64, train: f64) {
        self.step.push(step);
        self.heldout.push(heldout);
        self.train.push(train);
    }
}

/// Draws every member's rows uniformly with replacement from `0..len`: the bootstrap of PETS.
pub fn uniform_rows(len: usize, rng: &mut impl Rng) -> impl FnMut(usize) -> Vec<usize> + '_ {
    move |n| (0..n).map(|_| rng.random_range(0..len)).collect()
}
