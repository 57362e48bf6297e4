//! Tianshou's buffers, as `ReplayBuffer.save_hdf5` writes them: the arrays `obs`, `act`, `rew`, `terminated`, `truncated`,
//! `done` and where they are there `obs_next` in the group `_meta`, of which only some rows are used: attributes of the file
//! say which (`_size`, and `_insertion_idx` or `_index`), and for a buffer of several environments the arrays `_lengths`,
//! `_offset` and `last_index`. Layout read in `data/buffer/{buffer_base,manager}.py` and `data/utils/converter.py`.

use std::ops::Range;

use super::Format;
use super::arrays::{Chosen, Source, Usual};
use super::hdf5::Hdf5;
use super::place::Place;
use super::plain::{Ends, Flat};
use super::reader::Episodes;
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The format.
pub struct Tianshou;

/// The group of the arrays.
const GROUP: &str = "_meta";

impl Format for Tianshou {
    fn name(&self) -> &'static str {
        "tianshou"
    }

    fn probe(&self, place: &Place) -> bool {
        let has = |file: &Hdf5| ["act", "obs", "rew"].iter().any(|key| file.contains(&format!("{GROUP}/{key}")));
        place.hdf5().is_ok_and(|file| file.is_group(GROUP) && has(&file))
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let (path, file) = (place.path(), place.hdf5()?);
        let source = Source::Hdf5(file.clone());
        let (below, list) = (format!("{GROUP}/"), source.list(GROUP));
        let chosen = Chosen::find(path, place.mapping()?.as_ref(), &list, &below, &Usual::default())?;
        let rows = chosen.action.0.first().map_or(0, |array| array.rows);
        let used = used(&file, &source, rows)?;
        let mut origin = Origin { path: path.to_owned(), format: self.name().into(), ..Origin::default() };
        match &used {
            Some(streams) => {
                let count: usize = streams.iter().flatten().map(ExactSizeIterator::len).sum();
                origin.rules.push(format!("the buffer has room for {rows} rows, of which {count} are used and read"));
            }
            None => origin.warnings.push(format!(
                "no attribute '_size' says how many of the {rows} rows of the buffer are used: all are read"
            )),
        }
        Ok(Box::new(Flat::open(origin, source, chosen.within(&below), used, Ends::Marked)?))
    }
}

/// The rows that are used: a stream for each environment, as pieces in the order of time. Nothing where the file does not say.
fn used(file: &Hdf5, source: &Source, rows: usize) -> Result<Option<Vec<Vec<Range<usize>>>>, Fault> {
    let past = |key: &str| source.bad(key, format!("speaks of more than the {rows} rows of '{GROUP}'; copy it again"));
    if file.contains("_lengths") && file.contains("_offset") {
        let [lengths, offsets, last] = ["_lengths", "_offset", "last_index"].map(|key| source.counts(key));
        let (lengths, offsets, last) = (lengths?, offsets?, last?);
        let ends = offsets.iter().skip(1).copied().chain([rows]);
        let mut streams = Vec::new();
        for (((length, &start), end), last) in lengths.into_iter().zip(&offsets).zip(ends).zip(last) {
            if end > rows || start > end || length > end - start {
                return Err(past("_lengths"));
            }
            // A ring that is full goes on behind the row that was written last.
            let next = if (start..end).contains(&last) { last + 1 } else { end };
            streams.push(ring(start, length, end, next));
        }
        return Ok(Some(streams));
    }
    let Some(size) = file.count_attribute("", "_size") else { return Ok(None) };
    let size = usize::try_from(size).ok().filter(|&size| size <= rows).ok_or_else(|| past("_size"))?;
    let next = ["_insertion_idx", "_index"].iter().find_map(|name| file.count_attribute("", name));
    let next = next.and_then(|next| usize::try_from(next).ok()).unwrap_or(0);
    Ok(Some(vec![ring(0, size, rows, next)]))
}

/// The `length` rows of a ring from `start` to `end` that writes row `next` next, the oldest first.
fn ring(start: usize, length: usize, end: usize, next: usize) -> Vec<Range<usize>> {
    if length == end - start && next > start && next < end {
        return vec![next..end, start..next];
    }
    std::iter::once(start..start + length).collect()
}

#[cfg(test)]
mod tests;
