//! What is asked, as data: everything that the screen or the command line can start is such a spec, which a bug report can
//! attach and a test can replay.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use crate::checkpoint::reading::{Asked, InputOrder, RewardColumn, Target};
use crate::data::split::SplitSpec;
use crate::format::Choice;
use crate::ground::memory::Bytes;
use crate::ground::number::number;
pub use crate::world::net::activation::Activation;

mod acting;
mod active;
mod collect;
mod compare;
mod cover;
mod data;
mod diagnose;
mod experiment;
mod export;
mod imagine;
mod inspect;
mod runs;
mod save;
mod score;
mod space;
mod train;

pub use acting::{ActingSpec, EnvsSpec};
pub use active::{ActiveSpec, Begun as ActiveBegun};
pub use collect::CollectSpec;
pub use compare::CompareSpec;
pub use cover::{CoverSpec, MapSpec};
pub use data::{ConvertSpec, EpisodesSpec, Filter};
pub use diagnose::DiagnoseSpec;
pub use experiment::{ExperimentSpec, ExperimentTask};
pub use export::ExportSpec;
pub use imagine::{ImagineSpec, TraceSpec};
pub use inspect::InspectSpec;
pub use runs::RunsSpec;
pub use save::SaveSpec;
pub use score::ScoreSpec;
pub use space::{Base, FeatureSpec};
pub use train::{FitSpec, TopUpSpec, is_on_disk};

/// The data and the model that a job is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// Dataset file, folder or URL.
    pub dataset: PathBuf,
    /// Name of the format, where it is not to be found out.
    pub format: Option<String>,
    /// TOML file that says which of its keys are what, where it does not lie beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<PathBuf>,
    /// Parts of the observation that are the state, by name (`position` of `position.0`, `position.1`); all if none is named.
    pub state: Vec<String>,
    /// Checkpoint file or folder.
    pub checkpoint: Option<PathBuf>,
    /// How its world model is read, where its file does not say it.
    #[serde(skip_serializing_if = "unasked")]
    pub model: Asked,
    /// File or folder of the policy that acts, where it is not the checkpoint's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PathBuf>,
    /// File of the statistics that its observations are normalised by, where it is not found beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_normalize: Option<PathBuf>,
    /// Recorded episodes of a policy (any dataset format), for coverage and diagnosis.
    pub rollouts: Option<PathBuf>,
    /// Where episodes are acted.
    #[serde(skip_serializing_if = "unnamed")]
    pub acting: ActingSpec,
    /// How episodes are divided.
    pub split: SplitSpec,
    /// Bytes that datasets may take in memory; half of what is free if none are named.
    pub memory: Option<Bytes>,
    /// Which of its episodes everything is about; all of them if nothing is said.
    #[serde(skip_serializing_if = "Only::is_everything")]
    pub only: Only,
}

/// Episodes of a dataset: those that meet a condition and pass through a region.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Only {
    /// SQL condition on the columns of the episode table.
    pub condition: Option<String>,
    /// Some state of the episode lies within all of these.
    pub within: Vec<Within>,
}

/// A part of one dimension of the observation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Within {
    /// The dimension, by name.
    pub dimension: String,
    /// Least value.
    pub from: f64,
    /// Largest value.
    pub to: f64,
}

impl Only {
    /// True if nothing is left out.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// "steps < 200, x in [-1, 0.5] and y in [0, 1]".
    pub fn words(&self) -> String {
        let range = |w: &Within| format!("{} in [{}, {}]", w.dimension, number(w.from), number(w.to));
        let region = self.within.iter().map(range).collect::<Vec<_>>().join(" and ");
        [self.condition.clone(), (!region.is_empty()).then_some(region)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// True if nothing was asked for.
fn unasked(model: &Asked) -> bool {
    *model == Asked::default()
}

/// True if nothing says where to act.
fn unnamed(acting: &ActingSpec) -> bool {
    *acting == ActingSpec::default()
}

impl Source {
    /// True if a checkpoint or a policy of its own is named.
    pub fn names_networks(&self) -> bool {
        self.checkpoint.is_some() || self.policy.is_some()
    }

    /// How the dataset is to be read.
    pub fn choice(&self) -> Choice {
        Choice { format: self.format.clone(), map: self.map.clone(), state: self.state.clone(), memory: self.memory }
    }

    /// How datasets are to be read that are held against it: of any format, the same parts of the observation.
    pub fn beside(&self) -> Choice {
        Choice { format: None, map: None, ..self.choice() }
    }
}

/// Episodes of the checkpoint's policy, collected where no rollouts are named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicySpec {
    /// How many; coverage collects none at 0.
    pub episodes: usize,
    /// Seed of their starts.
    pub seed: u64,
}

impl Default for PolicySpec {
    fn default() -> Self {
        Self { episodes: 10, seed: 0 }
    }
}
