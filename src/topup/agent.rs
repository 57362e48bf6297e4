//! What learns during a top-up: the world model, the actor-critic in its imagination, and the pool they learn from.

use super::options::Options;
use super::prepare;
use crate::agent::learner::imagined::Starts;
use crate::agent::learner::{Blocks, Learner, LearnerOptions};
use crate::agent::policy::{Filtered, Policy};
use crate::agent::replay::Replay;
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

/// Step size of a rehearsal, in units of that of a round.
const REHEARSAL: f64 = 0.3;

/// World model, actor-critic and pool.
pub struct Agent {
    /// The world model.
    pub model: Box<dyn WorldModel>,
    /// What learns in its imagination.
    pub learner: Box<dyn Learner>,
    /// Old and new transitions.
    pub replay: Replay,
    heldout: TransitionBatch,
    options: LearnerOptions,
    learning_rate: f64,
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
        asked: &Options,
    ) -> Result<Self, Fault> {
        let seed = asked.seed;
        let train = data.transitions(&split.train);
        let options = asked.learner();
        let learner = prepare::learner(data, &train.reward, &*model, Some(start), &options, seed)?;
        Ok(Self {
            model,
            learner,
            replay: Replay::new(train, asked.mix),
            heldout: data.transitions(&split.heldout),
            options,
            learning_rate: asked.learning_rate,
            seed,
        })
    }

    /// The networks as they are.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { model: self.model.clone(), policy: self.policy(), critic: self.learner.critic() }
    }

    /// The policy as it acts.
    pub fn policy(&self) -> Box<dyn Policy> {
        Filtered::around(&*self.model, self.learner.policy())
    }

    /// Trains the world model for `steps` gradient steps on old and new data; `check` counts from 1.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], or why the world model cannot be trained; it may then be partly trained.
    pub fn fit_model(&mut self, check: usize, steps: usize, cx: &Ctx) -> Result<(), Fault> {
        if self.replay.num_new() > 0 {
            self.model.rescale(self.replay.rows());
        }
        let purpose = format!("fine-tune {check}");
        let phase = cx.phase(&format!("check {check}: fine-tuning the world model"));
        self.steps(&purpose, (steps, self.learning_rate), false, &phase)
    }

    /// Trains the world model for `steps` gradient steps with every transition equally likely and a small step size, so that it
    /// finds again what it knew of the old data; `check` and `part` count from 1.
    ///
    /// # Errors
    /// As [`Agent::fit_model`].
    pub fn rehearse(&mut self, (check, part): (usize, usize), steps: usize, cx: &Ctx) -> Result<(), Fault> {
        let phase = cx.phase(&format!("check {check}: rehearsing the old data"));
        self.steps(&format!("rehearsal {check}.{part}"), (steps, REHEARSAL * self.learning_rate), true, &phase)
    }

    fn steps(&mut self, purpose: &str, (steps, rate): (usize, f64), uniform: bool, cx: &Ctx) -> Result<(), Fault> {
        let options = FitOptions {
            check_every: LOOK,
            checks: steps.div_ceil(LOOK),
            patience: usize::MAX,
            keep_last: true,
            learning_rate: rate,
            elites: self.model.elites().len(),
            batch: self.model.usual_batch().unwrap_or(FitOptions::default().batch),
            ..FitOptions::default()
        };
        let mut rng = stream(self.seed, purpose, 0);
        let replay = &self.replay;
        let all = replay.rows().len();
        let mut draw = |n: usize| if uniform { fit::uniform_rows(all, &mut rng)(n) } else { replay.draw(n, &mut rng) };
        let parts = (self.replay.rows(), &self.heldout);
        fit::train(&mut self.model, parts, &options, &mut draw, &|_| {}, cx)?;
        Ok(())
    }

    /// Trains the policy for `steps` gradient steps in the world model's imagination; `check` counts from 1.
    ///
    /// # Errors
    /// [`Fault::Cancelled`]; the policy may then be partly trained.
    pub fn train_policy(&mut self, check: usize, steps: usize, cx: &Ctx) -> Result<(), Fault> {
        let starts = Starts { rows: self.replay.rows(), old: self.replay.num_old(), new_share: 0.5, apart: None };
        let phase = cx.phase(&format!("check {check}: training the policy in imagination"));
        let mut rng = stream(self.seed, "imagination", check as u64);
        Ok(self.learner.train(&*self.model, &starts, steps, &mut rng, &phase)?)
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
        self.learner = prepare::learner(data, &[], &*self.model, Some(saved), &self.options, self.seed)?;
        self.learner.restore(state).map_err(|e| Fault::failed(format!("the saved round cannot be gone on from: {e}")))
    }
}
