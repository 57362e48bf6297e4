//! `meta/info.json` of a LeRobot dataset.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::ground::fault::Fault;
use serde_json::Value;

/// Nothing sensible takes more than this.
const MAX_BYTES: u64 = 64 << 20;
/// Most numbers of a feature: more are pictures.
const MAX_WIDTH: u64 = 1 << 20;
/// Where the data files are, if the description does not say.
const DATA_PATH_V2: &str = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet";
const DATA_PATH_V3: &str = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";

/// One feature: a column of the data files, or a camera.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    pub key: String,
    pub dtype: String,
    /// Numbers a frame.
    pub width: usize,
    /// A name for every number, or none.
    pub names: Vec<String>,
}

impl Feature {
    /// True if the data files hold numbers of it.
    pub fn is_number(&self) -> bool {
        self.dtype == "bool" || ["float", "int", "uint"].iter().any(|kind| self.dtype.starts_with(kind))
    }

    /// True for whole numbers and flags.
    pub fn is_whole(&self) -> bool {
        self.is_number() && !self.dtype.starts_with("float")
    }
}

/// What is used of the description.
#[derive(Debug)]
pub(super) struct Info {
    pub version: String,
    /// One file an episode, as before v3.
    pub is_v2: bool,
    pub fps: Option<f64>,
    pub total_episodes: Option<u64>,
    pub total_frames: Option<u64>,
    pub chunks_size: u64,
    pub data_path: String,
    /// In alphabetical order.
    pub features: Vec<Feature>,
    /// Names of parts of the episodes, with the first of each and the one after its last.
    pub splits: Vec<(String, u64, u64)>,
}

/// True if the folder has a description by its keys, be it whole or cut off.
pub(super) fn is_lerobot(folder: &Path) -> bool {
    let path = folder.join("meta/info.json");
    let mut head = Vec::new();
    path.is_file() && File::open(path).and_then(|f| f.take(1 << 20).read_to_end(&mut head)).is_ok() && {
        String::from_utf8_lossy(&head).contains("\"codebase_version\"")
    }
}

impl Info {
    /// Reads the description in `root`.
    ///
    /// # Errors
    /// If it is no JSON, or of a version that is not known.
    pub fn read(root: &Path) -> Result<Self, Fault> {
        let path = root.join("meta/info.json");
        let bad = |problem: String| Fault::at(&path, problem);
        let mut text = String::new();
        File::open(&path)
            .and_then(|f| f.take(MAX_BYTES).read_to_string(&mut text))
            .map_err(|e| bad(format!("cannot be read ({e})")))?;
        let json: Value = serde_json::from_str(&text)
            .map_err(|e| bad(format!("is no valid JSON ({e}): the file is damaged or cut off")))?;
        let version = json["codebase_version"].as_str().unwrap_or_default().to_owned();
        let is_v2 = version.starts_with("v2.");
        if !is_v2 && !version.starts_with("v3.") {
            return Err(bad(format!(
                "'codebase_version' is '{version}', v2.x and v3.x are read; convert it with LeRobot itself"
            )));
        }
        let usual = if is_v2 { DATA_PATH_V2 } else { DATA_PATH_V3 };
        let none = serde_json::Map::new();
        let features = json["features"].as_object().unwrap_or(&none).iter();
        Ok(Self {
            is_v2,
            version,
            fps: json["fps"].as_f64(),
            total_episodes: json["total_episodes"].as_u64(),
            total_frames: json["total_frames"].as_u64(),
            chunks_size: json["chunks_size"].as_u64().filter(|&n| n > 0).unwrap_or(1000),
            data_path: json["data_path"].as_str().unwrap_or(usual).to_owned(),
            features: features.map(|(k, v)| feature(k, v)).collect::<Result<_, String>>().map_err(bad)?,
            splits: json["splits"].as_object().unwrap_or(&none).iter().filter_map(split).collect(),
        })
    }

    /// The feature called `key`.
    pub fn feature(&self, key: &str) -> Option<&Feature> {
        self.features.iter().find(|f| f.key == key)
    }
}

/// A part that is written as `"0:10"`.
fn split((name, range): (&String, &Value)) -> Option<(String, u64, u64)> {
    let (first, end) = range.as_str()?.split_once(':')?;
    let name = name.chars().filter(|c| !c.is_control()).take(80).collect();
    Some((name, first.trim().parse().ok()?, end.trim().parse().ok()?))
}

fn feature(key: &str, json: &Value) -> Result<Feature, String> {
    let dtype = json["dtype"].as_str().unwrap_or("no dtype").to_owned();
    let mut feature = Feature { key: key.to_owned(), dtype, width: 1, names: Vec::new() };
    if !feature.is_number() {
        return Ok(feature);
    }
    let shape = json["shape"].as_array().ok_or_else(|| format!("'features.{key}' has no shape"))?;
    let width =
        shape.iter().try_fold(1u64, |all, n| all.checked_mul(n.as_u64()?)).filter(|w| (1..=MAX_WIDTH).contains(w));
    feature.width = width.ok_or_else(|| format!("'features.{key}' has a shape that is no number of numbers"))? as usize;
    let mut names = Vec::new();
    collect(&json["names"], &mut names);
    if names.len() == feature.width {
        feature.names = names;
    }
    Ok(feature)
}

/// Names in a list, or in the lists of a dictionary (`{"motors": [...]}`).
fn collect(json: &Value, names: &mut Vec<String>) {
    match json {
        Value::String(name) => names.push(name.chars().filter(|c| !c.is_control()).take(80).collect()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(lists) => lists.values().for_each(|list| collect(list, names)),
        _ => {}
    }
}
