//! Run directories as others see them: what each was asked for, what became of it, and where its numbers are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::active::{ACTIVE, Ended};
use super::controller::StopReason;
use super::run::{self, METRICS, RunDir};
use crate::ground::date;
use crate::ground::fault::Fault;
use crate::ground::number::counted;

mod numbers;

pub use numbers::{Number, numbers};

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A process writes to it.
    Running,
    /// It ended and says how.
    Ended,
    /// The user stopped it.
    Stopped,
    /// Its process is gone, and it says nothing of its end.
    Killed,
    /// It could not go on.
    Failed,
    /// Nobody writes to it; whether it ended is not known.
    Quiet,
}

impl State {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Stopped => "stopped",
            Self::Killed => "killed",
            Self::Failed => "failed",
            Self::Quiet => "quiet",
        }
    }
}

/// Kinds of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunKind {
    /// A top-up.
    TopUp,
    /// An agent that learns online.
    Online,
    /// An agent that learns from data that it is given.
    Given,
}

impl RunKind {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::TopUp => "top-up",
            Self::Online => "online",
            Self::Given => "given data",
        }
    }
}

/// A run directory.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// What it does.
    pub kind: RunKind,
    /// The environment; of a cell its task, which may begin episodes in its own way.
    pub env: String,
    /// The agent, or the schedule of a top-up.
    pub agent: String,
    /// The seed of everything random.
    pub seed: Option<u64>,
    /// The cell of an experiment that it is of.
    pub cell: Option<String>,
    /// What became of it, and how that is known.
    pub state: (State, String),
    /// Steps that it added to its data; of an online run, steps that it learned from.
    pub added: Option<f64>,
    /// Every real environment step.
    pub total: Option<f64>,
    /// Mean return at its end.
    pub score: Option<f64>,
    /// Gain of the mean return and the standard error of the paired difference, of a top-up.
    pub gain: Option<(f64, f64)>,
    /// When it began.
    pub started: String,
    /// The networks after its last round, where there are some.
    pub result: Option<PathBuf>,
    /// Everything that was asked for but the seed and places: runs that have the same differ in nothing else.
    pub asked: BTreeMap<String, String>,
}

/// True if `folder` is a run directory.
pub fn is_run(folder: &Path) -> bool {
    folder.join("spec.toml").is_file() && folder.join(METRICS).is_file()
}

/// What the run in `folder` is and what became of it.
///
/// # Errors
/// [`Fault`] where its spec cannot be read.
pub fn about(folder: &Path) -> Result<About, Fault> {
    let spec: toml::Table = RunDir::spec(folder)?;
    let text = |key: &str| spec.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let cell = text("cell");
    let (task, agent) = match cell.as_deref().and_then(of_cell) {
        Some((task, agent)) => (Some(task), Some(agent)),
        None => (None, text("agent")),
    };
    let kind = match agent.as_deref() {
        None => RunKind::TopUp,
        Some(name) if name == ACTIVE || name.starts_with("active+") => RunKind::Online,
        Some(_) => RunKind::Given,
    };
    let schedule = text("schedule").unwrap_or_else(|| "?".into());
    let rounds = run::finished_rounds(folder);
    let mut about = About {
        kind,
        env: task.or_else(|| env(&spec)).unwrap_or_else(|| env_in_name(folder, &schedule)),
        agent: agent.unwrap_or(schedule),
        seed: seed(&spec),
        cell,
        state: state(folder, rounds, if kind == RunKind::TopUp { "rounds" } else { "evaluations" }),
        added: None,
        total: None,
        score: None,
        gain: None,
        started: started(folder),
        result: Some(run::checkpoint(folder, rounds)).filter(|place| place.is_dir()),
        asked: asked(&spec),
    };
    if let Some(outcome) = run::outcome(folder) {
        (about.added, about.total) = (Some(outcome.added as f64), Some(outcome.total as f64));
        (about.score, about.gain) = (Some(outcome.returns.1), Some(outcome.gain));
    } else if let Some(ended) = run::ended::<Ended>(folder) {
        (about.added, about.total) = (Some(ended.acted as f64), Some(ended.total as f64));
        about.score = Some(ended.score);
    }
    Ok(about)
}

/// What became of it, and how that is known.
fn state(folder: &Path, rounds: usize, many: &str) -> (State, String) {
    if RunDir::is_running(folder) {
        return (State::Running, format!("a process holds its lock; {} finished", counted(rounds, many)));
    }
    if let Some(outcome) = run::outcome(folder) {
        let state = if outcome.reason == StopReason::User { State::Stopped } else { State::Ended };
        return (state, outcome.reason.to_string());
    }
    if let Some(ended) = run::ended::<Ended>(folder) {
        return match ended {
            Ended { reached: true, .. } => (State::Ended, "target reached".into()),
            Ended { stopped: true, .. } => (State::Stopped, "stopped by the user; can be gone on with".into()),
            Ended { .. } => (State::Ended, "steps used".into()),
        };
    }
    if folder.join("report.json").is_file() {
        return (State::Ended, "its last report is there".into());
    }
    (State::Killed, format!("left after {}, no process holds its lock; can be gone on with", counted(rounds, many)))
}

/// Task and agent of a cell, whose name is "task/agent/s0".
fn of_cell(name: &str) -> Option<(String, String)> {
    let (task, rest) = name.split_once('/')?;
    let (agent, _) = rest.rsplit_once('/')?;
    Some((task.to_owned(), agent.to_owned()))
}

/// The environment that was named.
fn env(spec: &toml::Table) -> Option<String> {
    let of = |table: &toml::Table| table.get("acting")?.get("env")?.as_str().map(str::to_owned);
    of(spec).or_else(|| of(spec.get("source")?.as_table()?))
}

/// The environment as the folder's name has it: `<time>-<environment>-<schedule>`.
fn env_in_name(folder: &Path, schedule: &str) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let label = name.get(STAMP + 1..).unwrap_or(&name);
    label.rfind(&format!("-{schedule}")).map_or(label, |at| &label[..at]).to_owned()
}

/// Length of the time that a run directory's name begins with: `2026-11-22T17-03-09`.
const STAMP: usize = 19;

/// When the run began: by its name, else by its spec, which is written first.
fn started(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stamp = name.get(..STAMP).filter(|s| s.bytes().enumerate().all(|(i, b)| (b == b'T') == (i == 10)));
    let parts = stamp.and_then(|s| Some((s.get(..10)?, s.get(11..13)?, s.get(14..16)?)));
    if let Some((day, hour, minute)) = parts.filter(|(day, ..)| day.starts_with("20")) {
        return format!("{day} {hour}:{minute}");
    }
    let written = fs::metadata(folder.join("spec.toml")).and_then(|meta| meta.modified());
    written.map_or_else(|_| "–".into(), |moment| date::utc(date::seconds(moment)))
}

/// Where the seed stands in specs.
const SEEDS: [&str; 3] = ["seed", "options.seed", "options.learn.seed"];
/// What specs hold of places and of what follows from others: no difference between runs.
const PLACES: [&str; 4] = ["out", "cell", "yoked", "chunks"];

fn seed(spec: &toml::Table) -> Option<u64> {
    let at = |path: &str| {
        let mut keys = path.split('.');
        let first = spec.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))?.as_integer()?.try_into().ok()
    };
    SEEDS.into_iter().find_map(at)
}

/// Everything in the spec but the seed and places, as key and value.
fn asked(spec: &toml::Table) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    flatten("", spec, &mut all);
    all.retain(|key, _| !SEEDS.contains(&key.as_str()) && !PLACES.contains(&key.as_str()));
    all
}

fn flatten(before: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let path = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&path, inner, out),
            toml::Value::String(text) => drop(out.insert(path, text.clone())),
            other => drop(out.insert(path, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
