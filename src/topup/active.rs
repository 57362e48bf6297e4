//! The paper's Active agent (Chen et al., RLC 2025): from random data on it acts with its own policy, and after every few
//! hundred steps world model and policy learn on all that was seen. Its data is what the offline agents get.
//!
//! A run is a directory as a top-up's: every episode is in the log as it ends, every evaluation leaves networks and learner, so
//! that a killed run goes on with the numbers that it would have had.

mod history;
pub mod options;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::prepare;
use super::run::{self, RunDir};
use crate::agent::collect::{Collector, Limit};
use crate::agent::learner::imagined::Starts;
use crate::agent::learner::{ActorCritic, Curiosity, Learner};
use crate::agent::policy::{Acting, Policy, Uniform};
use crate::agent::replay::{Mix, Replay};
use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::data::episode::TransitionBatch;
use crate::env::minari_spec;
use crate::env::recorded::{Recorded, Recording};
use crate::env::repeated::Repeated;
use crate::env::vector::VectorEnv;
use crate::format::write::{MinariAbout, write_minari};
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::neighbors::points::Points;
use crate::metrics::neighbors::{self, Exclude};
use crate::metrics::report::Report;
use crate::world::ensemble;
use crate::world::fit;
use crate::world::imagine;
use crate::world::world_model::WorldModel;
pub use history::{Ended, Evaluation, History};
use options::{FIRST_MODEL_STEPS, Newness, Options};

/// Episodes that confirm an evaluation that reached the target: other starts than those that chose the policy.
const CONFIRMING: usize = 20;
/// The neighbour whose distance says how new a state is.
const NEIGHBOR: usize = 5;

/// What evaluation episodes are acted for.
const EVALUATION: &str = "evaluation";
const CONFIRMATION: &str = "confirmation";

/// The purpose of episodes that are acted once `acted` steps were: the same starts at another time are other episodes.
fn at(purpose: &str, acted: usize) -> String {
    format!("{purpose} at {acted}")
}

/// World model and policy as they learn.
struct Networks {
    model: Box<dyn WorldModel>,
    learner: ActorCritic,
}

/// What an online run leaves behind.
#[derive(Debug)]
pub struct Finished {
    /// The last report.
    pub report: Report,
    /// Files and folders written.
    pub written: Vec<PathBuf>,
    /// One sentence for people.
    pub summary: String,
}

/// An online run in progress.
pub struct Active<'a> {
    options: Options,
    env: Recorded,
    run: RunDir,
    finished: usize,
    networks: Option<Networks>,
    replay: Replay,
    /// Everything that was acted, evaluations apart.
    data: Option<Dataset>,
    history: History,
    emit: &'a dyn Fn(Report),
}

impl<'a> Active<'a> {
    /// Makes the run directory; `spec` is what is written down as asked for.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be made, or no policy over such actions learns here.
    pub fn new(
        env: Box<dyn VectorEnv>,
        options: Options,
        (root, spec): (&Path, &impl Serialize),
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        head(&*env)?;
        let run = RunDir::create(root, &format!("{}-active", env.spec().id), spec)?;
        Ok(Self::build(env, options, (run, Vec::new()), emit))
    }

    /// Goes on with the run in `folder`.
    ///
    /// # Errors
    /// [`Fault`] if it is no run directory, has ended, is written to by another process, or holds nothing to go on from.
    pub fn resume(
        env: Box<dyn VectorEnv>,
        options: Options,
        folder: &Path,
        emit: &'a dyn Fn(Report),
    ) -> Result<Self, Fault> {
        if folder.join("outcome.toml").is_file() && run::ended::<Ended>(folder).is_none_or(|e| !e.stopped) {
            return Err(Fault::at(folder, "the run has ended; begin a new one"));
        }
        let (run, known) = RunDir::resume(folder)?;
        let finished = run.finished_rounds();
        run.reopen()?;
        Ok(Self { finished, ..Self::build(env, options, (run, known), emit) })
    }

    /// A run acts in agent's steps, each of which holds an action for so many of the environment's; it counts the latter.
    fn build(
        env: Box<dyn VectorEnv>,
        options: Options,
        (run, known): (RunDir, Vec<Recording>),
        emit: &'a dyn Fn(Report),
    ) -> Self {
        let env: Box<dyn VectorEnv> =
            if options.action_repeat > 1 { Box::new(Repeated::new(env, options.action_repeat)) } else { env };
        let spec = env.spec();
        let rows = TransitionBatch::within(spec.obs_space.dim(), spec.action_space.clone().into());
        Self {
            history: History::new(&spec.id, &options),
            env: Recorded::new(env, known, run.sink()),
            run,
            finished: 0,
            networks: None,
            replay: Replay::new(rows, Mix::Uniform),
            data: None,
            options,
            emit,
        }
    }

    /// Puts a word for the user into the report.
    pub fn inform(&mut self, text: String) {
        self.history.informed.push(text);
    }

    /// Acts and learns until the target is reached, the steps are used up, or the user stops it.
    ///
    /// # Errors
    /// [`Fault`]; what was acted and the last whole round stay in the run directory.
    pub fn run(mut self, cx: &Ctx) -> Result<Finished, Fault> {
        self.catch_up(&cx.phase("going on from what was acted"))?;
        let stopped = loop {
            match self.round(cx) {
                Ok(false) => {}
                Ok(true) => break false,
                Err(Fault::Cancelled) => break true,
                Err(other) => {
                    if let Err(why) = self.save_data() {
                        log::warn!("{why}");
                    }
                    return Err(other);
                }
            }
        };
        self.finish(stopped)
    }

    /// Acts and learns until the next evaluation, and makes it; answers whether the run is at its end.
    fn round(&mut self, cx: &Ctx) -> Result<bool, Fault> {
        let until = (self.history.acted + self.options.eval_every.max(1)).min(self.options.steps);
        while self.history.acted < until {
            cx.check()?;
            self.act(until, cx)?;
            if self.history.acted >= self.options.random_steps.min(self.options.steps) {
                self.learn(cx)?;
            }
            (self.emit)(self.history.report());
        }
        let done = self.evaluate(cx)?;
        let n = self.history.rounds.len();
        if let (Some(networks), Some(round)) = (&self.networks, self.history.rounds.last()) {
            let checkpoint = self.checkpoint(networks);
            self.run.save_round(n, &checkpoint, &networks.learner.state(), Some(round))?;
        }
        (self.emit)(self.history.report());
        Ok(done || self.history.acted >= self.options.steps)
    }

    /// Acts the next block of whole episodes.
    fn act(&mut self, until: usize, cx: &Ctx) -> Result<(), Fault> {
        let mut collector = self.block();
        let left = until.min(self.options.steps) - self.history.acted;
        let times = self.options.action_repeat.max(1);
        let least = self.options.every.min(left).div_ceil(times);
        let (policy, name): (Box<dyn Policy>, _) = match &self.networks {
            None => (Box::new(Uniform::new(self.env.spec().action_space.clone())), "acting at random"),
            Some(networks) => (networks.learner.policy(), "acting"),
        };
        let phase = cx.phase(name);
        let mut acted = Ok(());
        // An episode that the budget runs out in is cut off; others are whole, however long.
        while acted.is_ok() && collector.steps() < least {
            let rest = (self.options.steps - self.history.acted).div_ceil(times) - collector.steps();
            let limit = Limit { episodes: 1, steps: rest };
            acted = collector.run(&mut self.env, &*policy, Acting::Sampled, limit, &phase);
        }
        self.history.total += times * collector.steps();
        self.take(&collector)?;
        acted
    }

    /// What acts the next block.
    fn block(&mut self) -> Collector {
        let purpose = format!("act {}", self.history.blocks);
        self.env.act_for(&purpose);
        Collector::new(self.options.seed, &purpose, self.data.as_ref().map_or(0, |d| d.num_episodes() as u64))
    }

    /// Adds what `collector` acted to the data.
    fn take(&mut self, collector: &Collector) -> Result<(), Fault> {
        let Some(new) = collector.dataset(&self.env) else { return Ok(()) };
        self.history.blocks += 1;
        self.history.acted += self.options.action_repeat.max(1) * new.num_steps();
        self.history.returns.extend(collector.returns().iter().map(|r| (self.history.acted, *r)));
        let all: Vec<usize> = (0..new.num_episodes()).collect();
        self.replay.push(&new.transitions(&all)).map_err(Fault::Bad)?;
        self.data = Some(match self.data.take() {
            Some(data) => data.join(&new).map_err(Fault::Bad)?,
            None => new,
        });
        self.run.sync()
    }

    /// World model and policy learn on all that was acted.
    fn learn(&mut self, cx: &Ctx) -> Result<(), Fault> {
        let (rows, block) = (self.replay.rows(), self.history.blocks as u64);
        let fresh = rows.len() - self.history.learned.min(rows.len());
        if fresh == 0 {
            return Ok(());
        }
        let newest: Vec<usize> = (rows.len() - fresh..rows.len()).collect();
        let newest = self.replay.gather(&newest);
        let scale = reward_scale(&rows.reward);
        let seed = self.options.seed;
        let ended = rows.terminated.iter().any(|t| *t);
        let known = self.networks.take().filter(|n| n.model.predicts_end() || !ended);
        let first = known.is_none();
        let mut networks = match known {
            Some(networks) => networks,
            None => self.fresh(scale)?,
        };
        if !first {
            self.history.loss = Some(loss(&*networks.model, &newest, cx)?);
            networks.model.rescale(rows);
            networks.learner.adapt(&*networks.model, scale);
        }
        let seen = (fresh * self.options.action_repeat.max(1)) as f64;
        let least = if first { FIRST_MODEL_STEPS } else { 1 };
        let steps = ((seen * self.options.model_ratio) as usize).max(least);
        let mut rng = stream(seed, "model", block);
        let mut draw = fit::uniform_rows(rows.len(), &mut rng);
        let phase = cx.phase("fitting the world model");
        let options = self.options.fit(steps);
        fit::train(&mut networks.model, (rows, &newest), &options, &mut draw, &|_| {}, &phase)?;
        let steps = (seen * self.options.policy_ratio) as usize;
        let explore = self.exploration();
        networks.learner.explore(explore, self.curiosity(explore, cx)?);
        let starts = Starts { rows, old: 0, new_share: 1.0 };
        let phase = cx.phase("training the policy in imagination");
        networks.learner.train(&*networks.model, &starts, steps, &mut stream(seed, "imagination", block), &phase)?;
        self.history.learned = rows.len();
        self.networks = Some(networks);
        Ok(())
    }

    /// How far an observation is from all that were seen, where that is asked for.
    fn curiosity(&self, explore: f64, cx: &Ctx) -> Result<Option<Curiosity>, Fault> {
        let rows = self.replay.rows();
        if explore <= 0.0 || self.options.explore_by == Newness::Disagreement || rows.len() <= NEIGHBOR {
            return Ok(None);
        }
        let (d, (mean, std)) = (rows.obs_dim, stats::column_mean_std(&rows.next_obs, rows.obs_dim));
        let std: Vec<f64> = std.into_iter().map(|s| if s > 1e-8 { s } else { 1.0 }).collect();
        let index = neighbors::index(Points::new(rows.next_obs.clone(), &mean, &std, &rows.episode), cx)?;
        Ok(Some(Arc::new(move |obs: &[f32]| {
            let queries = Points::new(obs.to_vec(), &mean, &std, &vec![0; obs.len() / d]);
            let found = index.knn(&queries, NEIGHBOR, Exclude::Nothing, &Ctx::quiet());
            found.map_or_else(|_| vec![0.0; obs.len() / d], |k| k.kth(NEIGHBOR).into_iter().map(|v| v as f32).collect())
        })))
    }

    /// Share of the reward that is for what is new now: all that was asked for until more was seen than random actions give, less
    /// and less from then on.
    fn exploration(&self) -> f64 {
        let left = 1.0 - self.history.acted as f64 / self.options.steps as f64;
        self.options.explore * if self.history.is_lost() { 1.0 } else { left.max(0.0) }
    }

    /// Networks that know nothing yet.
    fn fresh(&self, scale: f32) -> Result<Networks, Fault> {
        let (rows, seed, block) = (self.replay.rows(), self.options.seed, self.history.blocks as u64);
        let options = self.options.fit(1);
        let model = Box::new(ensemble::fresh(rows, &options, &mut stream(seed, "world-model weights", block)));
        let mut rng = stream(seed, "policy weights", block);
        let learner = ActorCritic::new(&*model, head(&self.env)?, scale, self.options.learner(), &mut rng);
        Ok(Networks { model, learner })
    }

    /// Lets the policy act greedily on the evaluation's starts; answers whether the target is reached, which other starts
    /// have to confirm.
    fn evaluate(&mut self, cx: &Ctx) -> Result<bool, Fault> {
        let Some(networks) = &self.networks else { return Ok(false) };
        let (policy, target) = (networks.learner.policy(), self.options.target);
        let mut evaluated = |purpose: &str, episodes: usize| {
            self.env.act_for(&at(purpose, self.history.acted));
            // The seeds are the purpose's, so that all evaluations have the same starts.
            let mut collector = Collector::new(self.options.seed, purpose, 0);
            let phase = cx.phase("evaluating");
            collector.run(&mut self.env, &*policy, Acting::Greedy, Limit::episodes(episodes), &phase)?;
            let steps = self.options.action_repeat.max(1) * collector.steps();
            self.history.total += steps;
            self.history.evaluated += steps;
            Ok::<Vec<f64>, Fault>(collector.returns())
        };
        let returns = evaluated(EVALUATION, self.options.eval_episodes.max(1))?;
        let promising = target.is_some_and(|target| stats::mean(&returns) >= target);
        let confirmed = if promising { evaluated(CONFIRMATION, CONFIRMING)? } else { Vec::new() };
        let reached = promising && target.is_some_and(|target| stats::mean(&confirmed) >= target);
        let round = self.history.evaluation(&returns, &confirmed, reached);
        self.run.metric(&round)?;
        self.run.scalars(round.acted, &round.scalars())?;
        self.run.sync()?;
        self.history.rounds.push(round);
        Ok(reached)
    }

    fn checkpoint(&self, networks: &Networks) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            world_model: Some(networks.model.clone()),
            policy: Some(networks.learner.policy()),
            critic: networks.learner.critic(),
            ..Checkpoint::default()
        };
        let (about, spec) = (&mut checkpoint.about, self.env.spec());
        about.reward_scale = networks.learner.reward_scale();
        about.env_id = Some(spec.id.clone());
        about.obs_names.clone_from(&spec.obs_space.names);
        about.action_names.clone_from(&spec.action_space.names);
        about.lineage.seed = Some(self.options.seed);
        checkpoint
    }

    /// Brings everything to where it was after the finished rounds.
    fn catch_up(&mut self, cx: &Ctx) -> Result<(), Fault> {
        if self.finished == 0 {
            return Ok(());
        }
        for round in self.run.rounds::<Evaluation>(self.finished)? {
            cx.check()?;
            for purpose in [EVALUATION, CONFIRMATION] {
                self.env.act_for(&at(purpose, round.acted));
            }
            while self.history.blocks < round.blocks {
                let mut collector = self.block();
                collector.recall(&self.env);
                self.take(&collector)?;
                if collector.steps() == 0 {
                    return Err(Fault::failed(
                        "episodes of a finished round are not in the run's log; begin a new run",
                    ));
                }
            }
            self.run.scalars(round.acted, &round.scalars())?;
            self.history.follow(round);
        }
        self.history.learned = self.replay.rows().len();
        let saved = self.run.saved_round(self.finished)?;
        let lost = || Fault::failed("the saved round has no networks; begin a new run");
        let (model, policy) =
            (saved.checkpoint.world_model.ok_or_else(lost)?, saved.checkpoint.policy.ok_or_else(lost)?);
        let scale = saved.checkpoint.about.reward_scale.unwrap_or(1.0);
        let mut rng = stream(self.options.seed, "policy weights", 0);
        let (critic, options) = (saved.checkpoint.critic.as_ref(), self.options.learner());
        let mut learner =
            ActorCritic::from_policy(&*policy, critic, scale, options, &mut rng).map_err(Fault::failed)?;
        learner
            .restore(&saved.learner)
            .map_err(|e| Fault::failed(format!("the saved round cannot be gone on from: {e}")))?;
        self.networks = Some(Networks { model, learner });
        Ok(())
    }

    fn finish(mut self, stopped: bool) -> Result<Finished, Fault> {
        self.history.total += self.options.action_repeat.max(1) * self.env.steps_left_behind();
        self.history.ended = true;
        let mut written = vec![self.run.path().to_path_buf()];
        if !self.history.rounds.is_empty() {
            let last = self.run.checkpoint(self.history.rounds.len());
            self.history.saved = Some(last.clone());
            written.push(last);
        }
        written.extend(self.save_data()?);
        let report = self.history.report();
        (self.emit)(report.clone());
        self.run.report(&report)?;
        self.run.sync()?;
        self.run.end(&self.history.outcome(stopped))?;
        Ok(Finished { report, written, summary: self.history.summary() })
    }

    /// Writes everything that was acted as a Minari dataset.
    fn save_data(&self) -> Result<Option<PathBuf>, Fault> {
        let Some(data) = &self.data else { return Ok(None) };
        let (folder, id) = (self.run.episodes(), &self.env.spec().id);
        if folder.is_dir() {
            std::fs::remove_dir_all(&folder).map_err(|e| Fault::io(&folder, "replacing", &e))?;
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let about = MinariAbout {
            dataset_id: format!("{}/active-v0", id.chars().map(plain).collect::<String>()),
            env_spec: Some(minari_spec(id)),
            algorithm_name: "oodscope active: actor-critic in imagination, online".into(),
            description: self.history.summary(),
            ..MinariAbout::default()
        };
        write_minari(&folder, data, &about)?;
        Ok(Some(folder))
    }
}

/// What makes actions of an actor's outputs in `env`.
fn head(env: &dyn VectorEnv) -> Result<Box<dyn crate::agent::learner::head::Head>, Fault> {
    let space = &env.spec().action_space;
    let bounds = || {
        let range: Vec<(f32, f32)> = (0..space.dim()).map(|d| space.bounds(d).unwrap_or((-1.0, 1.0))).collect();
        let half = |&(low, high): &(f32, f32)| if high > low { (high - low) / 2.0 } else { 1.0 };
        (range.iter().map(half).collect(), range.iter().map(|(low, high)| f32::midpoint(*low, *high)).collect())
    };
    prepare::head(space, &bounds).map_err(Fault::bad)
}

/// Factor that brings rewards to a magnitude of about 1, and rare large ones to no more than 10.
fn reward_scale(rewards: &[f32]) -> f32 {
    let square = rewards.iter().map(|r| r * r).sum::<f32>() / rewards.len().max(1) as f32;
    let most = rewards.iter().fold(0.0f32, |most, r| most.max(r.abs()));
    let unit = square.sqrt().max(0.1 * most);
    if unit > 1e-6 { 1.0 / unit } else { 1.0 }
}

/// One-step error of the model on what it was not trained on yet, in units of the targets' deviation.
fn loss(model: &dyn WorldModel, rows: &TransitionBatch, cx: &Ctx) -> Result<f64, Fault> {
    let said = imagine::one_step(model, rows, &cx.untold())?;
    let unit = model.unit().map_or_else(|| vec![1.0; rows.obs_dim], <[f32]>::to_vec);
    let errors = said.rows.iter().enumerate().map(|(i, &row)| {
        let next = &said.next_obs[i * rows.obs_dim..(i + 1) * rows.obs_dim];
        let squares =
            next.iter().zip(rows.next_obs_at(row)).zip(&unit).map(|((a, b), u)| f64::from((a - b) / u).powi(2));
        squares.sum::<f64>() / rows.obs_dim as f64
    });
    Ok(stats::mean(&errors.collect::<Vec<f64>>()))
}
