//! What comes back from a job ([`Event`]) and how a running one is steered ([`Control`]).

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::ground::fault::Fault;
use crate::ground::task::Progress;
pub use crate::ground::task::{Told, Wish};
use crate::metrics::report::Report;

/// Number of a started job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// News of a job.
#[derive(Debug, Clone)]
pub struct Event {
    /// Whose.
    pub job: JobId,
    /// What.
    pub body: Body,
}

/// What can be said of a job.
#[derive(Debug, Clone)]
pub enum Body {
    /// It began.
    Started,
    /// How far it is; at most 20 a second.
    Progress(Progress),
    /// What the job tells of itself while it goes on, in portions.
    Told(Vec<Told>),
    /// Results so far under the report's name; a later one of the same name replaces it.
    Report(Arc<Report>),
    /// It ended well.
    Done(Outcome),
    /// It ended badly; the program goes on.
    Failed(Failure),
    /// It was stopped.
    Cancelled,
}

impl From<Fault> for Body {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Cancelled => Self::Cancelled,
            Fault::Bad(message) | Fault::Failed(message) => Self::Failed(Failure { message, panicked: false }),
        }
    }
}

/// What a job leaves behind beside its reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// One sentence for people.
    pub summary: String,
    /// Files and folders written.
    pub written: Vec<PathBuf>,
}

impl Outcome {
    /// A sentence, and nothing written.
    pub fn said(summary: String) -> Self {
        Self { summary, written: Vec::new() }
    }
}

/// Why a job ended badly, in one sentence with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The sentence.
    pub message: String,
    /// The worker panicked: a fault of ours.
    pub panicked: bool,
}

/// A word to a running job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Hold at the next step.
    Pause,
    /// Go on.
    Resume,
    /// End now; what can be kept is kept.
    Stop,
    /// What the job is to do beside its rule, where it knows of it.
    Wish(Wish),
}
