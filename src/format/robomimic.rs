//! robomimic's HDF5 files: a group `data/demo_<k>` an episode with `actions`, `obs/<key>` and where they are there
//! `next_obs/<key>`, `rewards`, `dones`, `states`. Layout read in `scripts/dataset_states_to_obs.py` and
//! `scripts/get_dataset_info.py`; demos are numbered from 0 there, from 1 in robosuite's own recordings.

use std::path::Path;

use super::Format;
use super::hdf5::{Hdf5, is_hdf5};
use super::pieces::Pieces;
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod demo;
mod pieces;
mod read;

/// The format.
pub struct Robomimic;

impl Format for Robomimic {
    fn name(&self) -> &'static str {
        "robomimic"
    }

    fn probe(&self, path: &Path) -> bool {
        is_hdf5(path)
            && Hdf5::open(path).is_ok_and(|file| {
                file.groups("data").iter().any(|g| demo_number(g).is_some())
                    || (file.is_group("data") && file.json_attribute("data", "env_args").is_some())
            })
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, Fault> {
        read::dataset(path, &Hdf5::open(path)?, cx)
    }

    fn bytes(&self, path: &Path) -> Result<Option<u64>, Fault> {
        Ok(Some(pieces::Demos::find(path, &Ctx::quiet())?.bytes()))
    }

    fn pieces(&self, path: &Path, cx: &Ctx) -> Result<Option<Box<dyn Pieces>>, Fault> {
        Ok(Some(Box::new(pieces::Demos::find(path, cx)?)))
    }
}

/// The k of `demo_<k>`.
fn demo_number(group: &str) -> Option<u64> {
    let digits = group.strip_prefix("demo_")?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests;
