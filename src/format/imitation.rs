//! Rollouts of the `imitation` library in one `.npz`: `acts` and `rews` of all episodes end to end, `obs` with one row more
//! an episode, the cuts between episodes in `indices`, and one `terminal` an episode. `infos` holds Python objects, which are
//! never unpickled. Layout read in `data/types.py` and `data/rollout.py` (0.3).

use super::Format;
use super::arrays::{Chosen, Source, Usual};
use super::npz::Npz;
use super::place::Place;
use super::plain::{Ends, Flat, Segment};
use super::reader::Episodes;
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The format.
pub struct Imitation;

impl Format for Imitation {
    fn name(&self) -> &'static str {
        "imitation"
    }

    fn probe(&self, place: &Place) -> bool {
        let has = |file: &Npz| ["acts", "indices"].iter().all(|key| file.contains(key));
        place.npz().is_ok_and(|file| has(&file) && (file.contains("obs") || file.contains("terminal")))
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let (path, file) = (place.path(), place.npz()?);
        let source = Source::Npz(vec![file.clone()]);
        let usual = Usual { longer: true, own: &["indices", "terminal"], ..Usual::default() };
        let mapping = place.mapping()?;
        if let Some(mapping) = &mapping {
            mapping.only(&["observation", "action", "reward"], self.name())?;
        }
        let mut chosen = Chosen::find(path, mapping.as_ref(), &source.list(""), "", &usual)?;
        // The last observation of an episode is in 'obs'.
        chosen.next.0.clear();
        let rows = chosen.action.0.first().map_or(0, |array| array.rows);
        let observed = chosen.observation.0.first().map_or(0, |array| array.rows);
        let cuts = source.counts("indices")?;
        let terminal = file.column("terminal")?.flags(&|_| cx.check())?;
        let segments = segments(&cuts, &terminal, rows).map_err(|why| source.bad("indices", why))?;
        if observed != rows + segments.len() {
            let problem = format!(
                "has {observed} rows; {rows} actions in {} episodes need one more an episode: {}",
                segments.len(),
                rows + segments.len()
            );
            return Err(source.bad(&chosen.observation.told(), problem));
        }
        let rules = vec![
            "episodes are cut in 'acts' where 'indices' says; 'obs' has one row more an episode".to_owned(),
            "an episode is terminated where 'terminal' says so, else truncated".to_owned(),
        ];
        let unsure = "'terminal' does not say why an episode ended: imitation sets it also where a time limit ended it";
        let warnings = if terminal.contains(&true) { vec![unsure.to_owned()] } else { Vec::new() };
        let origin = Origin { path: path.to_owned(), format: self.name().into(), rules, warnings, ..Origin::default() };
        let segments = segments.into_iter().filter(|segment| segment.steps > 0).collect();
        Ok(Box::new(Flat::open(origin, source, chosen, None, Ends::Known { segments, last: true })?))
    }
}

/// The episodes between the cuts, one more than these.
fn segments(cuts: &[usize], terminal: &[bool], rows: usize) -> Result<Vec<Segment>, String> {
    if terminal.len() != cuts.len() + 1 {
        return Err(format!("has {} cuts, 'terminal' {} episodes: one more than cuts", cuts.len(), terminal.len()));
    }
    let (mut segments, mut start) = (Vec::new(), 0);
    for (k, (&end, &terminated)) in cuts.iter().chain([&rows]).zip(terminal).enumerate() {
        if end < start || end > rows {
            return Err(format!("cuts at {end} after {start}, there are {rows} actions; the file is damaged"));
        }
        segments.push(Segment { obs: start + k, ..Segment::of(start..end, terminated, !terminated) });
        start = end;
    }
    Ok(segments)
}

#[cfg(test)]
mod tests;
