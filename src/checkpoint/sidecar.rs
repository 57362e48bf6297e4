//! What stands beside the weights of other libraries: `oodscope.toml`, `oodscope.json`, `model.json`. They state how the
//! numbers are to be read; a key that is not known is told with the nearest that is.

mod nearest;
mod stated;

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::reading::{InputOrder, RewardColumn, Target};
use super::tensors::read_bounded;
use super::{About, CurvePoint};
use crate::ground::fault::Fault;
use crate::world::net::activation::{Activation, KNOWN};
use nearest::nearest;
pub use stated::Stated;

/// Longest description that is read.
const MAX_TEXT: u64 = 1 << 20;
/// The files, the strongest last.
const FILES: [&str; 3] = ["model.json", "oodscope.json", "oodscope.toml"];
/// Keys that change numbers.
const STATING: [&str; 18] = [
    "activation",
    "target",
    "reward",
    "input",
    "output",
    "obs_dim",
    "act_dim",
    "action_dim",
    "learned_rewards",
    "observations",
    "elites",
    "classes",
    "obs_keys",
    "simnorm_dim",
    "num_bins",
    "vmin",
    "vmax",
    "task",
];
/// Keys that describe, and that nothing is read from.
const DESCRIBING: [&str; 25] = [
    "policy",
    "layout",
    "formula",
    "normaliser",
    "normalizer",
    "weight_shape",
    "val_mse_curve",
    "val_nmse_curve",
    "val_mse_members",
    "spec",
    "seconds",
    "elite_models",
    "train_transitions",
    "config",
    "loss",
    "note",
    "deterministic_action",
    "action_space",
    "actor_keys",
    "name",
    "description",
    "comment",
    "author",
    "created",
    "version",
];

/// What the network sees of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observations {
    /// The observation itself.
    Raw,
    /// Standardised by the mean and deviation of the dataset that it was trained on.
    Standardised,
}

impl FromStr for Observations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "raw" => Ok(Self::Raw),
            "standardised" | "standardized" => Ok(Self::Standardised),
            other => Err(format!("observations is '{other}', raw or standardised is needed")),
        }
    }
}

/// What the files beside the weights say; everything may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sidecar {
    /// Non-linearity.
    pub activation: Option<Activation>,
    /// What the outputs for the observation are.
    pub target: Option<Target>,
    /// Where the reward is.
    pub reward: Option<RewardColumn>,
    /// Order of the inputs.
    pub input: Option<InputOrder>,
    /// Columns of an observation.
    pub obs_dim: Option<usize>,
    /// Columns of an action.
    pub act_dim: Option<usize>,
    /// Whether a reward is among the outputs.
    pub learned_rewards: Option<bool>,
    /// What the network sees of an observation.
    pub observations: Option<Observations>,
    /// Members whose mean is the prediction.
    pub elites: Option<Vec<usize>>,
    /// Classes of a group of a recurrent model's latents.
    pub classes: Option<usize>,
    /// Keys of a dictionary of observations, in the order of the dataset's columns.
    pub obs_keys: Option<Vec<String>>,
    /// Sizes and ranges of the latent models of TD-MPC: `simnorm_dim`, `num_bins`, `vmin`, `vmax`, `task`.
    pub numbers: BTreeMap<String, f64>,
    /// What some libraries keep outside the file of the weights.
    pub stated: Stated,
    /// What the user should know of these files.
    pub warnings: Vec<String>,
    pub(super) curve: Vec<Option<f64>>,
    pub(super) dataset: Option<String>,
    pub(super) env_id: Option<String>,
    pub(super) seed: Option<u64>,
}

impl Sidecar {
    /// Reads what is in `folder`.
    ///
    /// # Errors
    /// [`Fault`] if a file is there and cannot be read, or says what is not understood.
    pub fn read(folder: &Path) -> Result<Self, Fault> {
        let mut sidecar = Self::default();
        for name in FILES {
            let path = folder.join(name);
            if path.is_file() {
                let table = table(&path)?;
                sidecar.take(name, &table).map_err(|problem| Fault::at(&path, problem))?;
            }
        }
        Ok(sidecar)
    }

    fn take(&mut self, file: &str, table: &Map<String, Value>) -> Result<(), String> {
        // Descriptions that others write have such names for other things.
        let own = |key: &str| file != FILES[0] && stated::KEYS.contains(&key);
        for (key, value) in table {
            self.key(key, value)?;
            if own(key) {
                self.stated.key(key, value)?;
            }
        }
        let unknown: Vec<String> = table
            .keys()
            .filter(|key| !STATING.contains(&key.as_str()) && !DESCRIBING.contains(&key.as_str()) && !own(key))
            .map(|key| match nearest(key) {
                Some(known) => format!("'{key}' (is '{known}' meant?)"),
                None => format!("'{key}'"),
            })
            .collect();
        if !unknown.is_empty() {
            self.warnings.push(format!(
                "{file} has keys that are not known and were not read: {}; those that state how a model is read are {}",
                unknown.join(", "),
                STATING[..4].join(", ")
            ));
        }
        Ok(())
    }

    fn key(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let text = || value.as_str().ok_or_else(|| format!("{key} is {value}, text is needed"));
        let count = || {
            let n = value.as_u64().and_then(|n| usize::try_from(n).ok());
            n.ok_or_else(|| format!("{key} is {value}, a whole number is needed"))
        };
        match key {
            "activation" => self.activation = Some(activation(text()?)?),
            "target" => self.target = Some(text()?.parse()?),
            "reward" => self.reward = Some(text()?.parse()?),
            "input" => self.input = Some(input(value)?),
            "output" => self.output(value)?,
            "obs_dim" => self.obs_dim = Some(count()?),
            "act_dim" | "action_dim" => self.act_dim = Some(count()?),
            "learned_rewards" => {
                let truth = value.as_bool().ok_or_else(|| format!("{key} is {value}, true or false is needed"))?;
                self.learned_rewards = Some(truth);
            }
            "classes" => self.classes = Some(count()?),
            "obs_keys" => {
                let list: Option<Vec<String>> =
                    value.as_array().and_then(|a| a.iter().map(|v| v.as_str().map(str::to_owned)).collect());
                self.obs_keys = Some(list.ok_or_else(|| format!("obs_keys is {value}, a list of keys is needed"))?);
            }
            "simnorm_dim" | "num_bins" | "vmin" | "vmax" | "task" => {
                let number = value.as_f64().ok_or_else(|| format!("{key} is {value}, a number is needed"))?;
                self.numbers.insert(key.to_owned(), number);
            }
            // What the networks of another library were made with.
            "config" => {
                let said = value.get("num_classes").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
                self.classes = self.classes.or(said);
            }
            "observations" => {
                self.observations = Some(text()?.parse()?);
            }
            "elites" => {
                let list: Option<Vec<usize>> = value
                    .as_array()
                    .and_then(|a| a.iter().map(|v| v.as_u64().and_then(|n| usize::try_from(n).ok())).collect());
                self.elites = Some(list.ok_or_else(|| format!("elites is {value}, a list of members is needed"))?);
            }
            "val_mse_curve" | "val_nmse_curve" if self.curve.is_empty() || key == "val_mse_curve" => {
                self.curve = value.as_array().map(|a| a.iter().map(Value::as_f64).collect()).unwrap_or_default();
            }
            "spec" => {
                let field = |name: &str| value.get(name).and_then(Value::as_str).map(String::from);
                (self.dataset, self.env_id) = (field("dataset"), field("env_id"));
                self.seed = value.get("seed").and_then(Value::as_u64);
            }
            _ => {}
        }
        Ok(())
    }

    /// `[next_obs - obs, reward]`, `[next_obs, reward]`, `[reward, delta_obs]`: which columns the outputs are.
    fn output(&mut self, value: &Value) -> Result<(), String> {
        let parts = columns(value);
        let strange = || {
            format!(
                "output is {value}, which is not understood: write target = \"delta\" or \"absolute\" and reward = \"first\", \
                 \"last\" or \"none\" instead"
            )
        };
        let is_reward = |p: &String| p.contains("reward") || p == "r";
        let states: Vec<&String> = parts.iter().filter(|p| !is_reward(p)).collect();
        let [state] = states[..] else { return Err(strange()) };
        let difference = state.split_once('-').is_some_and(|(a, b)| a != "next" && !b.is_empty());
        let change = difference || ["delta", "diff", "change", "δ"].iter().any(|word| state.contains(word));
        self.target = Some(match change {
            true => Target::Delta,
            false if state.contains("next") => Target::Absolute,
            false => return Err(strange()),
        });
        self.reward = Some(match parts.iter().position(is_reward) {
            None => RewardColumn::None,
            Some(0) => RewardColumn::First,
            Some(_) => RewardColumn::Last,
        });
        Ok(())
    }

    /// Copies what is known about the training.
    pub fn describe(&self, about: &mut About) {
        about.env_id = self.env_id.clone().or(about.env_id.take());
        about.lineage.dataset_name = self.dataset.clone().or(about.lineage.dataset_name.take());
        about.lineage.seed = self.seed;
        let point = |(i, loss): (usize, &Option<f64>)| CurvePoint { epoch: i + 1, train: None, heldout: *loss };
        about.lineage.curve = self.curve.iter().enumerate().map(point).collect();
        about.warnings.extend(self.warnings.iter().cloned());
    }
}

/// The keys and values of a TOML or JSON file.
fn table(path: &Path) -> Result<Map<String, Value>, Fault> {
    let bytes = read_bounded(path, MAX_TEXT)?;
    let bad = |e: String| Fault::at(path, format!("not a description of a model: {e}; correct or remove it"));
    if path.extension().is_some_and(|e| e == "toml") {
        let text = std::str::from_utf8(&bytes).map_err(|e| bad(e.to_string()))?;
        return toml::from_str(text).map_err(|e| bad(e.message().to_owned()));
    }
    serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))
}

/// The activation of that name.
///
/// # Errors
/// Names an activation that oodscope does not know.
pub fn activation(name: &str) -> Result<Activation, String> {
    Activation::parse(name).ok_or_else(|| format!("the activation '{name}' is not known; {KNOWN} are"))
}

fn input(value: &Value) -> Result<InputOrder, String> {
    if let Some(Ok(order)) = value.as_str().map(str::parse::<InputOrder>) {
        return Ok(order);
    }
    let is_action = |p: &String| p.starts_with("act") || p == "a" || p == "u";
    let is_obs = |p: &String| p.starts_with("obs") || p.starts_with("state") || matches!(p.as_str(), "s" | "o" | "x");
    match &columns(value)[..] {
        [a, b] if is_obs(a) && is_action(b) => Ok(InputOrder::ObsAction),
        [a, b] if is_action(a) && is_obs(b) => Ok(InputOrder::ActionObs),
        _ => Err(format!("input is {value}, obs-action or action-obs is needed")),
    }
}

/// The entries of a list, or of the first list in a text, without spaces and in small letters.
fn columns(value: &Value) -> Vec<String> {
    let clean = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    match value {
        Value::Array(list) => list.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), clean)).collect(),
        Value::String(text) => {
            let inner = text.split_once('[').map_or(text.as_str(), |(_, rest)| rest.split(']').next().unwrap_or(rest));
            inner.split(',').map(clean).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
