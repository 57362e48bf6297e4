//! One group of the storage file: T actions, rewards and flags, T+1 observations.

use super::super::hdf5::{Group, Hdf5, Tick, beside};
use super::space::Leaf;
use crate::ground::fault::Fault;

/// The numbers of one episode.
pub(super) struct Loaded {
    /// Number in the group's name.
    pub id: u64,
    pub steps: usize,
    /// `[T+1, obs_dim]`.
    pub obs: Vec<f32>,
    /// `[T, action_dim]`.
    pub actions: Vec<f32>,
    /// [T].
    pub rewards: Vec<f64>,
    pub terminated: bool,
    pub truncated: bool,
    /// What was odd and survived.
    pub odd: Option<&'static str>,
}

impl Loaded {
    /// An episode whose flags are `(terminations, truncations)`; `said` is the number of steps that the file states.
    pub fn new(
        id: u64,
        steps: usize,
        obs: Vec<f32>,
        actions: Vec<f32>,
        rewards: Vec<f64>,
        (terminations, truncations): (&[bool], &[bool]),
        said: Option<u64>,
    ) -> Self {
        let last = |f: &[bool]| f.last().copied().unwrap_or(false);
        let early = |f: &[bool]| f.iter().rev().skip(1).any(|&b| b);
        let odd = if early(terminations) || early(truncations) {
            Some("end (terminations or truncations) before their last step")
        } else if said.is_some_and(|n| n != steps as u64) {
            Some("have an attribute total_steps that is not their number of rewards")
        } else {
            None
        };
        let (terminated, truncated) = (last(terminations), last(truncations));
        Self { id, steps, obs, actions, rewards, terminated, truncated, odd }
    }
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
    Ok(Loaded::new(id, steps, obs, actions, rewards.f64(tick)?, (&terminations, &truncations), said))
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
