//! The law that swings the pole up.

use super::{CART_DAMPING, G, GEAR, POLE_INERTIA, POLE_MOMENT, TOTAL_MASS};
use crate::env::builtin::scripted::numbers;

/// Pumps energy into the pole with the cart, which is called back to the middle of the rail, and holds the pole upright
/// with a linear law.
///
/// Source: Spong, "Partial feedback linearization of underactuated mechanical systems" (1994), for the force that gives
/// the cart a wanted acceleration; the linear law minimises Σ x² + θ² + u² about the upright position (a discrete Riccati equation).
pub fn swing_up(obs: &[f32]) -> Vec<f64> {
    let [x, cos, sin, speed, turning] = numbers(obs);
    let angle = sin.atan2(cos);
    // Where the linear law catches the pole without leaving the rail.
    if angle.abs() < 0.5 && (angle + 0.25 * turning).abs() < 0.4 {
        return vec![(0.94 * x + 5.82 * angle + 0.953 * speed + 1.503 * turning).clamp(-1.0, 1.0)];
    }
    let missing = POLE_MOMENT * G * (1.0 - cos) - 0.5 * POLE_INERTIA * turning * turning;
    // The pole's energy grows by -moment × cos θ × dθ/dt times the cart's acceleration. At rest at the bottom there is no
    // direction to push in: take one.
    let direction = if (turning * cos).abs() < 1e-3 { 1.0 } else { -(turning * cos).signum() };
    let wanted = (40.0 * missing).clamp(-6.0, 6.0) * direction - 4.0 * x - 2.0 * speed;
    let pole = POLE_MOMENT / POLE_INERTIA * cos;
    let force = (TOTAL_MASS - POLE_MOMENT * pole * cos) * wanted + POLE_MOMENT * G * pole * sin + CART_DAMPING * speed
        - POLE_MOMENT * turning * turning * sin;
    vec![(force / GEAR).clamp(-1.0, 1.0)]
}
