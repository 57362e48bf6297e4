//! Environments in the program, each in one file with its scripted behaviours, and one line in [`ENVIRONMENTS`].

pub mod acrobot;
pub mod cart_pole;
pub mod dm_cart_pole;
pub mod dm_pendulum;
pub mod mountain_car;
pub mod pendulum;
pub mod point_maze;
pub mod scripted;

#[cfg(test)]
mod tests;

use rand::RngExt;

use super::single::Environment;
use crate::ground::seed::Stream;

/// A built-in environment.
pub struct Builtin {
    /// Gymnasium id.
    pub id: &'static str,
    /// Makes one copy.
    pub make: fn() -> Box<dyn Environment>,
    /// Who can act in it by a script.
    pub behaviours: &'static [Script],
}

/// A scripted behaviour policy by its name.
pub struct Script {
    /// Name that the command line knows ("mixed").
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// Makes one for an episode.
    pub make: fn() -> Box<dyn Behaviour>,
}

/// What acts by a script in one episode.
pub trait Behaviour: Send {
    /// The episode begins.
    fn begin(&mut self, _rng: &mut Stream) {}

    /// The action after `obs`, as stored, in the environment's units.
    fn act(&mut self, obs: &[f32], rng: &mut Stream) -> Vec<f32>;
}

/// Every built-in environment.
pub const ENVIRONMENTS: &[Builtin] = &[
    pendulum::BUILTIN,
    cart_pole::BUILTIN,
    mountain_car::BUILTIN,
    acrobot::BUILTIN,
    dm_cart_pole::BUILTIN,
    dm_pendulum::BUILTIN,
    point_maze::BUILTIN,
];

/// A number between two that a user may have named, whichever is larger and whatever they are: for resets.
fn between(low: f64, high: f64, rng: &mut Stream) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// Takes Gymnasium's reset options `low` and `high`, the bounds of a uniform start; answers whether it is one of them.
fn bound(start: &mut (f64, f64), name: &str, value: f64) -> bool {
    match name {
        "low" => start.0 = value,
        "high" => start.1 = value,
        _ => return false,
    }
    true
}

/// The environment called `id` with its script called `name`.
///
/// # Errors
/// A sentence with the names that are known.
pub fn script(id: &str, name: &str) -> Result<(&'static Builtin, &'static Script), String> {
    let Some(env) = ENVIRONMENTS.iter().find(|env| env.id == id) else {
        return Err(format!("no environment is called '{id}'; built in: {}", super::known()));
    };
    let found = env.behaviours.iter().find(|script| script.name == name);
    found.map(|script| (env, script)).ok_or_else(|| {
        let known: Vec<&str> = env.behaviours.iter().map(|script| script.name).collect();
        format!("no policy is called '{name}'; choose one of {}", known.join(", "))
    })
}
