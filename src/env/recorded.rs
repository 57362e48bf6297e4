//! Environments whose episodes are taken down as they end, and are played back instead of acted in where they were taken down
//! before: what cost interaction is paid once, whatever happens to the program in between.

use std::collections::HashMap;

use super::spec::EnvSpec;
use super::vector::{Restorable, StepBatch, VectorEnv};
use crate::data::space::Actions;
use crate::ground::fault::Fault;

/// One episode as it was acted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recording {
    /// What it was acted for ("probe 3"). With the seed it is what an episode goes by.
    pub purpose: String,
    /// Seed of its reset.
    pub seed: u64,
    /// [T + 1, D].
    pub obs: Vec<f32>,
    /// [T, A] as stored.
    pub actions: Vec<f32>,
    /// [T].
    pub rewards: Vec<f64>,
    /// The environment ended it.
    pub terminated: bool,
    /// The environment's time limit ended it; if neither, who acted in it did.
    pub truncated: bool,
}

/// What a finished episode is handed to.
pub type Sink = Box<dyn FnMut(&Recording) -> Result<(), Fault> + Send>;

/// Largest difference, in units of 1 or of the number itself, of what is played back from what was taken down.
const SAME: f32 = 1e-4;

fn differ(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).any(|(a, b)| (a - b).abs() > SAME * b.abs().max(1.0))
}

/// Why an episode cannot be played back. Nothing that a new start of the environment would mend.
fn strayed(seed: u64, t: usize) -> Fault {
    Fault::bad(format!(
        "the recorded episode of seed {seed} does not follow at step {t}: this program, environment or machine acts otherwise \
         than the one that the run began with; begin a new run"
    ))
}

/// A copy at work.
enum Copy {
    Resting,
    Acting(Recording),
    /// An episode of this seed that is known, and the steps of it that were played.
    Playing(u64, usize),
}

/// Episodes by the seed of their reset.
type Recordings = HashMap<u64, Recording>;

/// An environment whose episodes are recorded.
pub struct Recorded {
    inner: Box<dyn VectorEnv>,
    copies: Vec<Copy>,
    purpose: String,
    /// By purpose, and whether anything was acted for it since.
    known: HashMap<String, (Recordings, bool)>,
    sink: Sink,
}

impl Recorded {
    /// Records the episodes of `inner` in `sink`; those of `known` that are of its spaces are played back.
    pub fn new(inner: Box<dyn VectorEnv>, known: Vec<Recording>, sink: Sink) -> Self {
        let copies = (0..inner.copies()).map(|_| Copy::Resting).collect();
        let (d, a) = (inner.spec().obs_space.dim(), inner.spec().action_space.dim());
        let mut all = HashMap::<String, (Recordings, bool)>::new();
        for recording in known {
            let steps = recording.rewards.len();
            if recording.obs.len() == (steps + 1) * d && recording.actions.len() == steps * a {
                all.entry(recording.purpose.clone()).or_default().0.insert(recording.seed, recording);
            } else {
                log::warn!("the episode of seed {} for {} is of other spaces", recording.seed, recording.purpose);
            }
        }
        Self { inner, copies, purpose: String::new(), known: all, sink }
    }

    /// Says what the episodes to come are acted for.
    pub fn act_for(&mut self, purpose: &str) {
        purpose.clone_into(&mut self.purpose);
        if let Some((_, acted)) = self.known.get_mut(purpose) {
            *acted = true;
        }
    }

    /// Steps of known episodes for such purposes that nothing was acted for since: what was taken on a way that was left.
    pub fn steps_left_behind(&self, of: impl Fn(&str) -> bool) -> usize {
        let left = self.known.iter().filter(|(purpose, (_, acted))| !acted && of(purpose));
        left.flat_map(|(_, (recordings, _))| recordings.values()).map(|recording| recording.rewards.len()).sum()
    }

    /// The episode of a seed that was acted for the present purpose, where it is known.
    pub fn recording(&self, seed: u64) -> Option<&Recording> {
        self.known.get(&self.purpose)?.0.get(&seed)
    }

    /// The episode of `copy` is over: it is handed on.
    fn end(&mut self, copy: usize) -> Result<(), Fault> {
        let Copy::Acting(recording) = std::mem::replace(&mut self.copies[copy], Copy::Resting) else { return Ok(()) };
        if recording.rewards.is_empty() {
            return Ok(());
        }
        (self.sink)(&recording)
    }

    /// One step of the copies that act, in rows `rows` of `actions`.
    fn act(&mut self, copies: &[usize], rows: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault> {
        let stored: Vec<f32> = rows.iter().flat_map(|&row| actions.stored_at(row)).copied().collect();
        let step = self.inner.step(copies, &Actions::new(actions.space(), stored))?;
        let d = step.obs.len() / copies.len().max(1);
        for (i, &copy) in copies.iter().enumerate() {
            if let Copy::Acting(recording) = &mut self.copies[copy] {
                recording.obs.extend_from_slice(&step.obs[i * d..(i + 1) * d]);
                recording.actions.extend_from_slice(actions.stored_at(rows[i]));
                recording.rewards.push(step.reward[i]);
                (recording.terminated, recording.truncated) = (step.terminated[i], step.truncated[i]);
            }
            if step.terminated[i] || step.truncated[i] {
                self.end(copy)?;
            }
        }
        Ok(step)
    }

    /// Where more is asked of an episode than was recorded (it was cut off): the environment is brought to where it was.
    fn catch_up(&mut self, copy: usize) -> Result<(), Fault> {
        let Copy::Playing(seed, _) = self.copies[copy] else { return Ok(()) };
        let Some(recording) = self.recording(seed).cloned() else { return Ok(()) };
        self.inner.reset(&[copy], &[seed])?;
        let space = self.inner.spec().action_space.clone();
        let d = self.inner.spec().obs_space.dim();
        let rows = recording.obs.chunks_exact(d.max(1)).skip(1);
        for (t, (action, row)) in recording.actions.chunks_exact(space.dim().max(1)).zip(rows).enumerate() {
            let step = self.inner.step(&[copy], &Actions::new(&space, action.to_vec()))?;
            if step.terminated[0] || step.truncated[0] || differ(&step.obs, row) {
                return Err(strayed(seed, t));
            }
        }
        self.copies[copy] = Copy::Acting(recording);
        Ok(())
    }

    /// The next recorded step of `copy`, which `action` was chosen for.
    fn play(&mut self, copy: usize, action: &[f32], into: &mut StepBatch) -> Result<(), Fault> {
        let Copy::Playing(seed, t) = self.copies[copy] else { return Ok(()) };
        let Some(recording) = self.known.get(&self.purpose).and_then(|(known, _)| known.get(&seed)) else {
            return Ok(());
        };
        let d = self.inner.spec().obs_space.dim();
        let taken = &recording.actions[t * action.len()..(t + 1) * action.len()];
        if differ(action, taken) {
            return Err(strayed(seed, t));
        }
        let last = t + 1 == recording.rewards.len();
        into.obs.extend_from_slice(&recording.obs[(t + 1) * d..(t + 2) * d]);
        into.reward.push(recording.rewards[t]);
        into.terminated.push(last && recording.terminated);
        into.truncated.push(last && recording.truncated);
        let ended = last && (recording.terminated || recording.truncated);
        self.copies[copy] = if ended { Copy::Resting } else { Copy::Playing(seed, t + 1) };
        Ok(())
    }
}

impl VectorEnv for Recorded {
    fn spec(&self) -> &EnvSpec {
        self.inner.spec()
    }

    fn copies(&self) -> usize {
        self.inner.copies()
    }

    fn reset(&mut self, copies: &[usize], seeds: &[u64]) -> Result<Vec<f32>, Fault> {
        self.rest(copies)?;
        let fresh: Vec<usize> = (0..copies.len()).filter(|&i| self.recording(seeds[i]).is_none()).collect();
        let of = |all: &[usize]| fresh.iter().map(|&i| all[i]).collect::<Vec<_>>();
        let begun = if fresh.is_empty() {
            Vec::new()
        } else {
            self.inner.reset(&of(copies), &fresh.iter().map(|&i| seeds[i]).collect::<Vec<_>>())?
        };
        let d = self.inner.spec().obs_space.dim();
        let mut begun = begun.chunks_exact(d.max(1));
        let mut obs = Vec::with_capacity(copies.len() * d);
        for (&copy, &seed) in copies.iter().zip(seeds) {
            if let Some(recording) = self.recording(seed) {
                obs.extend_from_slice(&recording.obs[..d]);
                self.copies[copy] = Copy::Playing(seed, 0);
            } else if let Some(first) = begun.next() {
                obs.extend_from_slice(first);
                self.copies[copy] = Copy::Acting(Recording {
                    purpose: self.purpose.clone(),
                    seed,
                    obs: first.to_vec(),
                    ..Recording::default()
                });
            }
        }
        Ok(obs)
    }

    fn announce(&mut self, seeds: &[u64]) {
        self.inner.announce(seeds);
    }

    fn step(&mut self, copies: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault> {
        for &copy in copies {
            let Copy::Playing(seed, t) = self.copies[copy] else { continue };
            if self.recording(seed).is_none_or(|recording| t >= recording.rewards.len()) {
                self.catch_up(copy)?;
            }
        }
        let acting = |i: &usize| matches!(self.copies[copies[*i]], Copy::Acting(_));
        let rows: Vec<usize> = (0..copies.len()).filter(acting).collect();
        if rows.len() == copies.len() {
            return self.act(copies, &rows, actions);
        }
        let live: Vec<usize> = rows.iter().map(|&i| copies[i]).collect();
        let stepped = if live.is_empty() { StepBatch::default() } else { self.act(&live, &rows, actions)? };
        let (d, mut all, mut next) = (self.spec().obs_space.dim(), StepBatch::default(), 0);
        for (i, &copy) in copies.iter().enumerate() {
            if rows.get(next) == Some(&i) {
                all.obs.extend_from_slice(&stepped.obs[next * d..(next + 1) * d]);
                all.reward.push(stepped.reward[next]);
                all.terminated.push(stepped.terminated[next]);
                all.truncated.push(stepped.truncated[next]);
                next += 1;
            } else {
                self.play(copy, actions.stored_at(i), &mut all)?;
            }
        }
        Ok(all)
    }

    fn rest(&mut self, copies: &[usize]) -> Result<(), Fault> {
        copies.iter().try_for_each(|&copy| self.end(copy))?;
        self.inner.rest(copies)
    }

    fn recover(&mut self, fault: Fault) -> Result<(), Fault> {
        self.inner.recover(fault)?;
        // What was being acted is lost, not cut off: it is handed to nobody.
        self.copies.fill_with(|| Copy::Resting);
        Ok(())
    }

    fn restorable(&mut self) -> Option<&mut dyn Restorable> {
        // States that are set belong to no seed.
        None
    }
}
