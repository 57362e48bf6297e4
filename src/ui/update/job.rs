//! News of jobs.

use super::{Effect, map};
use crate::engine::job::{Body, Event, Slot};
use crate::ui::app::{App, Ended};
use crate::ui::panel::{PANELS, data};

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
            for panel in PANELS {
                (panel.heard)(app, &report);
            }
            app.reports.insert(report.name.clone(), report);
            Vec::new()
        }
        Body::Done(outcome) => {
            let name = app.jobs.running.get(&slot).map(|r| r.name);
            for panel in PANELS.iter().filter(|panel| Some(panel.job) == name) {
                (panel.filled)(app);
            }
            ended(app, slot, Ended::Done(outcome.summary))
        }
        Body::Failed(failure) => {
            if slot == Slot::Episodes {
                data::refused(app);
            }
            app.message = Some(failure.message.clone());
            ended(app, slot, Ended::Failed(failure.message))
        }
        Body::Cancelled => ended(app, slot, Ended::Cancelled),
    }
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
