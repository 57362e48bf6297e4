//! Runs jobs one after the other on this thread and prints what they report.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::args::OutputArgs;
use super::gate::{self, Gate, GateArgs, Verdict};
use super::{html, interrupt, json, text};
use crate::engine::job::{JobSpec, Outcome};
use crate::engine::throttle::Throttle;
use crate::engine::{self, Workspace, worker};
use crate::ground::ascii;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::ground::task::{Cancel, Ctx, Progress};
use crate::metrics::report::Report;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All went well.
    Good,
    /// A job failed, or a gate.
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
            Status::Interrupted => Self::from(interrupt::status()),
        }
    }
}

impl From<&Fault> for Status {
    fn from(ended: &Fault) -> Self {
        match ended {
            Fault::Cancelled => Self::Interrupted,
            Fault::Bad(_) => Self::BadInput,
            Fault::Failed(_) => Self::Failed,
        }
    }
}

/// Says why something did not work, in one sentence on standard error.
pub fn complain(ended: &Fault) -> Status {
    // Nobody reads standard error: the status still tells.
    let _ = writeln!(stderr(), "oodscope: {ended}");
    ended.into()
}

/// Prints words to standard output, in ASCII where the terminal shows nothing else.
fn say(out: &str) {
    let ascii = ascii::only(&|name| std::env::var(name).ok());
    print(&if ascii { ascii::spell(out) } else { out.into() });
}

/// Prints to standard output; a reader that has gone away (`| head`) is no fault.
pub fn print(out: &str) {
    let mut stdout = stdout().lock();
    let _ = stdout.write_all(out.as_bytes()).and_then(|()| stdout.flush());
}

/// Runs `specs` in order. A failed job does not keep the later ones from running; bad input and Ctrl-C do.
pub fn run(specs: &[JobSpec], output: &OutputArgs) -> Status {
    run_gated(specs, output, &GateArgs::default())
}

/// [`run`], and then holds the printed numbers against `gates`.
pub fn run_gated(specs: &[JobSpec], output: &OutputArgs, gates: &GateArgs) -> Status {
    let gates = match gates.parse() {
        Ok(gates) => gates,
        Err(problem) => return complain(&Fault::bad(problem)),
    };
    // Before the work: a file that cannot be written is known now.
    if let Some(Err(ended)) = output.html.as_deref().map(save::check) {
        return complain(&ended);
    }
    let mut ran = every(specs, output);
    let verdicts = ran.judge(&gates);
    if output.json && ran.status != Status::BadInput {
        print(&json::render(specs, &ran.reports, &ran.outcomes, &verdicts, ran.problem.as_deref()));
    }
    if let Some(path) = output.html.as_deref().filter(|_| ran.status != Status::BadInput && !ran.reports.is_empty()) {
        let reports: Vec<&Report> = ran.reports.iter().map(AsRef::as_ref).collect();
        match html::write(path, specs, (&reports, &ran.outcomes), ran.problem.as_deref()) {
            Ok(()) if output.json => {}
            Ok(()) => say(&format!("wrote {}\n", path.display())),
            Err(ended) => ran.failed(&ended),
        }
    }
    ran.status
}

/// What came of several jobs.
struct Ran {
    reports: Vec<Arc<Report>>,
    outcomes: Vec<Outcome>,
    status: Status,
    /// The last sentence of complaint.
    problem: Option<String>,
}

impl Ran {
    fn failed(&mut self, ended: &Fault) {
        self.status = self.status.max(complain(ended));
        self.problem = Some(ended.to_string());
    }

    /// Complains about every gate that does not hold; after bad input or Ctrl-C there is nothing to judge.
    fn judge(&mut self, gates: &[Gate]) -> Vec<Verdict> {
        if self.status > Status::Failed {
            return Vec::new();
        }
        match gate::judge(gates, &self.reports, self.status == Status::Good) {
            Ok(verdicts) => {
                for problem in verdicts.iter().filter_map(|v| v.problem.clone()) {
                    self.failed(&Fault::failed(problem));
                }
                verdicts
            }
            Err(problem) => {
                self.failed(&Fault::bad(problem));
                Vec::new()
            }
        }
    }
}

/// Runs and prints jobs one after the other.
fn every(specs: &[JobSpec], output: &OutputArgs) -> Ran {
    let cancel = interrupt::install();
    let workspace = Workspace::default();
    let mut ran = Ran { reports: Vec::new(), outcomes: Vec::new(), status: Status::Good, problem: None };
    let mut queue: VecDeque<JobSpec> = specs.iter().cloned().collect();
    while let Some(spec) = queue.pop_front() {
        let (made, ended) = one(&spec, &workspace, &cancel);
        let next = made.iter().find_map(|report| spec.follow(report));
        // What follows says the same in exact numbers.
        if !output.json && next.is_none() {
            for report in &made {
                say(&text::report(report));
            }
        }
        if let Some(next) = next {
            queue.push_front(next);
        }
        for report in made {
            // A later report of a name replaces the earlier.
            ran.reports.retain(|old| old.name != report.name);
            ran.reports.push(report);
        }
        match ended {
            Ok(outcome) => {
                if !output.json {
                    say(&text::outcome(&outcome));
                }
                ran.outcomes.push(outcome);
                // A job that was stopped may keep what it had and end well; the rest was not wanted any more.
                if cancel.is_cancelled() {
                    ran.failed(&Fault::Cancelled);
                    break;
                }
            }
            Err(ended) => {
                ran.failed(&ended);
                if ran.status >= Status::BadInput {
                    break;
                }
            }
        }
    }
    ran
}

/// One job: its reports (the last of each name) and how it ended.
fn one(spec: &JobSpec, workspace: &Workspace, cancel: &Cancel) -> (Vec<Arc<Report>>, Result<Outcome, Fault>) {
    let reports: Mutex<Vec<Arc<Report>>> = Mutex::default();
    let emit = |report: Report| {
        let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
        match reports.iter_mut().find(|r| r.name == report.name) {
            Some(old) => *old = Arc::new(report),
            None => reports.push(Arc::new(report)),
        }
    };
    let cx = Ctx::new(cancel.clone(), progress_line());
    let ended = worker::guarded(spec, || engine::run(spec, workspace, &cx, &emit));
    clear_progress();
    let ended = ended.unwrap_or_else(|failure| Err(Fault::failed(failure.message)));
    (reports.into_inner().unwrap_or_else(PoisonError::into_inner), ended)
}

/// A line on standard error that says how far the work is, where a person looks.
pub fn progress_line() -> impl Fn(Progress) + Send + Sync {
    let throttle = Throttle::default();
    let watched = stderr().is_terminal();
    move |p: Progress| {
        if watched && throttle.is_due(Instant::now()) {
            let of = if p.total > 0 { format!(" of {}", p.total) } else { String::new() };
            let _ = write!(stderr(), "\r\x1b[K{} {}{of}", p.phase, p.done);
        }
    }
}

/// Takes that line away.
pub fn clear_progress() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r\x1b[K");
    }
}
