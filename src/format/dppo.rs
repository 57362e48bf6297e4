//! DPPO's `.npz` files: `states` and `actions` of all episodes end to end, where they are there `rewards` and `terminals`, and
//! the number of steps of every episode in `traj_lengths`. Images are not read. Layout read in
//! `agent/dataset/sequence.py` of irom-princeton/dppo.

use super::Format;
use super::arrays::{Chosen, Source, Usual};
use super::place::Place;
use super::plain::{self, Ends, Flat};
use super::reader::Episodes;
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The format.
pub struct Dppo;

/// Steps of every episode.
const LENGTHS: &str = "traj_lengths";

impl Format for Dppo {
    fn name(&self) -> &'static str {
        "dppo"
    }

    fn probe(&self, place: &Place) -> bool {
        place.npz().is_ok_and(|file| file.contains(LENGTHS) && (file.contains("actions") || file.contains("states")))
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let (path, mapping) = (place.path(), place.mapping()?);
        if let Some(mapping) = &mapping {
            mapping.only(&["observation", "action", "reward", "terminated", "done"], self.name())?;
        }
        let source = Source::Npz(vec![place.npz()?]);
        let usual = Usual { own: &[LENGTHS], ..Usual::default() };
        let mut chosen = Chosen::find(path, mapping.as_ref(), &source.list(""), "", &usual)?;
        chosen.next.0.clear();
        let mut runs = Vec::new();
        for length in source.counts(LENGTHS)? {
            let start = runs.last().map_or(0, |run: &std::ops::Range<usize>| run.end);
            runs.push(start..start.saturating_add(length));
        }
        let end = runs.last().map_or(0, |run| run.end);
        let segments = plain::runs(&source, &chosen, &runs, false, cx)?;
        let rows = chosen.action.0.first().map_or(0, |array| array.rows);
        let left = rows - end;
        let rest = format!("{LENGTHS}: the last {left} of {rows} rows belong to no episode and are left out");
        let mut rules = vec![
            format!("episodes are as long as '{LENGTHS}' says"),
            "the next observation is the following row, and the last step of an episode has none".to_owned(),
        ];
        rules.push(match chosen.terminated.as_ref().or(chosen.done.as_ref()) {
            Some(key) => format!("an episode is terminated where '{key}' holds in its last row, else truncated"),
            None => "nothing says why an episode ended: all are truncated".into(),
        });
        let warnings = if left > 0 { vec![rest] } else { Vec::new() };
        let origin = Origin { path: path.to_owned(), format: self.name().into(), rules, warnings, ..Origin::default() };
        Ok(Box::new(Flat::open(origin, source, chosen, None, Ends::Known { segments, last: false })?))
    }
}

#[cfg(test)]
mod tests;
