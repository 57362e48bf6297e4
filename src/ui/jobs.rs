//! What the screen knows of jobs.

use std::collections::{BTreeMap, VecDeque};

use super::msg::Effect;
use crate::engine::job::{JobId, JobSpec, Slot};
use crate::ground::task::Progress;

/// A job that was started and has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// Its number, once the engine has told it.
    pub id: Option<JobId>,
    /// Its name ("coverage").
    pub name: &'static str,
    /// How far it is.
    pub progress: Option<Progress>,
    /// It is held.
    pub paused: bool,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Well; one sentence.
    Done(String),
    /// Badly; one sentence.
    Failed(String),
    /// It was stopped.
    Cancelled,
}

/// Running, ended and waiting jobs.
#[derive(Debug, Clone, Default)]
pub struct Jobs {
    /// At most one a slot, in the order of the slots.
    pub running: BTreeMap<Slot, Running>,
    /// The last end of each kind of job, by name.
    pub ended: BTreeMap<&'static str, Ended>,
    /// Jobs of the opening that wait for the one before.
    pub queue: VecDeque<JobSpec>,
}

impl Jobs {
    /// Notes that `spec` is asked for; whatever ran in its slot is forgotten, and its late news with it.
    pub fn start(&mut self, spec: JobSpec) -> Effect {
        let running = Running { id: None, name: spec.name(), progress: None, paused: false };
        self.ended.remove(spec.name());
        self.running.insert(spec.slot(), running);
        Effect::Start(spec)
    }

    /// The slot of job `id`; nothing for a job that was replaced or has ended. The one place where late news die.
    pub fn slot_of(&self, id: JobId) -> Option<Slot> {
        self.running.iter().find(|(_, r)| r.id == Some(id)).map(|(slot, _)| *slot)
    }

    /// The running job called `name` and its slot.
    pub fn named(&self, name: &str) -> Option<(Slot, &Running)> {
        self.running.iter().find(|(_, r)| r.name == name).map(|(slot, r)| (*slot, r))
    }
}
