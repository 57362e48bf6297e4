//! `CartPole-v1`: balance a pole on a cart by pushing left or right. Equal to Gymnasium 1.x step for step.
//!
//! Source: Gymnasium's `classic_control/cartpole.py` (explicit Euler, dt = 0.02) after Florian, "Correct equations for the
//! dynamics of the cart-pole system" (2007).

use super::scripted::{HeldRandom, Mixed, Noisy, numbers};
use super::{Builtin, Script, between, bound};
use crate::data::space::{Space, SpaceKind};
use crate::env::single::{Environment, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::Stream;

const ID: &str = "CartPole-v1";

/// The environment with who can act in it.
pub const BUILTIN: Builtin = Builtin {
    id: ID,
    make: || Box::new(CartPole::default()),
    behaviours: &[
        Script {
            name: "narrow",
            about: "a balancing law that slips now and then",
            make: || Box::new(Noisy::new(balance, pushes(), 0.05)),
        },
        Script {
            name: "mixed",
            about: "random pushes, held pushes and an often slipping balancing law by turns",
            make: || Box::new(Mixed::thirds(&pushes(), 4, balance, 0.4)),
        },
        Script { name: "random", about: "uniform pushes", make: || Box::new(HeldRandom::new(pushes(), 1)) },
    ],
};

const DT: f64 = 0.02;
const G: f64 = 9.8;
const CART_MASS: f64 = 1.0;
const POLE_MASS: f64 = 0.1;
const HALF_LENGTH: f64 = 0.5;
const FORCE: f64 = 10.0;
const MAX_X: f64 = 2.4;
/// 12 degrees, in radians as Gymnasium rounds them.
const MAX_ANGLE: f64 = 12.0 * 2.0 * std::f64::consts::PI / 360.0;

/// State: cart position (m) and velocity (m/s), pole angle from upright (rad) and angular velocity (rad/s).
#[derive(Debug, Clone)]
pub struct CartPole {
    state: [f64; 4],
    /// The episode ended with a step before: no more reward.
    fallen: bool,
    /// Bounds of the uniform start distribution of all four numbers, Gymnasium's reset options `low` and `high`.
    start: (f64, f64),
}

impl Default for CartPole {
    fn default() -> Self {
        Self { state: [0.0; 4], fallen: false, start: (-0.05, 0.05) }
    }
}

impl CartPole {
    fn obs(&self) -> Vec<f32> {
        self.state.map(|v| v as f32).to_vec()
    }
}

/// The actions: 0 pushes left, 1 right.
fn pushes() -> Space {
    Space { names: vec!["push".into()], kind: SpaceKind::Discrete { n: 2, start: 0 } }
}

/// Pushes to the side where a linear law wants the force: with the gains that minimise Σ x² + θ² + (force / 10)² about the
/// upright position (a discrete Riccati equation).
fn balance(obs: &[f32]) -> Vec<f64> {
    let [x, speed, angle, turning] = numbers(obs);
    let wanted = 0.88 * x + 0.89 * speed + 5.5 * angle + 1.4 * turning;
    vec![f64::from(u8::from(wanted > 0.0))]
}

impl Environment for CartPole {
    fn spec(&self) -> EnvSpec {
        let names = ["cart position", "cart velocity", "pole angle", "pole velocity"].map(String::from).to_vec();
        let high = vec![2.0 * MAX_X as f32, f32::INFINITY, (2.0 * MAX_ANGLE) as f32, f32::INFINITY];
        let obs = Space { names, kind: SpaceKind::Box { low: high.iter().map(|h| -h).collect(), high } };
        let entry_point = Some("gymnasium.envs.classic_control.cartpole:CartPoleEnv".into());
        EnvSpec { entry_point, reward_threshold: Some(475.0), ..EnvSpec::new(ID, 500, obs, pushes()) }
    }

    fn set_option(&mut self, name: &str, value: f64) -> bool {
        bound(&mut self.start, name, value)
    }

    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        let (low, high) = self.start;
        self.set_state(&[(); 4].map(|()| between(low, high, rng)))
    }

    fn set_state(&mut self, state: &[f64]) -> Vec<f32> {
        if let Some(state) = state.first_chunk() {
            (self.state, self.fallen) = (*state, false);
        }
        self.obs()
    }

    fn state(&self) -> Vec<f64> {
        self.state.to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let [x, x_dot, theta, theta_dot] = self.state;
        let force = if action.first().is_some_and(|a| a.round() >= 1.0) { FORCE } else { -FORCE };
        let (sin, cos) = theta.sin_cos();
        let (total, pole) = (CART_MASS + POLE_MASS, POLE_MASS * HALF_LENGTH);
        let push = (force + pole * theta_dot.powi(2) * sin) / total;
        let inertia = HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cos.powi(2) / total);
        let theta_acc = (G * sin - cos * push) / inertia;
        let x_acc = push - pole * theta_acc * cos / total;
        // Positions move with the velocities before the step.
        self.state = [x + DT * x_dot, x_dot + DT * x_acc, theta + DT * theta_dot, theta_dot + DT * theta_acc];
        let terminated = self.state[0].abs() > MAX_X || self.state[2].abs() > MAX_ANGLE;
        let reward = if self.fallen { 0.0 } else { 1.0 };
        self.fallen |= terminated;
        Step { obs: self.obs(), reward, terminated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::builtin::tests::mean_return;

    #[test]
    fn balancing_solves_the_task_and_the_others_fall() {
        let mean = |script| mean_return(&BUILTIN, script, 60);
        let (narrow, mixed, random) = (mean("narrow"), mean("mixed"), mean("random"));
        assert!(narrow >= 475.0 && random < 30.0, "narrow {narrow}, random {random}");
        assert!(mixed > 1.5 * random && mixed < 0.7 * narrow, "{mixed}");
    }

    #[test]
    fn a_pole_that_has_fallen_earns_nothing() {
        let mut env = CartPole::default();
        env.set_state(&[0.0, 0.0, 0.2, 1.0]);
        let rewards = [(); 3].map(|()| env.step(&[1.0])).map(|step| (step.reward, step.terminated));
        assert_eq!(rewards, [(1.0, true), (0.0, true), (0.0, true)]);
        env.set_state(&[0.0; 4]);
        assert_eq!(env.step(&[0.0]).reward.to_bits(), 1.0f64.to_bits());
    }
}
