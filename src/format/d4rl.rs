//! D4RL's flat HDF5 files: `observations`, `actions`, `rewards`, `terminals`, and where they are there `timeouts` and
//! `next_observations`, one row a step. Layout read in `d4rl/offline_env.py`.
//!
//! Episodes end at `terminals | timeouts`. Without `next_observations` the last step of an episode has no next
//! observation; with them the last one completes the episode's T+1 observations. Large files have the same arrays in
//! pieces below `virtual/<number>/`.

use std::path::Path;

use super::Format;
use super::arrays::familiar;
use super::hdf5::{Hdf5, listed};
use super::place::Place;
use super::reader::Episodes;
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod columns;
mod episodes;
mod flat;
mod policy;

use columns::Columns;
pub(super) use columns::Ends;
pub(super) use flat::FlatFile;
pub use policy::{Behaviour, behaviour};

/// The format.
pub struct D4rl;

/// Keys that a file of this layout has; any of them makes it one, so that the missing ones can be named.
const KEYS: [&str; 5] = ["observations", "actions", "rewards", "terminals", "timeouts"];
/// Where a flat file marks ends of episodes.
const ENDS: [&str; 2] = ["terminals", "timeouts"];
/// What is read beside these keys, or told of in another rule.
const OTHERS: [&str; 4] = ["next_observations", "infos", "metadata", CHUNKS];
/// Group of the pieces that a large file is stored in.
const CHUNKS: &str = "virtual";

impl Format for D4rl {
    fn name(&self) -> &'static str {
        "d4rl"
    }

    fn probe(&self, place: &Place) -> bool {
        place.hdf5().is_ok_and(|file| {
            let chunks = || prefixes(&file).first().is_some_and(|chunk| has_keys(&file, chunk));
            // Of the same arrays with ends of other names, `plain` knows more.
            let flat = || ENDS.iter().any(|key| file.contains(key)) || !familiar(&file.names());
            let here = has_keys(&file, "");
            ((here && flat()) || (!here && chunks())) && !file.groups("").iter().any(|g| g == "data")
        })
    }

    fn is_plain(&self, place: &Place) -> bool {
        place.hdf5().is_ok_and(|file| has_keys(&file, ""))
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let file = place.hdf5()?;
        let layout = Layout::of(&file);
        Ok(Box::new(FlatFile::open(place.path(), file, layout)?))
    }
}

/// Where the columns of a flat file lie and how they are read.
pub(super) struct Layout {
    /// Name of the format.
    pub format: &'static str,
    /// What stands before the keys of each piece; one empty text for a file in one piece.
    pub prefixes: Vec<String>,
    /// Where ends of episodes are marked.
    pub ends: Ends,
    /// Rules beside those of the columns.
    pub rules: Vec<String>,
}

impl Layout {
    fn of(file: &Hdf5) -> Self {
        let prefixes = prefixes(file);
        let mut rules = Vec::new();
        if prefixes.len() > 1 || !prefixes[0].is_empty() {
            let names: Vec<String> = prefixes.iter().map(|p| p.trim_end_matches('/').to_owned()).collect();
            rules.push(format!("the pieces {} are put end to end", listed(&names)));
        }
        rules.extend(infos(file));
        rules.extend(unread(file, &prefixes[0]));
        Self { format: D4rl.name(), prefixes, ends: Ends::Timeouts, rules }
    }

    /// The columns of every piece; at least one.
    ///
    /// # Errors
    /// A sentence about the column that is missing or does not fit.
    fn columns<'f>(&self, file: &'f Hdf5) -> Result<Vec<Columns<'f>>, Fault> {
        let find = |p: &String| Columns::find(file, p, self.ends);
        let all = self.prefixes.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        all.iter().skip(1).try_for_each(|piece| piece.fits(&all[0]))?;
        Ok(all)
    }
}

/// Where the rows come from and how they are read.
fn origin(path: &Path, file: &Hdf5, layout: &Layout, first: &Columns<'_>) -> Origin {
    let mut rules = first.rules();
    rules.extend(layout.rules.iter().cloned());
    Origin {
        path: path.to_owned(),
        format: layout.format.into(),
        env_id: env_id(file),
        env_spec: None,
        dataset_id: None,
        reference: None,
        rules,
        warnings: first.unseen_ends().into_iter().collect(),
    }
}

fn has_keys(file: &Hdf5, prefix: &str) -> bool {
    KEYS.iter().any(|key| file.contains(&format!("{prefix}{key}")))
}

/// What stands before the keys: nothing, or the names of the pieces in the order of their numbers.
fn prefixes(file: &Hdf5) -> Vec<String> {
    let mut chunks = if has_keys(file, "") { Vec::new() } else { file.groups(CHUNKS) };
    chunks.sort_by_key(|name| (name.parse::<u64>().unwrap_or(u64::MAX), name.clone()));
    if chunks.is_empty() {
        return vec![String::new()];
    }
    chunks.into_iter().map(|name| format!("{CHUNKS}/{name}/")).collect()
}

/// The rule about arrays that are not read: DSRL's `costs` are one.
fn unread(file: &Hdf5, prefix: &str) -> Option<String> {
    let group = prefix.trim_end_matches('/');
    let mut keys = if group.is_empty() { file.names() } else { file.members(group) };
    keys.retain(|key| !KEYS.contains(&key.as_str()) && !OTHERS.contains(&key.as_str()));
    keys.sort();
    Origin::not_read(&keys.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>())
}

/// Rules about `infos`, which are not part of the state.
fn infos(file: &Hdf5) -> Vec<String> {
    let mut keys = file.members("infos");
    keys.sort();
    let mut rules = Vec::new();
    if !keys.is_empty() {
        let named: Vec<String> = keys.iter().map(|key| format!("infos/{key}")).collect();
        rules.push(format!("{} are not part of the observations and not read", listed(&named)));
    }
    if keys.iter().any(|key| key == "goal") && file.contains("timeouts") {
        rules
            .push("'infos/goal' is there: in D4RL's mazes 'timeouts' may mean a reached goal, not a time limit".into());
    }
    rules
}

/// The environment, only where the file itself says it: names of files lie.
fn env_id(file: &Hdf5) -> Option<String> {
    ["env_id", "env_name", "env"].iter().find_map(|name| {
        file.text_attribute("", name)
            .or_else(|| file.text_attribute("metadata", name))
            .or_else(|| file.text(&format!("metadata/{name}")))
    })
}

#[cfg(test)]
mod tests;
