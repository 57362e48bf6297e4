//! How long work is told to stop and tells how far it is.
//!
//! Every long loop calls [`Ctx::step`] once per chunk: one call reports progress, waits while paused, and fails with
//! [`Cancelled`], so none of the three can be forgotten. Chunks are sized so that a cancel is seen within 100 ms.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The work was asked to stop. Not an error of the work itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// How far a named phase of a job is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// What is being done, in the user's words ("fitting the world model").
    pub phase: String,
    /// Units done so far.
    pub done: u64,
    /// Units in all; 0 where unknown.
    pub total: u64,
}

/// What somebody wants of running work beside its stop; work that knows nothing of it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Collect at the next occasion, whatever the rule says.
    Collect,
    /// Spend one portion more.
    More,
    /// Spend one portion less.
    Less,
    /// Hold after the next step that a person can look at.
    Once,
}

/// A shared flag that stops work; clones stop the same work.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    stop: Arc<AtomicBool>,
    pause: Arc<AtomicBool>,
    wishes: Arc<Mutex<Vec<Wish>>>,
}

impl Cancel {
    /// Asks the work to stop; a paused job wakes and stops.
    pub fn cancel(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// True once [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Holds the work at its next step, or lets it go on.
    pub fn set_paused(&self, paused: bool) {
        self.pause.store(paused, Ordering::Relaxed);
    }

    /// Leaves a wish for the work; a paused job that is to make one step is let go on.
    pub fn wish(&self, wish: Wish) {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner).push(wish);
        if wish == Wish::Once {
            self.set_paused(false);
        }
    }

    /// True while the work is held.
    pub fn is_paused(&self) -> bool {
        self.pause.load(Ordering::Relaxed)
    }
}

type Sink = Arc<dyn Fn(Progress) + Send + Sync>;

/// What a long function needs of its surroundings: a way to be stopped and a place to report progress.
#[derive(Clone)]
pub struct Ctx {
    cancel: Cancel,
    sink: Sink,
    phase: Arc<str>,
    memory: u64,
}

impl Ctx {
    /// A context that reports to `sink` and stops with `cancel`.
    pub fn new(cancel: Cancel, sink: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { cancel, sink: Arc::new(sink), phase: Arc::from(""), memory: u64::MAX }
    }

    /// A context that nobody watches and nobody stops: for tests and small work.
    pub fn quiet() -> Self {
        Self::new(Cancel::default(), |_| {})
    }

    /// The same context under another phase name.
    pub fn phase(&self, name: &str) -> Self {
        Self { phase: Arc::from(name), ..self.clone() }
    }

    /// The same context for a part of work that reports by itself.
    pub fn untold(&self) -> Self {
        Self { sink: Arc::new(|_| {}), ..self.clone() }
    }

    /// The same context for work that may keep only so many bytes.
    pub fn within(&self, memory: u64) -> Self {
        Self { memory, ..self.clone() }
    }

    /// The wishes that came since they were last asked for.
    pub fn wishes(&self) -> Vec<Wish> {
        std::mem::take(&mut self.cancel.wishes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Holds the work from now on, until somebody lets it go on.
    pub fn hold(&self) {
        self.cancel.set_paused(true);
    }

    /// True while the work is held.
    pub fn is_held(&self) -> bool {
        self.cancel.is_paused()
    }

    /// True once the work was asked to stop; asked without waiting, by who has others to hold.
    pub fn is_stopped(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Bytes that the work may keep.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Reports `done` of `total`, waits while paused.
    ///
    /// # Errors
    /// [`Cancelled`] once the work was asked to stop.
    pub fn step(&self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.check()?;
        (self.sink)(Progress { phase: self.phase.to_string(), done, total });
        Ok(())
    }

    /// [`Ctx::step`] without a report: for inner loops.
    ///
    /// # Errors
    /// [`Cancelled`] once the work was asked to stop.
    pub fn check(&self) -> Result<(), Cancelled> {
        while self.cancel.is_paused() && !self.cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.cancel.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_is_seen_at_the_next_step_even_while_paused() {
        let cancel = Cancel::default();
        let cx = Ctx::new(cancel.clone(), |_| {});
        assert_eq!(cx.step(0, 10), Ok(()));
        cancel.set_paused(true);
        let other = cancel.clone();
        let waker = std::thread::spawn(move || other.cancel());
        assert_eq!(cx.step(1, 10), Err(Cancelled));
        waker.join().expect("the waker thread ends");
    }

    #[test]
    fn wishes_are_heard_once_and_one_step_lets_go() {
        let cancel = Cancel::default();
        let cx = Ctx::new(cancel.clone(), |_| {});
        cx.hold();
        cancel.wish(Wish::Collect);
        assert!(cx.is_held());
        cancel.wish(Wish::Once);
        assert!(!cx.is_held());
        assert_eq!(cx.wishes(), [Wish::Collect, Wish::Once]);
        assert!(cx.wishes().is_empty());
    }
}
