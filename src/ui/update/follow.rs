//! Following files that another program writes: what changed is opened again, what was measured of the checkpoints before stays as
//! faint curves, and alarms ring.

use std::sync::Arc;

use super::Effect;
use crate::engine::job::{JobSpec, Slot};
use crate::metrics::report::{Axis, Report, Role, Series};
use crate::ui::app::{App, Ended};
use crate::ui::msg::Changed;
use crate::ui::panel::{imagination, road};
use crate::ui::widget::number::number;

/// Most curves of checkpoints before.
const PAST: usize = 8;

/// Takes in that a file has changed.
pub fn changed(app: &mut App, changed: Changed) -> Vec<Effect> {
    app.follow.waiting.retain(|known| std::mem::discriminant(known) != std::mem::discriminant(&changed));
    app.follow.waiting.push(changed);
    next(app)
}

/// Opens what has changed, unless something is being opened: then once that is there.
pub fn next(app: &mut App) -> Vec<Effect> {
    if app.jobs.running.contains_key(&Slot::Load) {
        return Vec::new();
    }
    let waiting = std::mem::take(&mut app.follow.waiting);
    let Some(first) = waiting.first() else { return Vec::new() };
    app.follow.before = app.open.source.checkpoint.clone();
    let networks = |changed: &Changed| matches!(changed, Changed::Checkpoint(_));
    for changed in &waiting {
        if let Changed::Checkpoint(path) = changed {
            app.open.source.checkpoint = Some(path.clone());
        }
    }
    let source = app.open.source.clone();
    let spec = if networks(first) && waiting.len() == 1 { JobSpec::Reopen(source) } else { JobSpec::Load(source) };
    app.follow.opening = true;
    vec![app.jobs.start(spec)]
}

/// What was opened is there, or it could not be read yet: then the screen stays as it is until the next change.
pub fn ended(app: &mut App, how: &Ended) {
    if !std::mem::take(&mut app.follow.opening) {
        return;
    }
    match how {
        Ended::Done(_) => {
            remember(app);
            app.jobs.queue = road(&app.open);
        }
        Ended::Failed(why) => {
            log::info!("what is watched cannot be read yet: {why}");
            app.open.source.checkpoint = app.follow.before.take();
            app.message = None;
        }
        Ended::Cancelled => app.open.source.checkpoint = app.follow.before.take(),
    }
}

/// Keeps the curve of the checkpoint before, where another is open now.
fn remember(app: &mut App) {
    let Some(before) = app.follow.before.take().filter(|before| app.open.source.checkpoint.as_ref() != Some(before))
    else {
        return;
    };
    let name = before.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(report) = app.reports.get(imagination::ID.0) else { return };
    let curve = report.series.iter().find(|s| s.group == imagination::ERRORS && s.role == Role::Value);
    let past = curve.map(|s| Series { label: format!("before: {name}"), role: Role::Floor, band: None, ..s.clone() });
    let useful = report.value("useful_horizon");
    app.follow.past.extend(past);
    let surplus = app.follow.past.len().saturating_sub(PAST);
    app.follow.past.drain(..surplus);
    if let Some(useful) = useful {
        add_point(&mut app.follow.useful, useful);
    }
}

/// One more checkpoint on the curve of useful horizons.
fn add_point(curve: &mut Option<Series>, useful: f64) {
    let curve = curve.get_or_insert_with(|| Series {
        key: "useful_horizon".into(),
        label: "useful horizon".into(),
        group: "checkpoint by checkpoint".into(),
        x_axis: Axis { label: "checkpoint".into(), ..Axis::default() },
        y_axis: Axis { label: "useful horizon".into(), unit: "steps".into(), log: false },
        ..Series::default()
    });
    curve.x.push(curve.x.len() as f64);
    curve.y.push(useful);
}

/// Rings for the alarms that hold now and did not before.
pub fn alarms(app: &mut App, report: &Arc<Report>) -> Vec<Effect> {
    let mut out = Vec::new();
    let reports = [Arc::clone(report)];
    for (gate, ringing) in &mut app.follow.alarms {
        // A report that does not have the number says nothing about it.
        let Ok(verdict) = gate.judge(&reports, true) else { continue };
        if verdict.passed && !*ringing {
            out.push(Effect::Ring(format!("oodscope: {} ({})", verdict.gate, number(verdict.value))));
            app.message = Some(format!("Alarm: {}: it is {}.", verdict.gate, number(verdict.value)));
        }
        *ringing = verdict.passed;
    }
    let crossed = (report.name == "topup").then(|| (report.value("loss_ratio"), report.value("threshold")));
    if let Some((Some(ratio), Some(threshold))) = crossed {
        let beyond = ratio > threshold;
        if beyond && !app.follow.beyond {
            let numbers = [ratio, threshold].map(|v: f64| number((v * 100.0).round() / 100.0));
            out.push(Effect::Ring(format!("oodscope: R {} is above {}", numbers[0], numbers[1])));
        }
        app.follow.beyond = beyond;
    }
    out
}
