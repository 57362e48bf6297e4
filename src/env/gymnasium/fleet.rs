//! The workers of an environment: how many there are, and how they begin.

use super::Options;
use super::describe::About;
use super::frame::Message;
use super::options::cores;
use super::process::Process;
use super::python::Launch;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Seconds of steps that are worth a worker of their own: to send it word, and to be woken by its answer, takes some tens of
/// microseconds.
const WORTH: f64 = 300e-6;
/// Seconds for which a worker looks out for the next message before it sleeps.
const KEEN: f64 = 200e-6;

/// Workers that have begun.
pub(super) struct Fleet {
    pub workers: Vec<Process>,
    pub about: About,
    /// Copies of a worker, the last one's apart.
    pub share: usize,
}

impl Fleet {
    /// Starts as many as are asked for, or as pay.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], or a sentence; then none is left.
    pub fn start(options: &Options, launch: &Launch, cx: &Ctx) -> Result<Self, Fault> {
        // Ray has its own processes.
        let most = if options.ray.is_some() { 1 } else { options.most() };
        // Elsewhere, word takes longer than any step.
        if most > 1 && options.processes.is_none() && options.worker_command.is_none() {
            return Self::that_pays(most, options, launch, cx);
        }
        let share = options.copies.div_ceil(most);
        let all: Vec<usize> = (0..options.copies.div_ceil(share)).collect();
        let (workers, about): (Vec<Process>, Vec<About>) = begin(options, launch, share, &all, cx)?.into_iter().unzip();
        let Some(about) = about.into_iter().next() else { return Err(Fault::failed("no worker was started")) };
        Ok(Self { workers, about, share })
    }

    /// Lets the first worker measure a step, and begins as many as have enough to do.
    fn that_pays(most: usize, options: &Options, launch: &Launch, cx: &Ctx) -> Result<Self, Fault> {
        let mut workers = launched(most, options, launch)?;
        let begun = Self::measured(&mut workers, options, cx);
        if begun.is_err() {
            workers.iter_mut().for_each(Process::kill);
        }
        let (about, share) = begun?;
        Ok(Self { workers, about, share })
    }

    fn measured(workers: &mut Vec<Process>, options: &Options, cx: &Ctx) -> Result<(About, usize), Fault> {
        for (w, worker) in workers.iter_mut().enumerate() {
            worker.ready(options.start_limit, cx)?;
            if w > 0 {
                worker.send(Message::new(b'W'), "starting")?;
            }
        }
        let mut ask = options.to_json(0, 1);
        ask["measured"] = true.into();
        workers[0].send(Message::new(b'H').bytes(ask.to_string().as_bytes()), "starting")?;
        let about = about(&mut workers[0], options, cx)?;
        let share = share_of(about.step_seconds, options.copies, workers.len());
        let needed = options.copies.div_ceil(share);
        // Nothing is open in the others yet.
        workers.iter_mut().skip(needed).for_each(Process::kill);
        workers.truncate(needed);
        let all: Vec<usize> = (0..needed).collect();
        hear(workers, options, (share, true), &all, cx)?;
        Ok((about, share))
    }
}

/// Copies of a worker, where a step of one copy takes so many seconds and there may be `most` workers: there are that many where it
/// was not measured.
fn share_of(step_seconds: Option<f64>, copies: usize, most: usize) -> usize {
    let worth = step_seconds.map_or(f64::INFINITY, |each| each * copies as f64 / WORTH);
    copies.div_ceil((worth.ceil() as usize).clamp(1, most))
}

/// Starts the workers of these numbers, all at once, and hears what they hold. If one of them fails, all are ended.
///
/// # Errors
/// [`Fault::Cancelled`], or a sentence.
pub(super) fn begin(
    options: &Options,
    launch: &Launch,
    share: usize,
    which: &[usize],
    cx: &Ctx,
) -> Result<Vec<(Process, About)>, Fault> {
    let mut started = launched(which.len(), options, launch)?;
    let ready = started.iter_mut().try_for_each(|process| process.ready(options.start_limit, cx));
    let heard = ready.and_then(|()| hear(&mut started, options, (share, false), which, cx));
    if heard.is_err() {
        started.iter_mut().for_each(Process::kill);
    }
    Ok(started.into_iter().zip(heard?).collect())
}

fn launched(many: usize, options: &Options, launch: &Launch) -> Result<Vec<Process>, Fault> {
    (0..many).map(|_| Process::start(launch, &options.id)).collect()
}

/// Tells workers that are ready which copies are theirs; `described`: what they are is known.
fn hear(
    started: &mut [Process],
    options: &Options,
    (share, described): (usize, bool),
    which: &[usize],
    cx: &Ctx,
) -> Result<Vec<About>, Fault> {
    // Who looks out keeps a core from those that work.
    let lookout = options.worker_command.is_none() && options.copies.div_ceil(share) < cores();
    let keen = if lookout { KEEN } else { 0.0 };
    for (process, &w) in started.iter_mut().zip(which) {
        let first = w * share;
        let mut hello = options.to_json(first, share.min(options.copies - first));
        hello["described"] = described.into();
        hello["keen"] = keen.into();
        process.look_out(keen);
        process.send(Message::new(b'H').bytes(hello.to_string().as_bytes()), "starting")?;
    }
    started.iter_mut().map(|process| about(process, options, cx)).collect()
}

fn about(process: &mut Process, options: &Options, cx: &Ctx) -> Result<About, Fault> {
    let payload = process.answer(b'h', "making the environment", options.start_limit, cx)?;
    serde_json::from_slice(&payload)
        .map_err(|e| Fault::failed(format!("{}: its description is not understood ({e})", options.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_has_enough_to_do() {
        // A cart-pole's copies are one worker's, a simulator's are spread, over what there is at most.
        assert_eq!(share_of(Some(6e-6), 8, 8), 8);
        assert_eq!(share_of(Some(90e-6), 8, 2), 4);
        assert_eq!(share_of(Some(90e-6), 8, 8), 3);
        assert_eq!(share_of(Some(1.0), 8, 8), 1);
        assert_eq!(share_of(Some(0.0), 8, 8), 8);
        assert_eq!(share_of(None, 8, 4), 2);
    }
}
