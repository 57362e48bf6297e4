//! Which array is what: by its usual name, or as a mapping says. Where two arrays could be the same thing, the user is asked.

use std::path::{Path, PathBuf};

use super::{Listed, Wide};
use crate::data::dataset::{NO_REWARDS, Origin};
use crate::format::hdf5::listed;
use crate::format::mapping::{self, Mapping};
use crate::format::roles;
use crate::ground::fault::Fault;

/// Names beside those of [`roles`], which only files of arrays have.
const ENDS: &[&str] = &["done", "dones", "dones_float"];
/// 1 where the next state counts, 0 where the environment ended the episode: the other way round than a flag.
const MASKS: &[&str] = &["masks", "not_done", "not_dones"];

/// What a layout knows beside the usual names.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::format) struct Usual {
    /// Observations have one row more an episode than actions, or may have.
    pub longer: bool,
    /// The arrays of observations that come first, in this order.
    pub order: &'static [&'static str],
    /// Beginnings of names of observations that are none: cameras.
    pub cameras: &'static [&'static str],
    /// What observations are where nothing is called so.
    pub instead: &'static [&'static str],
    /// Arrays that the layout itself reads.
    pub own: &'static [&'static str],
}

/// The arrays of each role.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::format) struct Chosen {
    pub observation: Wide,
    pub action: Wide,
    /// Those of the observation, one row later; nothing where the file has none.
    pub next: Wide,
    pub reward: Option<String>,
    pub terminated: Option<String>,
    pub truncated: Option<String>,
    pub done: Option<String>,
    pub masks: Option<String>,
    pub episode: Option<String>,
    pub step: Option<String>,
    /// The TOML file that was used.
    pub mapping: Option<PathBuf>,
    /// What is not read, and why not.
    pub unread: Vec<String>,
    /// What stands in for observations.
    pub instead: Option<&'static str>,
    pub warnings: Vec<String>,
}

/// True if the names, as [`super::Source::names`] has them, speak of steps: observations and actions, or one of them and what
/// comes with it.
pub(in crate::format) fn familiar(names: &[String]) -> bool {
    let has = |role: &str| !roles::wide(names, roles::usual(role)).is_ok_and(|found| found.is_empty());
    let (observation, action) = (has("observation"), has("action"));
    (observation && action) || ((observation || action) && (has("reward") || has("next_observation")))
}

/// Where to say which array is what, and how.
pub(in crate::format) fn ask(path: &Path, toml: &str) -> String {
    let file = mapping::written_to(path);
    format!("say it in {file} beside it, or in a file that --map names: {toml}")
}

impl Chosen {
    /// Finds the arrays of every role among `arrays`, whose names are below `group` ("" or "data/"); those of one episode,
    /// or of all.
    ///
    /// # Errors
    /// [`Fault`] naming the role that no array or more than one could have, and the TOML that decides it.
    pub fn find(
        path: &Path,
        mapping: Option<&Mapping>,
        arrays: &[Listed],
        group: &str,
        usual: &Usual,
    ) -> Result<Self, Fault> {
        let finder = Finder { path, mapping, arrays, group, usual, names: names(arrays, group) };
        let action = finder.wide("action", None)?;
        let rows = action.0.first().map(|array| array.rows);
        let mut chosen = Self { action, mapping: mapping.map(|m| m.file().to_owned()), ..Self::default() };
        (chosen.observation, chosen.instead) = finder.observation(rows)?;
        let rows = chosen.observation.0.first().map(|array| array.rows);
        chosen.next = finder.next(&chosen.observation, rows)?;
        let rows = chosen.action.0.first().map_or(0, |array| array.rows);
        chosen.reward = finder.one("reward", roles::usual("reward"), rows)?;
        chosen.terminated = finder.one("terminated", roles::usual("terminated"), rows)?;
        chosen.truncated = finder.one("truncated", roles::usual("truncated"), rows)?;
        chosen.done = finder.one("done", ENDS, rows)?;
        chosen.masks = finder.one("masks", MASKS, rows)?;
        chosen.episode = finder.one("episode", roles::usual("episode"), rows)?;
        chosen.step = finder.one("step", roles::usual("step"), rows)?;
        chosen.twice(path)?;
        if chosen.reward.is_none() {
            chosen.warnings.extend(finder.rewards(rows));
        }
        let used = chosen.keys();
        let unread = arrays.iter().filter(|a| !used.contains(&a.key.as_str()) && !usual.own.contains(&a.key.as_str()));
        chosen.unread = unread.map(|array| array.told(Some(rows))).collect();
        Ok(chosen)
    }

    /// Names of every array that has a role.
    pub fn keys(&self) -> Vec<&str> {
        let wide = [&self.observation, &self.action, &self.next].into_iter().flat_map(Wide::keys);
        let one = [&self.reward, &self.terminated, &self.truncated, &self.done, &self.masks, &self.episode, &self.step];
        wide.chain(one.into_iter().flatten().map(String::as_str)).collect()
    }

    /// The same by names from the root of the file, where the arrays lie in `group` ("data/").
    pub fn within(mut self, group: &str) -> Self {
        let whole = |key: &mut String| key.insert_str(0, group);
        for wide in [&mut self.observation, &mut self.action, &mut self.next] {
            wide.0.iter_mut().for_each(|array| whole(&mut array.key));
        }
        let Self { reward, terminated, truncated, done, masks, episode, step, .. } = &mut self;
        [reward, terminated, truncated, done, masks, episode, step].into_iter().flatten().for_each(whole);
        self
    }

    fn twice(&self, path: &Path) -> Result<(), Fault> {
        let keys = self.keys();
        match keys.iter().enumerate().find_map(|(i, key)| keys[..i].contains(key).then_some(key)) {
            Some(twice) => {
                let problem = format!("'{twice}' is given two roles; give it one");
                Err(Fault::at(self.mapping.as_deref().unwrap_or(path), problem))
            }
            None => Ok(()),
        }
    }

    /// The rules about what was found.
    pub fn rules(&self) -> Vec<String> {
        let mut rules = Vec::new();
        if let Some(file) = &self.mapping {
            rules.push(format!("the arrays are as {} says", file.display()));
        }
        if let Some(instead) = self.instead {
            rules.push(format!("nothing is called observation: '{instead}' stands in"));
        }
        rules.push(format!("observation: {}", self.observation.told()));
        rules.push(format!("action: {}", self.action.told()));
        let flat = [&self.observation, &self.action].into_iter().flat_map(|wide| &wide.0);
        rules.extend(flat.filter(|a| a.shape.matches(" x ").count() > 1).map(|array| {
            let shape = array.shape.split_once(" x ").map_or("", |(_, inner)| inner);
            format!("'{}' of {shape} values is flattened to {} columns, row by row", array.key, array.width)
        }));
        rules.push(match &self.reward {
            Some(reward) => format!("reward: {reward}"),
            None => NO_REWARDS.into(),
        });
        rules
    }

    /// The rule about what is not read.
    pub fn left_out(&self) -> Option<String> {
        Origin::not_read(&self.unread)
    }
}

/// Every name that a mapping may use: of arrays, of the groups that they lie in, and both from the root of the file.
fn names(arrays: &[Listed], group: &str) -> Vec<String> {
    let mut names: Vec<String> = arrays.iter().map(|array| array.key.clone()).collect();
    for array in arrays {
        let groups = array.key.match_indices('/').map(|(at, _)| array.key[..at].to_owned());
        groups.for_each(|group| names.push(group));
    }
    if !group.is_empty() {
        let whole: Vec<String> = names.iter().map(|name| format!("{group}{name}")).collect();
        names.extend(whole);
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

struct Finder<'a> {
    path: &'a Path,
    mapping: Option<&'a Mapping>,
    arrays: &'a [Listed],
    group: &'a str,
    usual: &'a Usual,
    names: Vec<String>,
}

impl Finder<'_> {
    fn bad(&self, problem: impl std::fmt::Display) -> Fault {
        Fault::at(self.path, problem.to_string())
    }

    /// What the mapping says of a role that may have several arrays.
    fn said(&self, role: &str) -> Result<Option<Vec<String>>, Fault> {
        let said = self.mapping.map_or(Ok(None), |m| m.several(role, &self.names))?;
        let short = |key: String| key.strip_prefix(self.group).map(str::to_owned).unwrap_or(key);
        Ok(said.map(|keys| keys.into_iter().map(short).collect()))
    }

    /// The array called `name`, or those in the group called so.
    fn below(&self, name: &str) -> impl Iterator<Item = &Listed> {
        let group = format!("{name}/");
        self.arrays.iter().filter(move |array| array.key == name || array.key.starts_with(&group))
    }

    /// Names at the top that the role usually has, of which something can be read in about so many rows.
    fn candidates(&self, usual: &[&str], rows: Option<usize>) -> Vec<String> {
        let mut tops: Vec<String> = Vec::new();
        for array in self.arrays {
            let top = array.key.split('/').next().unwrap_or_default();
            if usual.iter().any(|name| name.eq_ignore_ascii_case(top)) && !tops.iter().any(|t| t == top) {
                tops.push(top.to_owned());
            }
        }
        let fits = |array: &Listed| array.is_usable() && self.fits(array, rows);
        if tops.iter().any(|top| self.below(top).any(fits)) {
            tops.retain(|top| self.below(top).any(fits));
        }
        tops
    }

    fn fits(&self, array: &Listed, rows: Option<usize>) -> bool {
        rows.is_none_or(|rows| array.rows == rows || (self.usual.longer && array.rows == rows + 1))
    }

    /// The arrays of a role that may have several.
    fn wide(&self, role: &str, rows: Option<usize>) -> Result<Wide, Fault> {
        if let Some(keys) = self.said(role)? {
            return self.all_of(keys.iter().map(String::as_str), true, rows);
        }
        let found = self.candidates(roles::usual(role), rows);
        match found.as_slice() {
            [] => {
                let tops: Vec<String> = self.arrays.iter().map(|a| a.key.clone()).collect();
                let numbered = roles::wide(&tops, roles::usual(role)).map_err(|e| self.bad(e))?;
                if !numbered.is_empty() {
                    return self.all_of(numbered.iter().map(String::as_str), true, rows);
                }
                let usable: Vec<String> = self.arrays.iter().filter(|a| a.is_usable()).map(|a| a.key.clone()).collect();
                let example = usable.first().map_or("NAME", String::as_str);
                let there = if usable.is_empty() { "nothing".to_owned() } else { listed(&usable) };
                let asked = ask(self.path, &format!("{role} = \"{example}\" (one of them, or a list of several)"));
                Err(self.bad(format!("no array is called as the {role} (arrays of numbers: {there}); {asked}")))
            }
            [one] => self.all_of(std::iter::once(one.as_str()), false, rows),
            several => Err(self.rivals(role, several)),
        }
    }

    /// An array that has no usual name, and could be an observation.
    fn example(&self, rows: Option<usize>) -> &str {
        let usual = |key: &str| {
            mapping::ROLES.iter().any(|role| roles::usual(role).iter().any(|name| name.eq_ignore_ascii_case(key)))
        };
        let may =
            |a: &&Listed| a.is_usable() && self.fits(a, rows) && !usual(&a.key) && !ENDS.contains(&a.key.as_str());
        self.arrays.iter().find(may).map_or("NAME", |array| array.key.as_str())
    }

    fn rivals(&self, role: &str, several: &[String]) -> Fault {
        let asked = ask(self.path, &format!("{role} = \"{}\"", several[0]));
        self.bad(format!("{} could each be the {role}; {asked}", listed(several)))
    }

    /// The arrays of these names; where a name is that of a group, those in it that are numbers.
    fn all_of<'k>(&self, names: impl Iterator<Item = &'k str>, said: bool, rows: Option<usize>) -> Result<Wide, Fault> {
        let mut found = Vec::new();
        for name in names {
            let before = found.len();
            let is_group = !self.arrays.iter().any(|array| array.key == name);
            let camera = |array: &Listed| {
                let rest = array.key[name.len()..].trim_start_matches('/');
                is_group && !said && self.usual.cameras.iter().any(|c| rest.starts_with(c))
            };
            let reads = |array: &&Listed| array.is_usable() && !camera(array) && (!is_group || self.fits(array, rows));
            found.extend(self.below(name).filter(reads).cloned());
            if found.len() == before {
                let why: Vec<String> = self.below(name).map(|array| array.told(rows)).collect();
                let asked = ask(self.path, &format!("observation = [\"{}\"]", self.example(rows)));
                return Err(self.bad(format!(
                    "'{}{name}' holds no numbers that are read ({}); if other arrays are meant, {asked}",
                    self.group,
                    why.join(", ")
                )));
            }
        }
        let place = |array: &Listed| {
            let last = array.key.rsplit('/').next().unwrap_or_default();
            self.usual.order.iter().position(|name| *name == last).unwrap_or(usize::MAX)
        };
        if !said {
            found.sort_by_key(place);
        }
        Ok(Wide(found))
    }

    fn observation(&self, rows: Option<usize>) -> Result<(Wide, Option<&'static str>), Fault> {
        let named =
            self.said("observation")?.is_some() || !self.candidates(roles::usual("observation"), None).is_empty();
        match self.usual.instead.iter().find(|name| self.below(name).any(Listed::is_usable)) {
            Some(instead) if !named => Ok((self.all_of(std::iter::once(*instead), false, rows)?, Some(instead))),
            _ => Ok((self.wide("observation", rows)?, None)),
        }
    }

    /// The next observations: of the same arrays as the observation, in the same order.
    fn next(&self, observation: &Wide, rows: Option<usize>) -> Result<Wide, Fault> {
        let said = self.said("next_observation")?;
        // Those of other observations are none.
        if said.is_none() && self.said("observation")?.is_some() {
            return Ok(Wide::default());
        }
        let found = match said {
            Some(none) if none.is_empty() => return Ok(Wide::default()),
            Some(keys) => self.all_of(keys.iter().map(String::as_str), true, rows)?,
            None => {
                let found = self.candidates(roles::usual("next_observation"), rows);
                match found.as_slice() {
                    [] => return Ok(Wide::default()),
                    [one] => self.all_of(std::iter::once(one.as_str()), false, rows)?,
                    several => return Err(self.rivals("next_observation", several)),
                }
            }
        };
        let widths = |wide: &Wide| wide.0.iter().map(|array| array.width).collect::<Vec<_>>();
        if widths(&found) != widths(observation) {
            return Err(self.bad(format!(
                "next observations ({}) have {} values a row and observations ({}) {}; {}",
                found.told(),
                found.width(),
                observation.told(),
                observation.width(),
                ask(self.path, "next_observation = [] leaves them out")
            )));
        }
        Ok(found)
    }

    /// The one array of a role, one number a row; one of other sizes has not this role.
    fn one(&self, role: &str, usual: &[&str], rows: usize) -> Result<Option<String>, Fault> {
        let mapped = super::super::mapping::ROLES.contains(&role);
        let said = if mapped { self.said(role)? } else { None };
        let fits = |array: &&Listed| array.is_usable() && array.rows == rows && array.width == 1;
        if let Some(keys) = said {
            let [key] = keys.as_slice() else {
                if keys.is_empty() {
                    return Ok(None);
                }
                return Err(self.bad(format!("'{role}' names {} arrays, one is needed", keys.len())));
            };
            return match self.arrays.iter().find(|array| array.key == *key) {
                Some(array) if fits(&array) => Ok(Some(key.clone())),
                Some(array) => Err(self.bad(format!(
                    "'{key}' ({}) is no {role}: one number for each of {rows} steps is needed",
                    array.told(Some(rows))
                ))),
                None => Err(self.bad(format!("'{key}' is a group, and the {role} one array; name the array"))),
            };
        }
        let own = |array: &Listed| self.usual.own.contains(&array.key.as_str());
        let called = |array: &&Listed| !own(array) && usual.iter().any(|name| name.eq_ignore_ascii_case(&array.key));
        let found: Vec<&Listed> = self.arrays.iter().filter(called).collect();
        let fitting: Vec<String> = found.iter().copied().filter(|a| fits(a)).map(|a| a.key.clone()).collect();
        match fitting.as_slice() {
            [one] => Ok(Some(one.clone())),
            [] => match found.iter().find(|_| must(role)) {
                Some(array) => Err(self.bad(format!(
                    "'{}{}' holds {}, one number for each of {rows} steps is needed; if another array is the {role}, {}",
                    self.group,
                    array.key,
                    array.refusal.as_deref().map_or_else(|| format!("{} values", array.shape), str::to_owned),
                    ask(self.path, &format!("{role} = \"NAME\""))
                ))),
                None => Ok(None),
            },
            several => Err(self.rivals(role, several)),
        }
    }

    /// Arrays that may be the reward, where none is called so.
    fn rewards(&self, rows: usize) -> Option<String> {
        let may = |a: &&Listed| a.is_usable() && a.rows == rows && a.width == 1 && a.key.to_lowercase().contains("rew");
        let found: Vec<String> = self.arrays.iter().filter(may).map(|a| a.key.clone()).collect();
        let first = found.first()?;
        let asked = ask(self.path, &format!("reward = \"{first}\""));
        Some(format!("no array is called reward, so every reward is 0; {} may be: {asked}", listed(&found)))
    }
}

/// True for a role that an array of that name cannot but have: a wrong size of it is a fault of the file.
fn must(role: &str) -> bool {
    matches!(role, "reward" | "terminated" | "truncated" | "done")
}
