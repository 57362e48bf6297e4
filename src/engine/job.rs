//! Jobs as data: what can be asked ([`JobSpec`]), what comes back ([`Event`]) and how a running job is steered
//! ([`Control`]). Everything the screen can start is such a spec, and the command line runs the same specs.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod compare;
mod data;
mod score;
mod train;

pub use compare::CompareSpec;
pub use data::{ConvertSpec, EpisodesSpec, Filter};
pub use score::ScoreSpec;
pub use train::{FitSpec, TopUpSpec};

pub use super::feature_space::{Base, FeatureSpec};
use crate::data::split::SplitSpec;
use crate::format::Choice;
use crate::ground::memory::Bytes;
use crate::ground::task::Progress;
use crate::metrics::report::Report;
pub use crate::topup::controller::Schedule;

/// The data and the model that a job is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// Dataset file, folder or URL.
    pub dataset: PathBuf,
    /// Name of the format, where it is not to be found out.
    pub format: Option<String>,
    /// Parts of the observation that are the state, by name (`position` of `position.0`, `position.1`); all if none is named.
    pub state: Vec<String>,
    /// Checkpoint file or folder.
    pub checkpoint: Option<PathBuf>,
    /// Recorded episodes of a policy (any dataset format), for coverage and diagnosis.
    pub rollouts: Option<PathBuf>,
    /// How episodes are divided.
    pub split: SplitSpec,
    /// Bytes that datasets may take in memory; half of what is free if none are named.
    pub memory: Option<Bytes>,
}

impl Source {
    /// How the dataset is to be read.
    pub fn choice(&self) -> Choice {
        Choice { format: self.format.clone(), state: self.state.clone(), memory: self.memory }
    }

    /// How datasets are to be read that are held against it: of any format, the same parts of the observation.
    pub fn beside(&self) -> Choice {
        Choice { format: None, ..self.choice() }
    }
}

/// Anything the engine can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "lowercase")]
pub enum JobSpec {
    /// Open the dataset and the checkpoint; statistics.
    Load(Source),
    /// Exact statistics of all episodes, where only a sample of them is in memory.
    Scan(Source),
    /// What cannot be trusted in the dataset.
    Audit(Source),
    /// The table of episodes: reported, or written to a file.
    Episodes(EpisodesSpec),
    /// Write episodes as a new dataset.
    Convert(ConvertSpec),
    /// Coverage of the training part; out-of-distribution fraction of the other parts and of the rollouts.
    Cover(CoverSpec),
    /// The map of two other axes of a coverage.
    Map(MapSpec),
    /// Open-loop imagination against held-out episodes.
    Imagine(ImagineSpec),
    /// Rank real episodes by how far and how early they leave the data and the model's competence.
    Diagnose(DiagnoseSpec),
    /// Hold a second set of states against the dataset: what differs, how sure, and where.
    Compare(CompareSpec),
    /// Every score of every state, each in units of its own threshold.
    Score(ScoreSpec),
    /// Train a world model (and a policy in its imagination).
    Fit(FitSpec),
    /// Collect a little, fine-tune, compare.
    TopUp(TopUpSpec),
}

/// Episodes of the checkpoint's policy, collected where no rollouts are named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicySpec {
    /// Environment to collect in; the dataset's own if none is named.
    pub env: Option<String>,
    /// How many; coverage collects none at 0.
    pub episodes: usize,
    /// Seed of their starts.
    pub seed: u64,
}

impl Default for PolicySpec {
    fn default() -> Self {
        Self { env: None, episodes: 10, seed: 0 }
    }
}

/// What coverage is computed of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoverSpec {
    /// Data and model.
    pub source: Source,
    /// Which neighbour's distance is the novelty (k-NN).
    pub k: usize,
    /// False-alarm level of the conformal threshold.
    pub alpha: f64,
    /// The feature space that distances are measured in and the map shows.
    pub space: FeatureSpec,
    /// Two dimensions of the space for the map; the first two principal axes if none are named.
    pub axes: Option<(usize, usize)>,
    /// Cells along each axis of the map and of the occupancy count.
    pub bins: usize,
    /// The policy whose states are held against the data where no rollouts are named.
    pub policy: PolicySpec,
    /// The largest or best dataset of the environment: the reference of SACo, and the expert of TQ.
    pub reference: Option<PathBuf>,
    /// A dataset of a random policy: the lower end of TQ.
    pub random: Option<PathBuf>,
    /// How often episodes are drawn anew for an interval; 0 gives no intervals.
    pub bootstrap: usize,
    /// Seed of those draws.
    pub seed: u64,
}

impl Default for CoverSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            k: 5,
            alpha: 0.1,
            space: FeatureSpec::default(),
            axes: None,
            bins: 40,
            policy: PolicySpec::default(),
            reference: None,
            random: None,
            bootstrap: 200,
            seed: 0,
        }
    }
}

/// Which map of a coverage is drawn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapSpec {
    /// The coverage; it is measured once however many of its maps are drawn.
    pub cover: CoverSpec,
    /// Two dimensions of its feature space; the first two principal axes if none are named.
    pub axes: Option<(usize, usize)>,
}

/// How imagination is held against reality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImagineSpec {
    /// Data and model.
    pub source: Source,
    /// Steps H of an open-loop rollout.
    pub horizon: usize,
    /// Number of held-out start states.
    pub starts: usize,
    /// Held-out episode (index in the dataset) whose traces are drawn; the worst if none is named.
    pub episode: Option<usize>,
    /// Seed of the choice of starts.
    pub seed: u64,
}

impl Default for ImagineSpec {
    fn default() -> Self {
        Self { source: Source::default(), horizon: 50, starts: 256, episode: None, seed: 0 }
    }
}

/// Which real episodes are diagnosed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiagnoseSpec {
    /// Data and model; episodes come from `rollouts`, or are collected with the checkpoint's policy.
    pub source: Source,
    /// The policy whose episodes are diagnosed where no rollouts are named.
    pub policy: PolicySpec,
    /// Which neighbour's distance is the novelty.
    pub k: usize,
    /// False-alarm level of the thresholds.
    pub alpha: f64,
    /// The feature space that novelty is measured in.
    pub space: FeatureSpec,
}

impl Default for DiagnoseSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            policy: PolicySpec::default(),
            k: 5,
            alpha: 0.1,
            space: FeatureSpec::default(),
        }
    }
}

/// Kinds of work of which one runs at a time; a new job of a slot replaces the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Opening files.
    Load,
    /// Going through a dataset that is not in memory.
    Scan,
    /// Audit.
    Audit,
    /// The table of episodes.
    Episodes,
    /// Coverage.
    Cover,
    /// Another map of the coverage.
    Map,
    /// Imagination, diagnosis and scores.
    Evaluate,
    /// Two sets against each other.
    Compare,
    /// Fitting and top-up.
    Train,
}

impl JobSpec {
    /// The slot that the job takes.
    pub fn slot(&self) -> Slot {
        match self {
            Self::Load(_) | Self::Convert(_) => Slot::Load,
            Self::Episodes(_) => Slot::Episodes,
            Self::Audit(_) => Slot::Audit,
            Self::Scan(_) => Slot::Scan,
            Self::Cover(_) => Slot::Cover,
            Self::Map(_) => Slot::Map,
            Self::Compare(_) => Slot::Compare,
            Self::Imagine(_) | Self::Diagnose(_) | Self::Score(_) => Slot::Evaluate,
            Self::Fit(_) | Self::TopUp(_) => Slot::Train,
        }
    }

    /// What is to be done once this job has reported: exact statistics, where only a sample fits into memory.
    pub fn follow(&self, report: &Report) -> Option<Self> {
        let Self::Load(source) = self else { return None };
        report.value("held").map(|_| Self::Scan(source.clone()))
    }

    /// Short name for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Load(_) => "load",
            Self::Scan(_) => "scan",
            Self::Audit(_) => "audit",
            Self::Episodes(_) => "episodes",
            Self::Convert(_) => "convert",
            Self::Cover(_) => "coverage",
            Self::Map(_) => "map",
            Self::Imagine(_) => "imagination",
            Self::Diagnose(_) => "diagnosis",
            Self::Compare(_) => "comparison",
            Self::Score(_) => "scores",
            Self::Fit(_) => "fit",
            Self::TopUp(_) => "top-up",
        }
    }
}

/// Number of a started job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// News of a job.
#[derive(Debug, Clone)]
pub struct Event {
    /// Whose.
    pub job: JobId,
    /// What.
    pub body: Body,
}

/// What can be said of a job.
#[derive(Debug, Clone)]
pub enum Body {
    /// It began.
    Started,
    /// How far it is; at most 20 a second.
    Progress(Progress),
    /// Results so far under the report's name; a later one of the same name replaces it.
    Report(Arc<Report>),
    /// It ended well.
    Done(Outcome),
    /// It ended badly; the program goes on.
    Failed(Failure),
    /// It was stopped.
    Cancelled,
}

/// What a job leaves behind beside its reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// One sentence for people.
    pub summary: String,
    /// Files and folders written.
    pub written: Vec<PathBuf>,
}

/// Why a job ended badly, in one sentence with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The sentence.
    pub message: String,
    /// The worker panicked: a fault of ours.
    pub panicked: bool,
}

/// A word to a running job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Hold at the next step.
    Pause,
    /// Go on.
    Resume,
    /// End now; what can be kept is kept.
    Stop,
}
