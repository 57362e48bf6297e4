//! HDF5 files with a group an episode, under any usual names: `Trial0/{observations, actions, rewards, done, …}` of
//! `RoboHive`, `episode_0/…`, `traj_12/…`. The files of `ManiSkill` and ALOHA are read by the same means.
//!
//! `RoboHive` closes an episode with a row of its last observation and an action of NaN; there a reward is that of the row's own
//! observation. Layout read in `robohive/logger/README.md` and `robohive/envs/env_base.py`.

use super::Format;
use super::arrays::{self, Usual};
use super::hdf5::Hdf5;
use super::place::Place;
use super::reader::{Episodes, OneByOne};
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod read;

pub(super) use read::{Files, Groups, Spot};

/// The format.
pub struct EpisodeGroups;

impl Format for EpisodeGroups {
    fn name(&self) -> &'static str {
        "groups"
    }

    fn probe(&self, place: &Place) -> bool {
        place.hdf5().is_ok_and(|file| {
            let first = numbered(&file, None).into_iter().next();
            first.is_some_and(|spot| place.is_mapped() || arrays::familiar(&file.members(&spot.group)))
        })
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let file = place.hdf5()?;
        let spots = numbered(&file, None);
        if spots.is_empty() {
            return Err(Fault::at(place.path(), "no group is called like those of episodes: a name and a number"));
        }
        let rules = vec![format!("an episode is a group ({}, …), in the order of their numbers", spots[0].group)];
        let origin = Origin { path: place.path().to_owned(), format: self.name().into(), rules, ..Origin::default() };
        let usual = Usual { longer: true, ..Usual::default() };
        Ok(Box::new(OneByOne::new(Groups::open(place, Files::One(file), spots, &usual, origin, cx)?)))
    }
}

/// The groups of the root that are called `stem` and a number, in the order of the numbers; without a stem those of the
/// commonest one.
pub(super) fn numbered(file: &Hdf5, stem: Option<&str>) -> Vec<Spot> {
    let split = |name: &str| -> Option<(String, u64)> {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        Some((stem.to_owned(), name[stem.len()..].parse().ok()?))
    };
    let mut by_stem: std::collections::BTreeMap<String, Vec<Spot>> = std::collections::BTreeMap::new();
    for name in file.names() {
        if name.is_empty() || name.contains('/') {
            continue;
        }
        if let Some((own, id)) = split(&name).filter(|(own, _)| stem.is_none_or(|stem| stem == own)) {
            by_stem.entry(own).or_default().push(Spot { id, group: name, said: None });
        }
    }
    let mut spots = by_stem.into_values().max_by_key(Vec::len).unwrap_or_default();
    spots.sort_by(|a, b| (a.id, &a.group).cmp(&(b.id, &b.group)));
    // Only the first is looked at: the others say what they are when they are read.
    if spots.first().is_some_and(|spot| file.is_group(&spot.group)) { spots } else { Vec::new() }
}

#[cfg(test)]
mod tests;
