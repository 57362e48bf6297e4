//! The episodes that the data files hold, held against what the description says of them.

use std::collections::{HashMap, HashSet};

use super::Layout;
use super::files::{Described, fill};
use crate::ground::fault::Fault;

/// Consecutive frames of one episode in a data file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Its number in the file.
    pub id: u64,
    /// Which of the data files.
    pub file: usize,
    /// First row in it.
    pub first: usize,
    /// First row of all files.
    pub position: usize,
    pub steps: usize,
}

/// The numbers that the runs get, and what is odd.
pub(super) struct Held {
    pub ids: Vec<u64>,
    pub warnings: Vec<String>,
}

impl Held {
    /// Judges by what is there: only an episode that no file holds is missing.
    ///
    /// # Errors
    /// If an episode that is described is missing.
    pub fn of(layout: &Layout, runs: &[Run]) -> Result<Self, Fault> {
        let (ids, merged) = numbered(layout, runs);
        let held = Self { ids, warnings: merged.into_iter().collect() };
        held.complete(layout, runs)?;
        let mut warnings = held.totals(layout, runs);
        warnings.extend(held.warnings.iter().cloned());
        warnings.extend(held.gaps());
        warnings.extend(held.lengths(layout, runs));
        warnings.extend(held.spans(layout, runs));
        warnings.extend(held.files(layout, runs));
        warnings.extend(splits(layout, runs.len() as u64));
        Ok(Self { warnings, ..held })
    }

    /// Fails where an episode is missing: one that is described, or where none are one that is counted.
    fn complete(&self, layout: &Layout, runs: &[Run]) -> Result<(), Fault> {
        let Layout { root, info, described, files, .. } = layout;
        let there: HashSet<u64> = self.ids.iter().copied().collect();
        let missing = described.iter().find(|d| !there.contains(&d.episode));
        // Some that are only counted may be missing if the count is absurd.
        let counted = info.total_episodes.filter(|&said| {
            let found = there.len() as u64;
            described.is_empty() && said > found && found.saturating_mul(2) >= said
        });
        let id = missing.map(|d| d.episode).or_else(|| counted.and_then(|n| (0..n).find(|id| !there.contains(id))));
        let Some(id) = id else { return Ok(()) };
        if let Some(twice) = first_twice(&self.ids) {
            let problem = format!(
                "no frame has episode_index {id}, and episode_index {twice} comes back after other episodes: datasets were \
                 put together without new numbers; give every episode its own episode_index, or merge them with LeRobot"
            );
            return Err(Fault::at(root, problem));
        }
        let place = missing.map_or_else(|| (id / info.chunks_size, id), |d| d.place);
        let file = fill(&info.data_path, place.0, place.1).unwrap_or_default();
        let gone = if files.iter().any(|f| f.place == place) || (missing.is_none() && !info.is_v2) {
            String::new()
        } else {
            format!(" ({file} is not there)")
        };
        let (frames, has) = (runs.iter().map(|r| r.steps).sum::<usize>(), runs.len());
        Err(Fault::at(
            root,
            format!(
                "episode {id} is missing from the data files{gone}, which have {has} episodes of {frames} frames: the \
                 dataset is incomplete, download it again"
            ),
        ))
    }

    fn totals(&self, layout: &Layout, runs: &[Run]) -> Vec<String> {
        let frames = runs.iter().map(|r| r.steps).sum::<usize>();
        let totals = [
            ("total_episodes", layout.info.total_episodes, runs.len()),
            ("total_frames", layout.info.total_frames, frames),
        ];
        let differs = totals.into_iter().filter_map(|(key, said, found)| {
            let said = said.filter(|&n| n != found as u64)?;
            Some(format!("meta/info.json says {key} {said}, the data files have {found}"))
        });
        differs.collect()
    }

    /// Numbers that come back, or that are left out.
    fn gaps(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(first) = first_twice(&self.ids) {
            let mut once = HashSet::new();
            let count = self.ids.iter().filter(|&&id| !once.insert(id)).count();
            warnings
                .push(format!("{count} runs of frames have an episode_index that was there before (first: {first})"));
        }
        let there: HashSet<u64> = self.ids.iter().copied().collect();
        let end = there.iter().max().map_or(0, |last| last.saturating_add(1));
        let unused = end.saturating_sub(there.len() as u64);
        if let Some(first) = (0..end).find(|id| !there.contains(id)) {
            warnings.push(format!("{unused} numbers below {end} are no episode_index (first: {first})"));
        }
        warnings
    }

    /// Lengths that are not as described, and episodes that are not described at all.
    fn lengths(&self, layout: &Layout, runs: &[Run]) -> Vec<String> {
        let described = &layout.described;
        let mut warnings = Vec::new();
        let lengths: HashMap<u64, usize> = self.ids.iter().copied().zip(runs.iter().map(|r| r.steps)).collect();
        let differs = |d: &&Described| d.length.is_some_and(|n| lengths.get(&d.episode) != Some(&(n as usize)));
        if let Some((count, first)) = counted(described.iter().filter(differs)) {
            let id = first.episode;
            warnings.push(format!("{count} episodes are not as long as meta/episodes says (first: episode {id})"));
        }
        let listed: HashSet<u64> = described.iter().map(|d| d.episode).collect();
        let unlisted = self.ids.iter().filter(|id| !listed.is_empty() && !listed.contains(id));
        if let Some((count, first)) = counted(unlisted) {
            warnings.push(format!("{count} episodes are in the data files and not in meta/episodes (first: {first})"));
        }
        warnings
    }

    /// Every run with what is said of it.
    fn pairs<'p>(&self, layout: &'p Layout, runs: &'p [Run]) -> Vec<(&'p Described, &'p Run)> {
        let described: HashMap<u64, &Described> = layout.described.iter().map(|d| (d.episode, d)).collect();
        self.ids.iter().zip(runs).filter_map(|(id, run)| Some((*described.get(id)?, run))).collect()
    }

    /// `dataset_from_index` and `dataset_to_index` that are not where the frames are.
    fn spans(&self, layout: &Layout, runs: &[Run]) -> Option<String> {
        let pairs = self.pairs(layout, runs);
        let is = |run: &Run| (run.position as u64, (run.position + run.steps) as u64);
        let (count, (said, run)) = counted(pairs.iter().filter(|(d, run)| d.span.is_some_and(|span| span != is(run))))?;
        let ((from, to), (begin, end)) = (said.span?, is(run));
        Some(format!(
            "meta/episodes: dataset_from_index and dataset_to_index of {count} of {} episodes are not where their frames are \
             (first: episode {}, {from} to {to} for {begin} to {end}): episodes are read by episode_index, LeRobot reads some \
             of it by them",
            runs.len(),
            said.episode
        ))
    }

    /// Data files that are said to hold an episode which another one holds.
    fn files(&self, layout: &Layout, runs: &[Run]) -> Option<String> {
        let files = &layout.files;
        let pairs = self.pairs(layout, runs);
        let (count, (said, run)) = counted(pairs.iter().filter(|(d, run)| files[run.file].place != d.place))?;
        let name = |place: (u64, u64)| fill(&layout.info.data_path, place.0, place.1).unwrap_or_default();
        let gone = if files.iter().any(|f| f.place == said.place) { "" } else { ", which is not there" };
        Some(format!(
            "meta/episodes: data/file_index and data/chunk_index of {count} of {} episodes do not name the file that holds \
             their frames (first: episode {} is in {}, said to be in {}{gone})",
            runs.len(),
            said.episode,
            name(files[run.file].place),
            name(said.place)
        ))
    }
}

/// The numbers of the runs, and a warning where they are not those of the frames.
fn numbered(layout: &Layout, runs: &[Run]) -> (Vec<u64>, Option<String>) {
    let Layout { info, described, files, .. } = layout;
    let own: Vec<u64> = runs.iter().map(|r| r.id).collect();
    let number = |run: &Run| files[run.file].place.1;
    let one_a_file = runs.windows(2).all(|w| w[0].file != w[1].file);
    if info.is_v2 && one_a_file {
        let Some((count, first)) = counted(runs.iter().filter(|run| number(run) != run.id)) else { return (own, None) };
        let name = files[first.file].path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let warning = format!(
            "{count} data files hold another episode_index than the number in their name (first: {name} holds {}): each \
             file is read as the episode of its name",
            first.id
        );
        return (runs.iter().map(number).collect(), Some(warning));
    }
    let as_long = |(d, run): (&Described, &Run)| d.length == Some(run.steps as u64);
    let fits = described.len() == runs.len() && described.iter().zip(runs).all(as_long);
    match first_twice(&own).filter(|_| fits) {
        Some(twice) => {
            let warning = format!(
                "episode_index {twice} comes back after other episodes: every run of frames is read as the episode that \
                 meta/episodes lists in its place, which is as long"
            );
            (described.iter().map(|d| d.episode).collect(), Some(warning))
        }
        None => (own, None),
    }
}

/// The first number that was there before.
fn first_twice(ids: &[u64]) -> Option<u64> {
    let mut once = HashSet::new();
    ids.iter().copied().find(|&id| !once.insert(id))
}

/// How many there are, and the first.
fn counted<T>(mut all: impl Iterator<Item = T>) -> Option<(usize, T)> {
    let first = all.next()?;
    Some((1 + all.count(), first))
}

/// Splits that do not fit the number of episodes, or each other.
fn splits(layout: &Layout, episodes: u64) -> Vec<String> {
    let mut splits = layout.info.splits.clone();
    splits.sort_by_key(|s| (s.1, s.2));
    let mut warnings = Vec::new();
    if let Some((name, first, end)) = splits.iter().find(|s| s.2 > episodes || s.1 > s.2) {
        warnings.push(format!("meta/info.json: splits.{name} is {first}:{end}, there are {episodes} episodes"));
    } else if let (Some(last), Some(end)) = (splits.last(), splits.iter().map(|s| s.2).max())
        && end < episodes
    {
        let (left, name) = (episodes - end, &last.0);
        warnings
            .push(format!("meta/info.json: the splits leave {left} episodes out (splits.{name} ends before {end})"));
    }
    if let Some(w) = splits.windows(2).find(|w| w[1].1 < w[0].2) {
        warnings.push(format!("meta/info.json: splits.{} and splits.{} have episodes in common", w[0].0, w[1].0));
    }
    warnings
}
