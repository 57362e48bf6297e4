//! Everything that a [`Source`] names, opened.

use std::path::Path;
use std::sync::Arc;

use super::cache::Cache;
use super::spec::Source;
use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::data::split::Split;
use crate::ground::fault::Fault;

/// Everything that a [`Source`] names, opened, with what was measured of it so far.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What was named.
    pub source: Source,
    /// The dataset.
    pub data: Arc<Dataset>,
    /// Its parts, without the episodes that are left out.
    pub split: Split,
    /// The episodes that everything is about, in ascending order, where they are not all.
    pub chosen: Option<Arc<Vec<usize>>>,
    /// World model and policy, where some are named.
    pub checkpoint: Option<Arc<Checkpoint>>,
    /// Recorded episodes of a policy, where some are named.
    pub rollouts: Option<Arc<Dataset>>,
    /// What was measured of it; keys hold the source.
    pub measured: Arc<Cache>,
}

impl Opened {
    /// A dataset alone, divided as `source` says; nothing was measured of it.
    pub fn new(source: Source, data: Arc<Dataset>) -> Self {
        let split = Split::new(&data, source.split);
        Self { source, data, split, chosen: None, checkpoint: None, rollouts: None, measured: Arc::default() }
    }

    /// Numbers of the episodes that everything is about, in ascending order.
    pub fn episodes(&self) -> Vec<usize> {
        self.chosen.as_ref().map_or_else(|| (0..self.data.num_episodes()).collect(), |chosen| chosen.to_vec())
    }

    /// Leaves out all episodes but `chosen`, in ascending order. Where a part would be empty, all parts are the same.
    pub fn choose(&mut self, chosen: Arc<Vec<usize>>) {
        self.split.retain(&chosen);
        self.chosen = Some(chosen);
    }

    /// Refuses episodes `other`, which `path` names as a `kind` of dataset, where their dimensions are not the dataset's own;
    /// `remedy` is what to name instead.
    ///
    /// # Errors
    /// A sentence with the dimensions of both.
    pub fn fits(&self, other: &Dataset, path: &Path, kind: &str, remedy: &str) -> Result<(), Fault> {
        let (a, b) = ((self.data.obs_dim(), self.data.action_dim()), (other.obs_dim(), other.action_dim()));
        if a == b {
            return Ok(());
        }
        Err(Fault::bad(format!(
            "{}: {kind} {} observation and {} action dimensions, the dataset has {} and {}; name {remedy}",
            path.display(),
            b.0,
            b.1,
            a.0,
            a.1
        )))
    }
}
