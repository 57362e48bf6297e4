//! One demo: a group of arrays with a row a step.

use super::super::assemble::Found;
use super::super::hdf5::{Column, Hdf5, Parts, Tick};
use super::super::mapping::Mapping;
use super::super::reader::{Loaded, Shape};
use crate::data::space::Space;
use crate::ground::fault::Fault;

/// What every demo must have, taken from the first.
pub(super) struct Layout {
    pub observations: Parts,
    /// Those of them that lie in a demo itself and not in its group `obs`: the simulator's `states`.
    pub beside: Vec<String>,
    /// Keys of the arrays of a demo.
    pub action: String,
    pub reward: String,
    pub done: String,
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

/// Where demo `id` lies.
pub(super) fn name(id: u64) -> String {
    format!("data/demo_{id}")
}

impl Layout {
    /// Looks at the demo `first`; reads no data.
    pub fn find(file: &Hdf5, first: &str, mapping: Option<&Mapping>) -> Result<Self, Fault> {
        let key = |part: &str| format!("{first}/{part}");
        let has = |part: &str| file.contains(&key(part));
        let keys = Keys::of(file, first, mapping)?;
        let actions = file.column(&key(&keys.action))?;
        let action_width = actions.named_width()?;
        let observations = Parts::find(file, keys.observations, |k| place(first, "obs", &keys.beside, k))?;
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
            action_width,
            choices: actions.choices(),
            rewards: has(&keys.reward),
            dones: has(&keys.done),
            next: keys.beside.is_empty() && has("next_obs"),
            beside: keys.beside,
            action: keys.action,
            reward: keys.reward,
            done: keys.done,
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
        let actions_key = format!("{demo}/{}", self.action);
        if steps(file, &demo, &self.action)? == 0 {
            return Ok(Loaded { found: Found { id, ..Found::default() }, odd: Vec::new() });
        }
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
        let rewards = column(&self.reward, self.rewards)?.map(|c| c.f64(tick)).transpose()?;
        let dones = column(&self.done, self.dones)?.map(|c| c.flags(tick)).transpose()?;
        let observed = |group: &str| {
            self.observations.read(file, |k| place(&demo, group, &self.beside, k), (steps, &actions_key), tick)
        };
        let obs = observed("obs")?;
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

/// Which arrays of a demo are what.
struct Keys {
    observations: Vec<String>,
    beside: Vec<String>,
    action: String,
    reward: String,
    done: String,
}

impl Keys {
    /// As `mapping` says, else as robomimic calls them: everything in `obs`, or the simulator's `states` where there is none.
    fn of(file: &Hdf5, first: &str, mapping: Option<&Mapping>) -> Result<Self, Fault> {
        let obs = sorted(file.members(&format!("{first}/obs")));
        let (groups, own) = (file.groups(first), sorted(file.members(first)));
        let own: Vec<String> = own.into_iter().filter(|key| !groups.contains(key)).collect();
        let usual = if obs.is_empty() && own.iter().any(|key| key == "states") {
            vec!["states".to_owned()]
        } else {
            obs.clone()
        };
        let Some(mapping) = mapping else {
            let beside = if usual == obs { Vec::new() } else { usual.clone() };
            let [action, reward, done] = ["actions", "rewards", "dones"].map(str::to_owned);
            return Ok(Self { observations: usual, beside, action, reward, done });
        };
        mapping.only(&["observation", "action", "reward", "done"], "robomimic")?;
        let all: Vec<String> = obs.iter().chain(&own).cloned().collect();
        let observations = mapping.several("observation", &all)?.unwrap_or(usual);
        let one = |role: &str, usual: &str| mapping.one(role, &own).map(|key| key.unwrap_or_else(|| usual.to_owned()));
        Ok(Self {
            beside: observations.iter().filter(|key| !obs.contains(key)).cloned().collect(),
            observations,
            action: one("action", "actions")?,
            reward: one("reward", "rewards")?,
            done: one("done", "dones")?,
        })
    }
}

/// Steps of the demo `demo`, whose actions are called `action`; none where nothing was recorded.
pub(super) fn steps(file: &Hdf5, demo: &str, action: &str) -> Result<usize, Fault> {
    if file.members(demo).is_empty() {
        return Ok(0);
    }
    Ok(file.column(&format!("{demo}/{action}"))?.rows())
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

/// Where the observation `key` of a demo lies: in `group`, or `beside` it.
fn place(demo: &str, group: &str, beside: &[String], key: &str) -> String {
    if beside.iter().any(|b| b == key) { format!("{demo}/{key}") } else { format!("{demo}/{group}/{key}") }
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}
