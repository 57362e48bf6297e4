//! A bandit with three arms: choices for actions, and an end that comes at random.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::data::space::{Space, SpaceKind};
use crate::env::single::{Environment, Lifted, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::{Stream, stream};

/// What the arms pay on average: the order of their numbers says nothing.
pub const PAYS: [f32; 3] = [1.0, -2.0, 3.0];

/// State: the last payoff and the payoffs so far.
pub struct Bandit {
    last: f32,
    sum: f32,
    rng: Stream,
}

impl Default for Bandit {
    fn default() -> Self {
        Self { last: 0.0, sum: 0.0, rng: stream(0, "bandit", 0) }
    }
}

impl Bandit {
    fn obs(&self) -> Vec<f32> {
        vec![self.last, self.sum]
    }
}

impl Environment for Bandit {
    fn spec(&self) -> EnvSpec {
        let obs = Space { names: vec!["payoff".into(), "sum".into()], kind: SpaceKind::Unknown };
        let arms = Space { names: vec!["arm".into()], kind: SpaceKind::Discrete { n: 3, start: 0 } };
        EnvSpec::new("Bandit-v0", 20, obs, arms)
    }

    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        *self = Self { last: 0.0, sum: rng.random_range(-1.0..1.0), rng: stream(rng.random(), "bandit", 0) };
        self.obs()
    }

    fn set_state(&mut self, state: &[f64]) -> Vec<f32> {
        (self.last, self.sum) = (state[0] as f32, state[1] as f32);
        self.obs()
    }

    fn state(&self) -> Vec<f64> {
        vec![f64::from(self.last), f64::from(self.sum)]
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let noise: f32 = StandardNormal.sample(&mut self.rng);
        self.last = PAYS[action[0] as usize] + 0.1 * noise;
        self.sum += self.last;
        let terminated = self.rng.random_bool(0.02);
        Step { obs: self.obs(), reward: f64::from(self.last), terminated }
    }
}

/// Copies of it.
///
/// # Panics
/// Never: it is asked for no option.
pub fn bandits(copies: usize) -> Lifted {
    Lifted::new(copies, || Box::<Bandit>::default(), &[]).unwrap()
}
