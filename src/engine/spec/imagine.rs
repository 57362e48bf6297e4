use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{PolicySpec, Source};
use crate::world::net::device::Device;
use crate::world::propagation::Propagation;

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
    /// Step of that episode which the traces begin at; the first that is possible if none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// Share of new episodes whose error may be above the bound that the trust horizon rests on.
    pub alpha: f64,
    /// Error, in standard deviations, up to which imagination is trusted; that of copying the start if none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// File that the errors are written to, a row a step; Parquet or CSV by its ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<PathBuf>,
    /// Where the model imagines.
    #[serde(skip_serializing_if = "Device::is_cpu")]
    pub device: Device,
    /// Discount of returns. If none is named, imagined rewards are added up undiscounted, and a critic's values are held against
    /// returns with the discount that its checkpoint says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<f64>,
    /// What every imagined step goes on from.
    pub propagation: Propagation,
    /// Seed of the choice of starts and of what is drawn along the rollouts.
    pub seed: u64,
}

impl Default for ImagineSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            horizon: 50,
            starts: 256,
            episode: None,
            step: None,
            alpha: 0.1,
            tolerance: None,
            out: None,
            device: Device::Cpu,
            discount: None,
            propagation: Propagation::default(),
            seed: 0,
        }
    }
}

/// One rollout along one episode, to be drawn over what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceSpec {
    /// Data and model; the episode is one of `rollouts`, or of the checkpoint's policy, where it is not the dataset's.
    pub source: Source,
    /// Which episodes of the policy are meant where no rollouts are named.
    pub policy: PolicySpec,
    /// The episode is one of the dataset.
    pub of_data: bool,
    /// Its index in its set.
    pub episode: usize,
    /// The step to imagine from.
    pub step: usize,
    /// Steps H of the rollout; fewer where the episode ends before.
    pub horizon: usize,
    /// What every imagined step goes on from.
    pub propagation: Propagation,
    /// Seed of what is drawn along it.
    pub seed: u64,
}

impl Default for TraceSpec {
    fn default() -> Self {
        Self {
            source: Source::default(),
            policy: PolicySpec::default(),
            of_data: true,
            episode: 0,
            step: 0,
            horizon: ImagineSpec::default().horizon,
            propagation: Propagation::default(),
            seed: 0,
        }
    }
}
