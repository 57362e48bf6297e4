//! Acting in an environment: episodes out. A time limit truncates, it never terminates, and every step is counted.
//!
//! As many episodes as the environment has copies are acted in side by side. Each has its own seed and its own random numbers,
//! by its number, so that it is the same however many others there are.

use std::collections::VecDeque;
use std::sync::Arc;

use rand::RngExt;

use super::policy::{Acting, Policy, PolicyState};
use crate::data::dataset::{Dataset, Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::env::recorded::Recorded;
use crate::env::vector::{StepBatch, VectorEnv};
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::task::{Ctx, Told};

/// Steps of all copies between two words about how far it is.
const TOLD_EVERY: usize = 64;

/// How much is collected: whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Whole episodes.
    pub episodes: usize,
    /// Environment steps; an episode that they run out in is cut off (truncated).
    pub steps: usize,
}

impl Limit {
    /// So many whole episodes.
    pub fn episodes(episodes: usize) -> Self {
        Self { episodes, steps: usize::MAX }
    }

    /// So many steps.
    pub fn steps(steps: usize) -> Self {
        Self { episodes: usize::MAX, steps }
    }
}

/// Episodes in the making. What was finished survives a cancel and a fault of the environment.
pub struct Collector {
    seed: u64,
    purpose: String,
    first_id: u64,
    started: u64,
    steps: usize,
    finished: Vec<Taken>,
}

/// An episode as it grows.
struct Taken {
    number: u64,
    obs: Vec<f32>,
    actions: Vec<f32>,
    rewards: Vec<f64>,
    terminated: bool,
}

/// An episode that is being acted in.
struct Running {
    copy: usize,
    /// Steps that it may take.
    most: usize,
    recorded: Taken,
}

/// The episodes that are being acted in, with what the policy keeps of each.
#[derive(Default)]
struct Side {
    running: Vec<Running>,
    states: Vec<PolicyState>,
    /// Episodes that had ended when the others were begun anew.
    begun_anew: Option<usize>,
    /// Seeds of the episodes that begin next, and the number of the first.
    ahead: (u64, VecDeque<u64>),
}

impl Collector {
    /// A collector of episodes for `purpose` ("probe 3") under `seed`, the first of which gets the number `first_id` in its
    /// dataset.
    pub fn new(seed: u64, purpose: &str, first_id: u64) -> Self {
        Self { seed, purpose: purpose.into(), first_id, started: 0, steps: 0, finished: Vec::new() }
    }

    /// Environment steps taken so far, those of unfinished episodes included.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Finished episodes.
    pub fn episodes(&self) -> usize {
        self.finished.len()
    }

    /// Undiscounted return of each finished episode.
    pub fn returns(&self) -> Vec<f64> {
        self.finished.iter().map(|e| e.rewards.iter().sum()).collect()
    }

    /// Lets `policy` act until `limit` is reached; may be called again to go on.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], or what the environment fails with and does not recover from; the finished episodes are kept,
    /// unfinished ones are dropped (their steps stay counted).
    pub fn run(
        &mut self,
        env: &mut dyn VectorEnv,
        policy: &dyn Policy,
        acting: Acting,
        limit: Limit,
        cx: &Ctx,
    ) -> Result<(), Fault> {
        let acted = self.act(env, policy, acting, limit, cx);
        self.finished.sort_by_key(|e| e.number);
        acted
    }

    fn act(
        &mut self,
        env: &mut dyn VectorEnv,
        policy: &dyn Policy,
        acting: Acting,
        limit: Limit,
        cx: &Ctx,
    ) -> Result<(), Fault> {
        let (longest, first, before) = (env.spec().max_episode_steps.unwrap_or(usize::MAX), self.started, self.steps);
        let total = if limit.steps < usize::MAX { limit.steps } else { limit.episodes.saturating_mul(longest) };
        let mut side = Side::default();
        // Steps that no episode has taken or may still take.
        let mut free = limit.steps;
        for round in 0usize.. {
            if round % TOLD_EVERY == 0 {
                side.tell(env.spec().obs_space.dim(), cx);
                cx.step((self.steps - before) as u64, total as u64)?;
            }
            cx.check()?;
            let left = (limit.episodes as u64).saturating_sub(self.started - first) as usize;
            let taken = match self.begin(&mut side, env, policy, (left, free, longest)) {
                Ok(taken) => taken,
                Err(fault) => {
                    self.begin_anew(&mut side, env, policy, fault)?;
                    continue;
                }
            };
            // Without a limit of steps there is always enough.
            free = if limit.steps == usize::MAX { free } else { free - taken };
            if side.running.is_empty() {
                break;
            }
            let obs = side.latest(env.spec().obs_space.dim());
            let copies: Vec<usize> = side.running.iter().map(|r| r.copy).collect();
            let actions = policy.act(&obs, &mut side.states, acting);
            policy.fault().map_or(Ok(()), Err)?;
            let still = (limit.episodes as u64).saturating_sub(self.started - first) as usize;
            self.look_ahead(&mut side, still.min(copies.len()));
            env.announce(side.ahead.1.make_contiguous());
            let step = match env.step(&copies, &actions) {
                Ok(step) => step,
                Err(fault) => {
                    self.begin_anew(&mut side, env, policy, fault)?;
                    continue;
                }
            };
            self.steps += copies.len();
            let ended = self.finished.len();
            let (left, cut) = self.record(&mut side, actions.stored(), &step);
            self.finished[ended..].iter().for_each(|episode| episode.tell(env.spec().obs_space.dim(), cx));
            free = free.saturating_add(left);
            env.rest(&cut)?;
        }
        Ok(())
    }

    /// Begins episodes in the copies that rest, at most `episodes`, of at most `longest` steps each and `free` steps together;
    /// answers the steps that they may take.
    fn begin(
        &mut self,
        side: &mut Side,
        env: &mut dyn VectorEnv,
        policy: &dyn Policy,
        (episodes, free, longest): (usize, usize, usize),
    ) -> Result<usize, Fault> {
        let resting = (0..env.copies()).filter(|copy| side.running.iter().all(|r| r.copy != *copy));
        let (mut copies, mut seeds, mut most, mut taken) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for copy in resting.take(episodes) {
            let steps = if free == usize::MAX { longest } else { longest.min(free - taken) };
            if steps == 0 {
                break;
            }
            let number = self.started + copies.len() as u64;
            seeds.push(self.seed_of(number));
            copies.push(copy);
            most.push(steps);
            taken = taken.saturating_add(steps);
        }
        if copies.is_empty() {
            return Ok(0);
        }
        let obs = env.reset(&copies, &seeds)?;
        let rows = obs.chunks_exact((obs.len() / copies.len()).max(1));
        for ((copy, most), obs) in copies.into_iter().zip(most).zip(rows) {
            let number = self.started;
            self.started += 1;
            side.running.push(Running { copy, most, recorded: Taken::begin(number, obs) });
            side.states.push(self.state_of(policy, number));
        }
        Ok(taken)
    }

    /// Begins the running episodes anew with their seeds, where the environment recovers from `fault`: they become what they
    /// would have been, and the steps that are lost stay counted. What fails again before an episode ends is told.
    fn begin_anew(
        &mut self,
        side: &mut Side,
        env: &mut dyn VectorEnv,
        policy: &dyn Policy,
        fault: Fault,
    ) -> Result<(), Fault> {
        if !matches!(fault, Fault::Failed(_)) || side.begun_anew == Some(self.finished.len()) {
            return Err(fault);
        }
        side.begun_anew = Some(self.finished.len());
        env.recover(fault)?;
        if side.running.is_empty() {
            return Ok(());
        }
        let (copies, numbers): (Vec<usize>, Vec<u64>) =
            side.running.iter().map(|r| (r.copy, r.recorded.number)).unzip();
        let seeds: Vec<u64> = numbers.iter().map(|&number| self.seed_of(number)).collect();
        let obs = env.reset(&copies, &seeds)?;
        let rows = obs.chunks_exact((obs.len() / copies.len()).max(1));
        for ((running, number), obs) in side.running.iter_mut().zip(&numbers).zip(rows) {
            running.recorded = Taken::begin(*number, obs);
        }
        side.states = numbers.iter().map(|&number| self.state_of(policy, number)).collect();
        Ok(())
    }

    /// Takes a step of every running episode down; answers the steps that ended episodes leave to others, and the copies whose
    /// episode is cut off here.
    fn record(&mut self, side: &mut Side, actions: &[f32], step: &StepBatch) -> (usize, Vec<usize>) {
        let n = side.running.len();
        let (d, a) = (step.obs.len() / n, actions.len() / n);
        let (mut left, mut cut) = (0usize, Vec::new());
        for (i, running) in side.running.iter_mut().enumerate() {
            running.recorded.obs.extend_from_slice(&step.obs[i * d..(i + 1) * d]);
            running.recorded.actions.extend_from_slice(&actions[i * a..(i + 1) * a]);
            running.recorded.rewards.push(step.reward[i]);
            running.recorded.terminated = step.terminated[i];
        }
        for i in (0..n).rev() {
            let steps = side.running[i].recorded.rewards.len();
            let ends = step.terminated[i] || step.truncated[i];
            if ends || steps >= side.running[i].most {
                let ended = side.running.remove(i);
                if !ends {
                    cut.push(ended.copy);
                }
                side.states.remove(i);
                left = left.saturating_add(ended.most.saturating_sub(steps));
                self.finished.push(ended.recorded);
            }
        }
        (left, cut)
    }

    /// Takes over finished episodes that were recorded: those of this purpose, one number after the other, for as long as
    /// `recorded` knows the next. They count as steps of this collector.
    pub fn recall(&mut self, recorded: &Recorded) {
        while let Some(recording) = recorded.recording(self.seed_of(self.started)) {
            self.steps += recording.rewards.len();
            self.finished.push(Taken {
                number: self.started,
                obs: recording.obs.clone(),
                actions: recording.actions.clone(),
                rewards: recording.rewards.clone(),
                terminated: recording.terminated,
            });
            self.started += 1;
        }
    }

    /// What `policy` keeps of the episode of this number as it begins.
    fn state_of(&self, policy: &dyn Policy, number: u64) -> PolicyState {
        policy.begin(stream(self.seed, &format!("{}: actions", self.purpose), number))
    }

    /// Keeps the seeds of the `most` episodes that begin next; each is worked out once.
    fn look_ahead(&self, side: &mut Side, most: usize) {
        let (first, seeds) = &mut side.ahead;
        while *first < self.started && seeds.pop_front().is_some() {
            *first += 1;
        }
        *first = self.started;
        seeds.truncate(most);
        let known = seeds.len() as u64;
        seeds.extend((known..most as u64).map(|nth| self.seed_of(self.started + nth)));
    }

    /// Seed of the episode of this number.
    fn seed_of(&self, number: u64) -> u64 {
        stream(self.seed, &self.purpose, number).random()
    }

    /// The finished episodes as a dataset; nothing if there are none.
    pub fn dataset(&self, env: &dyn VectorEnv) -> Option<Dataset> {
        let spec = env.spec();
        let limit = spec.max_episode_steps.map(|n| format!("an episode ends after {n} steps at the latest: truncated"));
        let origin = Origin {
            format: "collected".into(),
            env_id: Some(spec.id.clone()),
            rules: limit.into_iter().collect(),
            ..Origin::default()
        };
        let mut parts = Parts::default();
        let d = spec.obs_space.dim().max(1);
        for e in &self.finished {
            parts.spans.push(EpisodeSpan {
                id: self.first_id + e.number,
                first_step: parts.rewards.len(),
                steps: e.rewards.len(),
                first_obs: parts.obs.len() / d,
                obs_rows: e.rewards.len() + 1,
                terminated: e.terminated,
                truncated: !e.terminated,
            });
            parts.obs.extend_from_slice(&e.obs);
            parts.actions.extend_from_slice(&e.actions);
            parts.rewards.extend_from_slice(&e.rewards);
        }
        Dataset::from_parts(origin, spec.obs_space.clone(), spec.action_space.clone(), parts).ok()
    }
}

impl Taken {
    /// Tells who watches how far it went.
    fn tell(&self, dim: usize, cx: &Ctx) {
        if cx.is_heard() {
            cx.tell(Told::Episode { dim, obs: Arc::new(self.obs.clone()) });
        }
    }

    /// An episode that begins with `obs`.
    fn begin(number: u64, obs: &[f32]) -> Self {
        Self { number, obs: obs.to_vec(), actions: Vec::new(), rewards: Vec::new(), terminated: false }
    }
}

impl Side {
    /// Tells who watches how far the first of the running episodes went.
    fn tell(&self, dim: usize, cx: &Ctx) {
        if let Some(first) = self.running.first() {
            first.recorded.tell(dim, cx);
        }
    }

    /// The last observation of every running episode, of `d` columns.
    fn latest(&self, d: usize) -> Vec<f32> {
        self.running.iter().flat_map(|r| &r.recorded.obs[r.recorded.obs.len() - d..]).copied().collect()
    }
}

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
