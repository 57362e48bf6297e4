//! Runs jobs: specs in, events out. The screen starts them on threads through [`Engine`]; the command line calls
//! [`run`] itself. Both take the same road, so the numbers are the same.

use std::sync::Arc;

use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;
use crate::metrics::report::Level;

pub mod feature_space;
pub mod job;
pub mod worker;
pub mod workspace;

mod audit;
mod compare;
mod convert;
mod cover;
mod diagnose;
mod episode_scores;
mod episodes;
mod fit;
mod imagine;
mod judged;
mod load;
mod one_step;
mod score;
mod scoring;
pub mod throttle;
mod topup;
mod trajectories;

use job::{Body, Failure, JobSpec, Outcome};
pub use worker::Engine;
pub use workspace::Workspace;

impl From<Fault> for Body {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Cancelled => Self::Cancelled,
            Fault::Bad(message) | Fault::Failed(message) => Self::Failed(Failure { message, panicked: false }),
        }
    }
}

/// Where a job puts its reports.
pub type Emit<'a> = &'a (dyn Fn(Body) + Sync);

/// Runs one job on this thread. Reports go to `emit` as they are ready; progress goes to `cx`.
///
/// # Errors
/// [`Fault`]: cancelled, bad input, or a failure of the work.
pub fn run(spec: &JobSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    panic_if_asked(spec);
    let emit: Emit<'_> = &|body| emit(on_a_sample(spec, workspace, body));
    match spec {
        JobSpec::Scan(source) => load::scan(source, workspace, cx, emit),
        JobSpec::Load(source) => load::run(source, workspace, cx, emit),
        JobSpec::Audit(source) => audit::run(source, workspace, cx, emit),
        JobSpec::Episodes(spec) => episodes::run(spec, workspace, cx, emit),
        JobSpec::Convert(spec) => convert::run(spec, workspace, cx),
        JobSpec::Cover(spec) => cover::run(spec, workspace, cx, emit),
        JobSpec::Map(spec) => cover::map(spec, workspace, cx, emit),
        JobSpec::Imagine(spec) => imagine::run(spec, workspace, cx, emit),
        JobSpec::Diagnose(spec) => diagnose::run(spec, workspace, cx, emit),
        JobSpec::Compare(spec) => compare::run(spec, workspace, cx, emit),
        JobSpec::Score(spec) => score::run(spec, workspace, cx, emit),
        JobSpec::Fit(spec) => fit::run(spec, workspace, cx, emit),
        JobSpec::TopUp(spec) => topup::run(spec, workspace, cx, emit),
    }
}

/// Says in every report which datasets only a sample was looked at of.
fn on_a_sample(spec: &JobSpec, workspace: &Workspace, body: Body) -> Body {
    let Body::Report(report) = body else { return body };
    let samples = workspace.samples();
    if samples.is_empty() {
        return Body::Report(report);
    }
    let (level, how) = match spec {
        JobSpec::Scan(_) | JobSpec::Episodes(_) => (Level::Info, ""),
        _ => (Level::Warn, "computed on a sample: "),
    };
    let mut report = Arc::unwrap_or_clone(report);
    for data in samples {
        let Some(whole) = data.sample else { continue };
        report.note(
            level,
            format!(
                "{how}{} of {} episodes of {} ({} of {} steps) are in memory, drawn at random; the whole takes {}, allow \
                 it with --memory",
                data.num_episodes(),
                whole.episodes,
                data.origin.path.display(),
                data.num_steps(),
                whole.steps,
                Bytes(whole.bytes)
            ),
        );
    }
    Body::Report(Arc::new(report))
}

/// A fault on request, so that tests can see it survived: `OODSCOPE_PANIC_IN` names a job ("cover").
fn panic_if_asked(spec: &JobSpec) {
    let asked = |name: String| !name.is_empty() && spec.name().starts_with(&name);
    let now = cfg!(debug_assertions) && std::env::var("OODSCOPE_PANIC_IN").is_ok_and(asked);
    assert!(!now, "asked for in {}", spec.name());
}
