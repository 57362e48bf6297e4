//! What the screen knows of jobs.

use std::collections::{BTreeMap, VecDeque};

use super::msg::Effect;
use crate::engine::job::{Control, JobId, JobSpec, Slot};
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
    /// It was told to stop.
    pub stopping: bool,
    /// Seconds that it has been running, as far as they were shown.
    pub seconds: f64,
    /// When its phase was first heard of, and how much of it was done then.
    phase_began: Option<(f64, u64)>,
}

impl Running {
    /// A job that was asked for.
    pub fn new(name: &'static str) -> Self {
        Self { id: None, name, progress: None, paused: false, stopping: false, seconds: 0.0, phase_began: None }
    }

    /// Takes in how far it is. The whole never goes back.
    pub fn heard(&mut self, mut progress: Progress) {
        let known = self.progress.as_ref().and_then(|known| known.whole);
        progress.whole = progress.whole.map(|share| known.map_or(share, |known| known.max(share))).or(known);
        if self.progress.as_ref().is_none_or(|known| known.phase != progress.phase || progress.done < known.done) {
            self.phase_began = Some((self.seconds, progress.done));
        }
        self.progress = Some(progress);
    }

    /// Share of it that is done: of the whole where that is known, else of its phase.
    pub fn share(&self) -> Option<f64> {
        let progress = self.progress.as_ref()?;
        progress.whole.or_else(|| (progress.total > 0).then(|| progress.done as f64 / progress.total as f64))
    }

    /// Seconds that it takes yet at the pace so far, at most, where the whole of it is known. The first steps are no measure: they
    /// are slower, by what is got ready beside them.
    pub fn left(&self) -> Option<f64> {
        let share = self.progress.as_ref()?.whole.filter(|share| *share > 0.03)?;
        (self.seconds >= 5.0).then(|| self.seconds * (1.0 - share) / share)
    }

    /// Units of its phase done in a second; nothing before a second has passed.
    pub fn rate(&self) -> Option<f64> {
        let ((began, first), now) = (self.phase_began?, self.progress.as_ref()?);
        let seconds = self.seconds - began;
        (seconds >= 1.0).then(|| now.done.saturating_sub(first) as f64 / seconds)
    }
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
    /// The frame of the spinner at which the runs were read last while one of them grew.
    pub looked: Option<u64>,
}

impl Jobs {
    /// Notes that `spec` is asked for; whatever ran in its slot is forgotten, and its late news with it.
    pub fn start(&mut self, spec: JobSpec) -> Effect {
        let running = Running::new(spec.name());
        self.ended.remove(spec.name());
        self.running.insert(spec.slot(), running);
        Effect::Start(spec)
    }

    /// Takes back the jobs whose name `is_one`: those that wait are forgotten, those that run are stopped, and their late news die.
    pub fn take_back(&mut self, is_one: impl Fn(&str) -> bool) -> Vec<Effect> {
        self.queue.retain(|spec| !is_one(spec.name()));
        let slots: Vec<Slot> = self.running.iter().filter(|(_, r)| is_one(r.name)).map(|(slot, _)| *slot).collect();
        let stopped = slots.into_iter().filter_map(|slot| self.running.remove(&slot)?.id);
        stopped.map(|id| Effect::Control(id, Control::Stop)).collect()
    }

    /// True while a job runs whose end starts the next that waits. A run that trains, the list of
    /// runs and what follows the cursor are beside that.
    pub fn busy(&self) -> bool {
        self.running.keys().any(|slot| !matches!(slot, Slot::Runs | Slot::Train | Slot::Trace))
    }

    /// Starts the job that waits and is called `wanted`, else the first that waits, where nothing runs that it waits for.
    pub fn start_next(&mut self, wanted: Option<&str>) -> Option<Effect> {
        if self.busy() {
            return None;
        }
        let at = self.queue.iter().position(|spec| Some(spec.name()) == wanted).unwrap_or(0);
        let spec = self.queue.remove(at)?;
        Some(self.start(spec))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::job::{ImagineSpec, Source};

    #[test]
    fn what_is_wanted_is_started_before_what_waits_longer() {
        let mut jobs = Jobs::default();
        jobs.queue.push_back(JobSpec::Audit(Source::default()));
        jobs.queue.push_back(JobSpec::Imagine(ImagineSpec::default()));
        let name = |effect: Option<Effect>| match effect {
            Some(Effect::Start(spec)) => Some(spec.name()),
            _ => None,
        };
        assert_eq!(name(jobs.start_next(Some("imagination"))), Some("imagination"));
        assert_eq!(name(jobs.start_next(None)), None, "one is at work");
        jobs.running.clear();
        assert_eq!(name(jobs.start_next(Some("imagination"))), Some("audit"), "else the first");
        jobs.running.clear();
        assert_eq!(name(jobs.start_next(None)), None);
    }
}
