//! Which features are the observation, the action, the reward and the ends of a LeRobot dataset.

use std::path::Path;

use super::super::frame::Parquet;
use super::super::mapping::{self, Mapping};
use super::info::{Feature, Info};
use crate::ground::fault::Fault;

pub(super) const EPISODE: &str = "episode_index";
pub(super) const FRAME: &str = "frame_index";
pub(super) const INDEX: &str = "index";
pub(super) const TIME: &str = "timestamp";
pub(super) const SUCCESS: &str = "next.success";
/// What a mapping may choose.
const OPEN: [&str; 6] = ["observation", "action", "reward", "terminated", "truncated", "done"];
/// What LeRobot writes beside them.
const OWN: [&str; 5] = [EPISODE, FRAME, INDEX, TIME, "task_index"];

/// The columns that are read of every data file.
pub(super) struct Columns {
    /// Side by side; in alphabetical order where no mapping says another.
    pub observations: Vec<Feature>,
    pub actions: Vec<Feature>,
    pub reward: Option<String>,
    pub done: Option<String>,
    pub terminated: Option<String>,
    pub truncated: Option<String>,
    pub success: bool,
    pub frame: bool,
    pub index: bool,
    pub time: bool,
    /// What a mapping chose, where there is one.
    pub mapping: Option<String>,
}

impl Columns {
    /// Finds the state among the features: `observation.state` and `observation.environment_state`, else what is called as
    /// others call it. `first` is a data file, which says what else is there.
    ///
    /// # Errors
    /// If the mapping is wrong, nothing is an observation or an action, or more than one could be.
    pub fn find(path: &Path, info: &Info, first: &Path, mapping: Option<&Mapping>) -> Result<Self, Fault> {
        if let Some(mapping) = mapping {
            mapping.only(&OPEN, "lerobot")?;
        }
        let parquet = Parquet::open(first)?;
        let has = |name: &str| parquet.names().iter().any(|n| n == name);
        let one = |role: &str| -> Result<Option<String>, Fault> {
            let said = mapping.map_or(Ok(None), |m| m.one(role, parquet.names()))?;
            let usual = format!("next.{role}");
            Ok(said.or_else(|| Some(usual).filter(|usual| has(usual))))
        };
        let look = Look { path, info, mapping };
        Ok(Self {
            observations: look.several("observation", look.state())?,
            actions: look.several("action", look.action())?,
            reward: one("reward")?,
            done: one("done")?,
            terminated: one("terminated")?,
            truncated: one("truncated")?,
            success: has(SUCCESS),
            frame: has(FRAME),
            index: has(INDEX),
            time: has(TIME),
            mapping: mapping.map(|m| m.file().display().to_string()),
        })
    }

    /// Those that say where episodes are and how they end.
    pub fn marks(&self) -> Vec<String> {
        let mut names: Vec<String> = vec![EPISODE.to_owned()];
        names.extend(self.ends().map(str::to_owned));
        let places = [(self.frame, FRAME), (self.index, INDEX), (self.time, TIME)];
        names.extend(places.iter().filter(|p| p.0).map(|p| p.1.to_owned()));
        names
    }

    /// Those that flag the end of an episode.
    pub fn ends(&self) -> impl Iterator<Item = &str> {
        let success = self.success.then_some(SUCCESS);
        [&self.done, &self.terminated, &self.truncated].into_iter().filter_map(|n| n.as_deref()).chain(success)
    }

    /// All of them.
    pub fn names(&self) -> Vec<String> {
        let features = self.observations.iter().chain(&self.actions).map(|f| f.key.clone());
        features.chain(self.reward.clone()).chain(self.marks()).collect()
    }
}

/// Where features are looked for.
struct Look<'l> {
    path: &'l Path,
    info: &'l Info,
    mapping: Option<&'l Mapping>,
}

impl Look<'_> {
    fn numbers(&self) -> impl Iterator<Item = &Feature> {
        self.info.features.iter().filter(|f| f.is_number())
    }

    /// The feature called `key`, or those of which it is the first part of the name.
    fn called(&self, key: &str) -> Vec<Vec<Feature>> {
        let one: Vec<Feature> = self.numbers().filter(|f| f.key == key).cloned().collect();
        let begins = |f: &&Feature| f.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        let parts: Vec<Feature> = self.numbers().filter(begins).cloned().collect();
        [one, parts].into_iter().filter(|found| !found.is_empty()).collect()
    }

    /// What could be the observation.
    fn state(&self) -> Vec<Vec<Feature>> {
        let (state, environment) = ("observation.state", "observation.environment_state");
        let found: Vec<Feature> = self.numbers().filter(|f| f.key == state || f.key == environment).cloned().collect();
        if found.iter().any(|f| f.key == state) {
            return vec![found];
        }
        let ours = |f: &&Feature| f.key == "observation" || f.key.starts_with("observation.");
        let ours: Vec<Feature> = self.numbers().filter(ours).cloned().collect();
        let others = ["state", "states", "observations", "obs"].iter().flat_map(|key| self.called(key));
        std::iter::once(ours).filter(|found| !found.is_empty()).chain(others).collect()
    }

    /// What could be the action.
    fn action(&self) -> Vec<Vec<Feature>> {
        let mut own = self.called("action");
        if own.first().is_some_and(|found| found[0].key == "action") {
            own.truncate(1);
            return own;
        }
        own.extend(self.called("actions"));
        own
    }

    /// What the mapping says, else the one that is there.
    fn several(&self, role: &str, mut found: Vec<Vec<Feature>>) -> Result<Vec<Feature>, Fault> {
        let keys: Vec<String> = self.numbers().map(|f| f.key.clone()).collect();
        if let Some(said) = self.mapping.map_or(Ok(None), |m| m.several(role, &keys))? {
            return Ok(said.iter().filter_map(|key| self.info.feature(key)).cloned().collect());
        }
        if found.len() > 1 {
            let candidates: Vec<Vec<String>> =
                found.iter().map(|group| group.iter().map(|f| f.key.clone()).collect()).collect();
            return Err(mapping::undecided(self.path, role, &candidates, &keys));
        }
        found.pop().ok_or_else(|| self.missing(role, &keys))
    }

    fn missing(&self, role: &str, keys: &[String]) -> Fault {
        let what = match role {
            "observation" => "no 'observation.state' and no other observation of numbers",
            _ => "no 'action' of numbers",
        };
        let there: Vec<String> = self.info.features.iter().map(|f| format!("{} ({})", f.key, f.dtype)).collect();
        let there = if there.is_empty() { "none".into() } else { there.join(", ") };
        let free = |key: &&String| !OWN.contains(&key.as_str()) && !key.starts_with("next.");
        let free: Vec<String> = keys.iter().filter(free).cloned().collect();
        let mut problem = format!("'features' in meta/info.json has {what}; there are {there}");
        if !free.is_empty() {
            let (file, line) = (mapping::written_to(self.path), mapping::line(role, &free, keys));
            problem += &format!("; say which it is in {file}, or in a file that --map names: {line}");
        }
        Fault::at(self.path, problem)
    }
}
