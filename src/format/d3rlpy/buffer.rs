//! Version 2: arrays of their own for every episode.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::super::assemble::{Assembly, Found};
use super::super::choices;
use super::super::hdf5::{Hdf5, Parts, Tick};
use super::super::pieces::{Pieces, Width, with_steps};
use crate::data::dataset::{Dataset, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Episodes that are read between two reports.
const BATCH: usize = 64;

/// True for a replay buffer, be it empty or of the old version 2.0.
pub(super) fn is_one(file: &Hdf5) -> bool {
    file.contains("columns") && (file.contains("num_episodes") || file.contains("total_size"))
}

/// What every episode must have, taken from the first.
struct Layout {
    observations: Parts,
    action_width: usize,
    /// The stored type of actions that may be choices.
    choices: Option<String>,
}

/// Number of episodes, what each must have, where they come from.
fn look(path: &Path, file: &Hdf5) -> Result<(u64, Layout, Origin), Fault> {
    if !file.contains("num_episodes") {
        return Err(file.bad(
            "version",
            "is 2.0 of d3rlpy's replay buffers, which mixes episodes of any length in one array; load it with the \
             d3rlpy that wrote it and dump it with d3rlpy 2.1 or later",
        ));
    }
    let (episodes, warning) = episodes(file)?;
    let layout = Layout::find(file)?;
    let mut rules = vec![
        "an episode is observations_i, actions_i, rewards_i and terminated_i; what is not terminated is truncated"
            .to_owned(),
        "as many observations as actions: the last step of an episode has no next observation".to_owned(),
    ];
    rules.extend(layout.observations.rules("in the order of the tuple"));
    let origin = Origin {
        path: path.to_owned(),
        format: "d3rlpy".into(),
        rules,
        warnings: warning.into_iter().collect(),
        ..Origin::default()
    };
    Ok((episodes, layout, origin))
}

/// Reads every episode of `file`.
pub(super) fn dataset(path: &Path, file: &Hdf5, cx: &Ctx) -> Result<Dataset, Fault> {
    let (episodes, layout, origin) = look(path, file)?;
    let mut all = layout.assembly(origin).within(cx);
    let cx = cx.phase("reading the dataset");
    let tick = |_| cx.check();
    let ids: Vec<u64> = (0..episodes).collect();
    for (batch, some) in ids.chunks(BATCH).enumerate() {
        cx.step((batch * BATCH) as u64, episodes)?;
        // Not collected into one result: that would name whichever bad episode a thread met first.
        let loaded: Vec<Result<Found, Fault>> = some.par_iter().map(|&id| layout.read(file, id, &tick)).collect();
        for (episode, id) in loaded.into_iter().zip(some) {
            all.push(&episode?).map_err(|e| file.bad(&format!("actions_{id}"), e))?;
        }
    }
    let mut data = all.finish(path)?;
    layout.settle(&mut data);
    Ok(data)
}

/// A buffer read a few episodes at a time.
pub(super) struct InGroups {
    path: PathBuf,
    file: Hdf5,
    layout: Layout,
    /// Episodes that have a step; the others are left out.
    ids: Vec<u64>,
    lengths: Vec<usize>,
    origin: Origin,
}

impl InGroups {
    /// Finds the episodes; reads none of their numbers.
    pub fn open(path: &Path, file: Hdf5, cx: &Ctx) -> Result<Self, Fault> {
        let (episodes, layout, origin) = look(path, &file)?;
        let all: Vec<u64> = (0..episodes).collect();
        let (ids, lengths) = with_steps(&all, cx, |id| Ok(file.column(&format!("actions_{id}"))?.rows()))?;
        Ok(Self { path: path.to_owned(), file, layout, ids, lengths, origin })
    }

    /// Bytes that all episodes take in memory.
    pub fn bytes(&self) -> u64 {
        self.width().bytes(self.lengths.len() as u64, self.lengths.iter().map(|&n| n as u64).sum())
    }
}

impl Pieces for InGroups {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn width(&self) -> Width {
        Width { obs: self.layout.space().dim(), action: self.layout.action_width, extra: 0, next: false }
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn read(&self, episodes: Range<usize>, cx: &Ctx) -> Result<Dataset, Fault> {
        let mut all = self.layout.assembly(self.origin.clone());
        for &id in &self.ids[episodes] {
            let found = self.layout.read(&self.file, id, &|_| cx.check())?;
            all.push(&found).map_err(|e| self.file.bad(&format!("actions_{id}"), e))?;
        }
        all.finish(&self.path)
    }

    fn settle(&self, data: &mut Dataset) {
        self.layout.settle(data);
    }
}

/// How many episodes there are, checked against what the file says.
///
/// Episodes missing at the end are an error, unless the file has fewer than half of what it promises: then the number
/// is what is wrong, and a warning says so.
fn episodes(file: &Hdf5) -> Result<(u64, Option<String>), Fault> {
    let mut ids: Vec<u64> =
        file.members("").iter().filter_map(|name| name.strip_prefix("actions_")?.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(Fault::at(file.path(), "the dataset is empty: nothing is called 'actions_0'"));
    }
    let missing =
        |id: u64| file.bad(&format!("actions_{id}"), "is missing: the dataset is incomplete, copy or dump it again");
    if let Some(gap) = ids.iter().zip(0..).find_map(|(&id, want)| (id != want).then_some(want)) {
        return Err(missing(gap));
    }
    let found = ids.len() as u64;
    let promised = file.number("num_episodes")?;
    if promised > found as f64 && 2.0 * found as f64 >= promised {
        return Err(missing(found));
    }
    let lies = promised.to_bits() != (found as f64).to_bits();
    Ok((found, lies.then(|| format!("num_episodes says {promised}, the file has {found}"))))
}

impl Layout {
    /// Looks at the first episode; reads no data.
    fn find(file: &Hdf5) -> Result<Self, Fault> {
        let actions = file.column("actions_0")?;
        let action_width = actions.named_width()?;
        let part = |j: u64| Some(j.to_string()).filter(|j| file.contains(&format!("observations_0_{j}")));
        let mut keys: Vec<String> = (0..u64::from(u16::MAX)).map_while(part).collect();
        if keys.is_empty() {
            // A lone array; where it is missing, reading it says so.
            keys.push(String::new());
        }
        let observations = Parts::find(file, keys, |key| place(0, key))?;
        if observations.is_empty() {
            let there = observations.skipped.join(", ");
            return Err(file.bad(
                "observations_0",
                format!("holds no numbers to read, only{there}; encode images into numbers first and dump again"),
            ));
        }
        let choices = actions.choices();
        Ok(Self { observations, action_width, choices })
    }

    fn assembly(&self, origin: Origin) -> Assembly {
        Assembly::new(origin, self.space(), Space::unnamed("action", self.action_width))
    }

    /// Actions may be choices: their numbers tell.
    fn settle(&self, data: &mut Dataset) {
        choices::settle(data, self.choices.as_ref());
    }

    /// Names of the observation's columns: a lone array has none of its own.
    fn space(&self) -> Space {
        let space = self.observations.space();
        if space.names[0].is_empty() || space.names[0].starts_with('.') {
            return Space::unnamed("obs", space.dim());
        }
        space
    }

    fn read(&self, file: &Hdf5, id: u64, tick: Tick<'_>) -> Result<Found, Fault> {
        let key = format!("actions_{id}");
        let actions = file.column(&key)?;
        let steps = actions.rows();
        if actions.width() != self.action_width {
            return Err(actions.bad(format!(
                "has {} values a row, the first episode has {}; all must be alike",
                actions.width(),
                self.action_width
            )));
        }
        let rewards = file.column(&format!("rewards_{id}"))?.scalar()?.rows_of(steps, &key)?;
        let terminated = file.number(&format!("terminated_{id}"))? != 0.0;
        Ok(Found {
            id,
            obs: self.observations.read(file, |part| place(id, part), (steps, &key), tick)?,
            actions: actions.f32(tick)?,
            rewards: rewards.f64(tick)?,
            next_obs: None,
            terminated,
            truncated: !terminated,
        })
    }
}

/// Where part `part` of the observations of episode `id` lies; "" is the whole.
fn place(id: u64, part: &str) -> String {
    if part.is_empty() { format!("observations_{id}") } else { format!("observations_{id}_{part}") }
}
