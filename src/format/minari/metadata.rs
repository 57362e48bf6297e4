//! `metadata.json` of a Minari dataset.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::super::hdf5::{Hdf5, is_hdf5};
use super::super::reader::Width;
use super::space::{Leaves, leaves, plain_json};
use super::{MAIN_FILE, METADATA_FILE};
use crate::ground::fault::Fault;

/// Spaces of images take tens of kilobytes; nothing sensible takes more than this.
const MAX_BYTES: u64 = 64 << 20;

/// What is used of the description.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub data_format: String,
    pub dataset_id: Option<String>,
    pub env_id: Option<String>,
    /// The whole description of the environment, JSON in a string.
    pub env_spec: Option<String>,
    pub total_episodes: Option<u64>,
    pub total_steps: Option<u64>,
    /// `ref_min_score` and `ref_max_score`, as `minari.get_normalized_score` uses them.
    pub reference: Option<(f64, f64)>,
    pub observations: Option<Leaves>,
    pub actions: Option<Leaves>,
    /// Names of the flat columns, which our own writer adds.
    pub observation_names: Vec<String>,
    pub action_names: Vec<String>,
    /// It stands in the attributes of the storage.
    pub of_attributes: bool,
}

/// True if the file is a Minari description by its keys, be it whole or cut off.
pub(super) fn is_minari(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = |f: std::fs::File| f.take(1 << 16).read_to_end(&mut head);
    path.is_file() && std::fs::File::open(path).and_then(read).is_ok() && {
        let text = String::from_utf8_lossy(&head);
        text.contains("\"total_episodes\"") || text.contains("\"data_format\"")
    }
}

impl Metadata {
    /// Bytes that the numbers take in memory, where totals and spaces are described.
    pub fn bytes(&self) -> Option<u64> {
        let width = |leaves: &Option<Leaves>| Some(leaves.as_ref()?.read.iter().map(|leaf| leaf.width).sum());
        let (obs, action) = (width(&self.observations)?, width(&self.actions)?);
        Some(Width { obs, action, extra: 1, next: false }.bytes(self.total_episodes?, self.total_steps?))
    }

    /// Reads `folder/metadata.json`; where there is none, the attributes of the storage, which Minari before 0.5 wrote
    /// instead.
    ///
    /// # Errors
    /// If neither is there, if it is too large, no JSON, or describes a space that holds no numbers.
    pub fn read(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join(METADATA_FILE);
        let bad = |problem: String| Fault::at(&path, problem);
        if !path.is_file() {
            let storage = folder.join(MAIN_FILE);
            let old = is_hdf5(&storage).then(|| Hdf5::open(&storage)).transpose()?;
            return match old.as_ref().and_then(attributes) {
                Some(json) => Ok(Self { of_attributes: true, ..Self::of(&json, &storage)? }),
                None => Err(bad(format!(
                    "{METADATA_FILE} is missing, and {MAIN_FILE} has no attributes in its place (as Minari before 0.5 wrote \
                     them); copy it from where the dataset came from"
                ))),
            };
        }
        let mut text = String::new();
        std::fs::File::open(&path)
            .and_then(|f| f.take(MAX_BYTES + 1).read_to_string(&mut text))
            .map_err(|e| bad(format!("cannot be read ({e})")))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(bad(format!("is larger than {} MB", MAX_BYTES >> 20)));
        }
        let json: Value = serde_json::from_str(&plain_json(&text))
            .map_err(|e| bad(format!("is no valid JSON ({e}): the file is damaged or cut off")))?;
        Self::of(&json, &path)
    }

    /// What `json`, which stands in the file at `path`, says.
    fn of(json: &Value, path: &Path) -> Result<Self, Fault> {
        let bad = |problem: String| Fault::at(path, problem);
        let space = |key: &str| -> Result<Option<Leaves>, Fault> {
            let Some(text) = json[key].as_str() else { return Ok(None) };
            leaves(text).map(Some).map_err(|e| bad(format!("'{key}' {e}")))
        };
        let text = |key: &str| json[key].as_str().map(str::to_owned);
        let number = |key: &str| json[key].as_f64().filter(|v| v.is_finite());
        let names = |key: &str| -> Vec<String> {
            let list = json["oodscope"][key].as_array().into_iter().flatten();
            list.filter_map(|n| n.as_str().map(|n| n.chars().filter(|c| !c.is_control()).take(80).collect())).collect()
        };
        Ok(Self {
            data_format: text("data_format").unwrap_or_else(|| "hdf5".into()),
            dataset_id: text("dataset_id"),
            env_id: json["env_spec"].as_str().and_then(env_id),
            env_spec: text("env_spec").filter(|spec| spec.len() <= MAX_SPEC && env_id(spec).is_some()),
            total_episodes: json["total_episodes"].as_u64(),
            total_steps: json["total_steps"].as_u64(),
            reference: number("ref_min_score").zip(number("ref_max_score")).filter(|(low, high)| low < high),
            observations: space("observation_space")?,
            actions: space("action_space")?,
            observation_names: names("observation_names"),
            action_names: names("action_names"),
            of_attributes: false,
        })
    }
}

/// The description in the attributes of a storage; nothing where they count no episodes.
fn attributes(storage: &Hdf5) -> Option<Value> {
    let mut json = serde_json::Map::new();
    for key in ["total_episodes", "total_steps"] {
        json.insert(key.into(), storage.count_attribute("", key)?.into());
    }
    for key in ["observation_space", "action_space", "env_spec", "dataset_id"] {
        if let Some(text) = storage.long_text_attribute("", key) {
            json.insert(key.into(), text.into());
        }
    }
    for key in ["ref_min_score", "ref_max_score"] {
        if let Some(number) = storage.number_attribute("", key) {
            json.insert(key.into(), number.into());
        }
    }
    Some(json.into())
}

/// Longest description of an environment that is kept.
const MAX_SPEC: usize = 64 << 10;

/// The id inside an environment's description, which is JSON in a string.
fn env_id(spec: &str) -> Option<String> {
    let spec: Value = serde_json::from_str(&plain_json(spec)).ok()?;
    spec["id"].as_str().filter(|id| !id.is_empty() && id.len() <= 200).map(str::to_owned)
}
