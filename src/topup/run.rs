//! The run directory: what was asked, every point and decision, checkpoints, collected episodes, the final report.
//!
//! ```text
//! runs/2026-11-22T17-03-09-pendulum-adaptive/
//!   spec.toml         what was asked
//!   metrics.jsonl     one line a check
//!   events.out.tfevents.*  the same for TensorBoard
//!   decisions.jsonl   every check: what was measured, decided, and why
//!   episodes.log      every episode that was acted in, as it ended
//!   checkpoints/NNNN/ model, policy and learner after round NNNN; 0000 is the start
//!   episodes/         episodes that were added to the data, as a Minari dataset
//!   trajectories/     those of an agent's last evaluation
//!   outcome.toml      how it ended
//!   report.json       the reports at the end
//! ```
//!
//! Whole files appear under their name only when they are complete: temporary name, sync, rename.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::env::recorded::{Recording, Sink};
use crate::ground::fault::Fault;
use crate::ground::save;

mod acted;
pub mod episodes;
mod lock;
mod state;
mod tensorboard;

pub use acted::ActedAbout;
use episodes::EpisodeLog;
use lock::Lock;
use state::CHECKPOINTS;
pub use state::{RunOutcome, SavedRound, checkpoint, ended, finished_rounds, is_begun, no_cell, outcome};
use tensorboard::Scalars;

const SPEC: &str = "spec.toml";
/// A line a check or evaluation.
pub const METRICS: &str = "metrics.jsonl";
const DECISIONS: &str = "decisions.jsonl";
const REPORT: &str = "report.json";

/// Why the run directory cannot be used.
fn unwritable(path: &Path, doing: &str, e: &io::Error) -> Fault {
    Fault::at(
        path,
        format!("cannot {doing} ({e}); check that it is yours and has room, or name another folder with --out"),
    )
}

/// A run directory that this process alone writes to; the lock goes when the value does.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    metrics: File,
    decisions: File,
    log: Arc<Mutex<EpisodeLog>>,
    scalars: Scalars,
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
        let (run, _) = Self::attach(path)?;
        run.write_toml(SPEC, spec)?;
        Ok(run)
    }

    /// The run directory `path` itself: made where it holds no run yet, else gone on with, together with the episodes that were
    /// acted in.
    ///
    /// # Errors
    /// As [`RunDir::create`] and [`RunDir::resume`].
    pub fn begin_or_resume(path: &Path, spec: &impl Serialize) -> Result<(Self, Vec<Recording>), Fault> {
        if path.join(SPEC).is_file() {
            let (run, known) = Self::resume(path)?;
            run.reopen()?;
            return Ok((run, known));
        }
        fs::create_dir_all(path).map_err(|e| unwritable(path, "make the run's folder", &e))?;
        let (run, known) = Self::attach(path.to_path_buf())?;
        run.write_toml(SPEC, spec)?;
        Ok((run, known))
    }

    /// Goes on in the run directory `path`, with the episodes that were acted in. Lines of rounds that were not finished go: they
    /// are written again.
    ///
    /// # Errors
    /// [`Fault`] where it is no run directory, cannot be written to, or another process writes to it.
    pub fn resume(path: &Path) -> Result<(Self, Vec<Recording>), Fault> {
        if !path.join(SPEC).is_file() {
            return Err(Fault::at(path, format!("not a run directory: there is no {SPEC} in it")));
        }
        let (mut run, known) = Self::attach(path.to_path_buf())?;
        let finished = run.finished_rounds();
        for name in [METRICS, DECISIONS] {
            let file = run.path.join(name);
            let text = fs::read_to_string(&file).map_err(|e| Fault::io(&file, "reading", &e))?;
            let kept: String = text.split_inclusive('\n').take(finished).collect();
            save::file(&file, |f| f.write_all(kept.as_bytes()).map_err(|e| e.to_string()))?;
        }
        (run.metrics, run.decisions) = (appended(&run.path.join(METRICS))?, appended(&run.path.join(DECISIONS))?);
        run.scalars = Scalars::anew(&run.path).map_err(|e| unwritable(&run.path, "write", &e))?;
        Ok((run, known))
    }

    /// What was asked of the run in `folder`.
    ///
    /// # Errors
    /// [`Fault`] where it is no run directory or its spec cannot be read.
    pub fn spec<T: DeserializeOwned>(folder: &Path) -> Result<T, Fault> {
        let file = folder.join(SPEC);
        let text = fs::read_to_string(&file)
            .map_err(|_| Fault::at(folder, format!("not a run directory: there is no {SPEC} in it")))?;
        toml::from_str(&text)
            .map_err(|e| Fault::at(&file, format!("not a spec that this program wrote: {}", e.message())))
    }

    /// True if a process writes to the run in `folder` now.
    pub fn is_running(folder: &Path) -> bool {
        Lock::is_taken(folder)
    }

    fn attach(path: PathBuf) -> Result<(Self, Vec<Recording>), Fault> {
        let lock = Lock::take(&path)?;
        let (metrics, decisions) = (appended(&path.join(METRICS))?, appended(&path.join(DECISIONS))?);
        let checkpoints = path.join(CHECKPOINTS);
        fs::create_dir_all(&checkpoints).map_err(|e| unwritable(&checkpoints, "make the folder", &e))?;
        let (log, known) = EpisodeLog::open(&path)?;
        let scalars = Scalars::open(&path).map_err(|e| unwritable(&path, "write", &e))?;
        Ok((Self { path, metrics, decisions, log: Arc::new(Mutex::new(log)), scalars, _lock: lock }, known))
    }

    fn write_toml(&self, name: &str, value: &impl Serialize) -> Result<(), Fault> {
        let file = self.path.join(name);
        let text = toml::to_string_pretty(value)
            .map_err(|e| Fault::at(&file, format!("it cannot be written as TOML: {e}")))?;
        save::file(&file, |f| f.write_all(text.as_bytes()).map_err(|e| e.to_string()))
    }

    /// What takes finished episodes down.
    pub fn sink(&self) -> Sink {
        let log = Arc::clone(&self.log);
        Box::new(move |episode| log.lock().unwrap_or_else(PoisonError::into_inner).append(episode))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Folder for the checkpoint after round `round`; the checkpoint's writer makes it.
    pub fn checkpoint(&self, round: usize) -> PathBuf {
        checkpoint(&self.path, round)
    }

    /// Folder for the episodes that were added to the data; the dataset's writer makes it.
    pub fn episodes(&self) -> PathBuf {
        self.path.join("episodes")
    }

    /// Folder for the episodes of the last evaluation; the dataset's writer makes it.
    pub fn trajectories(&self) -> PathBuf {
        self.path.join("trajectories")
    }

    /// Appends one point to `metrics.jsonl`.
    ///
    /// # Errors
    /// [`Fault`] where the line cannot be written.
    pub fn metric(&mut self, point: &impl Serialize) -> Result<(), Fault> {
        append(&mut self.metrics, &self.path.join(METRICS), point)
    }

    /// Adds numbers at a step for TensorBoard.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be written.
    pub fn scalars(&mut self, step: usize, values: &[(&str, f64)]) -> Result<(), Fault> {
        self.scalars.add(step as u64, values).map_err(|e| unwritable(&self.path, "write", &e))
    }

    /// Appends one check to `decisions.jsonl`.
    ///
    /// # Errors
    /// [`Fault`] where the line cannot be written.
    pub fn decision(&mut self, check: &impl Serialize) -> Result<(), Fault> {
        append(&mut self.decisions, &self.path.join(DECISIONS), check)
    }

    /// Makes what was appended safe against a crash: called at the end of a round.
    ///
    /// # Errors
    /// [`Fault`] where the disk refuses.
    pub fn sync(&self) -> Result<(), Fault> {
        for (file, name) in [(&self.metrics, METRICS), (&self.decisions, DECISIONS)] {
            file.sync_data().map_err(|e| unwritable(&self.path.join(name), "write", &e))?;
        }
        self.log.lock().unwrap_or_else(PoisonError::into_inner).sync()
    }

    /// Writes `report.json`, whole or not at all.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn report(&self, report: &impl Serialize) -> Result<(), Fault> {
        let file = self.path.join(REPORT);
        let bytes = serde_json::to_vec_pretty(report)
            .map_err(|e| Fault::at(&file, format!("the report cannot be written as JSON: {e}")))?;
        save::file(&file, |f| f.write_all(&bytes).map_err(|e| e.to_string()))
    }
}

fn appended(file: &Path) -> Result<File, Fault> {
    OpenOptions::new().create(true).append(true).open(file).map_err(|e| unwritable(file, "write", &e))
}

fn append(file: &mut File, path: &Path, value: &impl Serialize) -> Result<(), Fault> {
    let mut line =
        serde_json::to_vec(value).map_err(|e| Fault::at(path, format!("a line cannot be written as JSON: {e}")))?;
    line.push(b'\n');
    // One write a line: a reader that follows the file never sees half of one from a process that lives.
    file.write_all(&line).map_err(|e| unwritable(path, "write", &e))
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
