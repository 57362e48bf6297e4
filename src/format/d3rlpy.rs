//! d3rlpy's HDF5 files, as `dataset/io.py` writes and reads them.
//!
//! `ReplayBuffer.dump` of 2.x: `columns`, `num_episodes`, `version` and for each episode i `observations_i` (or
//! `observations_i_j` for the parts of a tuple), `actions_i`, `rewards_i` and the single truth value `terminated_i`. T
//! observations: the last step of an episode has no next one. `MDPDataset.dump` of 1.x: flat columns as D4RL's, with
//! `episode_terminals` at every end.

use std::path::Path;

use super::Format;
use super::d4rl::{self, Ends, FlatFile, Layout};
use super::hdf5::{Hdf5, is_hdf5};
use super::pieces::Pieces;
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod buffer;

use buffer::InGroups;

/// The format.
pub struct D3rlpy;

impl Format for D3rlpy {
    fn name(&self) -> &'static str {
        "d3rlpy"
    }

    fn probe(&self, path: &Path) -> bool {
        is_hdf5(path) && Hdf5::open(path).is_ok_and(|file| buffer::is_one(&file) || is_flat(&file))
    }

    fn open(&self, path: &Path, cx: &Ctx) -> Result<Dataset, Fault> {
        let file = Hdf5::open(path)?;
        if buffer::is_one(&file) {
            return buffer::dataset(path, &file, cx);
        }
        d4rl::whole(path, &file, &flat(), cx)
    }

    fn bytes(&self, path: &Path) -> Result<Option<u64>, Fault> {
        let file = Hdf5::open(path)?;
        if buffer::is_one(&file) {
            return Ok(Some(InGroups::open(path, file, &Ctx::quiet())?.bytes()));
        }
        d4rl::bytes(&file, &flat()).map(Some)
    }

    fn pieces(&self, path: &Path, cx: &Ctx) -> Result<Option<Box<dyn Pieces>>, Fault> {
        let file = Hdf5::open(path)?;
        if buffer::is_one(&file) {
            return Ok(Some(Box::new(InGroups::open(path, file, cx)?)));
        }
        Ok(Some(Box::new(FlatFile::open(path, file, flat(), cx)?)))
    }
}

/// Version 1: the columns of a flat file.
fn flat() -> Layout {
    Layout { format: D3rlpy.name(), prefixes: vec![String::new()], ends: Ends::EpisodeTerminals, rules: Vec::new() }
}

/// Version 1 looks much like D4RL, which keeps what has a key of its own.
fn is_flat(file: &Hdf5) -> bool {
    let has = |key: &str| file.contains(key);
    let own = has("episode_terminals") || (has("discrete_action") && has("version"));
    own && has("observations") && !has("timeouts") && !has("next_observations")
}

#[cfg(test)]
mod tests;
