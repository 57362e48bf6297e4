//! Environments of Gymnasium, in Python worker processes of the user's own installation.
//!
//! Each process holds some of the copies. A step is sent to all of them before the first answer is read, so that they work
//! side by side. A worker that dies, hangs, raises or answers what is no number fails the step with its last words; then
//! [`VectorEnv::recover`] starts it anew, without the episodes that it was in.

mod describe;
mod fleet;
mod frame;
mod inbox;
mod options;
pub mod policy;
mod process;
pub mod python;
pub mod tasks;

use super::spec::EnvSpec;
use super::vector::{Restorable, StepBatch, VectorEnv};
use crate::data::space::Actions;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use describe::About;
use fleet::Fleet;
use frame::{Batch, Message};
pub use options::Options;
use process::Process;
use python::Launch;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The kind of a step's message.
const STEP: u8 = b'S';

/// Copies of an environment of Gymnasium's.
pub struct Gymnasium {
    options: Options,
    launch: Launch,
    cx: Ctx,
    about: About,
    spec: EnvSpec,
    workers: Vec<Process>,
    /// Copies of a worker, the last one's apart.
    share: usize,
    /// Seeds of the episodes that begin next.
    next: Vec<u64>,
    /// By copy: the episode that its worker has begun with the step that ended another, by its seed, and how it begins.
    begun: Vec<Option<(u64, Vec<f32>)>>,
}

impl Gymnasium {
    /// Starts the workers, which stop with `cx`.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], or a sentence: no Python, no Gymnasium, no such environment, a space without numbers.
    pub fn start(options: Options, cx: &Ctx) -> Result<Self, Fault> {
        let launch = Launch::new(options.python.as_deref(), options.worker_command.as_deref());
        let options = Options { copies: options.copies.max(1), ..options };
        let cx = cx.untold();
        let Fleet { workers, about, share } = Fleet::start(&options, &launch, &cx)?;
        let spec = about.spec(&options.id);
        let begun = vec![None; options.copies];
        Ok(Self { options, launch, cx, about, spec, workers, share, next: Vec::new(), begun })
    }

    /// Which Python it runs in and why, as a sentence for people.
    pub fn chosen(&self) -> &str {
        &self.launch.chosen
    }

    /// What runs there: "python", "gymnasium", "mujoco", … and their versions.
    pub fn versions(&self) -> &BTreeMap<String, String> {
        &self.about.versions
    }

    /// False where the same seed was seen to begin different episodes: they cannot be repeated, and after a recovery they are
    /// others.
    pub fn seeded(&self) -> bool {
        self.about.seeded
    }

    /// Sends `kind` with what `fill` adds for the rows to the workers of `copies`, then gathers their answers; a worker that
    /// fails does not keep the others' answers from being read.
    fn ask(
        &mut self,
        (kind, answer, doing): (u8, u8, &str),
        copies: &[usize],
        fill: impl Fn(&mut Message, usize),
        mut take: impl FnMut(&[usize], &[u8]) -> Option<()>,
    ) -> Result<(), Fault> {
        let mut failed = None;
        let mut asked = Vec::with_capacity(self.workers.len());
        for (w, worker) in self.workers.iter_mut().enumerate() {
            let own = |row: &usize| copies[*row] / self.share == w;
            let rows: Vec<usize> = (0..copies.len()).filter(own).collect();
            if rows.is_empty() {
                continue;
            }
            let mut message = Message::about(kind, rows.iter().map(|&row| copies[row] % self.share));
            for &row in &rows {
                fill(&mut message, row);
            }
            if kind == STEP {
                message.announce(&self.next[..self.next.len().min(rows.len())]);
            }
            match worker.send(message, doing) {
                Ok(()) => asked.push((w, rows)),
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        for (w, rows) in asked {
            let worker = &mut self.workers[w];
            let taken = worker.answer(answer, doing, self.options.step_limit, &self.cx).and_then(|payload| {
                take(&rows, &payload).ok_or_else(|| {
                    worker.broken = true;
                    Fault::failed(format!(
                        "{}: its Python worker answers another size than asked ({doing})",
                        self.spec.id
                    ))
                })
            });
            match taken {
                Err(Fault::Cancelled) => {
                    self.workers.iter_mut().for_each(Process::kill);
                    return Err(Fault::Cancelled);
                }
                Err(fault) => failed = failed.or(Some(fault)),
                Ok(()) => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// [`Gymnasium::ask`] for what answers a batch of numbers.
    fn batch(
        &mut self,
        (kind, doing): (u8, &str),
        copies: &[usize],
        fill: impl Fn(&mut Message, usize),
    ) -> Result<StepBatch, Fault> {
        let (n, d) = (copies.len(), self.spec.obs_space.dim());
        let mut all = StepBatch {
            obs: vec![0.0; n * d],
            reward: vec![0.0; n],
            terminated: vec![false; n],
            truncated: vec![false; n],
        };
        let mut begun = Vec::new();
        self.ask((kind, b'b', doing), copies, fill, |rows, payload| {
            let batch = Batch::of(payload, rows.len(), d)?;
            // In the order of the seeds, from the first on in every worker.
            begun.extend(batch.begun().enumerate().map(|(nth, (row, obs))| (copies[rows[row]], nth, obs)));
            for (i, &row) in rows.iter().enumerate() {
                (all.reward[row], all.terminated[row], all.truncated[row]) = batch.step(i);
                all.obs[row * d..(row + 1) * d].iter_mut().zip(batch.obs(i)).for_each(|(to, from)| *to = from);
            }
            Some(())
        })?;
        self.numbers(copies, &all, doing)?;
        for (copy, nth, obs) in begun {
            // What is no number is told when the episode is asked for.
            let seed = self.next.get(nth).filter(|_| obs.iter().all(|v| v.is_finite()));
            self.begun[copy] = seed.map(|&seed| (seed, obs));
        }
        Ok(all)
    }

    /// Refuses what is no number, and the worker that it came from.
    fn numbers(&mut self, copies: &[usize], all: &StepBatch, doing: &str) -> Result<(), Fault> {
        let names = &self.spec.obs_space.names;
        let seen = all.obs.iter().position(|v| !v.is_finite());
        let seen = seen.map(|at| (at / names.len(), names[at % names.len()].as_str(), f64::from(all.obs[at])));
        let paid = || all.reward.iter().position(|v| !v.is_finite()).map(|row| (row, "reward", all.reward[row]));
        let Some((row, name, value)) = seen.or_else(paid) else { return Ok(()) };
        let copy = copies[row];
        self.workers[copy / self.share].broken = true;
        Err(Fault::failed(format!("{}: copy {copy} answers {value} as {name} ({doing})", self.spec.id)))
    }
}

impl Drop for Gymnasium {
    fn drop(&mut self) {
        // All are told before the first is waited for.
        self.workers.iter_mut().for_each(Process::dismiss);
    }
}

impl VectorEnv for Gymnasium {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn copies(&self) -> usize {
        self.options.copies
    }

    fn reset(&mut self, copies: &[usize], seeds: &[u64]) -> Result<Vec<f32>, Fault> {
        let mut begun: Vec<Option<Vec<f32>>> = Vec::with_capacity(copies.len());
        for (&copy, &seed) in copies.iter().zip(seeds) {
            begun.push(self.begun[copy].take().filter(|(of, _)| *of == seed).map(|(_, obs)| obs));
        }
        let rows: Vec<usize> = (0..copies.len()).filter(|&row| begun[row].is_none()).collect();
        if !rows.is_empty() {
            let asked: Vec<usize> = rows.iter().map(|&row| copies[row]).collect();
            let fresh = self.batch((b'R', "resetting"), &asked, |message, row| message.seed(seeds[rows[row]]))?.obs;
            let d = self.spec.obs_space.dim();
            rows.iter().zip(fresh.chunks_exact(d)).for_each(|(&row, obs)| begun[row] = Some(obs.to_vec()));
        }
        Ok(begun.into_iter().flatten().flatten().collect())
    }

    fn announce(&mut self, seeds: &[u64]) {
        self.next.clear();
        self.next.extend_from_slice(seeds);
    }

    fn step(&mut self, copies: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault> {
        for &copy in copies {
            self.begun[copy] = None;
        }
        let stepped = self.batch((STEP, "stepping"), copies, |message, row| message.floats(actions.stored_at(row)));
        self.next.clear();
        stepped
    }

    fn restorable(&mut self) -> Option<&mut dyn Restorable> {
        if self.about.settable { Some(self) } else { None }
    }

    fn recover(&mut self, fault: Fault) -> Result<(), Fault> {
        if !matches!(fault, Fault::Failed(_)) {
            return Err(fault);
        }
        self.begun.fill(None);
        let broken: Vec<usize> = (0..self.workers.len()).filter(|&w| self.workers[w].broken).collect();
        for &w in &broken {
            self.workers[w].kill();
        }
        let began = fleet::begin(&self.options, &self.launch, self.share, &broken, &self.cx);
        let started = began.map_err(|again| match again {
            Fault::Cancelled => Fault::Cancelled,
            again => {
                let mut both = fault.to_string();
                let _ = write!(both, "; and starting it anew: {again}");
                Fault::failed(both)
            }
        })?;
        for (w, (worker, _)) in broken.into_iter().zip(started) {
            self.workers[w] = worker;
        }
        Ok(())
    }
}

impl Restorable for Gymnasium {
    fn state_dim(&self) -> usize {
        self.about.state_dim
    }

    fn set_state(&mut self, copies: &[usize], states: &[f64]) -> Result<Vec<f32>, Fault> {
        for &copy in copies {
            self.begun[copy] = None;
        }
        let s = self.about.state_dim;
        let own = |message: &mut Message, row: usize| message.doubles(&states[row * s..(row + 1) * s]);
        Ok(self.batch((b'P', "setting states"), copies, own)?.obs)
    }

    fn state(&mut self, copy: usize) -> Result<Vec<f64>, Fault> {
        let (mut state, s) = (Vec::new(), self.about.state_dim);
        self.ask(
            (b'G', b'g', "reading a state"),
            &[copy],
            |_, _| {},
            |_, payload| {
                state.extend(frame::doubles(payload));
                (state.len() == s).then_some(())
            },
        )?;
        Ok(state)
    }
}

#[cfg(test)]
mod tests;
