//! `dm_control/pendulum-swingup-v0`: swing a rod up with too weak a motor, and hold it there.
//!
//! Source: `dm_control`'s `suite/pendulum.py` and `pendulum.xml`, simulated as `MuJoCo` does (semi-implicit Euler with
//! implicit damping, dt = 0.02).

use std::f64::consts::PI;

use super::scripted::{HeldRandom, Mixed, Noisy, numbers};
use super::{Builtin, Script, between};
use crate::data::space::{Space, SpaceKind};
use crate::env::single::{Environment, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::Stream;

const ID: &str = "dm_control/pendulum-swingup-v0";

/// The environment with who can act in it.
pub const BUILTIN: Builtin = Builtin {
    id: ID,
    make: || Box::new(PendulumSwingUp::default()),
    behaviours: &[
        Script {
            name: "narrow",
            about: "a swing-up with a little noise",
            make: || Box::new(Noisy::new(swing_up, torque(), 0.05)),
        },
        Script {
            name: "mixed",
            about: "random torques, held torques and a noisy swing-up by turns",
            make: || Box::new(Mixed::thirds(&torque(), 20, swing_up, 0.6)),
        },
        Script { name: "random", about: "uniform torques", make: || Box::new(HeldRandom::new(torque(), 1)) },
    ],
};

const DT: f64 = 0.02;
/// Weight of the mass (1 kg) times its distance from the hinge (0.5 m), in N m.
const WEIGHT: f64 = 9.81 * 0.5;
/// Moment of inertia about the hinge, in kg m²: a sphere of 1 kg with a radius of 0.05 m at 0.5 m.
const INERTIA: f64 = 0.001 + 0.25;
const DAMPING: f64 = 0.1;

/// State: angle from upright (rad) and angular velocity (rad/s).
#[derive(Debug, Clone, Default)]
pub struct PendulumSwingUp {
    angle: f64,
    turning: f64,
}

impl PendulumSwingUp {
    fn obs(&self) -> Vec<f32> {
        [self.angle.cos(), self.angle.sin(), self.turning].map(|v| v as f32).to_vec()
    }
}

/// The actions: a torque in N m.
fn torque() -> Space {
    Space { names: vec!["torque".into()], kind: SpaceKind::Box { low: vec![-1.0], high: vec![1.0] } }
}

/// Energy shaping, and a PD law where the motor is strong enough to catch the rod.
///
/// Source: Åström and Furuta, "Swinging up a pendulum by energy control" (Automatica 2000).
fn swing_up(obs: &[f32]) -> Vec<f64> {
    let [cos, sin, turning] = numbers(obs);
    let angle = sin.atan2(cos);
    // The rod falls with a time constant of a quarter second: beyond this line the motor can't stop it.
    if (angle + 0.23 * turning).abs() < 0.2 && angle.abs() < 0.6 {
        return vec![(-20.0 * angle - 5.0 * turning).clamp(-1.0, 1.0)];
    }
    let missing = WEIGHT * (1.0 - cos) - 0.5 * INERTIA * turning * turning;
    // At rest at the bottom there is no direction to push in: take one.
    let direction = if turning.abs() < 1e-3 { 1.0 } else { turning.signum() };
    vec![(4.0 * missing * direction + DAMPING * turning).clamp(-1.0, 1.0)]
}

impl Environment for PendulumSwingUp {
    fn spec(&self) -> EnvSpec {
        let names = ["cos θ", "sin θ", "dθ/dt"].map(String::from).to_vec();
        let kind = SpaceKind::Box { low: vec![f32::NEG_INFINITY; 3], high: vec![f32::INFINITY; 3] };
        EnvSpec::new(ID, 1000, Space { names, kind }, torque())
    }

    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        self.set_state(&[between(-PI, PI, rng), 0.0])
    }

    fn set_state(&mut self, state: &[f64]) -> Vec<f32> {
        if let [angle, turning, ..] = *state {
            (self.angle, self.turning) = (angle, turning);
        }
        self.obs()
    }

    fn state(&self) -> Vec<f64> {
        vec![self.angle, self.turning]
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let action = f64::from(action.first().copied().unwrap_or(0.0).clamp(-1.0, 1.0));
        let total = action + WEIGHT * self.angle.sin() - DAMPING * self.turning;
        // Damping at the velocity after the step.
        self.turning += DT * total / (INERTIA + DT * DAMPING);
        self.angle += DT * self.turning;
        let upright = self.angle.cos() >= 8f64.to_radians().cos();
        Step { obs: self.obs(), reward: f64::from(u8::from(upright)), terminated: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::builtin::tests::mean_return;

    #[test]
    fn the_swing_up_holds_and_random_torques_do_not() {
        let mean = |script| mean_return(&BUILTIN, script, 40);
        let (narrow, mixed, random) = (mean("narrow"), mean("mixed"), mean("random"));
        assert!(narrow >= 500.0 && random < 50.0, "narrow {narrow}, random {random}");
        assert!(mixed > random && mixed < 0.8 * narrow, "{mixed}");
    }

    #[test]
    fn upright_is_within_eight_degrees() {
        let mut env = PendulumSwingUp::default();
        let mut earns = |degrees: f64| {
            env.set_state(&[degrees.to_radians(), 0.0]);
            env.step(&[0.0]).reward > 0.5
        };
        assert_eq!([7.5, -7.5, 8.1, 180.0].map(&mut earns), [true, true, false, false]);
    }
}
