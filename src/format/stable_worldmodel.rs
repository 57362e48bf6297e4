//! stable-worldmodel's HDF5 files: a dataset a column (`action`, `observation`, `proprio`, `reward`, …), and of every episode
//! its rows in `ep_len` and its first row in `ep_offset`. Layout read in `data/formats/hdf5.py` and `world/world.py` (0.1.1).
//!
//! A row is written after a step, and the actions are then moved up by one: a row holds an observation, the reward and the
//! flags that came with it, and the action that was taken at it. An episode of n rows has n - 1 steps; the last row's action
//! leads nowhere.

use super::Format;
use super::arrays::{Chosen, Source, Usual};
use super::place::Place;
use super::plain::{self, Ends, Flat};
use super::reader::Episodes;
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The format.
pub struct StableWorldModel;

/// Rows of every episode, and the first of them.
const LENGTHS: &str = "ep_len";
const OFFSETS: &str = "ep_offset";

impl Format for StableWorldModel {
    fn name(&self) -> &'static str {
        "stable_worldmodel"
    }

    fn probe(&self, place: &Place) -> bool {
        place.hdf5().is_ok_and(|file| file.contains(LENGTHS) && file.contains(OFFSETS))
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let (path, mapping) = (place.path(), place.mapping()?);
        if let Some(mapping) = &mapping {
            mapping.only(&["observation", "action", "reward", "terminated", "done"], self.name())?;
        }
        let source = Source::Hdf5(place.hdf5()?);
        let own = &[LENGTHS, OFFSETS];
        // Without a vector called so, what the robot feels of itself is the nearest thing to a state.
        let usual = Usual { own, instead: &["proprio"], ..Usual::default() };
        let mut chosen = Chosen::find(path, mapping.as_ref(), &source.list(""), "", &usual)?;
        chosen.next.0.clear();
        let (lengths, offsets) = (source.counts(LENGTHS)?, source.counts(OFFSETS)?);
        if lengths.len() != offsets.len() {
            let problem = format!("has {} episodes and '{OFFSETS}' {}", lengths.len(), offsets.len());
            return Err(source.bad(LENGTHS, problem));
        }
        let pairs = lengths.iter().zip(&offsets);
        let runs: Vec<_> = pairs.map(|(&length, &first)| first..first.saturating_add(length)).collect();
        let segments = plain::runs(&source, &chosen, &runs, true, cx)?;
        let rules = vec![
            format!("an episode is the '{LENGTHS}' rows from row '{OFFSETS}'"),
            "a row has an observation, the reward that came with it and the action taken at it: step t has the action of \
             row t and the reward of row t+1; the last row's action leads nowhere and is dropped"
                .to_owned(),
            match chosen.terminated.as_ref().or(chosen.done.as_ref()) {
                Some(key) => format!("an episode is terminated where '{key}' holds in its last row, else truncated"),
                None => "nothing says why an episode ended: all are truncated".to_owned(),
            },
        ];
        let short = runs.len() - segments.len();
        let single = format!("{short} episodes have fewer than two rows: no step, and they are left out");
        let warnings = if short > 0 { vec![single] } else { Vec::new() };
        let origin = Origin { path: path.to_owned(), format: self.name().into(), rules, warnings, ..Origin::default() };
        Ok(Box::new(Flat::open(origin, source, chosen, None, Ends::Known { segments, last: true })?))
    }
}

#[cfg(test)]
mod tests;
