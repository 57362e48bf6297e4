//! robomimic's HDF5 files: a group `data/demo_<k>` an episode with `actions`, `obs/<key>` and where they are there
//! `next_obs/<key>`, `rewards`, `dones`, `states`. Layout read in `scripts/dataset_states_to_obs.py` and
//! `scripts/get_dataset_info.py`; demos are numbered from 0 there, from 1 in robosuite's own recordings.

use super::Format;
use super::place::Place;
use super::reader::{Episodes, OneByOne};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod demo;
mod read;

/// The format.
pub struct Robomimic;

impl Format for Robomimic {
    fn name(&self) -> &'static str {
        "robomimic"
    }

    fn probe(&self, place: &Place) -> bool {
        place.hdf5().is_ok_and(|file| {
            file.groups("data").iter().any(|g| demo_number(g).is_some())
                || (file.is_group("data") && file.json_attribute("data", "env_args").is_some())
        })
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        Ok(Box::new(OneByOne::new(read::Demos::find(place.path(), place.hdf5()?)?)))
    }
}

/// The k of `demo_<k>`.
fn demo_number(group: &str) -> Option<u64> {
    let digits = group.strip_prefix("demo_")?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests;
