//! Frames of a data file, cut into episodes.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::assemble::FoundIn;
use super::super::frame::{Frame, Parquet, flags, numbers, whole};
use super::info::{Feature, Info};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

const REWARD: &str = "next.reward";
const DONE: &str = "next.done";
const SUCCESS: &str = "next.success";
const EPISODE: &str = "episode_index";
const FRAME: &str = "frame_index";
const INDEX: &str = "index";

/// The columns that are read of every data file.
#[allow(clippy::struct_excessive_bools, reason = "columns that are there or not")]
pub(super) struct Columns {
    /// In alphabetical order.
    pub observations: Vec<Feature>,
    pub action: Feature,
    pub reward: bool,
    pub done: bool,
    pub success: bool,
    frame: bool,
    index: bool,
}

impl Columns {
    /// Finds the state among the features: `observation.state` and `observation.environment_state`, else every
    /// `observation.…` of numbers. `first` is a data file, which says what else is there.
    pub fn find(info: &Info, first: &Path) -> Result<Self, Fault> {
        let numbers = |f: &&Feature| f.is_number();
        let state = ["observation.environment_state", "observation.state"];
        let mut observations: Vec<Feature> =
            state.iter().filter_map(|k| info.feature(k)).filter(numbers).cloned().collect();
        if info.feature(state[1]).is_none_or(|f| !f.is_number()) {
            let is_observation = |f: &&Feature| f.key == "observation" || f.key.starts_with("observation.");
            observations = info.features.iter().filter(numbers).filter(is_observation).cloned().collect();
        }
        let there = || {
            let keys: Vec<String> = info.features.iter().map(|f| format!("{} ({})", f.key, f.dtype)).collect();
            if keys.is_empty() { "none".into() } else { keys.join(", ") }
        };
        let missing = |what: &str| {
            let problem = format!("'features' in meta/info.json has {what}; there are {}", there());
            Fault::at(&root_of(first), problem)
        };
        if observations.is_empty() {
            return Err(missing("no 'observation.state' and no other observation of numbers"));
        }
        let action =
            info.feature("action").filter(numbers).cloned().ok_or_else(|| missing("no 'action' of numbers"))?;
        let parquet = Parquet::open(first)?;
        let has = |name: &str| parquet.names().iter().any(|n| n == name);
        Ok(Self {
            observations,
            action,
            reward: has(REWARD),
            done: has(DONE),
            success: has(SUCCESS),
            frame: has(FRAME),
            index: has(INDEX),
        })
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        let optional = [
            (self.reward, REWARD),
            (self.done, DONE),
            (self.success, SUCCESS),
            (self.frame, FRAME),
            (self.index, INDEX),
        ];
        let features = self.observations.iter().chain([&self.action]).map(|f| f.key.clone());
        let fixed = optional.iter().filter(|o| o.0).map(|o| o.1).chain([EPISODE]);
        features.chain(fixed.map(str::to_owned)).collect()
    }
}

/// The folder that a message is about: the data file's dataset is named by the file.
fn root_of(file: &Path) -> PathBuf {
    file.ancestors().find(|f| f.join("meta").is_dir()).unwrap_or(file).to_owned()
}

/// The numbers of a data file.
pub(super) struct Recorded {
    pub episodes: Vec<Frames>,
    /// Rows of the file, also those that were not asked for.
    pub in_file: usize,
    obs: Vec<f32>,
    actions: Vec<f32>,
    rewards: Vec<f64>,
}

impl Recorded {
    /// One of its episodes.
    pub fn found(&self, frames: &Frames) -> FoundIn<'_> {
        let (rows, n) = (frames.rows.clone(), self.rewards.len());
        let of = |values: &'_ [f32]| rows.start * (values.len() / n)..rows.end * (values.len() / n);
        FoundIn {
            id: frames.id,
            obs: &self.obs[of(&self.obs)],
            actions: &self.actions[of(&self.actions)],
            rewards: &self.rewards[rows.clone()],
            next_obs: None,
            terminated: frames.terminated,
            truncated: !frames.terminated,
        }
    }
}

/// One episode and what is odd about its frames.
pub(super) struct Frames {
    pub id: u64,
    /// Rows of the file.
    pub rows: Range<usize>,
    pub terminated: bool,
    /// Frames whose number is not their place.
    pub wrong_frame_index: usize,
    /// Frames whose number in the dataset does not follow that of the frame before.
    pub wrong_index: usize,
    pub first_index: Option<i64>,
    pub last_index: Option<i64>,
    /// Frames before the last that are marked as the end.
    pub early_ends: usize,
}

/// Reads the episodes of one data file, or of some of its rows.
pub(super) fn read(
    file: &Path,
    columns: &Columns,
    rows: Option<Range<usize>>,
    cx: &Ctx,
) -> Result<Option<Recorded>, Fault> {
    cx.check()?;
    let parquet = Parquet::open(file)?;
    if parquet.rows() == 0 {
        return Ok(None);
    }
    let rows = rows.unwrap_or(0..parquet.rows());
    let frame = parquet.read_with(&columns.names(), rows, &|_, _| cx.check())?;
    let obs = features(&frame, &columns.observations)?;
    let actions = features(&frame, std::slice::from_ref(&columns.action))?;
    let rewards = if columns.reward { frame.read(REWARD, numbers)? } else { vec![0.0; frame.rows()] };
    let optional = |there: bool, name: &str| there.then(|| frame.read(name, whole)).transpose();
    let (place, index) = (optional(columns.frame, FRAME)?, optional(columns.index, INDEX)?);
    let ends = ends(&frame, columns)?;
    let episode = frame.read(EPISODE, whole)?;
    let mut out = Vec::new();
    let mut start = 0;
    for run in episode.chunk_by(|a, b| a == b) {
        cx.check()?;
        let (end, steps) = (start + run.len(), run.len());
        let id = u64::try_from(run[0]).map_err(|_| {
            Fault::at(file, format!("'{EPISODE}' row {start} is {}, not a number of an episode", run[0]))
        })?;
        let terminated = ends[end - 1];
        let index = index.as_ref().map(|i| &i[start..end]);
        out.push(Frames {
            id,
            rows: start..end,
            terminated,
            wrong_frame_index: place
                .as_ref()
                .map_or(0, |p| (0..).zip(&p[start..end]).filter(|&(t, &p)| p != t).count()),
            wrong_index: index.map_or(0, |i| i.windows(2).filter(|w| w[1] != w[0].wrapping_add(1)).count()),
            first_index: index.map(|i| i[0]),
            last_index: index.map(|i| i[steps - 1]),
            early_ends: ends[start..end - 1].iter().filter(|&&e| e).count(),
        });
        start = end;
    }
    Ok(Some(Recorded { episodes: out, in_file: parquet.rows(), obs, actions, rewards }))
}

/// The features side by side; each must be as wide as the description says.
fn features(frame: &Frame, wanted: &[Feature]) -> Result<Vec<f32>, Fault> {
    let mut parts = Vec::new();
    for feature in wanted {
        let leaves = frame.read(&feature.key, |c| super::super::frame::leaves(c, &feature.key))?;
        let width: usize = leaves.iter().map(|l| l.width).sum();
        if width != feature.width {
            let (key, said) = (&feature.key, feature.width);
            return Err(Fault::at(frame.path(), format!("'{key}' has {width} numbers a frame, info.json says {said}")));
        }
        parts.extend(leaves);
    }
    frame.interleave(&parts).map(|m| m.values)
}

/// Frames that are marked as the end of their episode.
fn ends(frame: &Frame, columns: &Columns) -> Result<Vec<bool>, Fault> {
    let mut ends = vec![false; frame.rows()];
    for name in [columns.done.then_some(DONE), columns.success.then_some(SUCCESS)].into_iter().flatten() {
        for (end, flag) in ends.iter_mut().zip(frame.read(name, flags)?) {
            *end |= flag;
        }
    }
    Ok(ends)
}
