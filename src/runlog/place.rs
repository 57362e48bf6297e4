//! Which files of a folder are a run's log.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::STEPS;
use super::csv::Header;
use super::json_lines::{numbers, step_at};
use super::kind::Kind;
use crate::ground::fault::Fault;
use crate::ground::folders::by_number;

/// Names of files that hold a run's main log: what they name is named by nothing else.
const MAIN: [&str; 8] = ["metrics", "progress", "log", "logs", "scalars", "history", "train_log", "wandb-history"];
/// Names of files that hold a log beside it.
const BESIDE: [&str; 7] = ["scores", "train", "eval", "evaluation", "evaluations", "monitor", "results"];
/// Bytes by which a text is known to be a log.
const LOOK: u64 = 1 << 14;

/// The files in `folder` that are logs: event files in the order of time, then JSON lines, then CSV.
///
/// # Errors
/// [`Fault`] where the folder cannot be read.
pub fn logs_in(folder: &Path) -> Result<Vec<(Kind, PathBuf)>, Fault> {
    let wrong = |e: std::io::Error| Fault::io(folder, "reading", &e);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // It was removed, and its files with it.
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(wrong(e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(wrong)?.path();
        if let Some(kind) = kind(&path) {
            found.push((kind, path));
        }
    }
    found.sort_by_cached_key(|(kind, path)| (*kind, by_number(&name(path))));
    Ok(found)
}

/// What kind of log the file `path` is; nothing where it is none.
pub fn kind(path: &Path) -> Option<Kind> {
    if name(path).starts_with("events.out.tfevents.") {
        return path.is_file().then_some(Kind::Events);
    }
    let end = path.extension()?.to_string_lossy().to_lowercase();
    match end.as_str() {
        "jsonl" | "ndjson" => lines(path).then_some(Kind::Lines),
        "csv" | "tsv" => table(path).then_some(Kind::Table),
        _ => None,
    }
}

/// What is put before every name of the log `path`, so that two logs of a run do not share names: nothing for the main one and
/// for event files.
pub fn prefix(path: &Path, kind: Kind) -> String {
    let stem = stem(path);
    if kind == Kind::Events || MAIN.contains(&stem.as_str()) { String::new() } else { format!("{stem}/") }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// True where the name says that it is a log.
fn is_named(path: &Path) -> bool {
    let stem = stem(path);
    MAIN.contains(&stem.as_str()) || BESIDE.contains(&stem.as_str())
}

/// True where the first line is an object with a number, and its name or a step says that it is a log.
fn lines(path: &Path) -> bool {
    let Some(first) = first_line(path, |line| !line.trim_ascii().is_empty()) else { return false };
    let numbers = numbers(&first).unwrap_or_default();
    !numbers.is_empty() && (is_named(path) || step_at(STEPS, &numbers.iter().map(|(n, _)| n.as_str())).is_some())
}

/// True where the first line names columns, and its name or a step says that it is a log.
fn table(path: &Path) -> bool {
    let Some(first) = first_line(path, |line| !line.is_empty() && line[0] != b'#') else { return false };
    let header = Header::of(first.trim_ascii_end(), STEPS);
    header.is_one() && (is_named(path) || header.step.is_some())
}

/// The first whole line that is `wanted`.
fn first_line(path: &Path, wanted: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LOOK).read_to_end(&mut bytes).ok()?;
    bytes.split_inclusive(|b| *b == b'\n').find(|line| wanted(line)).filter(|line| line.ends_with(b"\n")).map(Vec::from)
}
