//! `Pendulum-v1`: swing a rod up and hold it there with too weak a motor. Equal to Gymnasium 1.x step for step.
//!
//! Source: Gymnasium's `classic_control/pendulum.py` (semi-implicit Euler, dt = 0.05, g = 10, m = l = 1).

use std::f64::consts::PI;

use rand::RngExt;

use super::scripted::{HeldRandom, Mixed, Noisy, numbers};
use super::{Builtin, Script};
use crate::data::space::{Space, SpaceKind};
use crate::env::single::{Environment, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::Stream;

const ID: &str = "Pendulum-v1";

/// The environment with who can act in it.
pub const BUILTIN: Builtin = Builtin {
    id: ID,
    make: || Box::new(Pendulum::default()),
    behaviours: &[
        Script {
            name: "narrow",
            about: "a swing-up with a little noise",
            make: || Box::new(Noisy::new(swing_up, torque(), 0.05)),
        },
        Script {
            name: "mixed",
            about: "random torques, held torques and a noisy swing-up by turns",
            make: || Box::new(Mixed::thirds(&torque(), 8, swing_up, 0.35)),
        },
        Script { name: "random", about: "uniform torques", make: || Box::new(HeldRandom::new(torque(), 1)) },
    ],
};

const MAX_SPEED: f64 = 8.0;
const MAX_TORQUE: f32 = 2.0;
const DT: f64 = 0.05;
const G: f64 = 10.0;
/// ½ θ̇² + 15 cos θ of a pendulum that stands upright: with θ̈ = 15 sin θ + 3 u it grows by 3 u θ̇.
const UPRIGHT_ENERGY: f64 = 15.0;

/// State: angle from upright (rad) and angular velocity (rad/s).
#[derive(Debug, Clone)]
pub struct Pendulum {
    theta: f64,
    theta_dot: f64,
    /// Half-widths of the uniform start distribution, Gymnasium's reset options `x_init` and `y_init`.
    start: (f64, f64),
}

impl Default for Pendulum {
    fn default() -> Self {
        Self { theta: 0.0, theta_dot: 0.0, start: (PI, 1.0) }
    }
}

impl Pendulum {
    fn obs(&self) -> Vec<f32> {
        vec![self.theta.cos() as f32, self.theta.sin() as f32, self.theta_dot as f32]
    }
}

/// Angle in [-π, π), with Python's sign of the remainder.
fn angle_normalize(x: f64) -> f64 {
    (x + PI).rem_euclid(2.0 * PI) - PI
}

/// The actions: a torque in N m.
fn torque() -> Space {
    let kind = SpaceKind::Box { low: vec![-MAX_TORQUE], high: vec![MAX_TORQUE] };
    Space { names: vec!["torque".into()], kind }
}

/// Energy shaping, and a PD law that holds the rod upright.
///
/// Source: Åström and Furuta, "Swinging up a pendulum by energy control" (Automatica 2000).
fn swing_up(obs: &[f32]) -> Vec<f64> {
    let [cos, sin, speed] = numbers(obs);
    let most = f64::from(MAX_TORQUE);
    let angle = sin.atan2(cos);
    // Where the motor can catch the rod: the PD law saturates outside and energy decides.
    if angle.abs() < 0.6 && (angle + 0.35 * speed).abs() < 0.45 {
        return vec![(-10.0 * angle - 3.0 * speed).clamp(-most, most)];
    }
    let missing = UPRIGHT_ENERGY - (0.5 * speed * speed + 15.0 * cos);
    // At rest at the bottom there is no direction to push in: take one.
    let direction = if speed.abs() < 1e-3 { 1.0 } else { speed.signum() };
    vec![(0.8 * missing * direction).clamp(-most, most)]
}

impl Environment for Pendulum {
    fn spec(&self) -> EnvSpec {
        let names = ["cos θ", "sin θ", "dθ/dt"].map(String::from).to_vec();
        let obs = SpaceKind::Box { low: vec![-1.0, -1.0, -8.0], high: vec![1.0, 1.0, 8.0] };
        let entry_point = Some("gymnasium.envs.classic_control.pendulum:PendulumEnv".into());
        EnvSpec { entry_point, ..EnvSpec::new(ID, 200, Space { names, kind: obs }, torque()) }
    }

    fn set_option(&mut self, name: &str, value: f64) -> bool {
        match name {
            "x_init" => self.start.0 = value,
            "y_init" => self.start.1 = value,
            _ => return false,
        }
        true
    }

    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        let (x, y) = self.start;
        self.theta = rng.random_range(-x..=x);
        self.theta_dot = rng.random_range(-y..=y);
        self.obs()
    }

    fn set_state(&mut self, state: &[f64]) -> Vec<f32> {
        if let [theta, theta_dot, ..] = *state {
            (self.theta, self.theta_dot) = (theta, theta_dot);
        }
        self.obs()
    }

    fn state(&self) -> Vec<f64> {
        vec![self.theta, self.theta_dot]
    }

    fn step(&mut self, action: &[f32]) -> Step {
        // NumPy keeps the action's products in float32 and widens them when they meet the state: so do we.
        let u = action.first().copied().unwrap_or(0.0).clamp(-MAX_TORQUE, MAX_TORQUE);
        let cost = angle_normalize(self.theta).powi(2) + 0.1 * self.theta_dot.powi(2) + f64::from(0.001 * (u * u));
        let accel = 3.0 * G / 2.0 * self.theta.sin() + f64::from(3.0 * u);
        self.theta_dot = (self.theta_dot + accel * DT).clamp(-MAX_SPEED, MAX_SPEED);
        self.theta += self.theta_dot * DT;
        Step { obs: self.obs(), reward: -cost, terminated: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::builtin::tests::mean_return;

    #[test]
    fn the_swing_up_solves_the_task_and_mixed_behaviour_is_neither_expert_nor_random() {
        let mean = |script| mean_return(&BUILTIN, script, 60);
        let (narrow, mixed, random) = (mean("narrow"), mean("mixed"), mean("random"));
        // A good policy earns about -150 on average; a random one about -1200.
        assert!(narrow > -220.0 && random < -1000.0, "narrow {narrow}, random {random}");
        assert!((-1100.0..-400.0).contains(&mixed), "{mixed}");
    }
}
