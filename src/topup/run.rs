//! The run directory: what was asked, every point and decision, checkpoints, collected episodes, the final report.
//!
//! ```text
//! runs/2026-11-22T17-03-09-pendulum-adaptive/
//!   spec.toml         what was asked
//!   metrics.jsonl     one line a point
//!   decisions.jsonl   every check: what was measured, decided, and why
//!   checkpoints/NNNN/ model and policy after round NNNN
//!   episodes/         collected episodes as a Minari dataset
//!   report.json       the reports at the end
//! ```
//!
//! Whole files appear under their name only when they are complete: temporary name, sync, rename.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use serde::Serialize;

use crate::ground::fault::Fault;

mod lock;

use lock::Lock;

/// Why the run directory cannot be used.
fn unwritable(path: &Path, doing: &str, e: &io::Error) -> Fault {
    Fault::at(path, format!("cannot {doing}: {e}; name another output folder with --out"))
}

/// A run directory that this process alone writes to; the lock goes when the value does.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    metrics: File,
    decisions: File,
    _lock: Lock,
}

impl RunDir {
    /// Makes a new run directory `root/<now>-<label>` and writes `spec` to its `spec.toml`.
    ///
    /// # Errors
    /// [`Fault`] where the folder cannot be made or written to.
    pub fn create(root: &Path, label: &str, spec: &impl Serialize) -> Result<Self, Fault> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        fs::create_dir_all(root).map_err(|e| unwritable(root, "make the folder of runs", &e))?;
        let path = fresh(root, &format!("{}-{}", stamp(now), slug(label)))?;
        let run = Self::attach(path)?;
        run.write_spec(spec)?;
        Ok(run)
    }

    /// Goes on in the run directory `path`.
    ///
    /// # Errors
    /// [`Fault`] where it is no run directory, cannot be written to, or another process writes to it.
    pub fn resume(path: &Path) -> Result<Self, Fault> {
        if !path.join("spec.toml").is_file() {
            return Err(Fault::at(path, "not a run directory: there is no spec.toml in it"));
        }
        Self::attach(path.to_path_buf())
    }

    fn attach(path: PathBuf) -> Result<Self, Fault> {
        let lock = Lock::take(&path)?;
        let open = |name: &str| {
            let file = path.join(name);
            OpenOptions::new().create(true).append(true).open(&file).map_err(|e| unwritable(&file, "write", &e))
        };
        let (metrics, decisions) = (open("metrics.jsonl")?, open("decisions.jsonl")?);
        let checkpoints = path.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(|e| unwritable(&checkpoints, "make the folder", &e))?;
        Ok(Self { path, metrics, decisions, _lock: lock })
    }

    fn write_spec(&self, spec: &impl Serialize) -> Result<(), Fault> {
        let file = self.path.join("spec.toml");
        let text = toml::to_string_pretty(spec)
            .map_err(|e| Fault::at(&file, format!("the spec cannot be written as TOML: {e}")))?;
        write_whole(&file, text.as_bytes())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Folder for the checkpoint after round `round`; the checkpoint's writer makes it.
    pub fn checkpoint(&self, round: usize) -> PathBuf {
        self.path.join("checkpoints").join(format!("{round:04}"))
    }

    /// Folder for the collected episodes; the dataset's writer makes it.
    pub fn episodes(&self) -> PathBuf {
        self.path.join("episodes")
    }

    /// Appends one point to `metrics.jsonl`.
    ///
    /// # Errors
    /// [`Fault`] where the line cannot be written.
    pub fn metric(&mut self, point: &impl Serialize) -> Result<(), Fault> {
        append(&mut self.metrics, &self.path.join("metrics.jsonl"), point)
    }

    /// Appends one check to `decisions.jsonl`.
    ///
    /// # Errors
    /// [`Fault`] where the line cannot be written.
    pub fn decision(&mut self, check: &impl Serialize) -> Result<(), Fault> {
        append(&mut self.decisions, &self.path.join("decisions.jsonl"), check)
    }

    /// Makes what was appended safe against a crash: called at the end of a round.
    ///
    /// # Errors
    /// [`Fault`] where the disk refuses.
    pub fn sync(&self) -> Result<(), Fault> {
        for (file, name) in [(&self.metrics, "metrics.jsonl"), (&self.decisions, "decisions.jsonl")] {
            file.sync_data().map_err(|e| unwritable(&self.path.join(name), "write", &e))?;
        }
        Ok(())
    }

    /// Writes `report.json`, whole or not at all.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn report(&self, report: &impl Serialize) -> Result<(), Fault> {
        let file = self.path.join("report.json");
        let bytes = serde_json::to_vec_pretty(report)
            .map_err(|e| Fault::at(&file, format!("the report cannot be written as JSON: {e}")))?;
        write_whole(&file, &bytes)
    }
}

fn append(file: &mut File, path: &Path, value: &impl Serialize) -> Result<(), Fault> {
    let mut line =
        serde_json::to_vec(value).map_err(|e| Fault::at(path, format!("a line cannot be written as JSON: {e}")))?;
    line.push(b'\n');
    // One write a line: a reader that follows the file never sees half of one from a process that lives.
    file.write_all(&line).map_err(|e| unwritable(path, "write", &e))
}

/// Writes `bytes` under a temporary name beside `path`, syncs, and renames.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let io = |e: io::Error| unwritable(path, "write", &e);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    temporary.write_all(bytes).map_err(io)?;
    temporary.as_file().sync_all().map_err(io)?;
    temporary.persist(path).map_err(|e| io(e.error))?;
    Ok(())
}

/// Makes `root/name`, or `root/name-2`, … where runs began in the same second.
fn fresh(root: &Path, name: &str) -> Result<PathBuf, Fault> {
    for n in 1..1000 {
        let path = root.join(if n == 1 { name.to_string() } else { format!("{name}-{n}") });
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(unwritable(&path, "make the run's folder", &e)),
        }
    }
    Err(Fault::at(root, format!("a thousand runs are called {name}; name another output folder with --out")))
}

/// Letters, digits and dashes of `label`: what every file system takes.
fn slug(label: &str) -> String {
    let mut out = String::new();
    for c in label.chars().take(60) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.trim_end_matches('-').to_string()
}

/// `seconds` since 1970 as `2026-11-22T17-03-09` (UTC).
fn stamp(seconds: u64) -> String {
    DateTime::from_timestamp(seconds as i64, 0).unwrap_or_default().format("%Y-%m-%dT%H-%M-%S").to_string()
}

#[cfg(test)]
mod tests;
