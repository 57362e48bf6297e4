//! Datasets that are recognised and not read: what they are, and the one command that converts them to what is read.
//! Nothing here is ever unpickled: pickles can run code, and a command that loads one says so.

use std::io::Read as _;
use std::path::Path;

mod commands;

/// Bytes that are looked at: PyTorch writes its pickle first and without compression.
const HEAD_BYTES: u64 = 1 << 16;
/// Names of a folder that are looked at.
const MAX_ENTRIES: usize = 1000;
/// First bytes of a PyTorch file before 1.6: a pickled number.
const OLD_TORCH: [u8; 14] = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// What is at `path` and how to convert it, where it is known and not read.
pub(super) fn answer(path: &Path) -> Option<String> {
    if path.is_dir() { folder(path) } else { file(path) }
}

fn folder(path: &Path) -> Option<String> {
    let names = names(path);
    let has = |name: &str| names.iter().any(|n| n == name);
    let ends = |end: &str| names.iter().any(|n| n.ends_with(end));
    if is_tfds(&names) {
        return Some(commands::rlds(path));
    }
    // The version's folder below: `1.0.0`.
    let version = |name: &&String| name.bytes().all(|b| b.is_ascii_digit() || b == b'.') && name.contains('.');
    if let Some(below) = names.iter().filter(version).map(|n| path.join(n)).find(|below| is_tfds(&self::names(below))) {
        return Some(commands::rlds(&below));
    }
    if [".zgroup", ".zattrs", ".zarray", "zarr.json"].iter().any(|name| has(name)) {
        return Some(commands::zarr(path));
    }
    if names.iter().any(|name| is_frame(name)) {
        return calvin(path, &names);
    }
    let json = names.iter().find(|name| name.strip_suffix(".json").is_some_and(|stem| stem.starts_with("output-")));
    if json.is_some_and(|name| head(&path.join(name)).is_some_and(|head| is_rllib(&head))) {
        return Some(commands::rllib(path));
    }
    if ends(".mcap") || (has("metadata.yaml") && ends(".db3")) {
        return Some(commands::rosbag(path, "a ROS 2 recording"));
    }
    (has("meta.json") && ends(".memmap")).then(|| commands::memmap(path))
}

/// True for the name of one of CALVIN's frames: `episode_0358482.npz`.
fn is_frame(name: &str) -> bool {
    let number = name.strip_prefix("episode_").and_then(|rest| rest.strip_suffix(".npz"));
    number.is_some_and(|digits| digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// CALVIN's folders of a file a frame, if the first file is one.
fn calvin(path: &Path, names: &[String]) -> Option<String> {
    let first = names.iter().find(|name| is_frame(name))?;
    let file = super::npz::Npz::open(&path.join(first)).ok()?;
    let is = file.contains("robot_obs") && (file.contains("rel_actions") || file.contains("actions"));
    is.then(|| commands::calvin(path))
}

/// True for lines of JSON that each are a batch of `RLlib`'s.
fn is_rllib(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let start: String = text.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    start.starts_with("{\"type\":\"SampleBatch\"") || start.starts_with("{\"type\":\"MultiAgentBatch\"")
}

/// TensorFlow Datasets as a folder: RLDS and Open X-Embodiment come like this.
fn is_tfds(names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|n| n == name);
    names.iter().any(|n| n.contains(".tfrecord")) || (has("dataset_info.json") && has("features.json"))
}

/// The first names of a folder, sorted; none where it cannot be read.
fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().take(MAX_ENTRIES);
    let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// The first bytes of a file.
fn head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    // A pipe or a device would block: only regular files are opened.
    let read = |file: std::fs::File| file.take(HEAD_BYTES).read_to_end(&mut head);
    (path.is_file() && std::fs::File::open(path).and_then(read).is_ok()).then_some(head)
}

fn file(path: &Path) -> Option<String> {
    let head = head(path)?;
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let holds = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
    if head.starts_with(b"\x89MCAP0\r\n") {
        return Some(commands::rosbag(path, "a robot's recording (MCAP)"));
    }
    if head.starts_with(b"#ROSBAG V2.0") {
        return Some(commands::rosbag(path, "a ROS 1 recording"));
    }
    if head.starts_with(b"PK\x03\x04") {
        return match () {
            () if holds(b"data.pkl") && holds(b"tensordict") => Some(commands::tensordict(path)),
            () if holds(b"data.pkl") => Some(commands::torch(path)),
            () if holds(b".zgroup") || holds(b"zarr.json") || holds(b".zarray") => Some(commands::zarr(path)),
            () => None,
        };
    }
    if is_rllib(&head) {
        return Some(commands::rllib(path));
    }
    if super::hdf5::is_hdf5(path) {
        let file = super::hdf5::Hdf5::open(path).ok()?;
        let agibot = file.contains("state/joint/position") && file.contains("action/joint/position");
        return agibot.then(|| commands::agibot(path));
    }
    if head.starts_with(&OLD_TORCH) {
        return Some(commands::torch(path));
    }
    if is_pickle(&head) {
        return Some(commands::pickle(path));
    }
    (name.contains(".tfrecord") && is_tfrecord(&head)).then(|| commands::rlds(path.parent().unwrap_or(path)))
}

/// Protocols 2 to 5 name themselves first; protocol 4 and later go on with a frame.
fn is_pickle(head: &[u8]) -> bool {
    matches!(head, [0x80, 2 | 3, ..] | [0x80, 4 | 5, 0x95, ..])
}

/// A record is its length as eight bytes, four bytes of checksum, and then the data.
fn is_tfrecord(head: &[u8]) -> bool {
    head.first_chunk::<8>().is_some_and(|length| u64::from_le_bytes(*length) < 1 << 40)
}

#[cfg(test)]
mod tests;
