//! robomimic's HDF5 files: a group `data/demo_<k>` an episode with `actions`, `obs/<key>` and where they are there
//! `next_obs/<key>`, `rewards`, `dones`, `states`. Layout read in `scripts/dataset_states_to_obs.py` and
//! `scripts/get_dataset_info.py`; demos are numbered from 0 there, from 1 in robosuite's own recordings. A folder of such
//! files (LIBERO ships one a task) is one dataset.

use std::sync::Arc;

use super::Format;
use super::hdf5::Hdf5;
use super::npz::folder;
use super::place::Place;
use super::reader::{Episodes, OneByOne};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod demo;
mod masks;
mod read;

/// The format.
pub struct Robomimic;

impl Format for Robomimic {
    fn name(&self) -> &'static str {
        "robomimic"
    }

    fn probe(&self, place: &Place) -> bool {
        let path = place.path();
        if path.is_dir() {
            let mut files = read::files(path).into_iter().filter(|file| folder::inside(path, file).is_ok());
            return files.any(|file| Hdf5::open(&file).is_ok_and(|file| has_demos(&file)));
        }
        place.hdf5().is_ok_and(|file| {
            has_demos(&file)
                || (file.is_group("data")
                    && (file.members("data").is_empty() || file.json_attribute("data", "env_args").is_some()))
        })
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        if !place.path().is_dir() {
            return Ok(Box::new(OneByOne::new(read::Demos::find(place, vec![place.hdf5()?])?)));
        }
        let mut files = Vec::new();
        for path in read::files(place.path()) {
            folder::inside(place.path(), &path)?;
            files.push(Arc::new(Hdf5::open(&path)?));
        }
        if files.is_empty() {
            return Err(Fault::at(
                place.path(),
                "no HDF5 file is in this folder; name a file of demos, or a folder of such",
            ));
        }
        Ok(Box::new(OneByOne::new(read::Demos::find(place, files)?)))
    }
}

/// Most files of a folder that are one dataset.
const MAX_FILES: usize = 4096;

/// True if a group of the file is a demo.
fn has_demos(file: &Hdf5) -> bool {
    file.groups("data").iter().any(|g| demo_number(g).is_some())
}

/// The k of `demo_<k>`.
fn demo_number(group: &str) -> Option<u64> {
    let digits = group.strip_prefix("demo_")?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests;
