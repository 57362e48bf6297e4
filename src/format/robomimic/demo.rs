//! One demo: a group of arrays with a row a step.

use super::super::assemble::Found;
use super::super::hdf5::{Column, Hdf5, Parts, Tick};
use super::super::reader::{Loaded, Shape};
use super::read::name;
use crate::data::space::Space;
use crate::ground::fault::Fault;

/// What every demo must have, taken from the first.
pub(super) struct Layout {
    pub observations: Parts,
    /// The group of a demo that holds them: `obs`, or nothing where the simulator's `states` stand in.
    pub group: &'static str,
    pub action_width: usize,
    /// The stored type of actions that may be choices.
    pub choices: Option<String>,
    pub rewards: bool,
    pub dones: bool,
    pub next: bool,
}

/// What may be odd about a demo.
pub(super) const ODDITIES: [&str; 2] = [
    "have 'dones' set before their last step (a task that was solved early); the demo goes on",
    "have an attribute num_samples that is not their number of actions",
];

impl Layout {
    /// Looks at the first demo; reads no data.
    pub fn find(file: &Hdf5, first: &str) -> Result<Self, Fault> {
        let key = |part: &str| format!("{first}/{part}");
        let has = |part: &str| file.contains(&key(part));
        let actions = file.column(&key("actions"))?;
        let action_width = actions.named_width()?;
        let group = if has("obs") || !has("states") { "obs" } else { "" };
        let observations = if group.is_empty() { vec!["states".to_owned()] } else { sorted(file.members(&key("obs"))) };
        let observations = Parts::find(file, observations, |k| place(first, group, k))?;
        if observations.is_empty() {
            let there = observations.skipped.join(", ");
            let there = if there.is_empty() { "nothing" } else { &there };
            return Err(file.bad(
                &key("obs"),
                format!(
                    "holds no numbers to read (it has {there}); write low-dimensional observations into the file with \
                     robomimic's dataset_states_to_obs.py"
                ),
            ));
        }
        Ok(Self {
            observations,
            group,
            action_width,
            choices: actions.choices(),
            rewards: has("rewards"),
            dones: has("dones"),
            next: !group.is_empty() && has("next_obs"),
        })
    }

    /// Its columns.
    pub fn shape(&self) -> Shape {
        Shape {
            obs: self.observations.space(),
            action: Space::unnamed("action", self.action_width),
            last: self.next,
            next: self.next,
            choices: self.choices.clone(),
        }
    }

    /// Reads demo `id`.
    pub fn read(&self, file: &Hdf5, id: u64, tick: Tick<'_>) -> Result<Loaded, Fault> {
        let demo = name(id);
        let actions_key = format!("{demo}/actions");
        let actions = file.column(&actions_key)?;
        let steps = actions.rows();
        if actions.width() != self.action_width {
            return Err(actions.bad(format!(
                "has {} values a row, the first demo has {}; all must be alike",
                actions.width(),
                self.action_width
            )));
        }
        let column = |part: &str, wanted: bool| -> Result<Option<Column<'_>>, Fault> {
            match optional(file, &format!("{demo}/{part}"), wanted)? {
                Some(column) => column.scalar()?.rows_of(steps, &actions_key).map(Some),
                None => Ok(None),
            }
        };
        let rewards = column("rewards", self.rewards)?.map(|c| c.f64(tick)).transpose()?;
        let dones = column("dones", self.dones)?.map(|c| c.flags(tick)).transpose()?;
        let observed =
            |group: &str| self.observations.read(file, |k| place(&demo, group, k), (steps, &actions_key), tick);
        let obs = observed(self.group)?;
        let next_obs = if self.next { Some(observed("next_obs")?) } else { None };
        let terminated = dones.as_ref().and_then(|d| d.last().copied()).unwrap_or(false);
        let early = dones.is_some_and(|d| d.iter().rev().skip(1).any(|&done| done));
        let said = file.count_attribute(&demo, "num_samples");
        let odd =
            if said.is_some_and(|n| n != steps as u64) { vec![1] } else { early.then_some(0).into_iter().collect() };
        let found = Found {
            id,
            obs,
            actions: actions.f32(tick)?,
            rewards: rewards.unwrap_or_else(|| vec![0.0; steps]),
            next_obs,
            terminated,
            truncated: !terminated,
        };
        Ok(Loaded { found, odd })
    }
}

/// An array that all demos have or none: a few demos without rewards are no demos of reward 0.
fn optional<'f>(file: &'f Hdf5, key: &str, wanted: bool) -> Result<Option<Column<'f>>, Fault> {
    if wanted {
        return file.column(key).map(Some);
    }
    if file.contains(key) {
        return Err(file.bad(key, "is there, and the first demo has none; all demos must have it, or none"));
    }
    Ok(None)
}

/// Where the array `key` of a demo lies.
fn place(demo: &str, group: &str, key: &str) -> String {
    if group.is_empty() { format!("{demo}/{key}") } else { format!("{demo}/{group}/{key}") }
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}
