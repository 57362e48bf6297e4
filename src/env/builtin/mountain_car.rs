//! `MountainCarContinuous-v0`: rock a car out of a valley with too weak a motor. Equal to Gymnasium 1.x step for step.
//!
//! Source: Gymnasium's `classic_control/continuous_mountain_car.py` (after Moore, "Efficient memory-based learning for robot
//! control", 1990).

use super::scripted::{HeldRandom, Mixed, Noisy, numbers};
use super::{Builtin, Script, between, bound};
use crate::data::space::{Space, SpaceKind};
use crate::env::single::{Environment, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::Stream;

const ID: &str = "MountainCarContinuous-v0";

/// The environment with who can act in it.
pub const BUILTIN: Builtin = Builtin {
    id: ID,
    make: || Box::new(MountainCar::default()),
    behaviours: &[
        Script {
            name: "narrow",
            about: "rocks out of the valley with a little noise",
            make: || Box::new(Noisy::new(rock, throttle(), 0.05)),
        },
        Script {
            name: "mixed",
            about: "random throttle, held throttle and noisy rocking by turns",
            make: || Box::new(Mixed::thirds(&throttle(), 20, rock, 0.8)),
        },
        Script { name: "random", about: "uniform throttle", make: || Box::new(HeldRandom::new(throttle(), 1)) },
    ],
};

const MIN_X: f32 = -1.2;
const MAX_X: f32 = 0.6;
const MAX_SPEED: f32 = 0.07;
const GOAL: f32 = 0.45;
const POWER: f32 = 0.0015;

/// State: position along the valley, whose floor is at -π/6, and velocity (a step).
#[derive(Debug, Clone)]
pub struct MountainCar {
    x: f64,
    speed: f64,
    /// Bounds of the uniform start position, Gymnasium's reset options `low` and `high`.
    start: (f64, f64),
}

impl Default for MountainCar {
    fn default() -> Self {
        Self { x: -0.5, speed: 0.0, start: (-0.6, -0.4) }
    }
}

impl MountainCar {
    fn obs(&self) -> Vec<f32> {
        vec![self.x as f32, self.speed as f32]
    }
}

/// The actions: how hard the motor pushes.
fn throttle() -> Space {
    Space { names: vec!["throttle".into()], kind: SpaceKind::Box { low: vec![-1.0], high: vec![1.0] } }
}

/// Pushes the way that the car rolls, so that its energy grows.
fn rock(obs: &[f32]) -> Vec<f64> {
    let [_, speed] = numbers(obs);
    vec![if speed < 0.0 { -0.9 } else { 0.9 }]
}

impl Environment for MountainCar {
    fn spec(&self) -> EnvSpec {
        let names = ["position", "velocity"].map(String::from).to_vec();
        let obs = SpaceKind::Box { low: vec![MIN_X, -MAX_SPEED], high: vec![MAX_X, MAX_SPEED] };
        let entry_point =
            Some("gymnasium.envs.classic_control.continuous_mountain_car:Continuous_MountainCarEnv".into());
        let spec = EnvSpec::new(ID, 999, Space { names, kind: obs }, throttle());
        EnvSpec { entry_point, reward_threshold: Some(90.0), ..spec }
    }

    fn set_option(&mut self, name: &str, value: f64) -> bool {
        bound(&mut self.start, name, value)
    }

    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        let (low, high) = self.start;
        self.set_state(&[between(low, high, rng), 0.0])
    }

    fn set_state(&mut self, state: &[f64]) -> Vec<f32> {
        if let [x, speed, ..] = *state {
            (self.x, self.speed) = (x, speed);
        }
        self.obs()
    }

    fn state(&self) -> Vec<f64> {
        vec![self.x, self.speed]
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let asked = action.first().copied().unwrap_or(0.0);
        // Gymnasium keeps the state in float32 after the first step, and NumPy its sums: so do we.
        let slope = (0.0025 * (3.0 * self.x).cos()) as f32;
        let speed = (self.speed + f64::from(asked.clamp(-1.0, 1.0) * POWER - slope)) as f32;
        let speed = speed.clamp(-MAX_SPEED, MAX_SPEED);
        let x = ((self.x + f64::from(speed)) as f32).clamp(MIN_X, MAX_X);
        let speed = if x <= MIN_X && speed < 0.0 { 0.0 } else { speed };
        (self.x, self.speed) = (x.into(), speed.into());
        let terminated = x >= GOAL && speed >= 0.0;
        // The action's cost is of what was asked for, not of what the motor could do.
        let reward = if terminated { 100.0 } else { 0.0 } - 0.1 * f64::from(asked).powi(2);
        Step { obs: self.obs(), reward, terminated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::builtin::tests::mean_return;

    #[test]
    fn rocking_reaches_the_goal_and_random_throttle_does_not() {
        let mean = |script| mean_return(&BUILTIN, script, 60);
        let (narrow, mixed, random) = (mean("narrow"), mean("mixed"), mean("random"));
        assert!(narrow >= 85.0 && random < 0.0, "narrow {narrow}, random {random}");
        assert!(mixed > random && mixed < 0.9 * narrow, "{mixed}");
    }

    #[test]
    fn the_left_wall_stops_the_car() {
        let mut env = MountainCar::default();
        env.set_state(&[-1.19, -0.07]);
        assert_eq!(env.step(&[-1.0]).obs, [-1.2, 0.0]);
    }
}
