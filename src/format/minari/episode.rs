//! One group of the storage file: T actions, rewards and flags, T+1 observations.

use super::super::assemble::Found;
use super::super::hdf5::{Group, Hdf5, Tick, beside};
use super::super::reader::Loaded;
use super::space::Leaf;
use crate::ground::fault::Fault;

/// What may be odd about an episode.
pub(super) const ODDITIES: [&str; 2] = [
    "end (terminations or truncations) before their last step",
    "have an attribute total_steps that is not their number of rewards",
];

/// An episode with the flags of its steps (terminations, truncations) and the number of steps that the file states.
pub(super) fn loaded(found: Found, (terminations, truncations): (&[bool], &[bool]), said: Option<u64>) -> Loaded {
    let last = |f: &[bool]| f.last().copied().unwrap_or(false);
    let early = |f: &[bool]| f.iter().rev().skip(1).any(|&b| b);
    let odd = if early(terminations) || early(truncations) {
        vec![0]
    } else if said.is_some_and(|n| n != found.rewards.len() as u64) {
        vec![1]
    } else {
        Vec::new()
    };
    Loaded { found: Found { terminated: last(terminations), truncated: last(truncations), ..found }, odd }
}

/// The number in the name of an episode's group.
pub(super) fn number(name: &str) -> Option<u64> {
    name.strip_prefix("episode_")?.parse().ok()
}

/// Reads group `episode_<id>`.
pub(super) fn read(
    file: &Hdf5,
    id: u64,
    observations: &[Leaf],
    actions: &[Leaf],
    tick: Tick<'_>,
) -> Result<Loaded, Fault> {
    let group = file.group(&format!("episode_{id}"));
    let rewards = group.column("rewards")?;
    let steps = rewards.rows();
    if rewards.width() != 1 {
        return Err(rewards.bad(format!("has {} values a row, one is needed", rewards.width())));
    }
    let flags = |name: &str| -> Result<Vec<bool>, Fault> {
        let column = group.column(name)?;
        if column.rows() != steps || column.width() != 1 {
            return Err(column.bad(format!(
                "has {} rows of {}, 'rewards' has {steps} rows",
                column.rows(),
                column.width()
            )));
        }
        column.flags(tick)
    };
    let (terminations, truncations) = (flags("terminations")?, flags("truncations")?);
    let said = group.count_attribute("total_steps");
    let obs = leaves(&group, "observations", observations, steps + 1, tick)?;
    let actions = leaves(&group, "actions", actions, steps, tick)?;
    let found = Found { id, obs, actions, rewards: rewards.f64(tick)?, ..Found::default() };
    Ok(loaded(found, (&terminations, &truncations), said))
}

/// The arrays below `key` side by side: [rows, Σ widths].
fn leaves(group: &Group<'_>, key: &str, leaves: &[Leaf], rows: usize, tick: Tick<'_>) -> Result<Vec<f32>, Fault> {
    let mut parts = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let path = if leaf.path.is_empty() { key.to_owned() } else { format!("{key}/{}", leaf.path) };
        let column = group.column(&path)?;
        if column.rows() != rows {
            return Err(column.bad(format!(
                "has {} rows, {rows} are needed (T actions and rewards, T+1 observations)",
                column.rows()
            )));
        }
        if column.width() != leaf.width {
            return Err(column.bad(format!("has {} values a row, its space has {}", column.width(), leaf.width)));
        }
        parts.push((column.f32(tick)?, leaf.width));
    }
    Ok(beside(parts, rows))
}
