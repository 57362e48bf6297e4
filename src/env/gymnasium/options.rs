//! What is asked of the workers.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::env::spec::ResetOption;

/// What to make, and in which Python.
#[derive(Debug, Clone)]
pub struct Options {
    /// Gymnasium id ("Hopper-v5").
    pub id: String,
    /// What the environment is made with.
    pub kwargs: Map<String, Value>,
    /// Modules that register it.
    pub imports: Vec<String>,
    /// What its resets are given.
    pub reset: Vec<ResetOption>,
    /// Another limit of steps than its own.
    pub max_episode_steps: Option<usize>,
    /// Its pictures are the observations.
    pub pixels: bool,
    /// The Python to use; see [`super::python::Launch::new`].
    pub python: Option<PathBuf>,
    /// Starts a worker somewhere else.
    pub worker_command: Option<String>,
    /// A Ray cluster that the copies are spread over: its address, or "local".
    pub ray: Option<String>,
    /// Worker processes, or actors of Ray. If no number is named, as many as the length of a step pays for, one a core and 8 at most;
    /// of Ray, and where a worker command starts them, that many.
    pub processes: Option<usize>,
    /// Copies in all.
    pub copies: usize,
    /// How long a worker may take to start.
    pub start_limit: Duration,
    /// How long it may take to answer later.
    pub step_limit: Duration,
}

/// Most processes where no number is named.
const MOST: usize = 8;

/// Cores of this machine.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Options {
    /// One copy of `id`, with nothing out of the ordinary.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            kwargs: Map::new(),
            imports: Vec::new(),
            reset: Vec::new(),
            max_episode_steps: None,
            pixels: false,
            python: None,
            worker_command: None,
            ray: None,
            processes: Some(1),
            copies: 1,
            start_limit: Duration::from_mins(1),
            step_limit: Duration::from_secs(30),
        }
    }

    /// The most processes, or actors, that there may be.
    pub(super) fn most(&self) -> usize {
        self.processes.unwrap_or_else(|| cores().min(MOST)).clamp(1, self.copies.max(1))
    }

    /// As a worker is told them, for so many copies, the first of them numbered so.
    pub(super) fn to_json(&self, first: usize, copies: usize) -> Value {
        let reset: Map<String, Value> =
            self.reset.iter().map(|(name, value)| (name.clone(), (*value).into())).collect();
        json!({
            "id": self.id,
            "kwargs": self.kwargs,
            "imports": self.imports,
            "options": reset,
            "max_episode_steps": self.max_episode_steps,
            "pixels": self.pixels,
            "ray": self.ray,
            "actors": self.most(),
            "first": first,
            "copies": copies,
        })
    }
}
