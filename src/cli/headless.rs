//! Runs jobs one after the other on this thread and prints what they report.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::args::OutputArgs;
use super::{interrupt, json, text};
use crate::engine::job::{Body, JobSpec, Outcome};
use crate::engine::throttle::Throttle;
use crate::engine::{self, Ended, Workspace, worker};
use crate::metrics::report::Report;
use crate::task::{Cancel, Ctx, Progress};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All went well.
    Good,
    /// A job failed.
    Failed,
    /// A file or an option is at fault.
    BadInput,
    /// Ctrl-C.
    Interrupted,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Good => Self::SUCCESS,
            Status::Failed => Self::from(1),
            Status::BadInput => Self::from(2),
            Status::Interrupted => Self::from(interrupt::INTERRUPTED),
        }
    }
}

impl From<&Ended> for Status {
    fn from(ended: &Ended) -> Self {
        match ended {
            Ended::Cancelled => Self::Interrupted,
            Ended::BadInput(_) => Self::BadInput,
            Ended::Failed(_) => Self::Failed,
        }
    }
}

/// Says why something did not work, in one sentence on standard error.
pub fn complain(ended: &Ended) -> Status {
    // Nobody reads standard error: the status still tells.
    let _ = writeln!(stderr(), "oodscope: {ended}");
    ended.into()
}

/// Prints to standard output; a reader that has gone away (`| head`) is no fault.
pub fn print(out: &str) {
    let mut stdout = stdout().lock();
    let _ = stdout.write_all(out.as_bytes()).and_then(|()| stdout.flush());
}

/// Runs `specs` in order. A failed job does not keep the later ones from running; bad input and Ctrl-C do.
pub fn run(specs: &[JobSpec], output: &OutputArgs) -> Status {
    let cancel = interrupt::install();
    let workspace = Workspace::default();
    let (mut reports, mut outcomes, mut status, mut problem) = (Vec::new(), Vec::new(), Status::Good, None);
    for spec in specs {
        let (made, ended) = one(spec, &workspace, &cancel);
        if !output.json {
            for report in &made {
                print(&text::report(report));
            }
        }
        reports.extend(made);
        match ended {
            Ok(outcome) => {
                if !output.json {
                    print(&text::outcome(&outcome));
                }
                outcomes.push(outcome);
                // A job that was stopped may keep what it had and end well; the rest was not wanted any more.
                if cancel.is_cancelled() {
                    status = complain(&Ended::Cancelled);
                    problem = Some(Ended::Cancelled.to_string());
                    break;
                }
            }
            Err(ended) => {
                status = status.max(complain(&ended));
                problem = Some(ended.to_string());
                if status >= Status::BadInput {
                    break;
                }
            }
        }
    }
    if output.json && status != Status::BadInput {
        print(&json::render(specs, &reports, &outcomes, problem.as_deref()));
    }
    status
}

/// One job: its reports (the last of each name) and how it ended.
fn one(spec: &JobSpec, workspace: &Workspace, cancel: &Cancel) -> (Vec<Arc<Report>>, Result<Outcome, Ended>) {
    let reports: Mutex<Vec<Arc<Report>>> = Mutex::default();
    let emit = |body: Body| {
        if let Body::Report(report) = body {
            let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
            match reports.iter_mut().find(|r| r.name == report.name) {
                Some(old) => *old = report,
                None => reports.push(report),
            }
        }
    };
    let cx = Ctx::new(cancel.clone(), progress_line());
    let ended = worker::guarded(spec, || engine::run(spec, workspace, &cx, &emit));
    clear_progress();
    let ended = ended.unwrap_or_else(|failure| Err(Ended::Failed(failure.message)));
    (reports.into_inner().unwrap_or_else(PoisonError::into_inner), ended)
}

/// A line on standard error that says how far the work is, where a person looks.
fn progress_line() -> impl Fn(Progress) + Send + Sync {
    let throttle = Throttle::default();
    let watched = stderr().is_terminal();
    move |p: Progress| {
        if watched && throttle.is_due(Instant::now()) {
            let of = if p.total > 0 { format!(" of {}", p.total) } else { String::new() };
            let _ = write!(stderr(), "\r\x1b[K{} {}{of}", p.phase, p.done);
        }
    }
}

fn clear_progress() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r\x1b[K");
    }
}
