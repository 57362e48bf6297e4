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
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Progress {
    /// What is being done, in the user's words ("fitting the world model").
    pub phase: String,
    /// Units done so far.
    pub done: u64,
    /// Units in all; 0 where unknown.
    pub total: u64,
    /// Share of the whole work that is done, where the phase is one of several and their shares are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<f64>,
}

/// What work tells of itself while it goes on, beside how far it is: for who watches; its results are its report.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// A number that changes as it learns, after so many of its steps.
    Number {
        /// Which ("world-model loss").
        name: &'static str,
        /// Steps of this phase.
        step: u64,
        /// The number.
        value: f64,
    },
    /// The observations of an episode, [T, D], as far as it was acted.
    Episode {
        /// Columns.
        dim: usize,
        /// [T, D].
        obs: Arc<Vec<f32>>,
    },
    /// What was done, in a sentence.
    Said(String),
    /// What was decided, in a sentence.
    Decided(String),
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
type Ear = Arc<dyn Fn(Told) + Send + Sync>;

/// What a long function needs of its surroundings: a way to be stopped and a place to report progress.
#[derive(Clone)]
pub struct Ctx {
    cancel: Cancel,
    sink: Sink,
    phase: Arc<str>,
    memory: u64,
    ear: Option<Ear>,
    part: Option<(f64, f64)>,
}

impl Ctx {
    /// A context that reports to `sink` and stops with `cancel`.
    pub fn new(cancel: Cancel, sink: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { cancel, sink: Arc::new(sink), phase: Arc::from(""), memory: u64::MAX, ear: None, part: None }
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
        Self { sink: Arc::new(|_| {}), ear: None, ..self.clone() }
    }

    /// The same context for what is done to its end, whatever is asked.
    pub fn for_certain(&self) -> Self {
        Self { cancel: Cancel::default(), ..self.clone() }
    }

    /// The same context with one who hears what work tells of itself.
    pub fn heard_by(&self, ear: impl Fn(Told) + Send + Sync + 'static) -> Self {
        Self { ear: Some(Arc::new(ear)), ..self.clone() }
    }

    /// The same context for the work between two shares of this one.
    pub fn part(&self, from: f64, to: f64) -> Self {
        let (lo, hi) = self.part.unwrap_or((0.0, 1.0));
        let at = |share: f64| lo + (hi - lo) * share.clamp(0.0, 1.0);
        Self { part: Some((at(from), at(to))), ..self.clone() }
    }

    /// True where somebody hears what [`Ctx::tell`] tells.
    pub fn is_heard(&self) -> bool {
        self.ear.is_some()
    }

    /// Tells something of the work.
    pub fn tell(&self, told: Told) {
        if let Some(ear) = &self.ear {
            ear(told);
        }
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
        self.report(done, total);
        Ok(())
    }

    /// Reports `done` of `total` and waits for nobody: for threads that others need while the work is paused.
    pub fn report(&self, done: u64, total: u64) {
        let share = if total > 0 { (done as f64 / total as f64).clamp(0.0, 1.0) } else { 0.0 };
        let whole = self.part.map(|(from, to)| from + (to - from) * share);
        (self.sink)(Progress { phase: self.phase.to_string(), done, total, whole });
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
    fn a_part_of_a_part_is_a_share_of_the_whole() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let cx = Ctx::new(Cancel::default(), move |p| sink.lock().unwrap().push(p.whole));
        cx.step(1, 2).unwrap();
        let half = cx.part(0.5, 1.0);
        half.step(1, 2).unwrap();
        half.part(0.2, 0.6).step(1, 4).unwrap();
        half.part(0.2, 0.6).step(9, 4).unwrap();
        half.step(3, 0).unwrap();
        let seen: Vec<Option<f64>> = seen.lock().unwrap().clone();
        let known: Vec<f64> = seen.iter().flatten().copied().collect();
        let wanted = [0.75, 0.65, 0.8, 0.5];
        assert!(seen[0].is_none() && known.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{seen:?}");
    }

    #[test]
    fn what_is_told_is_heard_and_a_cancel_does_not_end_what_is_done_for_certain() {
        let (heard, cancel) = (Arc::new(Mutex::new(Vec::new())), Cancel::default());
        let ear = Arc::clone(&heard);
        let cx = Ctx::new(cancel.clone(), |_| {}).heard_by(move |told| ear.lock().unwrap().push(told));
        cancel.cancel();
        assert!(cx.is_heard() && !cx.untold().is_heard() && cx.check().is_err());
        let cx = cx.for_certain();
        assert_eq!(cx.check(), Ok(()));
        cx.tell(Told::Said("done".into()));
        assert_eq!(*heard.lock().unwrap(), [Told::Said("done".into())]);
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
