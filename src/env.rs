//! Environments that episodes are collected in.
//!
//! What collects speaks to [`vector::VectorEnv`]: several copies that act side by side and may fail. A built-in environment
//! is one file under `builtin/` that knows one copy ([`single::Environment`]) and one line in [`builtin::ENVIRONMENTS`];
//! [`single::Lifted`] makes the copies.

pub mod acting;
#[cfg(test)]
pub mod bandit;
pub mod builtin;
pub mod gymnasium;
pub mod recorded;
pub mod repeated;
pub mod single;
pub mod spec;
pub mod vector;

use crate::data::space::Space;
use crate::ground::fault::Fault;
use builtin::ENVIRONMENTS;
use single::Lifted;
use spec::{EnvSpec, ResetOption};
use vector::VectorEnv;

/// `copies` copies of the built-in environment called `id`, which start as `options` say; nothing if none is called so.
///
/// # Errors
/// A sentence naming the option that the environment does not know.
pub fn make(id: &str, copies: usize, options: &[ResetOption]) -> Result<Option<Box<dyn VectorEnv>>, Fault> {
    let Some(entry) = ENVIRONMENTS.iter().find(|entry| entry.id == id) else { return Ok(None) };
    Ok(Some(Box::new(Lifted::new(copies, entry.make, options)?)))
}

/// True if an environment of this id is built in.
pub fn is_built_in(id: &str) -> bool {
    ENVIRONMENTS.iter().any(|entry| entry.id == id)
}

/// Ids of the built-in environments, for messages.
pub fn known() -> String {
    ENVIRONMENTS.iter().map(|entry| entry.id).collect::<Vec<_>>().join(", ")
}

/// The text that Minari stores as `env_spec` for the environment called `id`: whole where it is built in, else the id alone,
/// which Gymnasium finds the rest by.
pub fn minari_spec(id: &str) -> String {
    let known = ENVIRONMENTS.iter().find(|entry| entry.id == id).map(|entry| (entry.make)().spec());
    let unknown = || EnvSpec { max_episode_steps: None, ..EnvSpec::new(id, 0, Space::default(), Space::default()) };
    known.unwrap_or_else(unknown).to_json()
}
