//! World model and policy as they learn block by block: what the online agent and those that are given its data share, to the
//! number.

use crate::agent::learner::imagined::Starts;
use crate::agent::learner::{self, Blocks, Curiosity, Learner};
use crate::agent::policy::{Filtered, Policy};
use crate::agent::replay::{Mix, Replay};
use crate::checkpoint::Checkpoint;
use crate::data::episode::TransitionBatch;
use crate::data::space::Space;
use crate::env::spec::EnvSpec;
use crate::ground::fault::Fault;
use crate::ground::seed::{Stream, stream};
use crate::ground::task::Ctx;
use crate::topup::active::options::Options;
use crate::topup::prepare;
use crate::world::fit;
use crate::world::fresh::fresh;
use crate::world::world_model::WorldModel;
use rand::RngExt;

/// World model and policy.
pub struct Networks {
    /// What is imagined with.
    pub model: Box<dyn WorldModel>,
    /// What learns in its imagination.
    pub learner: Box<dyn Learner>,
}

/// Where randomness comes from. Two agents with one seed in common share what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    /// Weights of the world model.
    pub model: u64,
    /// Weights of the policy, and its actions in imagination.
    pub policy: u64,
    /// Which rows are drawn for which gradient step.
    pub rows: u64,
}

impl Seeds {
    /// One seed for everything.
    pub fn all(seed: u64) -> Self {
        Self { model: seed, policy: seed, rows: seed }
    }
}

/// One stretch of learning.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// Its number, from 0 on: what the random numbers go by.
    pub number: u64,
    /// Environment steps that it stands for: gradient steps are counted by them.
    pub seen: usize,
}

/// What learns.
pub struct Learning {
    options: Options,
    actions: Space,
    seeds: Seeds,
    networks: Option<Networks>,
    frozen: Option<Box<dyn WorldModel>>,
}

impl Learning {
    /// Nothing learned yet.
    ///
    /// # Errors
    /// A sentence where no policy over such actions learns here.
    pub fn new(actions: &Space, options: Options, seeds: Seeds) -> Result<Self, Fault> {
        prepare::head(actions, &unbounded).map_err(Fault::bad)?;
        Ok(Self { options, actions: actions.clone(), seeds, networks: None, frozen: None })
    }

    /// The same in the imagination of `model`, which stays as it is.
    #[must_use]
    pub fn within(self, model: Option<Box<dyn WorldModel>>) -> Self {
        Self { frozen: model, ..self }
    }

    /// The networks, once there are some.
    pub fn networks(&self) -> Option<&Networks> {
        self.networks.as_ref()
    }

    /// Makes networks that can learn from `rows` where there are none; answers whether they are new.
    ///
    /// # Errors
    /// As [`Learning::new`].
    pub fn ready(&mut self, rows: &TransitionBatch, block: u64) -> Result<bool, Fault> {
        let ended = rows.terminated.iter().any(|t| *t);
        let known = self.networks.take().filter(|n| n.model.predicts_end() || !ended || self.frozen.is_some());
        let first = known.is_none();
        self.networks = Some(match known {
            Some(networks) => networks,
            None => self.fresh(rows, block)?,
        });
        Ok(first)
    }

    /// World model and policy learn on `replay`, of which `newest` came last; `first` says that the networks are new. The policy
    /// is paid for what is new as `explore` says: its share, and how new a state is.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], or why the world model cannot be trained.
    pub fn learn(
        &mut self,
        (replay, newest): (&Replay, &TransitionBatch),
        block: Block,
        first: bool,
        (explore, curiosity): (f64, Option<Curiosity>),
        cx: &Ctx,
    ) -> Result<(), Fault> {
        let apart = self.apart(block.number);
        let Some(networks) = &mut self.networks else { return Ok(()) };
        let (rows, Block { number, seen }) = (replay.rows(), block);
        if !first {
            if self.frozen.is_none() {
                networks.model.rescale(rows);
            }
            networks.learner.adapt(&*networks.model, prepare::reward_scale(&rows.reward));
        }
        if self.frozen.is_none() {
            let least = if first { self.options.first_model_steps.max(1) } else { 1 };
            let options = self.options.fit(((seen as f64 * self.options.model_ratio) as usize).max(least));
            let mut rng = stream(self.seeds.rows, "model", number);
            let mut draw = drawn(replay, &mut rng);
            let phase = cx.phase("fitting the world model");
            fit::train(&mut networks.model, (rows, newest), &options, &mut draw, &|_| {}, &phase)?;
        }
        networks.learner.explore(explore, curiosity);
        let rest = Starts { rows, old: 0, new_share: 1.0, apart };
        let starts = match replay.mix() {
            Mix::Uniform => rest,
            Mix::Half | Mix::Floor => Starts { old: replay.num_old(), new_share: replay.share_new(), ..rest },
        };
        let phase = cx.phase("training the policy in imagination");
        let steps = (seen as f64 * self.options.policy_ratio) as usize;
        let mut rng = stream(self.seeds.policy, "imagination", number);
        Ok(networks.learner.train(&*networks.model, &starts, steps, &mut rng, &phase)?)
    }

    /// Where the rows of a policy's batches come from, where that is to be told from the rest.
    fn apart(&self, block: u64) -> Option<u64> {
        self.options.apart.then(|| stream(self.seeds.rows, "starts", block).random())
    }

    /// Networks that know nothing yet.
    fn fresh(&self, rows: &TransitionBatch, block: u64) -> Result<Networks, Fault> {
        let options = self.options.fit(1);
        let own = || fresh(rows, &options, &mut stream(self.seeds.model, "world-model weights", block));
        let model = self.frozen.clone().map_or_else(own, Ok).map_err(Fault::bad)?;
        let mut rng = stream(self.seeds.policy, "policy weights", block);
        let head = prepare::head(&self.actions, &unbounded).map_err(Fault::bad)?;
        let scale = prepare::reward_scale(&rows.reward);
        let learner = learner::fresh(&*model, head, scale, self.options.learner(), &mut rng);
        Ok(Networks { model, learner })
    }

    /// Goes on from networks that were saved, and from the `state` of their learner.
    ///
    /// # Errors
    /// A sentence where they are not such networks.
    pub fn restore(&mut self, saved: &Checkpoint, state: &Blocks) -> Result<(), Fault> {
        let lost = || Fault::failed("the saved round has no networks; begin a new run");
        let model = saved.world_model.clone().ok_or_else(lost)?;
        let policy = saved.policy.as_deref().ok_or_else(lost)?;
        let scale = saved.about.reward_scale.unwrap_or(1.0);
        let mut rng = stream(self.seeds.policy, "policy weights", 0);
        let (critic, options) = (saved.critic.as_ref(), self.options.learner());
        let mut learner = learner::from_policy(policy, critic, scale, options, &mut rng).map_err(Fault::failed)?;
        learner.restore(state).map_err(|e| Fault::failed(format!("the saved round cannot be gone on from: {e}")))?;
        self.networks = Some(Networks { model, learner });
        Ok(())
    }
}

impl Networks {
    /// The policy as it acts.
    pub fn policy(&self) -> Box<dyn Policy> {
        Filtered::around(&*self.model, self.learner.policy())
    }

    /// What is written of them, for an agent that acts in `env`.
    pub fn checkpoint(&self, env: &EnvSpec, seed: u64) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            world_model: Some(self.model.clone()),
            policy: Some(self.policy()),
            critic: self.learner.critic(),
            ..Checkpoint::default()
        };
        let about = &mut checkpoint.about;
        (about.reward_scale, about.discount) = (self.learner.reward_scale(), self.learner.discount());
        about.env_id = Some(env.id.clone());
        about.obs_names.clone_from(&env.obs_space.names);
        about.action_names.clone_from(&env.action_space.names);
        about.lineage.seed = Some(seed);
        checkpoint
    }
}

/// A number without bounds is one within ±1.
fn unbounded(_: usize) -> (f32, f32) {
    (-1.0, 1.0)
}

/// The rows of the world model's batches.
fn drawn<'a>(replay: &'a Replay, rng: &'a mut Stream) -> Box<dyn FnMut(usize) -> Vec<usize> + 'a> {
    match replay.mix() {
        Mix::Uniform => Box::new(fit::uniform_rows(replay.rows().len(), rng)),
        Mix::Half | Mix::Floor => Box::new(|n| replay.draw(n, rng)),
    }
}
