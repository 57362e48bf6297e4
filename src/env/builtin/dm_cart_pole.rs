//! `dm_control/cartpole-swingup-v0`: swing a pole up by moving its cart along a rail, and hold it there.
//!
//! Source: `dm_control`'s `suite/cartpole.py` and `cartpole.xml` (RK4, dt = 0.01), simulated as `MuJoCo` does: the equations
//! of motion of its model, and its soft limit as "Computation" in `MuJoCo`'s documentation defines it.

use std::f64::consts::PI;

use rand_distr::{Distribution, StandardNormal};

use super::scripted::{HeldRandom, Mixed, Noisy};
use super::{Builtin, Script};
use crate::data::space::{Space, SpaceKind};
use crate::env::single::{Environment, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::Stream;

mod rail;
mod swing_up;

use swing_up::swing_up;

const ID: &str = "dm_control/cartpole-swingup-v0";

/// The environment with who can act in it.
pub const BUILTIN: Builtin = Builtin {
    id: ID,
    make: || Box::new(CartPoleSwingUp::default()),
    behaviours: &[
        Script {
            name: "narrow",
            about: "a swing-up with a little noise",
            make: || Box::new(Noisy::new(swing_up, push(), 0.05)),
        },
        Script {
            name: "mixed",
            about: "random pushes, held pushes and a noisy swing-up by turns",
            make: || Box::new(Mixed::thirds(&push(), 20, swing_up, 0.6)),
        },
        Script { name: "random", about: "uniform pushes", make: || Box::new(HeldRandom::new(push(), 1)) },
    ],
};

const DT: f64 = 0.01;
const G: f64 = 9.81;
/// Force of the action 1, in N.
const GEAR: f64 = 10.0;
/// Masses of cart and pole together, in kg.
const TOTAL_MASS: f64 = 1.1;
/// The pole's mass times the height of its middle, in kg m.
const POLE_MOMENT: f64 = 0.05;
/// The pole's moment of inertia about its hinge, in kg m²: a capsule of 0.1 kg, 1 m long with a radius of 0.045 m.
const POLE_INERTIA: f64 = 0.009_424_592_767_295_598 + 0.1 * 0.25;
const CART_DAMPING: f64 = 5e-4;
const POLE_DAMPING: f64 = 2e-6;

/// State: cart position (m), pole angle from upright (rad), and the velocities of both.
#[derive(Debug, Clone, Default)]
pub struct CartPoleSwingUp {
    position: [f64; 2],
    velocity: [f64; 2],
}

impl CartPoleSwingUp {
    fn obs(&self) -> Vec<f32> {
        let ([x, angle], [speed, turning]) = (self.position, self.velocity);
        [x, angle.cos(), angle.sin(), speed, turning].map(|v| v as f32).to_vec()
    }

    /// Shaped: upright, with the cart in the middle, little force and a slow pole; at most 1.
    fn reward(&self, action: f64) -> f64 {
        let ([x, angle], [_, turning]) = (self.position, self.velocity);
        // The suite's Gaussian tolerance, 1 in the middle and 0.1 at its margin (5 rad/s, 2 m).
        let near = |distance: f64| 0.1f64.powf(distance * distance);
        let small_control = (4.0 + (1.0 - action * action).max(0.0)) / 5.0;
        f64::midpoint(angle.cos(), 1.0)
            * small_control
            * f64::midpoint(1.0, near(turning / 5.0))
            * f64::midpoint(1.0, near(x / 2.0))
    }
}

/// The actions: a force along the rail in tens of newtons.
fn push() -> Space {
    Space { names: vec!["push".into()], kind: SpaceKind::Box { low: vec![-1.0], high: vec![1.0] } }
}

/// Accelerations of cart and pole under `force` on the cart.
fn accelerations([x, angle]: [f64; 2], [speed, turning]: [f64; 2], force: f64) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    let coupling = POLE_MOMENT * cos;
    let on_cart = force - CART_DAMPING * speed + POLE_MOMENT * turning * turning * sin;
    let on_pole = POLE_MOMENT * G * sin - POLE_DAMPING * turning;
    let determinant = TOTAL_MASS * POLE_INERTIA - coupling * coupling;
    let moved = |on_cart: f64| (POLE_INERTIA * on_cart - coupling * on_pole) / determinant;
    let on_cart = on_cart + rail::force(x, speed, moved(on_cart), POLE_INERTIA / determinant);
    [moved(on_cart), (TOTAL_MASS * on_pole - coupling * on_cart) / determinant]
}

impl Environment for CartPoleSwingUp {
    fn spec(&self) -> EnvSpec {
        let names = ["cart position", "cos θ", "sin θ", "cart velocity", "dθ/dt"].map(String::from).to_vec();
        let kind = SpaceKind::Box { low: vec![f32::NEG_INFINITY; 5], high: vec![f32::INFINITY; 5] };
        EnvSpec::new(ID, 1000, Space { names, kind }, push())
    }

    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        let mut little = || 0.01 * Distribution::<f64>::sample(&StandardNormal, rng);
        self.position = [little(), PI + little()];
        self.velocity = [little(), little()];
        self.obs()
    }

    fn set_state(&mut self, state: &[f64]) -> Vec<f32> {
        if let [x, angle, speed, turning, ..] = *state {
            (self.position, self.velocity) = ([x, angle], [speed, turning]);
        }
        self.obs()
    }

    fn state(&self) -> Vec<f64> {
        [self.position, self.velocity].concat()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let action = f64::from(action.first().copied().unwrap_or(0.0).clamp(-1.0, 1.0));
        let (q, v) = (self.position, self.velocity);
        let acc = |q, v| accelerations(q, v, GEAR * action);
        let ahead = |from: [f64; 2], rate: [f64; 2], dt: f64| [from[0] + dt * rate[0], from[1] + dt * rate[1]];
        let mean = |k: [[f64; 2]; 4]| [0, 1].map(|i| (k[0][i] + 2.0 * k[1][i] + 2.0 * k[2][i] + k[3][i]) / 6.0);
        let (v1, a1) = (v, acc(q, v));
        let v2 = ahead(v, a1, DT / 2.0);
        let a2 = acc(ahead(q, v1, DT / 2.0), v2);
        let v3 = ahead(v, a2, DT / 2.0);
        let a3 = acc(ahead(q, v2, DT / 2.0), v3);
        let v4 = ahead(v, a3, DT);
        let a4 = acc(ahead(q, v3, DT), v4);
        self.position = ahead(q, mean([v1, v2, v3, v4]), DT);
        self.velocity = ahead(v, mean([a1, a2, a3, a4]), DT);
        Step { obs: self.obs(), reward: self.reward(action), terminated: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::builtin::tests::mean_return;

    #[test]
    fn the_swing_up_holds_and_random_pushes_hang() {
        let mean = |script| mean_return(&BUILTIN, script, 20);
        let (narrow, mixed, random) = (mean("narrow"), mean("mixed"), mean("random"));
        assert!(narrow >= 600.0 && random < 150.0, "narrow {narrow}, random {random}");
        assert!(mixed > random && mixed < 0.8 * narrow, "{mixed}");
    }

    #[test]
    fn the_best_reward_is_one_a_step() {
        let mut env = CartPoleSwingUp::default();
        assert!((env.step(&[0.0]).reward - 1.0).abs() < 1e-12);
        env.set_state(&[0.0, PI, 0.0, 0.0]);
        assert!(env.step(&[0.0]).reward < 1e-12);
    }
}
