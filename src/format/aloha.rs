//! ALOHA's recordings (ACT): a folder of `episode_k.hdf5`, or one such file, {`observations/qpos`, `qvel`, `effort`,
//! `observations/images/…`, `action`} with one row a step. There are no rewards and no last observation; images are not read.
//! Layout read in `record_sim_episodes.py` and `utils.py` of tonyzhaozh/act.

use std::path::{Path, PathBuf};

use super::Format;
use super::arrays::Usual;
use super::groups::{Files, Groups, Spot};
use super::hdf5::{Hdf5, is_hdf5};
use super::npz::folder;
use super::numbering;
use super::place::Place;
use super::reader::{Episodes, OneByOne};
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The format.
pub struct Aloha;

/// Names of a folder that are looked at, and files that a probe opens.
const MAX_FILES: usize = 100_000;
const PROBED: usize = 3;
/// ACT's order of the parts of a state.
const USUAL: Usual =
    Usual { longer: false, order: &["qpos", "qvel", "effort"], cameras: &["images"], instead: &[], own: &[] };

impl Format for Aloha {
    fn name(&self) -> &'static str {
        "aloha"
    }

    fn probe(&self, place: &Place) -> bool {
        if !place.path().is_dir() {
            return place.hdf5().is_ok_and(|file| is_one(&file));
        }
        let files = files(place.path()).unwrap_or_default();
        files.iter().take(PROBED).any(|(_, file)| Hdf5::open(file).is_ok_and(|file| is_one(&file)))
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let path = place.path();
        let found = if path.is_dir() { files(path)? } else { vec![(number(path).unwrap_or(0), path.to_owned())] };
        let Some((_, first)) = found.first() else {
            return Err(Fault::at(path, "no file in it is called episode_<number>.hdf5"));
        };
        let mut origin = Origin { path: path.to_owned(), format: self.name().into(), ..Origin::default() };
        origin.rules.push("an episode is a file episode_k.hdf5, in the order of k".to_owned());
        let simulated = Hdf5::open(first)?.count_attribute("", "sim");
        origin.rules.extend(simulated.map(|sim| {
            let which = if sim == 0 { "on the robot" } else { "in simulation" };
            format!("recorded {which}, as the attribute 'sim' says")
        }));
        let ids: Vec<u64> = found.iter().map(|(id, _)| *id).collect();
        let first = ids.first().copied().unwrap_or(0);
        origin.warnings.extend(numbering::gap(&ids, first).map(|gap| {
            let numbering::Gap { absent, first, .. } = gap;
            format!("{absent} episode numbers are missing (first: {first}); what is there is read")
        }));
        let spot = |(id, file): &(u64, PathBuf)| Spot { id: *id, group: folder::name(file), said: None };
        let spots = found.iter().map(spot).collect();
        let files = Files::Each(found.into_iter().map(|(_, file)| file).collect());
        Ok(Box::new(OneByOne::new(Groups::open(place, files, spots, &USUAL, origin, cx)?)))
    }
}

/// True for a file of one episode.
fn is_one(file: &Hdf5) -> bool {
    file.contains("action") && file.contains("observations/qpos")
}

/// The HDF5 files of a folder whose names have a number, in the order of the numbers.
fn files(path: &Path) -> Result<Vec<(u64, PathBuf)>, Fault> {
    let unreadable = |e: std::io::Error| Fault::at(path, format!("the folder cannot be listed ({e})"));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)?.take(MAX_FILES) {
        let file = entry.map_err(unreadable)?.path();
        if let Some(number) = number(&file).filter(|_| is_hdf5(&file)) {
            found.push((number, file));
        }
    }
    found.sort();
    found.iter().try_for_each(|(_, file)| folder::inside(path, file))?;
    Ok(found)
}

/// The k of `episode_k.hdf5`.
fn number(file: &Path) -> Option<u64> {
    let ending = file.extension()?.to_str()?;
    if !matches!(ending, "hdf5" | "h5") {
        return None;
    }
    let stem = file.file_stem()?.to_str()?;
    stem.rsplit_once('_')?.1.parse().ok()
}

#[cfg(test)]
mod tests;
