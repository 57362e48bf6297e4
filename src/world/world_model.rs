//! What can be imagined with: [`WorldModel`], what it says ([`Prediction`]), and how one is trained ([`Fit`]).
//!
//! A model is begun on what it has seen of B trajectories, then takes one action a row and step. What it predicts is told
//! for every member apart; what it goes on from is one of four things ([`Feedback`]).

use std::any::Any;
use std::fmt::Debug;

use super::net::device::Device;
use crate::data::episode::TransitionBatch;
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::ground::seed::Stream;
use crate::ground::task::{Cancelled, Ctx};

/// Shapes of a world model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dims {
    /// Columns of what it imagines D: of an observation, or of a latent where it has an [`Encoder`].
    pub obs: usize,
    /// Columns of an action as the model takes it (choices one-hot, or plain numbers where it was trained on those).
    pub action: usize,
    /// Columns of what a policy in its imagination acts on.
    pub feature: usize,
    /// Members E whose predictions are told apart.
    pub members: usize,
}

/// Where B imagined rollouts are.
pub struct ImaginedState {
    /// [B, D] the present observations.
    pub obs: Vec<f32>,
    /// What the model alone understands: windows of the past, recurrent states.
    pub memory: Box<dyn Any + Send>,
}

/// What every member says about a batch of B transitions; raw units throughout.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Members E.
    pub members: usize,
    /// Rows B.
    pub rows: usize,
    /// Columns of an observation D.
    pub obs_dim: usize,
    /// [E, B, D] mean of the next observation.
    pub next_obs: Vec<f32>,
    /// [E, B, D] mean of its change: `next_obs` before the observation was added. Members that nearly agree differ by less
    /// than a rounding of the sum, so spreads over the members are taken from this.
    pub delta: Vec<f32>,
    /// [E, B] mean of the reward, if the model predicts it.
    pub reward: Option<Vec<f32>>,
    /// [E, B, targets] log-variance in raw units squared, if the model has it.
    pub logvar: Option<Vec<f32>>,
    /// [E, B] probability that the episode ends, if the model predicts it.
    pub terminated: Option<Vec<f32>>,
}

/// What imagination goes on from.
#[derive(Debug)]
pub enum Feedback<'r> {
    /// The mean over the elite members of their means.
    Mean,
    /// One member's mean; what a recurrent model remembers goes on as by [`Feedback::Mean`] where its members are heads beside
    /// it.
    Member(usize),
    /// For every row a draw from the prediction of a random elite member (TS1, Chua et al. 2018).
    Sampled(&'r mut Stream),
    /// For every row a draw from the prediction of its own member: [B], the same at every step for TS∞ (Chua et al. 2018).
    Assigned(&'r [usize], &'r mut Stream),
}

impl<'r> Feedback<'r> {
    /// The one member that is asked for; nothing where none is.
    pub fn member(&self) -> Option<usize> {
        if let Self::Member(member) = self { Some(*member) } else { None }
    }

    /// What to draw with; nothing where nothing is drawn.
    pub fn random(self) -> Option<&'r mut Stream> {
        match self {
            Self::Mean | Self::Member(_) => None,
            Self::Sampled(rng) | Self::Assigned(_, rng) => Some(rng),
        }
    }
}

/// One imagined step of B rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ImaginedStep {
    /// What every member says.
    pub prediction: Prediction,
    /// [B] the reward that goes with the observation that was gone on from, if the model predicts rewards.
    pub reward: Option<Vec<f32>>,
    /// [B] the probability that the episode ends there, if the model predicts it.
    pub terminated: Option<Vec<f32>>,
}

/// The way from observations into the latent space of a model that imagines there and cannot decode.
pub trait Encoder {
    /// Columns of an observation.
    fn observes(&self) -> usize;

    /// [B, Z] latents of observations [B, `observes`].
    fn encode(&self, obs: &[f32]) -> Vec<f32>;

    /// What the latents are, in words: "512 units".
    fn space(&self) -> String;

    /// Units of each simplex, where latents are made of simplices.
    fn simplex(&self) -> Option<usize> {
        None
    }
}

/// A model of an environment. A new kind is one file under `world/`, one line in the checkpoint's table of kinds, and
/// nothing else: imagination, scores, diagnosis, top-up and learners speak to this trait.
pub trait WorldModel: Debug + Send + Sync {
    /// Name of the kind ("ensemble").
    fn kind(&self) -> &'static str;

    /// Its shapes.
    fn dims(&self) -> Dims;

    /// Observations of the past that it must see, the present one included.
    fn context(&self) -> usize {
        1
    }

    /// What brings observations into the space that it imagines in, where that is another: all that is asked of it, and all that
    /// it answers, is in that space then. Nothing where it imagines observations.
    fn encoder(&self) -> Option<&dyn Encoder> {
        None
    }

    /// Columns of an observation of the data that it is of.
    fn observes(&self) -> usize {
        self.encoder().map_or_else(|| self.dims().obs, Encoder::observes)
    }

    /// True if it predicts rewards.
    fn predicts_reward(&self) -> bool;

    /// True if it predicts that episodes end.
    fn predicts_end(&self) -> bool {
        false
    }

    /// True if it predicts variances.
    fn predicts_variance(&self) -> bool {
        false
    }

    /// True if what it goes on from is drawn inside it, where draws are asked for: latents that are classes.
    fn draws_latents(&self) -> bool {
        false
    }

    /// Begins imagination on `past`, whose stretches hold [`WorldModel::context`] observations.
    ///
    /// # Panics
    /// If `past` is of other dimensions.
    fn begin(&self, past: &SequenceBatch<'_>) -> ImaginedState;

    /// Takes `actions`, one a row, and moves `state` on to what `feedback` says.
    ///
    /// # Panics
    /// If the rows or their columns do not fit.
    fn step(&self, state: &mut ImaginedState, actions: &Actions<'_>, feedback: Feedback<'_>) -> ImaginedStep;

    /// Leaves the rollouts `rows` in `state`, in this order, and forgets the others.
    fn keep(&self, state: &mut ImaginedState, rows: &[usize]);

    /// True for a model that follows an episode ([`WorldModel::observe`]): a policy in its imagination acts on what it makes of it.
    fn remembers(&self) -> bool {
        false
    }

    /// Goes on to `obs` [B, D], which were seen after the actions that were taken where `before` is; begins an episode where there
    /// is none. Nothing of a model that remembers nothing.
    fn observe(&self, _before: Option<(&ImaginedState, &Actions<'_>)>, _obs: &[f32]) -> Option<ImaginedState> {
        None
    }

    /// Where `features` [B, `feature`] are all that it knows, at the observations `obs` [B, D]. Nothing of a model that remembers
    /// nothing.
    fn at(&self, _obs: Vec<f32>, _features: Vec<f32>) -> Option<ImaginedState> {
        None
    }

    /// [B, D] the observation that it makes of `state` alone: after [`WorldModel::observe`] what is left of one that was seen.
    /// Nothing of a model that remembers nothing.
    fn decoded(&self, _state: &ImaginedState) -> Option<Vec<f32>> {
        None
    }

    /// Rows a step that it is usually trained on, where they are of another size than transitions.
    fn usual_batch(&self) -> Option<usize> {
        None
    }

    /// Rows that it is best asked for at once, where they are not those that suit the processor.
    fn rows_at_once(&self) -> Option<usize> {
        None
    }

    /// The model as it imagines on `device`.
    ///
    /// # Errors
    /// Where the device is not there, or the kind imagines on the processor alone.
    fn placed_on(&self, device: Device) -> Result<Box<dyn WorldModel>, String> {
        match device {
            Device::Cpu => Ok(self.boxed()),
            Device::Cuda(_) | Device::Vulkan(_) => Err(format!(
                "world models of the kind '{}' imagine on cpu alone, not on {device}: leave it away",
                self.kind()
            )),
        }
    }

    /// Members that learn from rows of their own: so many times a batch is drawn for a step of [`Fit`].
    fn draws(&self) -> usize {
        self.dims().members
    }

    /// [B, `feature`] what a policy acts on.
    fn features<'s>(&self, state: &'s ImaginedState) -> &'s [f32] {
        &state.obs
    }

    /// [D] what one unit of a member's output stands for in raw units, dimension by dimension, where outputs are scaled.
    fn unit(&self) -> Option<&[f32]> {
        None
    }

    /// [D] mean and deviation of the observations that it was trained on, where it knows them.
    fn obs_scale(&self) -> Option<(&[f32], &[f32])> {
        None
    }

    /// Units of [`WorldModel::latent`]; nothing where the model has none.
    fn latent_dim(&self) -> Option<usize> {
        None
    }

    /// [B, units] inner activations for `obs` [B, D] and `actions`, a space in which coverage can be measured.
    fn latent(&self, _obs: &[f32], _actions: &Actions<'_>) -> Option<Vec<f32>> {
        None
    }

    /// Moves normalisers to those of `batch` without changing what the model computes, before it is trained on new data.
    fn rescale(&mut self, _batch: &TransitionBatch) {}

    /// Numbers that are learned, those of heads beside it included, where it knows them.
    fn parameters(&self) -> Option<usize> {
        None
    }

    /// Members whose mean is the prediction.
    fn elites(&self) -> Vec<usize> {
        (0..self.dims().members).collect()
    }

    /// Chooses them: the `count` members of the smallest `errors` [E].
    fn choose_elites(&mut self, _errors: &[f64], _count: usize) {}

    /// Whether it can be trained here.
    ///
    /// # Errors
    /// A sentence saying why not, and what can be done instead.
    fn trainable(&self) -> Result<(), String> {
        Err(format!("world models of the kind '{}' are not trained here; train it where it was made", self.kind()))
    }

    /// The model in training on `training`, judged on `validation`.
    ///
    /// # Errors
    /// As [`WorldModel::trainable`], or where the device is not there.
    fn fit<'d>(
        &self,
        _training: &'d TransitionBatch,
        _validation: &'d TransitionBatch,
        _device: Device,
    ) -> Result<Box<dyn Fit + 'd>, String> {
        self.trainable()?;
        Err(format!("world models of the kind '{}' have no trainer", self.kind()))
    }

    /// A copy.
    fn boxed(&self) -> Box<dyn WorldModel>;

    /// True if `other` is the same to the bit.
    fn same(&self, other: &dyn WorldModel) -> bool;

    /// The model as what it is, for those who save it.
    fn as_any(&self) -> &dyn Any;
}

impl PartialEq for dyn WorldModel {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}

impl Clone for Box<dyn WorldModel> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

/// A world model in training.
pub trait Fit {
    /// One gradient step with step size `rate` on the rows `drawn` of the training data: those of each of the
    /// [`draws`](WorldModel::draws) of the model, end to end; a row with too little past stands for the next that has enough. The
    /// mean over them of the loss before the step.
    fn step(&mut self, drawn: &[usize], rate: f64) -> f64;

    /// The parts of the loss of the last step by name, where it has several; the same ones after every step.
    fn parts(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// [E] squared error of every member on the validation data, mean over rows and targets, in units of the targets' standard
    /// deviation; of members that are heads beside a model one number, the model's own.
    ///
    /// # Errors
    /// [`Cancelled`].
    fn validate(&mut self, cx: &Ctx) -> Result<Vec<f64>, Cancelled>;

    /// The model as it is now.
    fn model(&self) -> Box<dyn WorldModel>;
}

impl Prediction {
    /// [B, D] mean over `members` of the next observation.
    pub fn mean_next_obs(&self, members: &[usize]) -> Vec<f32> {
        mean_over(&self.next_obs, self.rows * self.obs_dim, members)
    }

    /// [B] mean over `members` of the reward.
    pub fn mean_reward(&self, members: &[usize]) -> Option<Vec<f32>> {
        self.reward.as_ref().map(|r| mean_over(r, self.rows, members))
    }

    /// [B] mean over `members` of the termination probability.
    pub fn mean_terminated(&self, members: &[usize]) -> Option<Vec<f32>> {
        self.terminated.as_ref().map(|t| mean_over(t, self.rows, members))
    }
}

fn mean_over(values: &[f32], stride: usize, members: &[usize]) -> Vec<f32> {
    let mut out = vec![0.0f32; stride];
    for &e in members {
        for (o, v) in out.iter_mut().zip(&values[e * stride..(e + 1) * stride]) {
            *o += v;
        }
    }
    let n = members.len().max(1) as f32;
    for o in &mut out {
        *o /= n;
    }
    out
}
