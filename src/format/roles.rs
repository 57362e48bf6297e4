//! Which column is what: found by its name, or said by a [`Mapping`].

use std::path::{Path, PathBuf};

use super::mapping::{self, Mapping};
use crate::ground::fault::Fault;

const OBSERVATION: &[&str] = &["observation", "observations", "obs", "state", "states"];
const ACTION: &[&str] = &["action", "actions", "act", "acts"];
const NEXT: &[&str] =
    &["next_observation", "next_observations", "next_obs", "next_state", "next_states", "next.observation", "obs_next"];
const REWARD: &[&str] = &["reward", "rewards", "rew", "rews"];
const TERMINATED: &[&str] = &["terminated", "terminateds", "terminal", "terminals", "termination", "terminations"];
const TRUNCATED: &[&str] =
    &["truncated", "truncateds", "truncation", "truncations", "timeout", "timeouts", "time_limit"];
const DONE: &[&str] = &["done", "dones"];
const EPISODE: &[&str] = &[
    "episode",
    "episode_id",
    "episode_index",
    "episode_number",
    "episodes",
    "trajectory",
    "trajectory_id",
    "traj_id",
    "traj",
];
const STEP: &[&str] = &["step", "timestep", "time_step", "step_id", "step_index", "frame_index", "t"];

/// What a role is usually called.
pub(super) fn usual(role: &str) -> &'static [&'static str] {
    match role {
        "observation" => OBSERVATION,
        "action" => ACTION,
        "next_observation" => NEXT,
        "reward" => REWARD,
        "terminated" => TERMINATED,
        "truncated" => TRUNCATED,
        "done" => DONE,
        "episode" => EPISODE,
        "step" => STEP,
        _ => &[],
    }
}

/// The columns of each role.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Roles {
    pub observation: Vec<String>,
    pub action: Vec<String>,
    pub next_observation: Vec<String>,
    pub reward: Option<String>,
    pub terminated: Option<String>,
    pub truncated: Option<String>,
    /// Used only where there is no `terminated`.
    pub done: Option<String>,
    pub episode: Option<String>,
    pub step: Option<String>,
    /// The TOML file that was used.
    pub mapping: Option<PathBuf>,
}

/// True if one of the columns is called as observations or actions are.
pub(super) fn familiar(names: &[String]) -> bool {
    !wide(names, OBSERVATION).is_ok_and(|n| n.is_empty()) || !wide(names, ACTION).is_ok_and(|n| n.is_empty())
}

impl Roles {
    /// Finds the columns of every role among `names`.
    ///
    /// # Errors
    /// If the mapping is wrong, or no column is an observation or an action.
    pub fn find(path: &Path, mapping: Option<&Mapping>, names: &[String]) -> Result<Self, Fault> {
        let several = |role: &str, usual: &[&str]| match said(mapping, |m| m.several(role, names))? {
            Some(columns) => Ok(columns),
            None => wide(names, usual).map_err(|e| Fault::at(path, format!("{e}; {}", remedy(path)))),
        };
        let one = |role: &str, usual: &[&str]| -> Result<Option<String>, Fault> {
            match said(mapping, |m| m.one(role, names))? {
                Some(column) => Ok(Some(column)),
                None => Ok(usual.iter().find_map(|u| names.iter().find(|n| n.eq_ignore_ascii_case(u))).cloned()),
            }
        };
        let roles = Self {
            observation: several("observation", OBSERVATION)?,
            action: several("action", ACTION)?,
            next_observation: several("next_observation", NEXT)?,
            reward: one("reward", REWARD)?,
            terminated: one("terminated", TERMINATED)?,
            truncated: one("truncated", TRUNCATED)?,
            done: one("done", DONE)?,
            episode: one("episode", EPISODE)?,
            step: one("step", STEP)?,
            mapping: mapping.map(|m| m.file().to_owned()),
        };
        roles.check(path, names)?;
        Ok(roles)
    }

    fn check(&self, path: &Path, names: &[String]) -> Result<(), Fault> {
        for (what, columns) in [("observation", &self.observation), ("action", &self.action)] {
            if columns.is_empty() {
                return Err(Fault::at(
                    path,
                    format!("no column is an {what} (the columns are {}); {}", names.join(", "), remedy(path)),
                ));
            }
        }
        let all = self.columns();
        match all.iter().enumerate().find_map(|(i, c)| all[..i].contains(c).then_some(c)) {
            Some(twice) => Err(Fault::at(
                self.mapping.as_deref().unwrap_or(path),
                format!("column '{twice}' is given two roles; give it one"),
            )),
            None => Ok(()),
        }
    }

    /// Every column that has a role.
    pub fn columns(&self) -> Vec<String> {
        let wide = [&self.observation, &self.action, &self.next_observation].into_iter().flatten();
        wide.chain(&self.reward).cloned().chain(self.marks()).collect()
    }

    /// The columns that say where episodes end.
    pub fn marks(&self) -> Vec<String> {
        let done = if self.terminated.is_none() { &self.done } else { &None };
        [&self.terminated, &self.truncated, done, &self.episode, &self.step].into_iter().flatten().cloned().collect()
    }
}

/// What the mapping says, where there is one.
fn said<T>(
    mapping: Option<&Mapping>,
    ask: impl FnOnce(&Mapping) -> Result<Option<T>, Fault>,
) -> Result<Option<T>, Fault> {
    mapping.map_or(Ok(None), ask)
}

fn remedy(path: &Path) -> String {
    let file = mapping::written_to(path);
    format!("say which columns are what in {file}: observation = [\"x\", \"y\"], action = \"force_*\"")
}

/// One column called as usual, or several of that name and a number (`obs_0`, `obs.0`, `obs[0]`).
///
/// # Errors
/// If a number between them is missing.
pub(super) fn wide(names: &[String], usual: &[&str]) -> Result<Vec<String>, String> {
    if let Some(single) = usual.iter().find_map(|u| names.iter().find(|n| n.eq_ignore_ascii_case(u))) {
        return Ok(vec![single.clone()]);
    }
    for base in usual {
        let rest = |name: &'_ str| -> Option<usize> {
            let tail = name.get(base.len()..).filter(|_| name[..base.len()].eq_ignore_ascii_case(base))?;
            let digits = tail.trim_start_matches(['_', '.', '[']).trim_end_matches(']');
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let mut found: Vec<(usize, &String)> = names.iter().filter_map(|n| rest(n).map(|i| (i, n))).collect();
        found.sort();
        let Some(&(first, _)) = found.first() else { continue };
        // Counted from 0 or from 1.
        let wanted = if first == 1 { 1.. } else { 0.. };
        if let Some((want, (_, name))) = wanted.zip(&found).find(|(want, (number, _))| want != number) {
            return Err(format!("'{name}' is there, '{base}' number {want} is not"));
        }
        return Ok(found.into_iter().map(|f| f.1.clone()).collect());
    }
    Ok(Vec::new())
}
