//! The soft ends of the rail.
//!
//! Source: "Computation" in `MuJoCo`'s documentation: a limit is a constraint with a reference acceleration (of a
//! critically damped spring) and a regularisation; with one constraint the solver's optimum has a closed form.

use super::{POLE_INERTIA, POLE_MOMENT, TOTAL_MASS};

/// Where the rail ends, in m from its middle.
const END: f64 = 1.8;
/// Time constant of the spring in s (`solreflimit`); its damping ratio is 1.
const TIME: f64 = 0.08;
/// Impedance at the end, its most, and the depth in m at which it has grown to that (`MuJoCo`'s default `solimp`).
const LEAST: f64 = 0.9;
const MOST: f64 = 0.95;
const WIDTH: f64 = 0.001;

/// Force of the rail's end on a cart at `x` that would accelerate by `free`; `mobility` is its acceleration for a newton.
/// Nothing inside the rail, and never a pull outwards.
pub fn force(x: f64, speed: f64, free: f64, mobility: f64) -> f64 {
    let depth = x.abs() - END;
    if depth <= 0.0 {
        return 0.0;
    }
    let inwards = -x.signum();
    let impedance = impedance(depth);
    let damping = 2.0 / (MOST * TIME);
    let stiffness = (MOST * TIME).powi(-2);
    let wanted = -damping * inwards * speed + stiffness * impedance * depth;
    // The mobility with the pole upright stands for the one now.
    let upright = POLE_INERTIA / (TOTAL_MASS * POLE_INERTIA - POLE_MOMENT * POLE_MOMENT);
    let softness = (1.0 - impedance) / impedance * upright;
    inwards * ((wanted - inwards * free) / (mobility + softness)).max(0.0)
}

/// Grows from the least to the most over the width, as two parabolas that meet in the middle.
fn impedance(depth: f64) -> f64 {
    let part = (depth / WIDTH).min(1.0);
    let grown = if part < 0.5 { 2.0 * part * part } else { 1.0 - 2.0 * (1.0 - part).powi(2) };
    LEAST + grown * (MOST - LEAST)
}

#[cfg(test)]
mod tests {
    use crate::env::builtin::dm_cart_pole::CartPoleSwingUp;
    use crate::env::single::Environment;

    #[test]
    fn a_cart_stops_at_the_end_and_comes_back() {
        for side in [-1.0, 1.0] {
            let mut env = CartPoleSwingUp::default();
            env.set_state(&[1.7 * side, 3.0, 4.0 * side, 0.0]);
            let mut most = 0.0f64;
            for _ in 0..100 {
                env.step(&[side as f32]);
                most = most.max(env.state()[0] * side);
            }
            let at = env.state()[0] * side;
            assert!((1.8..2.0).contains(&most) && (1.75..1.9).contains(&at), "at most {most}, then {at}");
        }
    }
}
