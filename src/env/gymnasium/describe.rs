//! What a worker says of its environment, as an [`EnvSpec`].

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::data::space::{Space, SpaceKind};
use crate::env::spec::EnvSpec;

/// An environment as a worker describes it.
#[derive(Debug, Deserialize)]
pub(super) struct About {
    id: Option<String>,
    entry_point: Option<String>,
    max_episode_steps: Option<i64>,
    reward_threshold: Option<f64>,
    #[serde(default)]
    kwargs: Map<String, Value>,
    obs: Flat,
    action: Flat,
    /// Seconds that a step takes, where they were measured.
    #[serde(default)]
    pub step_seconds: Option<f64>,
    /// Whether a seed decides how an episode begins.
    pub seeded: bool,
    /// Whether states can be set.
    pub settable: bool,
    /// Numbers of a state.
    pub state_dim: usize,
    /// What runs there: "python", "gymnasium", "mujoco" and their versions.
    pub versions: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Flat {
    kind: String,
    names: Vec<String>,
    n: Vec<usize>,
    start: Vec<i64>,
    low: Vec<Option<f32>>,
    high: Vec<Option<f32>>,
}

impl About {
    /// The description of what was asked for as `id`.
    pub(super) fn spec(&self, id: &str) -> EnvSpec {
        EnvSpec {
            id: self.id.clone().unwrap_or_else(|| id.to_owned()),
            entry_point: self.entry_point.clone(),
            max_episode_steps: self.max_episode_steps.and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0),
            reward_threshold: self.reward_threshold,
            kwargs: self.kwargs.clone(),
            obs_space: self.obs.space(),
            action_space: self.action.space(),
        }
    }
}

impl Flat {
    fn space(&self) -> Space {
        let bounds = |side: &[Option<f32>], none: f32| side.iter().map(|b| b.unwrap_or(none)).collect();
        let kind = match (self.kind.as_str(), self.n.as_slice(), self.start.as_slice()) {
            ("Discrete", &[n], &[start]) => SpaceKind::Discrete { n, start },
            ("MultiDiscrete", n, start) => SpaceKind::MultiDiscrete { n: n.to_vec(), start: start.to_vec() },
            ("MultiBinary", ..) => SpaceKind::MultiBinary,
            _ => SpaceKind::Box { low: bounds(&self.low, f32::NEG_INFINITY), high: bounds(&self.high, f32::INFINITY) },
        };
        Space { names: self.names.clone(), kind }
    }
}
