//! Which column is what: found by its name, or said in a small TOML file beside the table.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::ground::fault::Fault;
use serde::Deserialize;

/// Largest mapping that is read.
const MAX_BYTES: u64 = 1 << 20;
/// The mapping of every table in a folder.
pub(super) const FOLDER_FILE: &str = "oodscope.toml";

const OBSERVATION: &[&str] = &["observation", "observations", "obs", "state", "states"];
const ACTION: &[&str] = &["action", "actions", "act", "acts"];
const NEXT: &[&str] =
    &["next_observation", "next_observations", "next_obs", "next_state", "next_states", "next.observation"];
const REWARD: &[&str] = &["reward", "rewards"];
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

/// The mapping as it is written. What it leaves out is found by itself.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    observation: Option<Names>,
    action: Option<Names>,
    next_observation: Option<Names>,
    reward: Option<String>,
    terminated: Option<String>,
    truncated: Option<String>,
    done: Option<String>,
    episode: Option<String>,
    step: Option<String>,
}

/// One column or several; `obs_*` stands for all that begin so.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
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

/// The mapping for the table at `path`, where there is one.
pub(super) fn mapping_file(path: &Path) -> Option<PathBuf> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".toml");
    let inside = if path.is_dir() { Some(path) } else { path.parent() };
    [Some(PathBuf::from(beside)), inside.map(|f| f.join(FOLDER_FILE))].into_iter().flatten().find(|f| f.is_file())
}

impl Roles {
    /// Finds the columns of every role among `names`.
    ///
    /// # Errors
    /// If the mapping is wrong, or no column is an observation or an action.
    pub fn find(path: &Path, names: &[String]) -> Result<Self, Fault> {
        let file = mapping_file(path);
        let written = file.as_deref().map_or(Ok(Written::default()), read)?;
        let named = |key: &str, said: Option<Names>| -> Result<Option<Vec<String>>, Fault> {
            said.map(|s| expand(s, names))
                .transpose()
                .map_err(|e| Fault::at(file.as_deref().unwrap_or(path), format!("'{key}' {e}")))
        };
        let several = |key: &str, said: Option<Names>, usual: &[&str]| match named(key, said)? {
            Some(columns) => Ok(columns),
            None => wide(names, usual).map_err(|e| Fault::at(path, format!("{e}; {}", remedy(path)))),
        };
        let one = |key: &str, said: Option<String>, usual: &[&str]| match named(key, said.map(Names::One))? {
            Some(columns) if columns.len() == 1 => Ok(columns.into_iter().next()),
            Some(columns) => Err(Fault::at(
                file.as_deref().unwrap_or(path),
                format!("'{key}' names {} columns, one is needed", columns.len()),
            )),
            None => Ok(usual.iter().find_map(|u| names.iter().find(|n| n.eq_ignore_ascii_case(u))).cloned()),
        };
        let roles = Self {
            observation: several("observation", written.observation, OBSERVATION)?,
            action: several("action", written.action, ACTION)?,
            next_observation: several("next_observation", written.next_observation, NEXT)?,
            reward: one("reward", written.reward, REWARD)?,
            terminated: one("terminated", written.terminated, TERMINATED)?,
            truncated: one("truncated", written.truncated, TRUNCATED)?,
            done: one("done", written.done, DONE)?,
            episode: one("episode", written.episode, EPISODE)?,
            step: one("step", written.step, STEP)?,
            mapping: file,
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

fn remedy(path: &Path) -> String {
    let file = if path.is_dir() { FOLDER_FILE.to_owned() } else { format!("{}.toml", shown(path)) };
    format!("say which columns are what in {file}: observation = [\"x\", \"y\"], action = \"force_*\"")
}

fn shown(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn read(file: &Path) -> Result<Written, Fault> {
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|f| f.take(MAX_BYTES).read_to_string(&mut text))
        .map_err(|e| Fault::at(file, format!("cannot be read ({e})")))?;
    toml::from_str(&text).map_err(|e| Fault::at(file, format!("is no mapping of columns ({})", e.message())))
}

/// The columns that a mapping names, in its order; those of a prefix by number, else in the table's order.
fn expand(said: Names, names: &[String]) -> Result<Vec<String>, String> {
    let said = match said {
        Names::One(one) => vec![one],
        Names::Many(many) => many,
    };
    let mut out = Vec::new();
    for name in said {
        if names.contains(&name) {
            out.push(name);
            continue;
        }
        let found =
            name.strip_suffix('*').map(|prefix| numbered(names, |n| n.strip_prefix(prefix))).unwrap_or_default();
        if found.is_empty() {
            return Err(format!("names column '{name}', which is not there; the columns are {}", names.join(", ")));
        }
        out.extend(found);
    }
    Ok(out)
}

/// Columns of which `rest` leaves something, ordered by that where it is a number everywhere.
fn numbered<'n>(names: &'n [String], rest: impl Fn(&'n str) -> Option<&'n str>) -> Vec<String> {
    let mut found: Vec<(Option<u64>, &String)> =
        names.iter().filter_map(|n| rest(n).map(|r| (r.trim_end_matches(']').parse().ok(), n))).collect();
    if found.iter().all(|f| f.0.is_some()) {
        found.sort_by_key(|f| f.0);
    }
    found.into_iter().map(|f| f.1.clone()).collect()
}

/// One column called as usual, or several of that name and a number (`obs_0`, `obs.0`, `obs[0]`).
///
/// # Errors
/// If a number between them is missing.
fn wide(names: &[String], usual: &[&str]) -> Result<Vec<String>, String> {
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
