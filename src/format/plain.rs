//! Plain arrays: HDF5 or NumPy files with an array of one row a step for observations, actions and what else there is, at the
//! root or in one group, under any usual names (`obs`, `act`, `rew`, `done`, `next_obs`, …) or those of a mapping. D4RL's
//! arrays in an `.npz` are this, and OGBench's wide form, where a row is a transition and `masks` says which are final; a
//! folder of `.npy` files is read as one archive of them.

use std::ops::Range;
use std::sync::Arc;

use super::Format;
use super::arrays::{self, Chosen, Pieces, Source, Usual};
use super::hdf5::listed;
use super::mapping::ROLES;
use super::npz::{self, Npz};
use super::place::Place;
use super::reader::Episodes;
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod cut;
mod flat;

pub(super) use cut::{Segment, jumps};
pub(super) use flat::{Ends, Flat};

/// The format.
pub struct Plain;

/// Groups of the root that are looked into.
const MAX_GROUPS: usize = 64;
/// Files of a folder that are looked at.
const MAX_FILES: usize = 1000;

impl Format for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn probe(&self, place: &Place) -> bool {
        let Ok(source) = source(place) else { return false };
        place.is_mapped() || (!is_foreign(&source) && !groups(&source).is_empty())
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        Ok(Box::new(open(place)?))
    }
}

/// Opens the arrays at `place`, by their usual names or as its mapping says.
///
/// # Errors
/// [`Fault`] naming the role that no array or more than one could have, and the TOML that decides it.
pub(super) fn open(place: &Place) -> Result<Flat, Fault> {
    let path = place.path();
    let source = source(place)?;
    let mapping = place.mapping()?;
    let found = groups(&source);
    let group = match found.as_slice() {
        [one] => one.as_str(),
        [] | [_, ..] if mapping.is_some() => "",
        [] => "",
        several => {
            let ask = arrays::ask(path, &format!("observation = \"{0}/NAME\" and action = \"{0}/NAME\"", several[0]));
            return Err(Fault::at(path, format!("{} each hold steps; {ask}", listed(several))));
        }
    };
    let below = if group.is_empty() { String::new() } else { format!("{group}/") };
    let list = source.list(group);
    let chosen = Chosen::find(path, mapping.as_ref(), &list, &below, &Usual::default())?;
    let origin = Origin { path: path.to_owned(), format: Plain.name().into(), ..Origin::default() };
    Flat::open(origin, source, chosen.within(&below), None, Ends::Marked)
}

/// The file or files at a place.
fn source(place: &Place) -> Result<Source, Fault> {
    let path = place.path();
    if !path.is_dir() {
        return if npz::is_numpy(path) {
            place.npz().map(|file| Source::Npz(vec![file]))
        } else {
            place.hdf5().map(Source::Hdf5)
        };
    }
    let unreadable = |e: std::io::Error| Fault::at(path, format!("the folder cannot be listed ({e})"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)?.take(MAX_FILES) {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|e| e == "npy") {
            npz::folder::inside(path, &file)?;
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Fault::at(path, "a folder without .npy files; name an HDF5 file or a NumPy archive"));
    }
    let opened = files.iter().map(|file| Npz::open(file).map(Arc::new));
    Ok(Source::Npz(opened.collect::<Result<_, _>>()?))
}

/// True if a mapping names arrays of the file, not dimensions of its observations.
///
/// # Errors
/// [`Fault`] if the mapping is none.
pub(super) fn is_meant(place: &Place) -> Result<bool, Fault> {
    let (Some(mapping), Ok(source)) = (place.mapping()?, source(place)) else { return Ok(false) };
    let has = |name: &String| match &source {
        Source::Hdf5(file) => file.contains(name),
        Source::Npz(files) => files.iter().any(|file| file.contains(name)),
    };
    Ok(ROLES.iter().any(|role| mapping.named(role).iter().any(has)))
}

/// True for `AgiBot`'s recordings, whose groups hold more than states and actions: see [`super::foreign`].
fn is_foreign(source: &Source) -> bool {
    let Source::Hdf5(file) = source else { return false };
    ["state", "action"].iter().all(|group| file.contains(&format!("{group}/joint/position")))
}

/// The groups whose arrays are called as those of steps: the root (""), or else those directly below it.
fn groups(source: &Source) -> Vec<String> {
    if arrays::familiar(&source.names("")) {
        return vec![String::new()];
    }
    let Source::Hdf5(file) = source else { return Vec::new() };
    let mut groups = file.groups("");
    groups.sort();
    groups.retain(|group| !group.is_empty() && !group.contains('/'));
    if groups.len() > MAX_GROUPS {
        return Vec::new();
    }
    groups.into_iter().filter(|group| arrays::familiar(&source.names(group))).collect()
}

/// Episodes that are runs of rows, as a layout says: terminated where `chosen` marks their last row, else truncated. Where a
/// row is a `state`, it holds the action that was taken at it and the reward that came with it, and the last row's action
/// leads nowhere.
///
/// # Errors
/// [`Fault`] if a run is not in the file, or if flags cannot be read.
pub(super) fn runs(
    source: &Source,
    chosen: &Chosen,
    runs: &[Range<usize>],
    state: bool,
    cx: &Ctx,
) -> Result<Vec<Segment>, Fault> {
    let rows = chosen.action.0.first().map_or(0, |array| array.rows);
    if let Some(past) = runs.iter().find(|run| run.end > rows || run.start > run.end) {
        let key = chosen.action.told();
        let problem = format!("has {rows} rows and an episode goes to row {}; copy the file again", past.end);
        return Err(source.bad(&key, problem));
    }
    let key = chosen.terminated.as_ref().or(chosen.done.as_ref());
    let pieces = Pieces::new(std::iter::once(0..rows).collect());
    let ended = key.map(|key| source.flags(key, &pieces, &|_| cx.check())).transpose()?;
    let segment = |run: &Range<usize>| {
        let terminated = ended.as_ref().is_some_and(|ended| ended[run.end - 1]);
        let whole = Segment::of(run.clone(), terminated, !terminated);
        if state { Segment { steps: whole.steps - 1, reward: whole.reward + 1, ..whole } } else { whole }
    };
    Ok(runs.iter().filter(|run| run.len() > usize::from(state)).map(segment).collect())
}

/// How a file of arrays that nothing recognises can be read, where it has two of as many rows.
pub(super) fn advice(place: &Place) -> Option<String> {
    let list = source(place).ok()?.list("");
    let usable: Vec<_> = list.iter().filter(|array| array.is_usable() && array.rows > 1).collect();
    let rows = usable.iter().map(|a| a.rows).max_by_key(|rows| usable.iter().filter(|a| a.rows == *rows).count())?;
    let mut fitting: Vec<_> = usable.iter().filter(|array| array.rows == rows).collect();
    // Observations mostly have more columns than actions, and both more than rewards.
    fitting.sort_by_key(|array| std::cmp::Reverse(array.width));
    let [a, b, ..] = fitting.as_slice() else { return None };
    let toml = format!("observation = \"{}\" on one line and action = \"{}\" on another", a.key, b.key);
    Some(format!("if its arrays have one row a step, {}", arrays::ask(place.path(), &toml)))
}

#[cfg(test)]
mod tests;
