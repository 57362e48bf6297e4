//! Training a world model on transitions: early stopping on held-out episodes, elites.

mod best;
mod form;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::net::device::Device;
use super::world_model::WorldModel;
use crate::data::episode::TransitionBatch;
use crate::ground::fault::Fault;
use crate::ground::task::{Ctx, Told};
use best::Best;
pub use form::{Form, Size, Widths};

/// A kind of world model that is trained here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// An ensemble of perceptrons that see the present observation.
    #[default]
    Ensemble,
    /// A recurrent state-space model.
    Rssm,
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Rssm { "rssm" } else { "ensemble" })
    }
}

impl FromStr for ModelKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Ensemble, Self::Rssm]
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| format!("no kind of world model is called '{text}': ensemble and rssm are trained here"))
    }
}

/// What is trained and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// What is trained where nothing is gone on with.
    pub kind: ModelKind,
    /// Ensemble members; of a recurrent model the heads that its disagreement is of, none of fewer than two.
    pub members: usize,
    /// Members kept for prediction.
    pub elites: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Hidden layers.
    pub layers: usize,
    /// Units and latents of a recurrent model; those that are usual beside its hidden layers if none are named.
    pub widths: Option<Widths>,
    /// What a recurrent model has of `DreamerV3`.
    pub form: Form,
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
    /// Where it is trained.
    pub device: Device,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            kind: ModelKind::Ensemble,
            members: 5,
            elites: 5,
            hidden: 64,
            layers: 3,
            widths: None,
            form: Form::default(),
            learning_rate: 2e-3,
            batch: 256,
            check_every: 100,
            checks: 60,
            patience: 8,
            keep_last: false,
            device: Device::Cpu,
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
    /// Parts of the training loss by name, each as a mean over the batches before each look, NaN at the first; nothing of a loss
    /// that has none.
    pub parts: Vec<(&'static str, Vec<f64>)>,
    /// Look whose weights were kept.
    pub best: usize,
}

/// What is told of a fit: the training likelihood, as a mean since it was told last.
pub const LOSS: &str = "world-model loss";

/// Times that the step size is cut when the held-out error stalls, before training stops, and the factor of each cut.
const CUTS: usize = 2;
const CUT: f64 = 0.3;

/// Trains `model` in place from its present weights on `training`. `draw` picks the rows of a batch, so that old and
/// new data can be mixed as the caller likes; `live` sees the curve after every look at `validation`.
///
/// # Errors
/// [`Fault::Cancelled`], or a sentence where such a model cannot be trained; the model then has its starting weights.
pub fn train(
    model: &mut Box<dyn WorldModel>,
    (training, validation): (&TransitionBatch, &TransitionBatch),
    options: &FitOptions,
    draw: &mut dyn FnMut(usize) -> Vec<usize>,
    live: &dyn Fn(&FitCurve),
    cx: &Ctx,
) -> Result<FitCurve, Fault> {
    let draws = model.draws();
    let mut fit = model.fit(training, validation, options.device).map_err(Fault::bad)?;
    let mut best = Best::new();
    let mut curve = FitCurve::default();
    best.look(&mut *fit, 0, cx)?;
    curve.push(0, best.last, f64::NAN);
    let total = (options.checks * options.check_every) as u64;
    let (mut rate, mut cuts) = (options.learning_rate, 0);
    for check in 1..=options.checks {
        let (mut last, mut sum, mut parts) = (f64::NAN, 0.0, Vec::new());
        for step in 0..options.check_every {
            if step % 8 == 0 {
                cx.step(((check - 1) * options.check_every + step) as u64, total)?;
            }
            last = fit.step(&draw(draws * options.batch), rate);
            sum += last;
            add(&mut parts, fit.parts());
        }
        for (_, value) in &mut parts {
            *value /= options.check_every as f64;
        }
        let (step, value) = ((check * options.check_every) as u64, sum / options.check_every as f64);
        cx.tell(Told::Number { name: LOSS, step, value });
        for &(name, value) in &parts {
            cx.tell(Told::Number { name, step, value });
        }
        if options.keep_last {
            // A fixed number of steps: the step size falls along half a cosine, and one look at the end says it all.
            let share = check as f64 / options.checks as f64;
            rate = options.learning_rate * (CUT * CUT).max(0.5 * (1.0 + (std::f64::consts::PI * share).cos()));
            if check < options.checks {
                continue;
            }
        }
        best.look(&mut *fit, check, cx)?;
        curve.push(check * options.check_every, best.last, last);
        curve.split(&parts);
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
    let trained = if options.keep_last && best.last.is_finite() {
        curve.best = curve.step.len() - 1;
        Some(fit.model())
    } else {
        best.restored(options.elites)
    };
    drop(fit);
    if let Some(trained) = trained {
        *model = trained;
    }
    Ok(curve)
}

impl FitCurve {
    fn push(&mut self, step: usize, heldout: f64, train: f64) {
        self.step.push(step);
        self.heldout.push(heldout);
        self.train.push(train);
    }

    /// Adds the parts of the loss before the look that was pushed last.
    fn split(&mut self, parts: &[(&'static str, f64)]) {
        let before = self.step.len().saturating_sub(1);
        for &(name, value) in parts {
            let at = self.parts.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                self.parts.push((name, Vec::new()));
                self.parts.len() - 1
            });
            let own = &mut self.parts[at].1;
            own.resize(before, f64::NAN);
            own.push(value);
        }
    }
}

/// Adds what one step lost, part by part.
fn add(sums: &mut Vec<(&'static str, f64)>, parts: Vec<(&'static str, f64)>) {
    if sums.is_empty() {
        *sums = parts;
        return;
    }
    sums.iter_mut().zip(parts).for_each(|((_, sum), (_, value))| *sum += value);
}

/// Draws every member's rows uniformly with replacement from `0..len`: the bootstrap of PETS.
pub fn uniform_rows(len: usize, rng: &mut impl Rng) -> impl FnMut(usize) -> Vec<usize> + '_ {
    move |n| (0..n).map(|_| rng.random_range(0..len)).collect()
}
