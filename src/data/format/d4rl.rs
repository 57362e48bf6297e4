//! D4RL's flat HDF5 files: `observations`, `actions`, `rewards`, `terminals`, and where they are there `timeouts` and
//! `next_observations`, one row a step. Layout read in `d4rl/offline_env.py`.
//!
//! Episodes end at `terminals | timeouts`. Without `next_observations` the last step of an episode has no next
//! observation; with them the last one completes the episode's T+1 observations. Large files have the same arrays in
//! pieces below `virtual/<number>/`.

use std::path::Path;

use super::hdf5::{Hdf5, is_hdf5, listed};
use super::{DataError, Format, choices};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::task::Ctx;

mod columns;
mod episodes;

pub(super) use columns::{Columns, Ends};

/// The format.
pub struct D4rl;

/// Keys that a file of this layout has; any of them makes it one, so that the missing ones can be named.
const KEYS: [&str; 5] = ["observations", "actions", "rewards", "terminals", "timeouts"];
/// Group of the pieces that a large file is stored in.
const CHUNKS: &str = "virtual";

impl Format for D4rl {
    fn name(&self) -> &'static str {
        "d4rl"
    }

    fn probe(&self, path: &Path) -> bool {
        is_hdf5(path)
            && Hdf5::open(path).is_ok_and(|file| {
                let chunks = || prefixes(&file).first().is_some_and(|chunk| has_keys(&file, chunk));
                (has_keys(&file, "") || chunks()) && !file.groups("").iter().any(|g| g == "data")
            })
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, DataError> {
        let file = Hdf5::open(path)?;
        let prefixes = prefixes(&file);
        let mut columns =
            prefixes.iter().map(|p| Columns::find(&file, p, Ends::Timeouts)).collect::<Result<Vec<_>, _>>()?;
        let first = columns.remove(0);
        let mut rules = first.rules();
        if prefixes.len() > 1 || !prefixes[0].is_empty() {
            let names: Vec<String> = prefixes.iter().map(|p| p.trim_end_matches('/').to_owned()).collect();
            rules.push(format!("the pieces {} are put end to end", listed(&names)));
        }
        rules.extend(infos(&file));
        assemble(path, self.name(), &file, &(first, columns), rules, cx)
    }
}

/// Reads the columns, piece after piece, and cuts them into episodes.
pub(super) fn assemble<'f>(
    path: &Path,
    format: &str,
    file: &Hdf5,
    (first, rest): &(Columns<'f>, Vec<Columns<'f>>),
    rules: Vec<String>,
    cx: &Ctx,
) -> Result<Dataset, DataError> {
    for piece in rest {
        piece.fits(first)?;
    }
    let mut rows = first.read(cx)?;
    for piece in rest {
        rows.append(piece.read(cx)?);
    }
    let mut origin = Origin {
        path: path.to_owned(),
        format: format.into(),
        env_id: env_id(file),
        dataset_id: None,
        rules,
        warnings: first.warnings(&rows),
    };
    let mut action_space = Space::unnamed("action", first.action_width());
    if let Some(dtype) = first.choices() {
        origin.rules.extend(choices::settle(&mut action_space, &rows.actions, &dtype));
    }
    let obs_space = Space::unnamed("obs", rows.obs_dim);
    let parts = rows.into_parts(&mut origin, cx)?;
    Dataset::from_parts(origin, obs_space, action_space, parts).map_err(|e| DataError::bad(path, e))
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
