//! The episodes of a storage, and its totals checked against the description.

use std::path::Path;
use std::sync::Arc;

use super::super::hdf5::Hdf5;
use super::super::numbering;
use super::super::reader::{Loaded, Separate, Shape};
use super::METADATA_FILE;
use super::episode;
use super::metadata::Metadata;
use super::space::{self, Leaf, Leaves};
use crate::data::dataset::Origin;
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// What an episode's steps are made of.
pub(super) const STEPS: [&str; 5] = ["observations", "actions", "rewards", "terminations", "truncations"];

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

    /// What is stored of episode `id` beside its steps.
    fn others(&self, id: u64) -> Vec<String>;

    /// Number of steps of episode `id`.
    fn steps(&self, id: u64) -> Result<usize, Fault>;

    /// Reads episode `id`.
    fn read(&self, id: u64, observations: &[Leaf], actions: &[Leaf], cx: &Ctx) -> Result<Loaded, Fault>;
}

impl Store for Arc<Hdf5> {
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
        Hdf5::bytes(self)
    }

    fn rule(&self) -> &'static str {
        "an episode is a group of the file: T steps, T+1 observations"
    }

    fn width(&self, id: u64, what: &str) -> Result<usize, Fault> {
        self.group(&format!("episode_{id}")).column(what)?.named_width()
    }

    fn others(&self, id: u64) -> Vec<String> {
        self.members(&format!("episode_{id}"))
    }

    fn steps(&self, id: u64) -> Result<usize, Fault> {
        Ok(self.group(&format!("episode_{id}")).column("rewards")?.rows())
    }

    fn read(&self, id: u64, observations: &[Leaf], actions: &[Leaf], cx: &Ctx) -> Result<Loaded, Fault> {
        episode::read(self, id, observations, actions, &|_| cx.check())
    }
}

/// A storage whose episodes and columns are known; no number of it is read yet.
pub(super) struct Stored<S> {
    store: S,
    metadata: Metadata,
    ids: Vec<u64>,
    observations: Vec<Leaf>,
    actions: Vec<Leaf>,
    shape: Shape,
    origin: Origin,
}

impl<S: Store> Stored<S> {
    /// Finds the episodes and columns of `store`.
    pub fn find(path: &Path, store: S, metadata: Metadata) -> Result<Self, Fault> {
        let ids = episode_ids(&store, &metadata)?;
        let (observations, obs) =
            layout(&store, "observations", "obs", ids[0], metadata.observations.as_ref(), &metadata.observation_names)?;
        let (actions, action) =
            layout(&store, "actions", "action", ids[0], metadata.actions.as_ref(), &metadata.action_names)?;
        let mut origin = Origin {
            path: path.to_owned(),
            format: "minari".into(),
            env_id: metadata.env_id.clone(),
            env_spec: metadata.env_spec.clone(),
            dataset_id: metadata.dataset_id.clone(),
            reference: metadata.reference,
            rules: vec![store.rule().into()],
            warnings: numbering::gap(&ids, 0).map(|gap| gap.told("episodes", "episode_")).into_iter().collect(),
        };
        if metadata.of_attributes {
            origin
                .rules
                .push("the description stands in the attributes of the file, as Minari before 0.5 wrote it".into());
        }
        if observations.len() > 1 {
            let names = observations.iter().map(|l| l.name.as_str()).collect::<Vec<_>>().join(", ");
            origin.rules.push(format!("observations are the parts {names} side by side"));
        }
        for (what, leaves) in [("observation", &metadata.observations), ("action", &metadata.actions)] {
            let skipped = leaves.iter().flat_map(|l| &l.skipped);
            origin.rules.extend(skipped.map(|part| format!("{what} {part} is not read")));
        }
        let mut others = store.others(ids[0]);
        others.retain(|name| !STEPS.contains(&name.as_str()));
        others.sort();
        origin.rules.extend(Origin::not_read(&others));
        let shape = Shape { obs, action, last: true, next: false, choices: None };
        Ok(Self { store, metadata, ids, observations, actions, shape, origin })
    }
}

impl<S: Store> Separate for Stored<S> {
    const THINGS: &'static str = "episodes";
    const ODDITIES: &'static [&'static str] = &episode::ODDITIES;
    const KEEPS_EMPTY: bool = true;

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn places(&self) -> usize {
        self.ids.len()
    }

    fn steps(&self, place: usize) -> Result<usize, Fault> {
        self.store.steps(self.ids[place])
    }

    fn load(&self, place: usize, cx: &Ctx) -> Result<Loaded, Fault> {
        self.store.read(self.ids[place], &self.observations, &self.actions, cx)
    }

    fn name(&self, place: usize) -> String {
        format!("episode_{}", self.ids[place])
    }

    fn unfit(&self, _place: usize, _problem: &str) -> Fault {
        // The arrays of an episode fit each other. A description that promises less must not lead beyond what may be kept.
        Fault::at(&self.origin.path, "has more than metadata.json says, more than --memory allows; allow more")
    }

    /// Where the description counts otherwise.
    fn all_read(&self, odd: Vec<String>, steps: u64) -> Result<Vec<String>, Fault> {
        let Metadata { total_episodes, total_steps, .. } = self.metadata;
        let totals = [("total_episodes", total_episodes, self.ids.len() as u64), ("total_steps", total_steps, steps)];
        let wrong = totals.into_iter().filter_map(|(key, said, found)| {
            let said = said.filter(|&n| n != found)?;
            Some(format!("metadata.json says {key} {said}, the file has {found}"))
        });
        Ok(wrong.chain(odd).collect())
    }

    /// What the description promises, unless the storage is too small to have it.
    fn promised(&self) -> Option<usize> {
        let (episodes, width) = (self.ids.len() as u64, self.shape.width());
        let fits = |&n: &u64| width.bytes(episodes, n) <= 2 * self.store.on_disk();
        self.metadata.total_steps.filter(fits).map(|n| n as usize)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(self.metadata.bytes())
    }
}

/// Numbers of the episodes in ascending order.
///
/// It is an error if the description promises more than there are, unless the file has fewer than half of that: then the
/// description is what is wrong, and a warning says so.
fn episode_ids(store: &impl Store, metadata: &Metadata) -> Result<Vec<u64>, Fault> {
    let mut ids = store.ids();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(store.empty());
    }
    let found = ids.len() as u64;
    let lost = (0..).zip(&ids).find_map(|(want, &id)| (id != want).then_some(want)).unwrap_or(found);
    match metadata.total_episodes {
        Some(promised) if promised > found && found.saturating_mul(2) >= promised => Err(store.bad(
            lost,
            &format!(
                "is missing: {METADATA_FILE} counts {promised} episodes, {found} are there; copy the dataset again, or write \
                 into total_episodes what is there"
            ),
        )),
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
