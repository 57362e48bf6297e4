//! Following files that another program writes: what changed is opened again, what was measured of the checkpoints before stays as
//! faint curves, and alarms ring.

use std::sync::Arc;

use super::Effect;
use crate::engine::job::{JobSpec, Slot};
use crate::metrics::report::{Report, Role};
use crate::ui::app::App;
use crate::ui::msg::Changed;
use crate::ui::panel::diagnosis::TRACE;
use crate::ui::panel::{imagination, road, runs};
use crate::ui::widget::number::number;

/// Takes in that a file has changed.
pub fn changed(app: &mut App, changed: Changed) -> Vec<Effect> {
    if changed == Changed::Runs {
        return runs::changed(app);
    }
    app.follow.wait_for(changed);
    next(app)
}

/// Opens what has changed, unless something is being opened: then once that is there.
pub fn next(app: &mut App) -> Vec<Effect> {
    if app.jobs.running.contains_key(&Slot::Load) || app.follow.waiting.is_empty() {
        return Vec::new();
    }
    app.follow.opening = std::mem::take(&mut app.follow.waiting);
    let mut source = app.open.source.clone();
    for changed in &app.follow.opening {
        if let Changed::Checkpoint(path) = changed {
            source.checkpoint = Some(path.clone());
        }
    }
    let spec = if only_networks(&app.follow.opening) { JobSpec::Reopen(source) } else { JobSpec::Load(source) };
    vec![app.jobs.start(spec)]
}

fn only_networks(changes: &[Changed]) -> bool {
    changes.iter().all(|changed| matches!(changed, Changed::Checkpoint(_)))
}

/// What had changed is there: what is measured of what was there before is taken back, and everything is to be measured anew.
pub fn opened(app: &mut App) -> Vec<Effect> {
    let changes = std::mem::take(&mut app.follow.opening);
    if changes.is_empty() {
        return Vec::new();
    }
    app.follow.opened += 1;
    let data = !only_networks(&changes);
    for changed in changes {
        if let Changed::Checkpoint(path) = changed {
            app.open.source.checkpoint = Some(path);
        }
    }
    if let Some(pair) = app.pair.as_mut().filter(|_| data) {
        // What the other networks were measured on is no more.
        pair.shelf.clear();
    }
    let jobs = road(&app.open);
    let of_data: &[&str] = if data { &["map", TRACE, "audit", "scan"] } else { &["map", TRACE] };
    let effects = app.jobs.take_back(|name| of_data.contains(&name) || jobs.iter().any(|spec| spec.name() == name));
    app.jobs.queue.extend(jobs);
    effects
}

/// Takes in a report that was just put among the others: of an imagination what is to stay of it, of all numbers what rings.
pub fn heard(app: &mut App, report: &Arc<Report>) -> Vec<Effect> {
    if report.name == imagination::ID.0
        && let Some(path) = &app.open.source.checkpoint
        && let Some(curve) = report.series.iter().find(|s| s.group == imagination::ERRORS && s.role == Role::Value)
    {
        let measured = (report.value("useful_horizon"), report.value("heldout_over_training"));
        app.follow.keep(path, curve, measured);
    }
    if let (Some(path), Some(ratio)) = (&app.open.source.checkpoint, report.value("loss_ratio_judged")) {
        app.follow.rate(path, ratio);
    }
    alarms(app).into_iter().chain(beyond(app, report)).collect()
}

/// The reports whose numbers ring: what is imagined from the cursor's step changes with the cursor.
fn judged(app: &App) -> Vec<Arc<Report>> {
    app.reports.values().filter(|report| report.name != TRACE).cloned().collect()
}

/// Rings for the alarms that hold now and did not before.
fn alarms(app: &mut App) -> Vec<Effect> {
    let mut out = Vec::new();
    let reports = judged(app);
    for alarm in &mut app.follow.alarms {
        // What means no number, or several, says nothing: see `silent`.
        let Ok(verdict) = alarm.gate.judge(&reports, true) else { continue };
        if verdict.passed && !alarm.holds {
            out.push(Effect::Ring(format!("oodscope: {} ({})", verdict.gate, number(verdict.value))));
            app.message = Some(format!("Alarm: {}: it is {}.", verdict.gate, number(verdict.value)));
        }
        alarm.holds = verdict.passed;
    }
    out
}

/// Rings where the loss ratio of a top-up goes above its threshold.
fn beyond(app: &mut App, report: &Report) -> Option<Effect> {
    let known = (report.name == "topup").then(|| report.value("loss_ratio").zip(report.value("threshold")));
    let (ratio, threshold) = known.flatten()?;
    let before = std::mem::replace(&mut app.follow.beyond, ratio > threshold);
    let numbers = [ratio, threshold].map(|v: f64| number((v * 100.0).round() / 100.0));
    (app.follow.beyond && !before).then(|| Effect::Ring(format!("oodscope: R {} is above {}", numbers[0], numbers[1])))
}

/// Says once, when everything was measured, which alarms cannot ring since they mean no number.
pub fn silent(app: &mut App) {
    let reports = judged(app);
    for alarm in app.follow.alarms.iter_mut().filter(|alarm| !alarm.told) {
        if let Err(why) = alarm.gate.judge(&reports, true) {
            alarm.told = true;
            let before = app.message.take().map(|text| format!("{text} ")).unwrap_or_default();
            app.message = Some(format!("{before}An alarm cannot ring so far: {why}"));
        }
    }
}
