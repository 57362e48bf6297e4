//! What learns during a top-up: the world model, the actor-critic in its imagination, and the pool they learn from.

use super::prepare;
use crate::agent::learner::imagined::Starts;
use crate::agent::learner::{Blocks, Learner, LearnerOptions};
use crate::agent::policy::Policy;
use crate::agent::replay::{Mix, Replay};
use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::data::episode::TransitionBatch;
use crate::data::split::Split;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::world::fit::{self, FitOptions};
use crate::world::net::mlp::Mlp;
use crate::world::world_model::WorldModel;

/// Gradient steps of the world model between two changes of the step size.
const LOOK: usize = 50;

/// World model, actor-critic and pool.
pub struct Agent {
    /// The world model.
    pub model: Box<dyn WorldModel>,
    /// What learns in its imagination.
    pub learner: Box<dyn Learner>,
    /// Old and new transitions.
    pub replay: Replay,
    heldout: TransitionBatch,
    seed: u64,
}

/// An agent's networks at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The world model.
    pub model: Box<dyn WorldModel>,
    /// The policy.
    pub policy: Box<dyn Policy>,
    /// The critics, where there are some.
    pub critic: Option<Mlp>,
}

impl Agent {
    /// The checkpoint's networks (a fresh actor-critic where it has none) on the training part of `data`.
    ///
    /// # Errors
    /// As [`prepare::learner`].
    pub fn new(
        model: Box<dyn WorldModel>,
        start: &Checkpoint,
        data: &Dataset,
        split: &Split,
        seed: u64,
    ) -> Result<Self, Fault> {
        let train = data.transitions(&split.train);
        let options = LearnerOptions::default();
        let learner = prepare::learner(data, &train.reward, &*model, Some(start), &options, seed)?;
        Ok(Self {
            model,
            learner,
            replay: Replay::new(train, Mix::Half),
            heldout: data.transitions(&split.heldout),
            seed,
        })
    }

    /// The networks as they are.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { model: self.model.clone(), policy: self.learner.policy(), critic: self.learner.critic() }
    }

    /// Trains the world model on old and new data, then the policy in its imagination; `check` counts from 1.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], or why the world model cannot be trained; the networks may then be partly trained.
    pub fn fine_tune(&mut self, check: usize, model_steps: usize, policy_steps: usize, cx: &Ctx) -> Result<(), Fault> {
        if self.replay.num_new() > 0 {
            self.model.rescale(self.replay.rows());
        }
        let options = FitOptions {
            check_every: LOOK,
            checks: model_steps.div_ceil(LOOK),
            patience: usize::MAX,
            keep_last: true,
            learning_rate: 1e-3,
            elites: self.model.elites().len(),
            ..FitOptions::default()
        };
        let mut rng = stream(self.seed, &format!("fine-tune {check}"), 0);
        let replay = &self.replay;
        let mut draw = |n: usize| replay.draw(n, &mut rng);
        let phase = cx.phase(&format!("check {check}: fine-tuning the world model"));
        let parts = (self.replay.rows(), &self.heldout);
        fit::train(&mut self.model, parts, &options, &mut draw, &|_| {}, &phase)?;
        let starts = Starts { rows: self.replay.rows(), old: self.replay.num_old(), new_share: 0.5 };
        let phase = cx.phase(&format!("check {check}: training the policy in imagination"));
        let mut rng = stream(self.seed, "imagination", check as u64);
        Ok(self.learner.train(&*self.model, &starts, policy_steps, &mut rng, &phase)?)
    }

    /// Goes on from networks that were saved, and from the `state` of their learner.
    ///
    /// # Errors
    /// A sentence where they are not this agent's.
    pub fn restore(&mut self, saved: &Checkpoint, state: &Blocks, data: &Dataset) -> Result<(), Fault> {
        let model = saved.world_model.clone();
        self.model = model.ok_or_else(|| Fault::failed("the saved round has no world model; begin a new run"))?;
        if saved.policy.is_none() {
            return Ok(());
        }
        let options = LearnerOptions::default();
        self.learner = prepare::learner(data, &[], &*self.model, Some(saved), &options, self.seed)?;
        self.learner.restore(state).map_err(|e| Fault::failed(format!("the saved round cannot be gone on from: {e}")))
    }
}
