//! All episodes of a storage file put together, and its totals checked against the description.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use super::super::finite;
use super::super::hdf5::Hdf5;
use super::super::pieces::Width;
use super::episode::{self, Loaded};
use super::metadata::Metadata;
use super::space::{self, Leaf, Leaves};
use crate::data::dataset::{Dataset, Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Episodes that are read between two reports.
const BATCH: usize = 64;

/// A storage: where the episodes lie.
pub(super) trait Store: Sync {
    /// Numbers of the episodes, in no order.
    fn ids(&self) -> Vec<u64>;

    /// An error about episode `id`.
    fn bad(&self, id: u64, problem: &str) -> Fault;

    /// The error of a storage without episodes.
    fn empty(&self) -> Fault;

    /// What an episode is in it.
    fn rule(&self) -> &'static str;

    /// Numbers a row of `observations` or `actions` in episode `id`, where its space is not described.
    fn width(&self, id: u64, what: &str) -> Result<usize, Fault>;

    /// What the storage takes on the disk, where that is known.
    fn on_disk(&self) -> u64 {
        0
    }

    /// Number of steps of episode `id`.
    fn steps(&self, id: u64) -> Result<usize, Fault>;

    /// Reads episode `id`.
    fn read(&self, id: u64, observations: &[Leaf], actions: &[Leaf], cx: &Ctx) -> Result<Loaded, Fault>;
}

impl Store for Hdf5 {
    fn ids(&self) -> Vec<u64> {
        self.names().iter().filter_map(|name| episode::number(name)).collect()
    }

    fn bad(&self, id: u64, problem: &str) -> Fault {
        Hdf5::bad(self, &format!("episode_{id}"), problem)
    }

    fn empty(&self) -> Fault {
        Fault::at(self.path(), "the dataset is empty: no group is called 'episode_0'")
    }

    fn on_disk(&self) -> u64 {
        self.bytes()
    }

    fn rule(&self) -> &'static str {
        "an episode is a group of the file: T steps, T+1 observations"
    }

    fn width(&self, id: u64, what: &str) -> Result<usize, Fault> {
        self.group(&format!("episode_{id}")).column(what)?.named_width()
    }

    fn steps(&self, id: u64) -> Result<usize, Fault> {
        Ok(self.group(&format!("episode_{id}")).column("rewards")?.rows())
    }

    fn read(&self, id: u64, observations: &[Leaf], actions: &[Leaf], cx: &Ctx) -> Result<Loaded, Fault> {
        episode::read(self, id, observations, actions, &|_| cx.check())
    }
}

/// A storage whose episodes and columns are known; no number of it is read yet.
pub(super) struct Episodes<S> {
    store: S,
    metadata: Metadata,
    ids: Vec<u64>,
    observations: Vec<Leaf>,
    actions: Vec<Leaf>,
    spaces: (Space, Space),
    origin: Origin,
}

impl<S: Store> Episodes<S> {
    /// Finds the episodes and columns of `store`.
    pub fn find(path: &Path, store: S, metadata: Metadata) -> Result<Self, Fault> {
        let ids = episode_ids(&store, &metadata)?;
        let (observations, obs_space) =
            layout(&store, "observations", "obs", ids[0], metadata.observations.as_ref(), &metadata.observation_names)?;
        let (actions, action_space) =
            layout(&store, "actions", "action", ids[0], metadata.actions.as_ref(), &metadata.action_names)?;
        let mut origin = Origin {
            path: path.to_owned(),
            format: "minari".into(),
            env_id: metadata.env_id.clone(),
            dataset_id: metadata.dataset_id.clone(),
            reference: metadata.reference,
            rules: vec![store.rule().into()],
            warnings: Vec::new(),
        };
        if observations.len() > 1 {
            let names = observations.iter().map(|l| l.name.as_str()).collect::<Vec<_>>().join(", ");
            origin.rules.push(format!("observations are the parts {names} side by side"));
        }
        for (what, leaves) in [("observation", &metadata.observations), ("action", &metadata.actions)] {
            let skipped = leaves.iter().flat_map(|l| &l.skipped);
            origin.rules.extend(skipped.map(|part| format!("{what} {part} is not read")));
        }
        Ok(Self { store, metadata, ids, observations, actions, spaces: (obs_space, action_space), origin })
    }

    /// What a row takes.
    pub fn width(&self) -> Width {
        Width { obs: self.spaces.0.dim(), action: self.spaces.1.dim(), extra: 1, next: false }
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> Result<u64, Fault> {
        let lengths = self.lengths()?;
        Ok(self.width().bytes(lengths.len() as u64, lengths.iter().map(|&t| t as u64).sum()))
    }

    /// Rules that hold for all episodes.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Number of steps of every episode.
    pub fn lengths(&self) -> Result<Vec<usize>, Fault> {
        let each: Vec<Result<usize, Fault>> = self.ids.par_iter().map(|&id| self.store.steps(id)).collect();
        each.into_iter().collect()
    }

    /// Reads all episodes.
    pub fn read(&self, cx: &Ctx) -> Result<Dataset, Fault> {
        let mut data = self.read_some(0..self.ids.len(), &cx.phase("reading the dataset"), true)?;
        let totals = totals(&self.metadata, data.num_episodes(), data.num_steps());
        data.origin.warnings.splice(0..0, totals);
        Ok(data)
    }

    /// Makes room for what the description promises, unless the storage is too small to have it: arrays that grow are held
    /// twice while they do.
    fn reserve(&self, parts: &mut Parts) {
        let (rows, width) = (self.ids.len() as u64, self.width());
        let Some(steps) = self.metadata.total_steps.filter(|&n| width.bytes(rows, n) <= 2 * self.store.on_disk())
        else {
            return;
        };
        // Without that room they grow.
        let _ = parts.obs.try_reserve_exact((steps + rows) as usize * width.obs);
        let _ = parts.actions.try_reserve_exact(steps as usize * width.action);
        let _ = parts.rewards.try_reserve_exact(steps as usize);
    }

    /// Reads consecutive episodes.
    pub fn read_some(&self, episodes: Range<usize>, cx: &Ctx, told: bool) -> Result<Dataset, Fault> {
        let (mut parts, mut odd) = (Parts::default(), Vec::new());
        let path = &self.origin.path;
        let ids = &self.ids[episodes];
        if ids.len() == self.ids.len() {
            self.reserve(&mut parts);
        }
        for (batch, some) in ids.chunks(BATCH).enumerate() {
            if told {
                cx.step((batch * BATCH) as u64, ids.len() as u64)?;
            }
            // Not collected into one result: that would name whichever bad episode a thread met first.
            let loaded: Vec<Result<Loaded, Fault>> =
                some.par_iter().map(|&id| self.store.read(id, &self.observations, &self.actions, cx)).collect();
            for episode in loaded {
                let episode = episode?;
                odd.extend(episode.odd.map(|what| (what, episode.id)));
                push(&mut parts, episode);
            }
            // A description that promises less must not lead beyond what may be kept.
            if self.width().bytes(parts.spans.len() as u64, parts.rewards.len() as u64) > cx.memory() {
                return Err(Fault::at(path, "has more than metadata.json says, more than --memory allows; allow more"));
            }
        }
        let (mut origin, (obs_space, action_space)) = (self.origin.clone(), self.spaces.clone());
        origin.warnings = warnings(&parts, &odd, obs_space.dim(), action_space.dim());
        Dataset::from_parts(origin, obs_space, action_space, parts).map_err(|e| Fault::at(path, e))
    }
}

/// Numbers of the episodes in ascending order.
///
/// A gap is an error. So are episodes missing at the end, unless the file has fewer than half of what the description
/// promises: then the description is what is wrong, and a warning says so.
fn episode_ids(store: &impl Store, metadata: &Metadata) -> Result<Vec<u64>, Fault> {
    let mut ids = store.ids();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(store.empty());
    }
    let missing = |id: u64| store.bad(id, "is missing: the dataset is incomplete, download it again");
    if let Some(gap) = ids.iter().zip(0..).find_map(|(&id, want)| (id != want).then_some(want)) {
        return Err(missing(gap));
    }
    let found = ids.len() as u64;
    match metadata.total_episodes {
        Some(promised) if promised > found && found.saturating_mul(2) >= promised => Err(missing(found)),
        _ => Ok(ids),
    }
}

/// Where the arrays of `what` lie and what their columns are called; from the first episode where the file does not say.
fn layout(
    store: &impl Store,
    what: &str,
    prefix: &str,
    first: u64,
    described: Option<&Leaves>,
    names: &[String],
) -> Result<(Vec<Leaf>, Space), Fault> {
    let (leaves, mut space) = if let Some(Leaves { read, .. }) = described {
        (read.clone(), space::flat(prefix, read))
    } else {
        let width = store.width(first, what)?;
        (vec![Leaf::plain(width)], Space::unnamed(prefix, width))
    };
    if names.len() == space.dim() {
        space.names = names.to_vec();
    }
    Ok((leaves, space))
}

fn push(parts: &mut Parts, episode: Loaded) {
    let last = parts.spans.last();
    parts.spans.push(EpisodeSpan {
        id: episode.id,
        first_step: last.map_or(0, |s| s.first_step + s.steps),
        steps: episode.steps,
        first_obs: last.map_or(0, |s| s.first_obs + s.obs_rows),
        obs_rows: episode.steps + 1,
        terminated: episode.terminated,
        truncated: episode.truncated,
    });
    parts.obs.extend(episode.obs);
    parts.actions.extend(episode.actions);
    parts.rewards.extend(episode.rewards);
}

/// Where the description counts otherwise.
fn totals(metadata: &Metadata, episodes: usize, steps: usize) -> Vec<String> {
    let totals = [("total_episodes", metadata.total_episodes, episodes), ("total_steps", metadata.total_steps, steps)];
    let wrong = totals.into_iter().filter_map(|(key, said, found)| {
        let said = said.filter(|&n| n != found as u64)?;
        Some(format!("metadata.json says {key} {said}, the file has {found}"))
    });
    wrong.collect()
}

fn warnings(parts: &Parts, odd: &[(&str, u64)], obs_dim: usize, action_dim: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut kinds: Vec<&str> = odd.iter().map(|o| o.0).collect();
    kinds.dedup();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let mut which = odd.iter().filter(|o| o.0 == kind).map(|o| o.1);
        let first = which.next().unwrap_or_default();
        warnings.push(format!("{} episodes {kind} (first: episode_{first})", 1 + which.count()));
    }
    warnings.extend(finite::warning("observations", &parts.obs, obs_dim));
    warnings.extend(finite::warning("actions", &parts.actions, action_dim));
    warnings.extend(finite::warning("rewards", &parts.rewards, 1));
    warnings
}
