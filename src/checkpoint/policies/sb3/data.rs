//! `data`: the algorithm's attributes as JSON; what JSON cannot say is a pickle in base64, with its parts as text beside it.

use serde_json::Value;

use crate::checkpoint::pickle::{self, load_objects};
use crate::checkpoint::policies::{base64, spaces};
use crate::data::space::Space;
use crate::world::net::activation::{Activation, KNOWN};

/// The key of a pickle.
const PICKLE: &str = ":serialized:";

/// The attributes.
pub struct Data(Value);

impl Data {
    /// Reads the entry.
    ///
    /// # Errors
    /// A sentence if it is no JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map(Self).map_err(|e| format!("entry 'data' is no JSON: {e}"))
    }

    /// The actions.
    ///
    /// # Errors
    /// A sentence if they are not there or of a kind that is not read.
    pub fn actions(&self) -> Result<Space, String> {
        spaces::space(&self.pickle("action_space").ok_or("no action_space in the data")?)
    }

    /// The policy's keyword argument `key`, as JSON or as the text that Python shows it by; null where there is none.
    pub fn kwarg(&self, key: &str) -> &Value {
        &self.0["policy_kwargs"][key]
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.0[key].as_f64()
    }

    /// The activation that the policy was made with, where it is not the usual one.
    ///
    /// # Errors
    /// Names one that is not known.
    pub fn activation(&self) -> Result<Option<Activation>, String> {
        let Some(text) = self.kwarg("activation_fn").as_str() else { return Ok(None) };
        let name = text.trim_start_matches("<class '").trim_end_matches("'>");
        Activation::parse(name).map(Some).ok_or_else(|| format!("the activation '{name}' is not known; {KNOWN} are"))
    }

    /// The policy's class, where it is of neither Stable-Baselines3 nor sb3-contrib.
    pub fn foreign_class(&self) -> Option<String> {
        let bytes = self.pickle("policy_class")?;
        let (p, _) = load_objects(&bytes).ok()?;
        match p.value(p.root) {
            pickle::Value::Class(name)
                if name.starts_with("stable_baselines3.") || name.starts_with("sb3_contrib.") =>
            {
                None
            }
            pickle::Value::Class(name) => Some(name.clone()),
            _ => self.0["policy_class"]["__module__"].as_str().map(String::from),
        }
    }

    /// True if the algorithm kept original observations beside those that its policy saw: PPO and A2C do so only where the
    /// environment was normalised, the others always.
    pub fn was_normalised(&self) -> bool {
        !self.0["gae_lambda"].is_null() && self.0["_last_original_obs"].is_object()
    }

    fn pickle(&self, key: &str) -> Option<Vec<u8>> {
        base64::decode(self.0[key][PICKLE].as_str()?).ok()
    }
}
