//! Jobs on threads: one running job per slot, a new one replaces the old; a panic becomes a failure and the program
//! goes on.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Once};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::event::{Body, Control, Event, Failure, JobId};
use super::job::{self, JobSpec, Slot};
use super::portions::Portions;
use super::throttle::Throttle;
use super::workspace::Workspace;
use crate::ground::task::{Cancel, Ctx};
use crate::metrics::report::Report;

/// Threads that run jobs carry this name.
const THREAD: &str = "oodscope-job";
/// How long dropping the engine waits for cancelled jobs.
const LAST_WAIT: Duration = Duration::from_secs(2);
/// How long the last word of a cancelled job waits for room in the channel.
const LAST_WORD: Duration = Duration::from_millis(500);

/// Owns the threads that jobs run on. Dropping it cancels every job and waits for their end, within a bound.
#[derive(Debug)]
pub struct Engine {
    events: SyncSender<Event>,
    workspace: Arc<Workspace>,
    running: HashMap<Slot, Running>,
    replaced: Vec<JoinHandle<()>>,
    last_id: u64,
}

#[derive(Debug)]
struct Running {
    id: JobId,
    cancel: Cancel,
    thread: JoinHandle<()>,
}

impl Engine {
    /// An engine that tells its news to `events`, a bounded channel: a reader that lags slows the jobs down and never
    /// fills the memory.
    pub fn new(events: SyncSender<Event>) -> Self {
        let workspace = Arc::new(Workspace::default());
        Self { events, workspace, running: HashMap::new(), replaced: Vec::new(), last_id: 0 }
    }

    /// Starts a job. A running job of the same slot is cancelled; its last events may still come, under its own id.
    pub fn start(&mut self, spec: JobSpec) -> JobId {
        self.last_id += 1;
        let id = JobId(self.last_id);
        let slot = spec.slot();
        let cancel = Cancel::default();
        let news = News { job: id, events: self.events.clone(), cancel: cancel.clone() };
        let workspace = Arc::clone(&self.workspace);
        if let Some(old) = self.running.remove(&slot) {
            old.cancel.cancel();
            self.replaced.push(old.thread);
        }
        self.replaced.retain(|thread| !thread.is_finished());
        match thread::Builder::new().name(THREAD.into()).spawn(move || work(&spec, &workspace, &news)) {
            Ok(thread) => {
                self.running.insert(slot, Running { id, cancel, thread });
            }
            Err(e) => {
                let message =
                    format!("the system gives no thread for the job ({e}); close other programs and try again");
                let body = Body::Failed(Failure { message, panicked: false });
                // Nobody else speaks for this job. A full channel loses the sentence; the log keeps it.
                log::error!("{body:?}");
                let _ = self.events.try_send(Event { job: id, body });
            }
        }
        id
    }

    /// Steers the job `id`; a job that ended or was replaced hears nothing.
    pub fn control(&mut self, id: JobId, control: Control) {
        let Some(job) = self.running.values().find(|job| job.id == id) else { return };
        match control {
            Control::Pause => job.cancel.set_paused(true),
            Control::Resume => job.cancel.set_paused(false),
            Control::Stop => job.cancel.cancel(),
            Control::Wish(wish) => job.cancel.wish(wish),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let mut threads = std::mem::take(&mut self.replaced);
        for (_, job) in self.running.drain() {
            job.cancel.cancel();
            threads.push(job.thread);
        }
        let end = Instant::now() + LAST_WAIT;
        while threads.iter().any(|t| !t.is_finished()) && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
        for thread in threads {
            if thread.is_finished() {
                // A panic was caught inside; there is nothing more to learn.
                let _ = thread.join();
            } else {
                log::warn!("a job did not end within {LAST_WAIT:?} of its cancel");
            }
        }
    }
}

/// A job's way to tell.
struct News {
    job: JobId,
    events: SyncSender<Event>,
    cancel: Cancel,
}

impl News {
    /// Tells what must arrive. Waits for room, but a cancelled job does not wait for ever.
    fn tell(&self, body: Body) {
        let mut event = Event { job: self.job, body };
        let mut patience: Option<Instant> = None;
        loop {
            match self.events.try_send(event) {
                Ok(()) | Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(back)) => event = back,
            }
            if self.cancel.is_cancelled() && *patience.get_or_insert(Instant::now() + LAST_WORD) < Instant::now() {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// The whole life of a job's thread.
fn work(spec: &JobSpec, workspace: &Workspace, news: &News) {
    news.tell(Body::Started);
    let throttle = Throttle::default();
    let (events, job) = (news.events.clone(), news.job);
    let cx = Ctx::new(news.cancel.clone(), move |progress| {
        if throttle.is_due(Instant::now()) {
            // No room: the next one tells more.
            let _ = events.try_send(Event { job, body: Body::Progress(progress) });
        }
    });
    let portions = Arc::new(Portions::default());
    let (events, waiting) = (news.events.clone(), Arc::clone(&portions));
    let cx = cx.heard_by(move |told| {
        let Some(portion) = waiting.take_in(told, Instant::now()) else { return };
        // No room: it goes with the next one.
        if let Err(TrySendError::Full(Event { body: Body::Told(portion), .. })) =
            events.try_send(Event { job, body: Body::Told(portion) })
        {
            waiting.give_back(portion);
        }
    });
    let emit = |report: Report| news.tell(Body::Report(Arc::new(report)));
    let ended = guarded(spec, || job::run(spec, workspace, &cx, &emit));
    let rest = portions.rest();
    if !rest.is_empty() {
        news.tell(Body::Told(rest));
    }
    news.tell(match ended {
        Ok(Ok(outcome)) => Body::Done(outcome),
        Ok(Err(ended)) => Body::from(ended),
        Err(failure) => Body::Failed(failure),
    });
}

thread_local! {
    /// This thread runs a job: its panics are caught and belong into the log.
    static IN_JOB: Cell<bool> = const { Cell::new(false) };
}

/// Runs `job` so that a panic is an answer.
///
/// # Errors
/// A [`Failure`] that says it panicked; the log has the backtrace.
pub fn guarded<T>(spec: &JobSpec, job: impl FnOnce() -> T) -> Result<T, Failure> {
    log_panics_of_jobs();
    IN_JOB.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(job));
    IN_JOB.set(false);
    result.map_err(|payload| panic_failure(spec, payload.as_ref()))
}

/// What is said of a panic.
fn panic_failure(spec: &JobSpec, payload: &(dyn Any + Send)) -> Failure {
    let what = payload.downcast_ref::<&str>().copied().map(String::from);
    let what = what.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    let what: String = what.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    let name = spec.name();
    let message = format!("the {name} job met a fault of oodscope itself and ended ({what}); the log has the details");
    Failure { message, panicked: true }
}

/// Panics of jobs, and of the pool's unnamed threads that they use, go to the log with their backtrace, never to
/// the terminal that the screen owns. Every other thread keeps the hook it had.
fn log_panics_of_jobs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IN_JOB.get() || thread::current().name().is_none() {
                log::error!("{info}\n{}", Backtrace::force_capture());
            } else {
                before(info);
            }
        }));
    });
}
