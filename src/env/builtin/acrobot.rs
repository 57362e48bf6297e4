//! `Acrobot-v1`: swing two links up with a motor at the joint between them. Equal to Gymnasium 1.x step for step.
//!
//! Source: Gymnasium's `classic_control/acrobot.py` (the equations of Sutton and Barto's book; one RK4 step of 0.2 s).

use std::f64::consts::PI;

use super::scripted::{HeldRandom, Mixed, Noisy, numbers};
use super::{Builtin, Script, between, bound};
use crate::data::space::{Space, SpaceKind};
use crate::env::single::{Environment, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::Stream;

const ID: &str = "Acrobot-v1";

/// The environment with who can act in it.
pub const BUILTIN: Builtin = Builtin {
    id: ID,
    make: || Box::new(Acrobot::default()),
    behaviours: &[
        Script {
            name: "narrow",
            about: "swings both links with few slips",
            make: || Box::new(Noisy::new(pump, torques(), 0.05)),
        },
        Script {
            name: "mixed",
            about: "random torques, held torques and an often slipping swing by turns",
            make: || Box::new(Mixed::thirds(&torques(), 4, pump, 0.6)),
        },
        Script { name: "random", about: "uniform torques", make: || Box::new(HeldRandom::new(torques(), 1)) },
    ],
};

const DT: f64 = 0.2;
const G: f64 = 9.8;
const MAX_SPEEDS: [f64; 2] = [4.0 * PI, 9.0 * PI];

/// State: angle of the first link from hanging (rad), of the second from the first, and their velocities (rad/s). Each link
/// is 1 m long, weighs 1 kg in its middle and has a moment of inertia of 1 kg m².
#[derive(Debug, Clone)]
pub struct Acrobot {
    state: [f64; 4],
    /// Bounds of the uniform start distribution of all four numbers, Gymnasium's reset options `low` and `high`.
    start: (f64, f64),
}

impl Default for Acrobot {
    fn default() -> Self {
        Self { state: [0.0; 4], start: (-0.1, 0.1) }
    }
}

impl Acrobot {
    fn obs(&self) -> Vec<f32> {
        let [a, b, a_dot, b_dot] = self.state;
        [a.cos(), a.sin(), b.cos(), b.sin(), a_dot, b_dot].map(|v| v as f32).to_vec()
    }
}

/// The actions: 0, 1 and 2 turn the second link with -1, 0 and 1 N m.
fn torques() -> Space {
    Space { names: vec!["torque".into()], kind: SpaceKind::Discrete { n: 3, start: 0 } }
}

/// Torque the way that the joint turns: work is torque times its velocity, so the energy grows.
fn pump(obs: &[f32]) -> Vec<f64> {
    let [_, _, _, _, _, turning] = numbers(obs);
    vec![if turning < 0.0 { 0.0 } else { 2.0 }]
}

/// Time derivative of a state under `torque`.
fn derivative([a, b, a_dot, b_dot]: [f64; 4], torque: f64) -> [f64; 4] {
    // Masses and lengths are 1, middles at ½, moments of inertia 1.
    let (sin, cos) = b.sin_cos();
    let d1 = 0.25 + (1.25 + cos) + 2.0;
    let d2 = (0.25 + 0.5 * cos) + 1.0;
    let phi2 = 0.5 * G * (a + b).sin();
    let phi1 = -0.5 * b_dot * b_dot * sin - b_dot * a_dot * sin + 1.5 * G * a.sin() + phi2;
    let b_acc = (torque + d2 / d1 * phi1 - 0.5 * a_dot * a_dot * sin - phi2) / (1.25 - d2 * d2 / d1);
    [a_dot, b_dot, -(d2 * b_acc + phi1) / d1, b_acc]
}

/// The angle in [-π, π] that is whole turns from `angle`.
fn wrap(angle: f64) -> f64 {
    if angle.abs() > PI { (angle + PI).rem_euclid(2.0 * PI) - PI } else { angle }
}

impl Environment for Acrobot {
    fn spec(&self) -> EnvSpec {
        let names = ["cos θ₁", "sin θ₁", "cos θ₂", "sin θ₂", "dθ₁/dt", "dθ₂/dt"].map(String::from).to_vec();
        let high = vec![1.0, 1.0, 1.0, 1.0, MAX_SPEEDS[0] as f32, MAX_SPEEDS[1] as f32];
        let obs = Space { names, kind: SpaceKind::Box { low: high.iter().map(|h| -h).collect(), high } };
        let entry_point = Some("gymnasium.envs.classic_control.acrobot:AcrobotEnv".into());
        EnvSpec { entry_point, reward_threshold: Some(-100.0), ..EnvSpec::new(ID, 500, obs, torques()) }
    }

    fn set_option(&mut self, name: &str, value: f64) -> bool {
        bound(&mut self.start, name, value)
    }

    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        let (low, high) = self.start;
        // Gymnasium rounds the first state, and no other, to float32.
        self.set_state(&[(); 4].map(|()| f64::from(between(low, high, rng) as f32)))
    }

    fn set_state(&mut self, state: &[f64]) -> Vec<f32> {
        if let Some(state) = state.first_chunk() {
            self.state = *state;
        }
        self.obs()
    }

    fn state(&self) -> Vec<f64> {
        self.state.to_vec()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let torque = f64::from(action.first().map_or(0.0, |a| a.round().clamp(0.0, 2.0) - 1.0));
        let y = self.state;
        let ahead = |k: [f64; 4], dt: f64| -> [f64; 4] { std::array::from_fn(|i| y[i] + dt * k[i]) };
        let k1 = derivative(y, torque);
        let k2 = derivative(ahead(k1, DT / 2.0), torque);
        let k3 = derivative(ahead(k2, DT / 2.0), torque);
        let k4 = derivative(ahead(k3, DT), torque);
        let next: [f64; 4] = std::array::from_fn(|i| y[i] + DT / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
        let [a_most, b_most] = MAX_SPEEDS;
        self.state = [wrap(next[0]), wrap(next[1]), next[2].clamp(-a_most, a_most), next[3].clamp(-b_most, b_most)];
        // The free end is higher than one link above the fixed one.
        let terminated = -self.state[0].cos() - (self.state[0] + self.state[1]).cos() > 1.0;
        Step { obs: self.obs(), reward: if terminated { 0.0 } else { -1.0 }, terminated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::builtin::tests::mean_return;

    #[test]
    fn pumping_swings_up_and_random_torques_hang() {
        let mean = |script| mean_return(&BUILTIN, script, 60);
        let (narrow, mixed, random) = (mean("narrow"), mean("mixed"), mean("random"));
        assert!(narrow >= -150.0 && random < -450.0, "narrow {narrow}, random {random}");
        assert!(mixed > random && mixed < narrow - 50.0, "{mixed}");
    }

    #[test]
    fn a_wild_state_is_wrapped_and_bounded() {
        let mut env = Acrobot::default();
        env.set_state(&[3.0, -3.0, 12.0, -28.0]);
        let step = env.step(&[2.0]);
        assert!(step.obs.iter().all(|v| v.is_finite()) && env.state()[..2].iter().all(|a| a.abs() <= PI));
        env.set_state(&[f64::NAN; 4]);
        assert!(!env.step(&[0.0]).terminated);
    }
}
