//! One copy of an environment ([`Environment`]), and several of them as one ([`Lifted`]).

use super::spec::{EnvSpec, ResetOption};
use super::vector::{Restorable, StepBatch, VectorEnv};
use crate::data::space::Actions;
use crate::ground::fault::Fault;
use crate::ground::seed::{Stream, stream};

/// What one step of one copy answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// [D] observation after the step.
    pub obs: Vec<f32>,
    /// Reward of the step.
    pub reward: f64,
    /// The environment ended the episode.
    pub terminated: bool,
}

/// A simulator with its own state. Time limits are kept by [`Lifted`], so that truncation is never taken for termination.
pub trait Environment: Send {
    /// What it is.
    fn spec(&self) -> EnvSpec;

    /// Takes a number for its resets; answers whether it knows one of that name.
    fn set_option(&mut self, _name: &str, _value: f64) -> bool {
        false
    }

    /// Draws a start state with the environment's own distribution and answers its observation.
    fn reset(&mut self, rng: &mut Stream) -> Vec<f32>;

    /// Sets the internal state (as Gymnasium's `env.unwrapped.state`) and answers its observation.
    fn set_state(&mut self, state: &[f64]) -> Vec<f32>;

    /// The internal state.
    fn state(&self) -> Vec<f64>;

    /// One step with `action` (clipped as the original does).
    fn step(&mut self, action: &[f32]) -> Step;
}

/// Copies of an environment that knows only itself.
pub struct Lifted {
    spec: EnvSpec,
    copies: Vec<Copy>,
}

struct Copy {
    env: Box<dyn Environment>,
    steps: usize,
}

impl Lifted {
    /// `copies` (at least one) of what `make` makes, whose resets know `options`.
    ///
    /// # Errors
    /// A sentence naming the option that the environment does not know.
    pub fn new(copies: usize, make: impl Fn() -> Box<dyn Environment>, options: &[ResetOption]) -> Result<Self, Fault> {
        let mut all: Vec<Copy> = (0..copies.max(1)).map(|_| Copy { env: make(), steps: 0 }).collect();
        let spec = all[0].env.spec();
        for (name, value) in options {
            if !all.iter_mut().all(|copy| copy.env.set_option(name, *value)) {
                return Err(Fault::bad(format!("{} has no reset option called '{name}'; leave it away", spec.id)));
            }
        }
        Ok(Self { spec, copies: all })
    }
}

impl VectorEnv for Lifted {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn copies(&self) -> usize {
        self.copies.len()
    }

    fn reset(&mut self, copies: &[usize], seeds: &[u64]) -> Result<Vec<f32>, Fault> {
        let mut obs = Vec::with_capacity(copies.len() * self.spec.obs_space.dim());
        for (&copy, &seed) in copies.iter().zip(seeds) {
            let copy = &mut self.copies[copy];
            copy.steps = 0;
            obs.extend(copy.env.reset(&mut stream(seed, "reset", 0)));
        }
        Ok(obs)
    }

    fn step(&mut self, copies: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault> {
        let mut all = StepBatch::default();
        for (row, &copy) in copies.iter().enumerate() {
            let copy = &mut self.copies[copy];
            let step = copy.env.step(actions.stored_at(row));
            copy.steps += 1;
            let limit = self.spec.max_episode_steps.is_some_and(|limit| copy.steps >= limit);
            all.obs.extend(step.obs);
            all.reward.push(step.reward);
            all.terminated.push(step.terminated);
            all.truncated.push(limit && !step.terminated);
        }
        Ok(all)
    }

    fn restorable(&mut self) -> Option<&mut dyn Restorable> {
        Some(self)
    }
}

impl Restorable for Lifted {
    fn state_dim(&self) -> usize {
        self.copies[0].env.state().len()
    }

    fn set_state(&mut self, copies: &[usize], states: &[f64]) -> Result<Vec<f32>, Fault> {
        let s = self.state_dim().max(1);
        let mut obs = Vec::with_capacity(copies.len() * self.spec.obs_space.dim());
        for (&copy, state) in copies.iter().zip(states.chunks_exact(s)) {
            let copy = &mut self.copies[copy];
            copy.steps = 0;
            obs.extend(copy.env.set_state(state));
        }
        Ok(obs)
    }

    fn state(&mut self, copy: usize) -> Result<Vec<f64>, Fault> {
        Ok(self.copies[copy].env.state())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env;

    fn pendulums(copies: usize) -> Box<dyn VectorEnv> {
        env::make("Pendulum-v1", copies, &[]).unwrap().unwrap()
    }

    #[test]
    fn a_seed_is_a_start_in_whichever_copy() {
        let mut three = pendulums(3);
        let first = three.reset(&[0, 1, 2], &[7, 8, 7]).unwrap();
        assert_eq!(first[..3], first[6..]);
        assert_ne!(first[..3], first[3..6]);
        assert_eq!(pendulums(1).reset(&[0], &[8]).unwrap(), first[3..6]);
    }

    #[test]
    fn copies_step_alone_and_a_limit_truncates() {
        let mut two = pendulums(2);
        let space = two.spec().action_space.clone();
        two.reset(&[0, 1], &[1, 2]).unwrap();
        let mut last = StepBatch::default();
        for _ in 0..200 {
            last = two.step(&[1], &Actions::new(&space, vec![0.0])).unwrap();
        }
        assert_eq!((last.truncated, last.terminated), (vec![true], vec![false]));
        let both = two.step(&[0, 1], &Actions::new(&space, vec![0.0, 0.0])).unwrap();
        assert_eq!(both.truncated, [false, true], "the first copy has taken one step");
    }

    #[test]
    fn states_are_set_and_options_are_known_by_name() {
        let mut two = pendulums(2);
        let states = two.restorable().unwrap();
        let obs = states.set_state(&[1], &[0.0, 2.0]).unwrap();
        assert_eq!((obs, states.state(1)), (vec![1.0, 0.0, 2.0], Ok(vec![0.0, 2.0])));
        let asked = |name: &str| env::make("Pendulum-v1", 1, &[(name.into(), 0.0)]);
        assert!(asked("x_init").is_ok() && asked("mass").is_err_and(|e| e.to_string().contains("'mass'")));
        assert!(env::make("Nothing-v0", 1, &[]).is_ok_and(|none| none.is_none()));
    }
}
