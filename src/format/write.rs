//! Writing datasets: Minari folders that Minari 0.5.4 and h5py open, D4RL files, Parquet.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::data::dataset::Dataset;
use crate::data::space::Space;
use crate::format::minari::ids::is_dataset_id;
use crate::format::minari::{MAIN_FILE, METADATA_FILE, space};
use crate::ground::fault::Fault;
use crate::ground::save;

pub mod columns;
mod d4rl;
mod flat;
mod store;

use store::EpisodeFile;

/// A format that datasets are written in.
pub struct Writer {
    /// Its name, for `--to`.
    pub name: &'static str,
    /// Ending of the name of what is written, with the dot; nothing for a folder.
    pub ending: &'static str,
    /// It holds T+1 observations for T actions only ([`Dataset::completed`]).
    pub needs_last: bool,
    /// Writes a new file or folder with the episodes that an [`Each`] hands on. The dataset has their spaces and where they
    /// come from: it is all of them, or a sample where they do not fit into memory.
    pub write: fn(&Path, &Dataset, &MinariAbout, Each<'_>) -> Result<(), Fault>,
}

/// Hands episodes on, a few at a time.
pub type Each<'e> = &'e mut dyn FnMut(Take<'_>) -> Result<(), Fault>;
/// Takes some episodes.
pub type Take<'t> = &'t mut dyn FnMut(&Dataset) -> Result<(), Fault>;

/// Every such format.
pub const WRITERS: &[Writer] = &[
    Writer { name: "minari", ending: "", needs_last: true, write: stream_minari },
    Writer { name: "d4rl", ending: ".hdf5", needs_last: false, write: d4rl::write },
    Writer { name: "parquet", ending: ".parquet", needs_last: false, write: flat::write },
];

impl Writer {
    /// Writes a dataset that is in memory.
    ///
    /// # Errors
    /// If the file or folder exists or cannot be written, or the format cannot hold the episodes.
    pub fn whole(&self, path: &Path, data: &Dataset, about: &MinariAbout) -> Result<(), Fault> {
        (self.write)(path, data, about, &mut |take| take(data))
    }
}

/// The format called `name`.
///
/// # Errors
/// A sentence with the names that there are.
pub fn writer(name: &str) -> Result<&'static Writer, String> {
    WRITERS.iter().find(|w| w.name == name).ok_or_else(|| {
        let names: Vec<&str> = WRITERS.iter().map(|w| w.name).collect();
        format!("no format to write is called '{name}'; there are {}", names.join(", "))
    })
}

/// The next observation of every step `[steps, D]`, where every step has one.
fn next_observations(data: &Dataset) -> Option<Vec<f32>> {
    let mut out = Vec::with_capacity(data.num_steps() * data.obs_dim());
    for e in (0..data.num_episodes()).map(|i| data.episode(i)) {
        match e.next_obs {
            Some(next) => out.extend_from_slice(next),
            None if e.span.obs_rows > e.steps() => out.extend_from_slice(&e.obs[e.obs_dim..]),
            None => return None,
        }
    }
    Some(out)
}

/// What a Minari dataset says about itself beside its numbers.
#[derive(Debug, Clone, Default)]
pub struct MinariAbout {
    /// `namespace/name-v0`: letters, digits, `-`, `_`, and a version at the end.
    pub dataset_id: String,
    /// Gymnasium's description of the environment as JSON, which it rebuilds the environment from.
    pub env_spec: Option<String>,
    /// Who acted ("top-up of sac-expert").
    pub algorithm_name: String,
    /// Names of the authors.
    pub authors: Vec<String>,
    /// Addresses of the authors.
    pub author_emails: Vec<String>,
    /// Where the code lies.
    pub code_permalink: String,
    /// Free text.
    pub description: String,
    /// How each episode was reset: nothing, or one entry an episode.
    pub resets: Vec<Reset>,
}

/// How the environment was reset before an episode.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reset {
    /// Seed given to the environment.
    pub seed: Option<u64>,
    /// Numbers given as reset options, stored as `options/<name>`.
    pub options: Vec<(String, f64)>,
}

/// Writes `data` to the new folder `folder` as `data/main_data.hdf5` and `data/metadata.json`.
///
/// Numbers are stored as Minari stores them: observations and actions float32 (choices int64), rewards float64, flags
/// as h5py's bool. Column names go along under a key of ours, which Minari ignores.
///
/// # Errors
/// If the folder exists already or cannot be written, if the id is none, or if the episodes do not fit the layout
/// (an episode without its final observation, next observations that are not the following row).
pub fn write_minari(folder: &Path, data: &Dataset, about: &MinariAbout) -> Result<(), Fault> {
    stream_minari(folder, data, about, &mut |take| take(data))
}

/// As [`write_minari`], of episodes that come a few at a time; `like` has their spaces.
fn stream_minari(folder: &Path, like: &Dataset, about: &MinariAbout, each: Each<'_>) -> Result<(), Fault> {
    let bad = |problem: String| Fault::at(folder, problem);
    check(like, about).map_err(bad)?;
    save::folder(folder, |inner| {
        let inside = inner.join("data");
        std::fs::create_dir(&inside).map_err(|e| bad(format!("cannot be written ({e})")))?;
        let main = inside.join(MAIN_FILE);
        let mut file = EpisodeFile::create(&main).map_err(bad)?;
        // A sample may not have met every choice.
        let mut total = Total { episodes: 0, steps: 0, bytes: 0, actions: like.action_space.clone() };
        each(&mut |data| {
            holds(data).map_err(bad)?;
            for index in 0..data.num_episodes() {
                let reset = about.resets.get(total.episodes).cloned().unwrap_or_default();
                let added =
                    file.add(total.episodes as u64, &data.episode(index), like.action_space.is_discrete(), &reset);
                added.map_err(|e| bad(format!("episode {} {e}", total.episodes)))?;
                total.episodes += 1;
            }
            total.steps += data.num_steps();
            total.actions.hold(&data.actions);
            file.settle().map_err(bad)
        })?;
        file.close().map_err(bad)?;
        save::synced(&main)?;
        total.bytes = std::fs::metadata(&main).map_or(0, |m| m.len());
        let metadata = metadata(like, about, &total).to_string();
        save::plain(&inside.join(METADATA_FILE), |file| file.write_all(metadata.as_bytes()).map_err(|e| e.to_string()))
    })
}

/// What was written.
struct Total {
    episodes: usize,
    steps: usize,
    bytes: u64,
    actions: Space,
}

/// What Minari cannot hold is refused before anything is written.
fn check(data: &Dataset, about: &MinariAbout) -> Result<(), String> {
    if !is_dataset_id(&about.dataset_id) {
        return Err(format!("'{}' is no Minari id; ids look like pendulum/topup-v0", about.dataset_id));
    }
    if !about.resets.is_empty() && about.resets.len() != data.num_episodes() {
        return Err(format!("{} resets are given for {} episodes", about.resets.len(), data.num_episodes()));
    }
    // Of a sample the last steps are not cut yet.
    if data.sample.is_none() { holds(data) } else { Ok(()) }
}

/// Refuses episodes that do not fit the layout.
fn holds(data: &Dataset) -> Result<(), String> {
    if data.next_obs.is_some() {
        return Err("the next observations are not the following rows, which Minari cannot hold".into());
    }
    match data.spans().iter().position(|s| s.obs_rows != s.steps + 1) {
        Some(i) => Err(format!("episode {i} has no final observation; Minari needs T+1 observations for T steps")),
        None => Ok(()),
    }
}

/// The keys that Minari 0.5.4 writes; spaces and environment are JSON in strings.
fn metadata(data: &Dataset, about: &MinariAbout, total: &Total) -> Value {
    let mut json = json!({
        "total_episodes": total.episodes,
        "total_steps": total.steps,
        "data_format": "hdf5",
        "jpeg_encoding": true,
        "observation_space": space::to_json(&data.obs_space),
        "action_space": space::to_json(&total.actions),
        // In MB with one digit, as Minari rounds it.
        "dataset_size": (total.bytes as f64 / 1e5).round() / 10.0,
        "dataset_id": about.dataset_id,
        "code_permalink": about.code_permalink,
        "author": about.authors,
        "author_email": about.author_emails,
        "algorithm_name": about.algorithm_name,
        "description": about.description,
        "minari_version": "0.5.4",
        "oodscope": { "observation_names": data.obs_space.names, "action_names": data.action_space.names },
    });
    if let Some(spec) = &about.env_spec {
        json["env_spec"] = Value::String(spec.clone());
    }
    json
}

#[cfg(test)]
mod tests;
