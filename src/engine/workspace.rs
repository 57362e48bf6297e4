//! What jobs share: opened datasets and checkpoints, so that each is read once however many jobs need it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::cover;
use super::job::{CoverSpec, FeatureSpec, PolicySpec, Source};
use super::trajectories::{self, Why};
use crate::checkpoint::{self, Checkpoint};
use crate::data::audit::{self, Audit};
use crate::data::dataset::Dataset;
use crate::data::split::Split;
use crate::format::pieces::Tell;
use crate::format::{self, Choice};
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;
use crate::metrics::coverage::Coverage;
use crate::metrics::report::Report;

/// Datasets kept open at once: the one looked at, its rollouts, and those of the jobs that they replaced.
const KEPT: usize = 4;

type Named<K, V> = Mutex<Vec<(K, Arc<V>)>>;

/// A cache of opened files. Jobs on several threads share one.
#[derive(Default)]
pub struct Workspace {
    datasets: Named<(PathBuf, Choice), Dataset>,
    checkpoints: Named<PathBuf, Checkpoint>,
    coverages: Named<CoverSpec, Coverage>,
    trajectories: Named<(Option<PathBuf>, PolicySpec), Dataset>,
    audits: Named<(PathBuf, Choice), Audit>,
    half: OnceLock<Bytes>,
}

/// Everything that a [`Source`] names, opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The dataset.
    pub data: Arc<Dataset>,
    /// Its parts.
    pub split: Split,
    /// World model and policy, where some are named.
    pub checkpoint: Option<Arc<Checkpoint>>,
    /// Recorded episodes of a policy, where some are named.
    pub rollouts: Option<Arc<Dataset>>,
}

impl Workspace {
    /// Opens what `source` names, or takes it from the cache.
    ///
    /// # Errors
    /// A sentence naming the file and what to do; or cancelled.
    pub fn open(&self, source: &Source, cx: &Ctx) -> Result<Opened, Fault> {
        self.open_telling(source, cx, &|_| {})
    }

    /// [`Workspace::open`]; of a dataset that does not fit into memory `tell` hears what is known while a sample is read.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub fn open_telling(&self, source: &Source, cx: &Ctx, tell: Tell<'_>) -> Result<Opened, Fault> {
        let data = self.dataset_telling(&source.dataset, &source.choice(), cx, tell)?;
        let beside = source.beside();
        let rollouts = source.rollouts.as_deref().map(|path| self.dataset(path, &beside, cx)).transpose()?;
        if let Some(rollouts) = &rollouts {
            fits(&data, rollouts, source)?;
        }
        let checkpoint = source.checkpoint.as_deref().map(|path| self.checkpoint(path, &data)).transpose()?;
        let split = Split::new(&data, source.split);
        Ok(Opened { data, split, checkpoint, rollouts })
    }

    /// Coverage of `spec`: measured once, then shared with imagination and diagnosis.
    ///
    /// # Errors
    /// As [`Workspace::open`], or where the data allows no coverage.
    pub fn coverage(&self, spec: &CoverSpec, cx: &Ctx) -> Result<Arc<Coverage>, Fault> {
        self.coverage_telling(spec, cx, &|_| {})
    }

    /// [`Workspace::coverage`]; where it must be measured, `first` gets what needs no neighbour as soon as it is there.
    ///
    /// # Errors
    /// As [`Workspace::coverage`].
    pub fn coverage_telling(
        &self,
        spec: &CoverSpec,
        cx: &Ctx,
        first: &dyn Fn(&Report),
    ) -> Result<Arc<Coverage>, Fault> {
        cached(&self.coverages, spec.clone(), || cover::measure(spec, self, &self.open(&spec.source, cx)?, cx, first))
    }

    /// A coverage of the observations of `source` for its novelty alone: any that was measured already, else one that collects no episode.
    ///
    /// # Errors
    /// As [`Workspace::coverage`].
    pub fn novelty(&self, source: &Source, cx: &Ctx) -> Result<Arc<Coverage>, Fault> {
        let wanted = CoverSpec {
            source: source.clone(),
            policy: PolicySpec { episodes: 0, ..PolicySpec::default() },
            // Nobody reads its report.
            bootstrap: 0,
            ..CoverSpec::default()
        };
        match self.fitted(source, &wanted.space, wanted.k, wanted.alpha) {
            Some(known) => Ok(known),
            None => self.coverage(&wanted, cx),
        }
    }

    /// A coverage that was measured already and has this novelty; what was held against it does not matter.
    pub fn fitted(&self, source: &Source, space: &FeatureSpec, k: usize, alpha: f64) -> Option<Arc<Coverage>> {
        let alone = |source: &Source| Source { rollouts: None, ..source.clone() };
        let alike = |spec: &CoverSpec| {
            (&spec.space, spec.k, spec.alpha.to_bits()) == (space, k, alpha.to_bits())
                && alone(&spec.source) == alone(source)
        };
        lock(&self.coverages).iter().find(|(spec, _)| alike(spec)).map(|(_, known)| Arc::clone(known))
    }

    /// Episodes of the checkpoint's policy: collected once. `Err` within `Ok` says why there are none.
    ///
    /// # Errors
    /// A sentence where the environment does not fit the dataset; or cancelled.
    pub fn trajectories(
        &self,
        source: &Source,
        spec: &PolicySpec,
        opened: &Opened,
        cx: &Ctx,
    ) -> Result<Result<Arc<Dataset>, Why>, Fault> {
        let key = (source.checkpoint.clone(), spec.clone());
        if let Some((_, known)) = lock(&self.trajectories).iter().find(|(k, _)| *k == key) {
            return Ok(Ok(Arc::clone(known)));
        }
        let collected = trajectories::collect(spec, opened, cx)?;
        if let Ok(data) = &collected {
            keep(&self.trajectories, key, data);
        }
        Ok(collected)
    }

    /// Forgets every dataset and the checkpoint of `source`, so that the next [`Workspace::open`] sees the files as they are now.
    pub fn forget(&self, source: &Source) {
        // References and random datasets too: whatever was compared with it may have changed as well.
        lock(&self.datasets).clear();
        lock(&self.coverages).clear();
        lock(&self.audits).clear();
        lock(&self.checkpoints).retain(|(path, _)| Some(path) != source.checkpoint.as_ref());
        lock(&self.trajectories).retain(|((path, _), _)| *path != source.checkpoint);
    }

    fn checkpoint(&self, path: &Path, data: &Dataset) -> Result<Arc<Checkpoint>, Fault> {
        let open = || checkpoint::open(path).map_err(|e| Fault::bad(e.to_string()));
        let checkpoint = cached(&self.checkpoints, path.to_path_buf(), open)?;
        let fits = checkpoint.fits(data.obs_dim(), data.action_dim());
        fits.map_err(|problem| Fault::bad(format!("{}: {problem}", path.display())))?;
        Ok(checkpoint)
    }

    /// The dataset at `path`, from the cache if it was opened before.
    ///
    /// # Errors
    /// A sentence naming the file and what to do; or cancelled.
    pub fn dataset(&self, path: &Path, choice: &Choice, cx: &Ctx) -> Result<Arc<Dataset>, Fault> {
        self.dataset_telling(path, choice, cx, &|_| {})
    }

    /// [`Workspace::dataset`]; of one that does not fit into memory `tell` hears what is known while a sample is read.
    ///
    /// # Errors
    /// As [`Workspace::dataset`].
    pub fn dataset_telling(
        &self,
        path: &Path,
        choice: &Choice,
        cx: &Ctx,
        tell: Tell<'_>,
    ) -> Result<Arc<Dataset>, Fault> {
        let key = (path.to_path_buf(), choice.clone());
        let open = || {
            let cx = cx.phase("reading the dataset");
            Ok(format::open_within(path, choice, self.room(choice.memory), &cx, tell)?)
        };
        cached(&self.datasets, key, open)
    }

    /// What the audit finds in the dataset of `source`, from the cache if it was audited before.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub fn audit(&self, source: &Source, data: &Dataset, cx: &Ctx) -> Result<Arc<Audit>, Fault> {
        cached(&self.audits, (source.dataset.clone(), source.choice()), || Ok(audit::audit(data, cx)?))
    }

    /// Bytes that datasets may take together: what is asked for, or half of what was free at first.
    pub fn allowed(&self, asked: Option<Bytes>) -> Bytes {
        asked.unwrap_or_else(|| *self.half.get_or_init(Bytes::of_this_machine))
    }

    /// The open datasets of which only a sample is in memory.
    pub fn samples(&self) -> Vec<Arc<Dataset>> {
        let datasets = lock(&self.datasets);
        datasets.iter().filter(|(_, data)| data.sample.is_some()).map(|(_, data)| Arc::clone(data)).collect()
    }

    /// What a further dataset may take: of what is allowed, what those in use leave.
    fn room(&self, asked: Option<Bytes>) -> Bytes {
        let allowed = self.allowed(asked);
        let mut kept = lock(&self.datasets);
        let held = |kept: &[(_, Arc<Dataset>)]| kept.iter().map(|(_, data)| data.bytes()).sum::<u64>();
        if held(&kept) > allowed.0 / 2 {
            // Those that no job works with are read again if they are wanted again.
            kept.retain(|(_, data)| Arc::strong_count(data) > 1);
        }
        Bytes(allowed.0.saturating_sub(held(&kept)))
    }
}

/// Takes a value from the cache, or makes and keeps it. The lock is free while it is made: two jobs may then read the
/// same file at once, but neither waits deaf to its cancel.
fn cached<K: PartialEq, V>(
    cache: &Named<K, V>,
    key: K,
    make: impl FnOnce() -> Result<V, Fault>,
) -> Result<Arc<V>, Fault> {
    if let Some((_, value)) = lock(cache).iter().find(|(k, _)| *k == key) {
        return Ok(Arc::clone(value));
    }
    let value = Arc::new(make()?);
    keep(cache, key, &value);
    Ok(value)
}

fn keep<K: PartialEq, V>(cache: &Named<K, V>, key: K, value: &Arc<V>) {
    let mut entries = lock(cache);
    entries.retain(|(k, _)| *k != key);
    if entries.len() >= KEPT {
        entries.remove(0);
    }
    entries.push((key, Arc::clone(value)));
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A job that panicked while it held the lock left a list that is whole: entries are only pushed and removed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fits(data: &Dataset, rollouts: &Dataset, source: &Source) -> Result<(), Fault> {
    let (a, b) = ((data.obs_dim(), data.action_dim()), (rollouts.obs_dim(), rollouts.action_dim()));
    if a == b {
        return Ok(());
    }
    let path = source.rollouts.as_deref().unwrap_or(Path::new("")).display();
    Err(Fault::bad(format!(
        "{path}: rollouts have {} observation and {} action dimensions, the dataset has {} and {}; name rollouts of the \
         dataset's own environment",
        b.0, b.1, a.0, a.1
    )))
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = (lock(&self.datasets).len(), lock(&self.checkpoints).len(), lock(&self.coverages).len());
        write!(f, "Workspace {{ datasets, checkpoints, coverages: {counts:?} }}")
    }
}
