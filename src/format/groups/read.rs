//! Episodes that are groups of arrays, or files of their own.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::dataset::Origin;
use crate::format::arrays::{Chosen, Source, Usual, Wide};
use crate::format::assemble::Found;
use crate::format::hdf5::{Column, Group, Hdf5, Tick, beside};
use crate::format::place::Place;
use crate::format::reader::{Loaded, Separate, Shape};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Where the episodes lie.
pub(in crate::format) enum Files {
    /// In groups of one file.
    One(Arc<Hdf5>),
    /// At the root of a file each.
    Each(Vec<PathBuf>),
}

/// An episode's place.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::format) struct Spot {
    pub id: u64,
    /// Its group; the name of its file.
    pub group: String,
    /// Steps that a description speaks of.
    pub said: Option<u64>,
}

/// Episodes whose arrays are known from the first of them; no number of them is read yet.
pub(in crate::format) struct Groups {
    files: Files,
    spots: Vec<Spot>,
    chosen: Chosen,
    shape: Shape,
    /// The last row of an episode has an observation and no action.
    padded: bool,
    origin: Origin,
}

impl Groups {
    /// The episodes at `spots`, of which there is one at least. `origin` has the rules of the layout.
    ///
    /// # Errors
    /// [`Fault`] naming the role that no array of the first episode or more than one could have.
    pub fn open(
        place: &Place,
        files: Files,
        spots: Vec<Spot>,
        usual: &Usual,
        mut origin: Origin,
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let path = place.path();
        let empty = || Fault::at(path, "the dataset is empty: there is no episode");
        let first = spots.first().ok_or_else(empty)?;
        let (file, group) = match &files {
            Files::One(file) => (Arc::clone(file), first.group.as_str()),
            Files::Each(paths) => (Arc::new(Hdf5::open(paths.first().ok_or_else(empty)?)?), ""),
        };
        let mapping = place.mapping()?;
        if let Some(mapping) = &mapping {
            let open = ["observation", "action", "next_observation", "reward", "terminated", "truncated", "done"];
            mapping.only(&open, &origin.format)?;
        }
        let below = if group.is_empty() { String::new() } else { format!("{group}/") };
        let list = Source::Hdf5(Arc::clone(&file)).list(group);
        let mut chosen = Chosen::find(path, mapping.as_ref(), &list, &below, usual)?;
        let rows = |wide: &Wide| wide.0.first().map_or(0, |array| array.rows);
        let (observed, steps) = (rows(&chosen.observation), rows(&chosen.action));
        let longer = observed == steps + 1;
        let tick = |_: u64| cx.check();
        let padded = observed == steps && steps > 1 && ends_in_nan(&Episode::at(&file, group), &chosen.action, &tick)?;
        if longer || padded {
            // They repeat what the observations have.
            chosen.unread.extend(chosen.next.0.drain(..).map(|array| array.key));
        }
        let next = !chosen.next.is_empty();
        let shape = Shape {
            obs: chosen.observation.space("obs"),
            action: chosen.action.space("action"),
            last: longer || padded || next,
            next,
            choices: chosen.action.choices(),
        };
        origin.rules.extend(chosen.rules());
        origin.rules.extend(rules(&chosen, longer, padded));
        origin.rules.extend(chosen.left_out());
        origin.warnings.extend(chosen.warnings.iter().cloned());
        origin.warnings.extend(unsure(&chosen));
        Ok(Self { files, spots, chosen, shape, padded, origin })
    }

    /// The file of the episode at a place, and its group in it.
    fn open_at(&self, place: usize) -> Result<(Arc<Hdf5>, &str), Fault> {
        match &self.files {
            Files::One(file) => Ok((Arc::clone(file), self.spots[place].group.as_str())),
            Files::Each(paths) => Ok((Arc::new(Hdf5::open(&paths[place])?), "")),
        }
    }

    fn read(&self, episode: &Episode<'_>, spot: &Spot, tick: Tick<'_>) -> Result<Loaded, Fault> {
        let first = self.chosen.action.keys().next().unwrap_or_default();
        let rows = episode.column(first)?.rows();
        let steps = rows.saturating_sub(usize::from(self.padded));
        let observed = rows + usize::from(self.shape.last && !self.shape.next && !self.padded);
        let mut actions = episode.wide(&self.chosen.action, rows, tick)?;
        let dim = self.shape.action.dim();
        if self.padded && rows > 0 {
            let (path, last) = (episode.name(first), actions.split_off(steps * dim));
            if last.iter().any(|v| !v.is_nan()) {
                let problem = "ends with an action that is not NaN, unlike the first episode; all must be alike";
                return Err(episode.file.bad(&path, problem));
            }
        }
        let obs = episode.wide(&self.chosen.observation, observed, tick)?;
        let next_obs = if self.shape.next { Some(episode.wide(&self.chosen.next, rows, tick)?) } else { None };
        let one = |key: &Option<String>| {
            key.as_ref().map(|key| episode.column(key)?.scalar()?.rows_of(rows, first)).transpose()
        };
        let mut rewards = match one(&self.chosen.reward)? {
            Some(column) => column.f64(tick)?,
            None => vec![0.0; rows],
        };
        if self.padded {
            // The reward of a row is that of its observation.
            rewards.drain(..rows.min(1));
        }
        let flags = |key: &Option<String>| one(key)?.map(|column| column.flags(tick)).transpose();
        let chosen = &self.chosen;
        let (terminal, cut, done) = (flags(&chosen.terminated)?, flags(&chosen.truncated)?, flags(&chosen.done)?);
        let last = |flags: &Option<Vec<bool>>| flags.as_ref().is_some_and(|f| f.last() == Some(&true));
        let early = |flags: &Option<Vec<bool>>| flags.iter().any(|f| f.iter().rev().skip(1).any(|&set| set));
        let terminated = if terminal.is_some() { last(&terminal) } else { last(&done) && !last(&cut) };
        let odd = [early(&terminal) || early(&done) || early(&cut), spot.said.is_some_and(|said| said != steps as u64)];
        let truncated = last(&cut) || !terminated;
        let found = Found { id: spot.id, obs, actions, rewards, next_obs, terminated, truncated };
        Ok(Loaded { found, odd: (0..odd.len()).filter(|&kind| odd[kind]).collect() })
    }
}

/// The arrays of one episode.
struct Episode<'f> {
    file: &'f Hdf5,
    /// Nothing where they lie at the root.
    group: Option<(Group<'f>, &'f str)>,
}

impl<'f> Episode<'f> {
    fn at(file: &'f Hdf5, group: &'f str) -> Self {
        Self { file, group: (!group.is_empty()).then(|| (file.group(group), group)) }
    }

    fn column(&self, key: &str) -> Result<Column<'f>, Fault> {
        match &self.group {
            Some((group, _)) => group.column(key),
            None => self.file.column(key),
        }
    }

    fn name(&self, key: &str) -> String {
        self.group.as_ref().map_or_else(|| key.to_owned(), |(_, group)| format!("{group}/{key}"))
    }

    /// Arrays side by side, `[rows, Σ widths]`.
    fn wide(&self, arrays: &Wide, rows: usize, tick: Tick<'_>) -> Result<Vec<f32>, Fault> {
        let mut parts = Vec::with_capacity(arrays.0.len());
        for array in &arrays.0 {
            let column = self.column(&array.key)?;
            if column.rows() != rows {
                let problem = format!("has {} rows, {rows} are needed as in the first episode", column.rows());
                return Err(column.bad(problem));
            }
            if column.width() != array.width {
                let problem = format!(
                    "has {} values a row, the first episode has {}; all must be alike",
                    column.width(),
                    array.width
                );
                return Err(column.bad(problem));
            }
            parts.push((column.f32(tick)?, array.width));
        }
        Ok(beside(parts, rows))
    }
}

/// True if the last action is no number.
fn ends_in_nan(episode: &Episode<'_>, action: &Wide, tick: Tick<'_>) -> Result<bool, Fault> {
    for array in &action.0 {
        let column = episode.column(&array.key)?;
        let last = column.f32_of(column.rows() - 1..column.rows(), tick)?;
        if last.iter().any(|v| !v.is_nan()) {
            return Ok(false);
        }
    }
    Ok(!action.is_empty())
}

fn rules(chosen: &Chosen, longer: bool, padded: bool) -> Vec<String> {
    let last = match (longer, padded) {
        (true, _) => "observations have one row more than actions: the last one completes the episode",
        (_, true) => {
            "the last row of an episode is its last observation, without an action; a reward is that of its row's \
             observation, so step t has the reward of row t+1"
        }
        _ if !chosen.next.is_empty() => "the last row of the next observations completes each episode",
        _ => {
            "no next observations: the next observation is the following row, and the last step of an episode has none"
        }
    };
    let ends = match (&chosen.terminated, &chosen.done) {
        (Some(key), _) | (None, Some(key)) => {
            format!("an episode is terminated where '{key}' holds in its last row, else truncated")
        }
        (None, None) => "nothing says why an episode ended: all are truncated".to_owned(),
    };
    vec![last.to_owned(), ends]
}

fn unsure(chosen: &Chosen) -> Option<String> {
    let done = chosen.done.as_ref().filter(|_| chosen.terminated.is_none() && chosen.truncated.is_none())?;
    Some(format!(
        "'{done}' does not say why an episode ended: it is read as terminated, also where a time limit ended it"
    ))
}

impl Separate for Groups {
    const THINGS: &'static str = "episodes";
    const ODDITIES: &'static [&'static str] = &[
        "have an end marked before their last step; they go on",
        "have another length than the description beside the file says; what is in the file is read",
    ];

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn places(&self) -> usize {
        self.spots.len()
    }

    fn steps(&self, place: usize) -> Result<usize, Fault> {
        let (file, group) = self.open_at(place)?;
        let first = self.chosen.action.keys().next().unwrap_or_default();
        let rows = Episode::at(&file, group).column(first)?.rows();
        Ok(rows.saturating_sub(usize::from(self.padded)))
    }

    fn load(&self, place: usize, cx: &Ctx) -> Result<Loaded, Fault> {
        cx.check()?;
        let (file, group) = self.open_at(place)?;
        self.read(&Episode::at(&file, group), &self.spots[place], &|_| cx.check())
    }

    fn name(&self, place: usize) -> String {
        self.spots[place].group.clone()
    }

    fn unfit(&self, place: usize, problem: &str) -> Fault {
        match &self.files {
            Files::One(file) => file.bad(&self.spots[place].group, problem),
            Files::Each(paths) => Fault::at(&paths[place], problem),
        }
    }
}
