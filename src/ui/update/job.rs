//! News of jobs.

use std::sync::Arc;

use super::{Effect, choice, follow, map, told};
use crate::engine::job::{Body, Event, JobSpec, Slot};
use crate::metrics::report::Report;
use crate::ui::app::{App, Ended};
use crate::ui::panel::{PANELS, capital, diagnosis, road, runs, start_next};
use crate::ui::spell;

/// Takes in one event; news of a job that was replaced change nothing.
pub fn news(app: &mut App, event: Event) -> Vec<Effect> {
    let Some(slot) = app.jobs.slot_of(event.job) else { return Vec::new() };
    match event.body {
        Body::Started => Vec::new(),
        Body::Progress(progress) => {
            if let Some(running) = app.jobs.running.get_mut(&slot) {
                running.heard(progress);
            }
            Vec::new()
        }
        Body::Told(told) => {
            told::heard(app, slot, told);
            Vec::new()
        }
        Body::Report(report) => {
            let report = if app.theme.ascii { Arc::new(spell::report(&report)) } else { report };
            map::forget(app, &report.name);
            let mut effects: Vec<Effect> = PANELS.iter().flat_map(|panel| (panel.heard)(app, &report)).collect();
            keep_rows(app, &report);
            app.reports.insert(report.name.clone(), Arc::clone(&report));
            effects.extend(follow::heard(app, &report));
            if ["coverage", "map"].contains(&report.name.as_str()) {
                told::lay(app);
            }
            effects
        }
        Body::Done(outcome) => {
            let mut effects = if slot == Slot::Load { follow::opened(app) } else { Vec::new() };
            let name = app.jobs.running.get(&slot).map(|r| r.name);
            for panel in PANELS.iter().filter(|panel| Some(panel.job) == name) {
                (panel.filled)(app, &outcome);
            }
            if slot == Slot::Export {
                app.message = Some(capital(&outcome.summary));
            }
            effects.extend(ended(app, slot, Ended::Done(outcome.summary)));
            if slot == Slot::Episodes {
                effects.extend(choice::found(app));
            }
            effects
        }
        Body::Failed(failure) => {
            if slot == Slot::Episodes {
                choice::refused(app);
            }
            if slot == Slot::Trace {
                app.reports.remove(diagnosis::TRACE);
            }
            if slot == Slot::Load && !app.follow.opening.is_empty() {
                // Half written, perhaps: the screen stays as it is until the next change.
                log::info!("what is watched cannot be read yet: {}", failure.message);
            } else if slot == Slot::Load && app.open.leave_out(&failure.message) {
                return without(app, &failure.message);
            } else {
                app.message = Some(failure.message.clone());
            }
            ended(app, slot, Ended::Failed(failure.message))
        }
        Body::Cancelled => ended(app, slot, Ended::Cancelled),
    }
}

/// The dataset is opened without what does not fit it; what was left out is said.
fn without(app: &mut App, why: &str) -> Vec<Effect> {
    app.message = Some(format!("The dataset is opened without what does not fit it: {why}"));
    app.jobs.queue = road(&app.open);
    vec![app.jobs.start(JobSpec::Load(app.open.source.clone()))]
}

/// A report is replaced: in its tables stays selected what was selected, wherever it stands now.
fn keep_rows(app: &mut App, report: &Report) {
    let Some(old) = app.reports.get(&report.name).cloned() else { return };
    for (id, look) in
        app.looks.cards.iter_mut().filter(|((panel, _), _)| panel.0 == report.name).map(|(k, v)| (&k.1, v))
    {
        let table = |r: &Report| r.tables.iter().position(|t| id.strip_prefix("table:") == Some(t.key.as_str()));
        let (Some(row), Some(was), Some(now)) = (look.row, table(&old), table(report)) else { continue };
        let subject = old.tables[was].rows.get(row).and_then(|cells| cells.first());
        look.row = report.tables[now].rows.iter().position(|cells| cells.first() == subject);
    }
}

/// Notes the end and starts what waited for it. Nothing follows data that could not be loaded.
fn ended(app: &mut App, slot: Slot, how: Ended) -> Vec<Effect> {
    let Some(running) = app.jobs.running.remove(&slot) else { return Vec::new() };
    if slot == Slot::Load {
        let followed = !std::mem::take(&mut app.follow.opening).is_empty();
        if !followed && !matches!(how, Ended::Done(_)) {
            app.jobs.queue.clear();
        }
    }
    app.jobs.ended.insert(running.name, how);
    let mut effects = runs::after(app, running.name);
    if slot == Slot::Load {
        effects.extend(follow::next(app));
    }
    // What waits is started once nothing runs that it waits for.
    effects.extend(start_next(app));
    if !app.jobs.busy() && app.jobs.queue.is_empty() {
        follow::silent(app);
    }
    effects
}
