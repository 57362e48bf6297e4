//! News of jobs.

use super::{Effect, map, prompt};
use crate::engine::job::{Body, Event, JobSpec, Slot};
use crate::ui::app::{App, Ended, Panel};

/// Takes in one event; news of a job that was replaced change nothing.
pub fn news(app: &mut App, event: Event) -> Vec<Effect> {
    let Some(slot) = app.jobs.slot_of(event.job) else { return Vec::new() };
    match event.body {
        Body::Started => Vec::new(),
        Body::Progress(progress) => {
            if let Some(running) = app.jobs.running.get_mut(&slot) {
                running.progress = Some(progress);
            }
            Vec::new()
        }
        Body::Report(report) => {
            map::forget(app, &report.name);
            app.reports.insert(report.name.clone(), report);
            Vec::new()
        }
        Body::Done(outcome) => {
            if slot == Slot::Load {
                read(app);
            }
            ended(app, slot, Ended::Done(outcome.summary))
        }
        Body::Failed(failure) => {
            if slot == Slot::Episodes {
                prompt::refused(app);
            }
            app.message = Some(failure.message.clone());
            ended(app, slot, Ended::Failed(failure.message))
        }
        Body::Cancelled => ended(app, slot, Ended::Cancelled),
    }
}

/// The dataset was read: its episodes are chosen and audited, and counted where only a sample of them is in memory.
fn read(app: &mut App) {
    let load = JobSpec::Load(app.open.source.clone());
    let scan = app.report(Panel::Data).and_then(|report| load.follow(report));
    let chosen = prompt::job(app);
    app.jobs.queue.extend(chosen.into_iter().chain([JobSpec::Audit(app.open.source.clone())]).chain(scan));
}

/// Notes the end and starts what waited for it. Nothing follows data that could not be loaded.
fn ended(app: &mut App, slot: Slot, how: Ended) -> Vec<Effect> {
    let Some(running) = app.jobs.running.remove(&slot) else { return Vec::new() };
    if slot == Slot::Load && !matches!(how, Ended::Done(_)) {
        app.jobs.queue.clear();
    }
    app.jobs.ended.insert(running.name, how);
    match app.jobs.queue.pop_front() {
        Some(spec) => vec![app.jobs.start(spec)],
        None => Vec::new(),
    }
}
