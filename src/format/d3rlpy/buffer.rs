//! Version 2: arrays of their own for every episode.

use std::path::Path;
use std::sync::Arc;

use super::super::assemble::Found;
use super::super::hdf5::{Hdf5, Parts, Tick};
use super::super::reader::{Loaded, Separate, Shape};
use crate::data::dataset::Origin;
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

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

/// An open buffer; none of its numbers is read yet.
pub(super) struct Buffer {
    file: Arc<Hdf5>,
    episodes: u64,
    layout: Layout,
    shape: Shape,
    origin: Origin,
}

impl Buffer {
    /// Finds the episodes and what each must have.
    pub fn open(path: &Path, file: Arc<Hdf5>) -> Result<Self, Fault> {
        if !file.contains("num_episodes") {
            return Err(file.bad(
                "version",
                "is 2.0 of d3rlpy's replay buffers, which mixes episodes of any length in one array; load it with the \
                 d3rlpy that wrote it and dump it with d3rlpy 2.1 or later",
            ));
        }
        let (episodes, warning) = episodes(&file)?;
        let layout = Layout::find(&file)?;
        let mut rules = vec![
            "an episode is observations_i, actions_i, rewards_i and terminated_i; what is not terminated is truncated"
                .to_owned(),
            "as many observations as actions: the last step of an episode has no next observation".to_owned(),
        ];
        rules.extend(layout.observations.rules("in the order of the tuple"));
        rules.extend(Origin::not_read(&others(&file)));
        let origin = Origin {
            path: path.to_owned(),
            format: "d3rlpy".into(),
            rules,
            warnings: warning.into_iter().collect(),
            ..Origin::default()
        };
        Ok(Self { shape: layout.shape(), file, episodes, layout, origin })
    }
}

impl Separate for Buffer {
    const THINGS: &'static str = "episodes";

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn places(&self) -> usize {
        self.episodes as usize
    }

    fn steps(&self, place: usize) -> Result<usize, Fault> {
        Ok(self.file.column(&self.name(place))?.rows())
    }

    fn load(&self, place: usize, cx: &Ctx) -> Result<Loaded, Fault> {
        let found = self.layout.read(&self.file, place as u64, &|_| cx.check())?;
        Ok(Loaded { found, odd: Vec::new() })
    }

    fn name(&self, place: usize) -> String {
        format!("actions_{place}")
    }

    fn unfit(&self, place: usize, problem: &str) -> Fault {
        self.file.bad(&self.name(place), problem)
    }
}

/// Arrays of the first episode beside its steps, and arrays that are no episode's.
fn others(file: &Hdf5) -> Vec<String> {
    const OWN: [&str; 5] = ["columns", "num_episodes", "version", "total_size", "metadata"];
    let steps =
        |name: &str| ["observations_", "actions_", "rewards_", "terminated_"].iter().any(|s| name.starts_with(s));
    let later = |name: &str| {
        let number = name.rsplit_once('_').and_then(|(_, n)| n.parse::<u64>().ok());
        number.is_some_and(|n| n > 0)
    };
    let mut names = file.members("");
    names.retain(|name| !OWN.contains(&name.as_str()) && !steps(name) && !later(name));
    names.sort();
    names
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

    fn shape(&self) -> Shape {
        let (obs, action) = (self.space(), Space::unnamed("action", self.action_width));
        Shape { obs, action, last: false, next: false, choices: self.choices.clone() }
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
