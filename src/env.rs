//! Environments that episodes are collected in. A new one is one file and one line in [`ENVIRONMENTS`].

use crate::data::space::Space;

pub mod pendulum;

/// What one step of an environment answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// [`obs_dim`] observation after the step.
    pub obs: Vec<f32>,
    /// Reward of the step.
    pub reward: f64,
    /// The environment ended the episode.
    pub terminated: bool,
}

/// A simulator with its own state. Time limits are kept by the caller, so that truncation is never taken for termination.
pub trait Environment: Send {
    /// Gymnasium id ("Pendulum-v1").
    fn id(&self) -> &'static str;
    /// Observation space.
    fn obs_space(&self) -> Space;
    /// Action space, in the environment's units.
    fn action_space(&self) -> Space;
    /// Gymnasium's `max_episode_steps`.
    fn max_steps(&self) -> usize;
    /// Draws a start state with the environment's own distribution and answers its observation.
    fn reset(&mut self, rng: &mut dyn rand::Rng) -> Vec<f32>;
    /// Sets the internal state (as Gymnasium's `env.unwrapped.state`) and answers its observation.
    fn set_state(&mut self, state: &[f64]) -> Vec<f32>;
    /// The internal state.
    fn state(&self) -> Vec<f64>;
    /// One step with `action` (clipped as the original does).
    fn step(&mut self, action: &[f32]) -> Step;
}

/// Makes a fresh environment.
pub type Make = fn() -> Box<dyn Environment>;

/// Every environment by id.
pub const ENVIRONMENTS: &[(&str, Make)] = &[("Pendulum-v1", || Box::new(pendulum::Pendulum::default()))];

/// Makes the environment called `id`.
pub fn make(id: &str) -> Option<Box<dyn Environment>> {
    ENVIRONMENTS.iter().find(|(name, _)| *name == id).map(|(_, make)| make())
}
