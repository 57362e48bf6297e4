//! What learns during a top-up: the world model, the actor-critic in its imagination, and the pool they learn from.

use chacha20::ChaCha8Rng;

use super::prepare;
use crate::agent::learner::imagined::Starts;
use crate::agent::learner::{Learner, LearnerOptions};
use crate::agent::policy::Actor;
use crate::agent::replay::{Mix, Replay};
use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::data::episode::TransitionBatch;
use crate::data::split::Split;
use crate::ground::seed::stream;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::ensemble::Ensemble;
use crate::world::fit::{self, FitOptions};
use crate::world::mlp::Mlp;

/// Gradient steps of the world model between two changes of the step size.
const LOOK: usize = 50;

/// World model, actor-critic and pool.
pub struct Agent {
    /// The world model.
    pub model: Ensemble,
    /// The actor-critic.
    pub learner: Learner,
    /// Old and new transitions.
    pub replay: Replay,
    heldout: TransitionBatch,
    seed: u64,
    rng: ChaCha8Rng,
}

/// An agent's networks at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The world model.
    pub model: Ensemble,
    /// The policy.
    pub actor: Actor,
    /// The twin critics.
    pub critic: Mlp,
}

impl Agent {
    /// The checkpoint's networks (a fresh actor-critic where it has none) on the training part of `data`.
    pub fn new(model: Ensemble, start: &Checkpoint, data: &Dataset, split: &Split, seed: u64) -> Self {
        let train = data.transitions(&split.train);
        let learner = prepare::learner(data, &train.reward, &model, Some(start), &LearnerOptions::default(), seed);
        Self {
            model,
            learner,
            replay: Replay::new(train, Mix::Half),
            heldout: data.transitions(&split.heldout),
            seed,
            rng: stream(seed, "imagination", 0),
        }
    }

    /// The networks as they are.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { model: self.model.clone(), actor: self.learner.actor(), critic: self.learner.critic() }
    }

    /// Trains the world model on old and new data, then the policy in its imagination; `check` counts from 1.
    ///
    /// # Errors
    /// [`Cancelled`]; the networks may then be partly trained.
    pub fn fine_tune(
        &mut self,
        check: usize,
        model_steps: usize,
        policy_steps: usize,
        cx: &Ctx,
    ) -> Result<(), Cancelled> {
        if self.replay.num_new() > 0 {
            self.model.renormalize(self.replay.rows());
        }
        let options = FitOptions {
            check_every: LOOK,
            checks: model_steps.div_ceil(LOOK),
            patience: usize::MAX,
            keep_last: true,
            learning_rate: 1e-3,
            elites: self.model.elites.len(),
            ..FitOptions::default()
        };
        let mut rng = stream(self.seed, &format!("fine-tune {check}"), 0);
        let replay = &self.replay;
        let mut draw = |n: usize| replay.draw(n, &mut rng);
        let phase = cx.phase(&format!("check {check}: fine-tuning the world model"));
        fit::train(&mut self.model, self.replay.rows(), &self.heldout, &options, &mut draw, &|_| {}, &phase)?;
        let (d, old) = (self.model.obs_dim, self.replay.num_old());
        let obs = &self.replay.rows().obs;
        let starts = Starts { old: &obs[..old * d], new: &obs[old * d..], new_share: 0.5 };
        let phase = cx.phase(&format!("check {check}: training the policy in imagination"));
        self.learner.train(&self.model, &starts, policy_steps, &mut self.rng, &phase)
    }
}
