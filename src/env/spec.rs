//! What an environment is, as Gymnasium and Minari's `env_spec` tell it.

use serde_json::{Map, Value, json};

use crate::data::space::Space;

/// A number given to an environment's reset: Gymnasium's reset options ("`x_init`", 0.5).
pub type ResetOption = (String, f64);

/// An environment's description: Gymnasium's `EnvSpec` with the flat spaces.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvSpec {
    /// Gymnasium id ("Pendulum-v1").
    pub id: String,
    /// Where Gymnasium finds its class; nothing where the id is enough.
    pub entry_point: Option<String>,
    /// Steps after which an episode is cut off (truncated); nothing where there is no such limit.
    pub max_episode_steps: Option<usize>,
    /// Return from which the task counts as solved.
    pub reward_threshold: Option<f64>,
    /// What the environment is made with.
    pub kwargs: Map<String, Value>,
    /// Observations, flattened.
    pub obs_space: Space,
    /// Actions, flattened.
    pub action_space: Space,
}

impl EnvSpec {
    /// The description of a built-in environment.
    pub fn new(id: &str, max_episode_steps: usize, obs_space: Space, action_space: Space) -> Self {
        let (max_episode_steps, kwargs) = (Some(max_episode_steps), Map::new());
        Self {
            id: id.into(),
            entry_point: None,
            max_episode_steps,
            reward_threshold: None,
            kwargs,
            obs_space,
            action_space,
        }
    }

    /// The text that Minari stores as `env_spec`, which Gymnasium rebuilds the environment from.
    pub fn to_json(&self) -> String {
        json!({
            "id": self.id,
            "entry_point": self.entry_point,
            "reward_threshold": self.reward_threshold,
            "nondeterministic": false,
            "max_episode_steps": self.max_episode_steps,
            "order_enforce": true,
            "disable_env_checker": false,
            "kwargs": self.kwargs,
            "additional_wrappers": [],
            "vector_entry_point": null,
        })
        .to_string()
    }

    /// Whether a dataset or policy of these spaces can be used in it.
    ///
    /// # Errors
    /// A sentence with both sizes, and the names of the dimensions of those that differ.
    pub fn fits(&self, obs_space: &Space, action_space: &Space, what: &str) -> Result<(), String> {
        let pairs = [("observation", &self.obs_space, obs_space), ("action", &self.action_space, action_space)];
        let (d, a) = (self.obs_space.dim(), self.action_space.dim());
        if pairs.iter().any(|(_, own, other)| own.dim() != other.dim()) {
            return Err(format!(
                "{} has {d} observation and {a} action dimensions, {what} has {} and {}; name {what}'s own environment \
                 with --env",
                self.id,
                obs_space.dim(),
                action_space.dim()
            ));
        }
        Ok(())
    }
}
