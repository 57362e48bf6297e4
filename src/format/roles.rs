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
    /// Used only where there is no `terminated`, or no `truncated`.
    pub done: Option<String>,
    pub episode: Option<String>,
    /// Other columns that number episodes: taken for the same numbers, which they have to show.
    pub episode_too: Vec<String>,
    pub step: Option<String>,
    /// Other columns that number steps, of which none is needed.
    pub step_too: Vec<String>,
    /// The last row of an episode may hold its last observation and no step: such rows are looked for.
    pub last_rows: bool,
    /// The TOML file that was used.
    pub mapping: Option<PathBuf>,
}

/// True if one of the columns is called as observations or actions are.
pub(super) fn familiar(names: &[String]) -> bool {
    [OBSERVATION, ACTION].iter().any(|usual| !groups(names, usual).is_empty())
}

impl Roles {
    /// Finds the columns of every role among `names`. Where two could have a role, none is guessed.
    ///
    /// # Errors
    /// If the mapping is wrong, no column is an observation or an action, or more than one could be: the message then has
    /// the lines of a mapping that decide it.
    pub fn find(path: &Path, mapping: Option<&Mapping>, names: &[String]) -> Result<Self, Fault> {
        let look = Look::new(path, mapping, names)?;
        let mut episode = look.all("episode", EPISODE)?.into_iter();
        let first = episode.next();
        let mut step = look.all("step", STEP)?;
        if first.is_none() && step.len() > 1 {
            return Err(look.undecided("step", step.into_iter().map(|s| vec![s])));
        }
        let step_too = step.split_off(step.len().min(1));
        let terminated = look.one("terminated", TERMINATED)?;
        let truncated = look.one("truncated", TRUNCATED)?;
        // Where both are there, nothing is left that it could say.
        let needed = terminated.is_none() || truncated.is_none();
        let done = if needed { look.one("done", DONE)? } else { None };
        let roles = Self {
            observation: look.several("observation", OBSERVATION)?,
            action: look.several("action", ACTION)?,
            next_observation: look.several("next_observation", NEXT)?,
            reward: look.one("reward", REWARD)?,
            terminated,
            truncated,
            done,
            episode: first,
            episode_too: episode.collect(),
            step: step.pop(),
            step_too,
            last_rows: false,
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

    /// The columns that a row without a step leaves empty.
    pub fn of_steps(&self) -> Vec<String> {
        self.action.iter().chain(&self.reward).cloned().collect()
    }

    /// The columns that are looked at to find the episodes.
    pub fn looked_at(&self) -> Vec<String> {
        let more = if self.last_rows { self.of_steps() } else { Vec::new() };
        self.marks().into_iter().chain(more).collect()
    }

    /// The columns that say where episodes end.
    pub fn marks(&self) -> Vec<String> {
        let one = [&self.terminated, &self.truncated, &self.done, &self.episode, &self.step];
        one.into_iter().flatten().chain(&self.episode_too).cloned().collect()
    }

    /// Asks which of the columns numbers the episodes.
    pub fn undecided_episodes(&self, path: &Path) -> Fault {
        let all = self.episode.iter().chain(&self.episode_too);
        mapping::undecided(path, "episode", &all.map(|c| vec![c.clone()]).collect::<Vec<_>>(), &[])
    }
}

/// Where columns are looked for.
struct Look<'l> {
    path: &'l Path,
    mapping: Option<&'l Mapping>,
    names: &'l [String],
    /// Those that the mapping says nothing of.
    free: Vec<String>,
}

impl<'l> Look<'l> {
    fn new(path: &'l Path, mapping: Option<&'l Mapping>, names: &'l [String]) -> Result<Self, Fault> {
        let mut given = Vec::new();
        for role in mapping::ROLES {
            given.extend(said(mapping, |m| m.several(role, names))?.into_iter().flatten());
        }
        let free = names.iter().filter(|n| !given.contains(n)).cloned().collect();
        Ok(Self { path, mapping, names, free })
    }

    /// The column or columns of a role that may have several.
    fn several(&self, role: &str, usual: &[&str]) -> Result<Vec<String>, Fault> {
        if let Some(said) = said(self.mapping, |m| m.several(role, self.names))? {
            return Ok(said);
        }
        let mut found = groups(&self.free, usual);
        if found.len() > 1 {
            return Err(self.undecided(role, found.into_iter().map(|g| g.columns)));
        }
        let Some(Group { columns, gap }) = found.pop() else { return Ok(Vec::new()) };
        match gap {
            Some(gap) => Err(Fault::at(self.path, format!("{gap}; {}", remedy(self.path)))),
            None => Ok(columns),
        }
    }

    /// The one column of a role.
    fn one(&self, role: &str, usual: &[&str]) -> Result<Option<String>, Fault> {
        let mut found = self.all(role, usual)?;
        if found.len() > 1 {
            return Err(self.undecided(role, found.into_iter().map(|c| vec![c])));
        }
        Ok(found.pop())
    }

    /// The one that the mapping says, else all that are called so.
    fn all(&self, role: &str, usual: &[&str]) -> Result<Vec<String>, Fault> {
        match said(self.mapping, |m| m.one(role, self.names))? {
            Some(column) => Ok(vec![column]),
            None => Ok(usual.iter().flat_map(|u| named(&self.free, u)).cloned().collect()),
        }
    }

    fn undecided(&self, role: &str, candidates: impl Iterator<Item = Vec<String>>) -> Fault {
        mapping::undecided(self.path, role, &candidates.collect::<Vec<_>>(), self.names)
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
    format!(
        "say which columns are what in {file}, or in a file that --map names: observation = [\"x\", \"y\"], action = \"force_*\""
    )
}

/// The first column called as usual, or all of such a name and a number (`obs_0`, `obs.0`, `obs[0]`).
///
/// # Errors
/// If a number between them is missing.
pub(super) fn wide(names: &[String], usual: &[&str]) -> Result<Vec<String>, String> {
    match groups(names, usual).into_iter().next() {
        Some(Group { gap: Some(gap), .. }) => Err(gap),
        Some(group) => Ok(group.columns),
        None => Ok(Vec::new()),
    }
}

/// Columns that could be one role together.
struct Group {
    columns: Vec<String>,
    /// The number that is missing between theirs.
    gap: Option<String>,
}

fn named<'n>(names: &'n [String], usual: &str) -> impl Iterator<Item = &'n String> {
    names.iter().filter(move |n| n.eq_ignore_ascii_case(usual))
}

/// Every column called as usual, and all those of one such name and a number (`obs_0`, `obs.0`, `obs[0]`).
fn groups(names: &[String], usual: &[&str]) -> Vec<Group> {
    let single = usual.iter().flat_map(|u| named(names, u)).map(|n| Group { columns: vec![n.clone()], gap: None });
    single.chain(usual.iter().filter_map(|base| numbered(names, base))).collect()
}

fn numbered(names: &[String], base: &str) -> Option<Group> {
    let rest = |name: &str| -> Option<usize> {
        let tail = name.get(base.len()..).filter(|_| name[..base.len()].eq_ignore_ascii_case(base))?;
        let digits = tail.trim_start_matches(['_', '.', '[']).trim_end_matches(']');
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let mut found: Vec<(usize, &String)> = names.iter().filter_map(|n| rest(n).map(|i| (i, n))).collect();
    found.sort();
    // Counted from 0 or from 1.
    let wanted = if found.first()?.0 == 1 { 1.. } else { 0.. };
    let gap = wanted.zip(&found).find(|(want, (number, _))| want != number);
    let gap = gap.map(|(want, (_, name))| format!("'{name}' is there, '{base}' number {want} is not"));
    Some(Group { columns: found.into_iter().map(|f| f.1.clone()).collect(), gap })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &str, mapping: &str) -> Result<Roles, String> {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("log.csv");
        std::fs::write(dir.path().join("log.csv.toml"), mapping).expect("written");
        let mapping = if mapping.is_empty() { None } else { Mapping::of(&path, None).expect("reads") };
        let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
        Roles::find(&path, mapping.as_ref(), &names).map_err(|e| e.to_string())
    }

    #[test]
    fn rivals_for_a_role_are_asked_about_with_the_lines_that_decide() {
        for (names, lines) in [
            (
                "state obs_0 obs_1 action",
                &[r#"observation = "state" or observation = ["obs_0", "obs_1"]"#, "log.csv.toml", "--map"][..],
            ),
            ("obs_0 state_0 action", &[r#"observation = "obs_0" or observation = "state_0""#]),
            ("obs action action_0 action_1", &[r#"action = "action" or action = ["action_0", "action_1"]"#]),
            ("obs action reward rewards", &[r#"reward = "reward" or reward = "rewards""#]),
            ("obs action terminated terminals", &[r#"terminated = "terminated" or terminated = "terminals""#]),
            ("obs action timeouts truncated", &[r#"truncated = "truncated" or truncated = "timeouts""#]),
            ("obs action done dones", &[r#"done = "done" or done = "dones""#]),
            ("obs action step t", &[r#"step = "step" or step = "t""#]),
            ("obs next_obs next_state action", &[r#"next_observation = "next_obs" or"#]),
        ] {
            let text = found(names, "").expect_err(names);
            assert!(lines.iter().all(|line| text.contains(line)), "{names}: {text}");
            // Each of the lines does decide.
            let line = lines[0].split(" or").next().expect("a line");
            found(names, line).unwrap_or_else(|e| panic!("{line}: {e}"));
        }
        let many = (0..20).fold("state action".to_owned(), |all, i| format!("{all} obs_{i}"));
        let text = found(&many, "").expect_err("rivals");
        assert!(text.ends_with(r#"observation = "state" or observation = "obs_*""#), "{text}");
        assert_eq!(found(&many, r#"observation = "obs_*""#).expect("decided").observation.len(), 20);
    }

    #[test]
    fn rivals_that_change_nothing_are_set_aside() {
        let roles = found("obs action episode traj_id step t terminated truncated done dones", "").expect("finds");
        assert_eq!(roles.episode.as_deref(), Some("episode"));
        assert_eq!(roles.episode_too, ["traj_id"]);
        assert_eq!((roles.step.as_deref(), &roles.step_too[..]), (Some("step"), &["t".to_owned()][..]));
        assert_eq!(roles.done, None);
    }
}
