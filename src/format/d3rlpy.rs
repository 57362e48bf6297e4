//! d3rlpy's HDF5 files, as `dataset/io.py` writes and reads them.
//!
//! `ReplayBuffer.dump` of 2.x: `columns`, `num_episodes`, `version` and for each episode i `observations_i` (or
//! `observations_i_j` for the parts of a tuple), `actions_i`, `rewards_i` and the single truth value `terminated_i`. T
//! observations: the last step of an episode has no next one. `MDPDataset.dump` of 1.x: flat columns as D4RL's, with
//! `episode_terminals` at every end.

use super::Format;
use super::d4rl::{Ends, FlatFile, Layout};
use super::hdf5::Hdf5;
use super::place::Place;
use super::reader::{Episodes, OneByOne};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod buffer;

use buffer::Buffer;

/// The format.
pub struct D3rlpy;

impl Format for D3rlpy {
    fn name(&self) -> &'static str {
        "d3rlpy"
    }

    fn probe(&self, place: &Place) -> bool {
        place.hdf5().is_ok_and(|file| buffer::is_one(&file) || is_flat(&file))
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let file = place.hdf5()?;
        if buffer::is_one(&file) {
            return Ok(Box::new(OneByOne::new(Buffer::open(place.path(), file)?)));
        }
        Ok(Box::new(FlatFile::open(place.path(), file, flat())?))
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
