//! An [`Ensemble`] in training by the fused step.

use rand::Rng;

use super::fused::Trainer;
use super::rows::{Batch, Rows};
use super::{Ensemble, normalizers};
use crate::data::episode::TransitionBatch;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::fit::FitOptions;
use crate::world::net::init;
use crate::world::net::mlp::Activation;
use crate::world::world_model::{Fit, WorldModel};

/// Rows between two looks at the cancel flag.
const CHUNK: usize = 4096;

/// An untrained ensemble for data like `train`, normalised by it.
pub fn fresh(train: &TransitionBatch, options: &FitOptions, rng: &mut impl Rng) -> Ensemble {
    let (d, a) = (train.obs_dim, train.action_space.encoded_dim());
    let targets = d + 1;
    let learned_termination = train.terminated.iter().any(|&t| t);
    let mut sizes = vec![d + a];
    sizes.extend(std::iter::repeat_n(options.hidden, options.layers));
    sizes.push(2 * targets + usize::from(learned_termination));
    let (input, target) = normalizers(train, a, (&[], &[]));
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
        absolute: Vec::new(),
        seen: Vec::new(),
    }
}

/// An ensemble with its [`Trainer`] and the data in its own units.
pub struct FusedFit<'d> {
    model: Ensemble,
    trainer: Trainer,
    rows: Rows,
    batch: Batch,
    validation: &'d TransitionBatch,
}

impl<'d> FusedFit<'d> {
    /// Training from the present weights of `model`.
    ///
    /// # Panics
    /// If the model is deterministic, or of other dimensions than the data.
    pub fn new(model: Ensemble, training: &TransitionBatch, validation: &'d TransitionBatch) -> Self {
        let (trainer, rows) = (Trainer::new(&model), Rows::new(&model, training));
        Self { model, trainer, rows, batch: Batch::default(), validation }
    }
}

impl Fit for FusedFit<'_> {
    fn step(&mut self, drawn: &[usize], rate: f64) -> f64 {
        self.rows.gather(drawn, &mut self.batch);
        self.trainer.step(&self.batch.x, &self.batch.y, &self.batch.ended, rate) / self.model.net.members as f64
    }

    fn validate(&mut self, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
        self.trainer.write_back(&mut self.model);
        member_errors(&self.model, self.validation, cx)
    }

    fn model(&self) -> Box<dyn WorldModel> {
        let mut model = self.model.clone();
        self.trainer.write_back(&mut model);
        Box::new(model)
    }
}

/// [E] mean squared error of each member's mean over `batch`, in units of the targets' standard deviation.
///
/// # Errors
/// [`Cancelled`].
pub fn member_errors(model: &Ensemble, batch: &TransitionBatch, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
    let rows = Rows::new(model, batch);
    let (inputs, targets, width) = (rows.columns.0, model.targets(), model.net.outputs());
    let mut sums = vec![0.0; model.net.members];
    for (x, y) in rows.input.chunks(CHUNK * inputs).zip(rows.target.chunks(CHUNK * targets)) {
        cx.check()?;
        let out = model.net.forward(x);
        for (sum, member) in sums.iter_mut().zip(out.chunks_exact(x.len() / inputs * width)) {
            let errors = member.chunks_exact(width).zip(y.chunks_exact(targets));
            *sum += errors.flat_map(|(o, y)| o.iter().zip(y).map(|(o, y)| f64::from(o - y).powi(2))).sum::<f64>();
        }
    }
    Ok(sums.into_iter().map(|s| s / (rows.len * targets) as f64).collect())
}
