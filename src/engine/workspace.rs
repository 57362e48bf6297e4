//! What jobs share: opened datasets and checkpoints, so that each is read once however many jobs need it.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::cache::{Cache, kind};
use super::measure::runs::Known;
use super::measure::{acting, only};
use super::opened::Opened;
use super::spec::{ActingSpec, Only, Source};
use crate::checkpoint::reading::Asked;
use crate::checkpoint::{self, Checkpoint, Given};
use crate::data::dataset::Dataset;
use crate::format::reader::Tell;
use crate::format::{self, Choice};
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

/// A dataset on disk and how it is read.
type File = (PathBuf, Choice);
/// A checkpoint on disk, how it is read, and the dataset that it is held against.
type Model = (PathBuf, Asked, File);
/// A policy on disk, its statistics, the checkpoint whose policy it stands for, the dataset that it is held against, and where it
/// acts: a function in which Python, between which bounds.
type Acting = (PathBuf, Option<PathBuf>, Option<Model>, File, ActingSpec);

/// A folder of runs.
#[derive(PartialEq, Eq)]
struct RunsIn(PathBuf);

/// Opened files and what was measured of them. Jobs on several threads share one.
#[derive(Debug, Default)]
pub struct Workspace {
    cache: Arc<Cache>,
    half: OnceLock<Bytes>,
}

/// What the checkpoint of `source` at `path` is kept under.
fn model_key(path: &Path, source: &Source) -> Model {
    (path.to_path_buf(), source.model, (source.dataset.clone(), source.choice()))
}

/// What the networks of `source` are kept under, where its policy at `path` is not the checkpoint's.
fn acting_key(path: &Path, source: &Source) -> Acting {
    let model = source.checkpoint.as_deref().map(|path| model_key(path, source));
    let file = (source.dataset.clone(), source.choice());
    (path.to_path_buf(), source.policy_normalize.clone(), model, file, source.acting.clone())
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
        let mut opened = Opened { measured: Arc::clone(&self.cache), ..Opened::new(source.clone(), data) };
        if let Some(path) = &source.rollouts {
            let rollouts = self.dataset(path, &source.beside(), cx)?;
            opened.fits(&rollouts, path, "rollouts have", "rollouts of the dataset's own environment")?;
            opened.rollouts = Some(rollouts);
        }
        let checkpoint = source.checkpoint.as_deref().map(|path| self.checkpoint(path, source, &opened.data));
        opened.checkpoint = checkpoint.transpose()?;
        if !source.only.is_everything() {
            // What is chosen by is known of all of them, and measured under the name of all.
            opened.source.only = Only::default();
            let key = (opened.source.clone(), source.only.clone());
            let chosen = self.cache.cached(key, || only::chosen(&opened, &source.only, cx))?;
            opened.source.only.clone_from(&source.only);
            opened.choose(chosen);
        }
        if let Some(path) = &source.policy {
            opened.checkpoint = Some(self.acting(path, &opened)?);
        }
        Ok(opened)
    }

    /// What is known of the runs in `folder`.
    pub fn runs(&self, folder: &Path) -> Arc<Known> {
        let Ok(known) = self.cache.cached(RunsIn(folder.to_path_buf()), || Ok::<_, Infallible>(Known::default()));
        known
    }

    /// Forgets every file and what was measured, so that the next [`Workspace::open`] sees the files as they are now.
    ///
    /// Of runs nothing is forgotten: it is known how far each was read, and what was written anew is seen by that.
    pub fn forget(&self) {
        self.cache.clear_but(&[kind::<RunsIn, Known>()]);
    }

    /// Forgets everything but the datasets: what was read from checkpoints, and what was measured.
    pub fn forget_networks(&self) {
        self.cache.clear_but(&[kind::<RunsIn, Known>(), kind::<File, Dataset>()]);
    }

    fn checkpoint(&self, path: &Path, source: &Source, data: &Dataset) -> Result<Arc<Checkpoint>, Fault> {
        let given = Given { asked: source.model, data: Some(data) };
        let open = || checkpoint::open_given(path, &given).map_err(|e| Fault::bad(e.to_string()));
        let checkpoint = self.cache.cached(model_key(path, source), open)?;
        let fits = checkpoint.fits(&data.obs_space, &data.action_space);
        fits.map_err(|problem| Fault::bad(format!("{}: {problem}", path.display())))?;
        Ok(checkpoint)
    }

    /// The checkpoint of what was opened with the policy at `path` instead of its own.
    fn acting(&self, path: &Path, opened: &Opened) -> Result<Arc<Checkpoint>, Fault> {
        self.cache.cached(acting_key(path, &opened.source), || acting::with_policy(path, opened))
    }

    /// What is doubtful about the world model of `source`, if it is open; see [`Checkpoint::cautions`].
    pub fn cautions(&self, source: &Source) -> Vec<String> {
        let Some(path) = source.checkpoint.as_deref() else { return Vec::new() };
        let key = model_key(path, source);
        let model: Option<Arc<Checkpoint>> = self.cache.find(|k: &Model| *k == key);
        model.zip(self.opened(source)).map(|(model, data)| model.cautions(&data)).unwrap_or_default()
    }

    /// What is doubtful about the policy that `source` names, if it is open; see [`Checkpoint::policy_cautions`].
    pub fn policy_cautions(&self, source: &Source) -> Vec<String> {
        let Some(path) = source.policy.as_deref() else { return Vec::new() };
        let key = acting_key(path, source);
        let both: Option<Arc<Checkpoint>> = self.cache.find(|k: &Acting| *k == key);
        both.zip(self.opened(source)).map(|(both, data)| both.policy_cautions(&data)).unwrap_or_default()
    }

    /// The dataset of `source`, if it is open.
    fn opened(&self, source: &Source) -> Option<Arc<Dataset>> {
        let file: File = (source.dataset.clone(), source.choice());
        self.cache.find(|k: &File| *k == file)
    }

    /// The dataset at `path`, from the cache if it was opened before.
    ///
    /// # Errors
    /// A sentence naming the file and what to do; or cancelled.
    pub fn dataset(&self, path: &Path, choice: &Choice, cx: &Ctx) -> Result<Arc<Dataset>, Fault> {
        self.dataset_telling(path, choice, cx, &|_| {})
    }

    fn dataset_telling(&self, path: &Path, choice: &Choice, cx: &Ctx, tell: Tell<'_>) -> Result<Arc<Dataset>, Fault> {
        let file: File = (path.to_path_buf(), choice.clone());
        self.cache.cached(file, || {
            let cx = cx.phase("reading the dataset");
            format::open_within(path, choice, self.room(choice.memory), &cx, tell)
        })
    }

    /// Bytes that datasets may take together: what is asked for, or half of what was free at first.
    pub fn allowed(&self, asked: Option<Bytes>) -> Bytes {
        asked.unwrap_or_else(|| *self.half.get_or_init(Bytes::of_this_machine))
    }

    /// The open datasets of which only a sample is in memory.
    pub fn samples(&self) -> Vec<Arc<Dataset>> {
        self.files(|files| {
            files.iter().filter(|(_, data)| data.sample.is_some()).map(|(_, data)| Arc::clone(data)).collect()
        })
    }

    /// What a further dataset may take: of what is allowed, what those in use leave.
    fn room(&self, asked: Option<Bytes>) -> Bytes {
        let allowed = self.allowed(asked);
        let held = |files: &[(File, Arc<Dataset>)]| files.iter().map(|(_, data)| data.bytes()).sum::<u64>();
        self.files(|files| {
            if held(files) > allowed.0 / 2 {
                // Those that no job works with are read again if they are wanted again.
                files.retain(|(_, data)| Arc::strong_count(data) > 1);
            }
            Bytes(allowed.0.saturating_sub(held(files)))
        })
    }

    fn files<T>(&self, act: impl FnOnce(&mut Vec<(File, Arc<Dataset>)>) -> T) -> T {
        self.cache.with(act)
    }
}
