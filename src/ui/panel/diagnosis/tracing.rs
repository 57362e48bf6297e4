//! What the world model imagines of the selected episode from the step under the cursor.

use super::{ID, LANES, PANEL, episodes, policy, selected_detail};
use crate::engine::job::{JobSpec, TraceSpec};
use crate::metrics::report::{Detail, Note, Report, Series, groups};
use crate::ui::app::{App, Ended};
use crate::ui::look::Tracing;
use crate::ui::msg::Effect;
use crate::ui::panel::dimensions;

/// Name of the report, and of its job.
pub const TRACE: &str = "trace";
/// The axis whose cursor it begins at.
const STEP: &str = "step";
/// To begin with it is imagined from so many steps before the first alarm.
const BEFORE: f64 = 10.0;

/// Imagines the selected episode from the step under the cursor; then holds the start, or lets it follow the cursor again.
pub fn toggle(app: &mut App) -> Vec<Effect> {
    let refused = match selected_detail(app) {
        _ if app.open.source.checkpoint.is_none() => {
            Some("Imagining an episode needs a world model: open the data with --checkpoint PATH.".to_owned())
        }
        None => Some("There is no episode to imagine.".to_owned()),
        Some(detail) if detail.series.is_empty() => {
            let n = episodes(app).map_or(0, |table| table.rows.len());
            Some(format!("No steps of episode {} are kept: of {n} episodes the worst are.", detail.label))
        }
        Some(_) => None,
    };
    app.message.clone_from(&refused);
    if refused.is_some() {
        return Vec::new();
    }
    app.looks.focus.insert(ID, LANES.into());
    if let Some(at) = selected_detail(app).map(beginning).filter(|_| !app.selection.at.contains_key(STEP)) {
        app.selection.at.insert(STEP.into(), at);
    }
    let tracing = app.selection.tracing.take();
    app.selection.tracing = Some(match tracing {
        None => Tracing::default(),
        Some(Tracing { held: Some(_), asked, shown }) => Tracing { held: None, asked, shown },
        Some(Tracing { held: None, asked, shown }) => {
            Tracing { held: asked.as_ref().map(|asked| asked.step), asked, shown }
        }
    });
    // What it leads to is asked for once the message is taken in: see [`follow`].
    Vec::new()
}

/// Imagines by the next mode of propagation.
pub fn propagate(app: &mut App) -> Vec<Effect> {
    app.open.propagation = app.open.propagation.next();
    app.message = Some(format!("Propagation: {}.", app.open.propagation.label()));
    Vec::new()
}

/// The step that it is imagined from where there is no cursor: a little before the first alarm.
fn beginning(detail: &Detail) -> f64 {
    let first = |s: &Series| s.x.iter().zip(&s.y).find(|(_, y)| **y >= 1.0).map(|(x, _)| *x);
    let alarms = detail.series.iter().filter(|s| s.has_threshold()).filter_map(first);
    let first = alarms.fold(f64::INFINITY, f64::min);
    if first.is_finite() { (first - BEFORE).max(0.0) } else { 0.0 }
}

/// What is to be imagined now.
fn wanted(app: &App) -> Option<TraceSpec> {
    let tracing = app.selection.tracing.as_ref()?;
    let source = app.open.source.clone();
    source.checkpoint.as_ref()?;
    let detail = selected_detail(app)?;
    let steps = detail.series.first()?.x.len();
    let cursor = app.selection.at.get(STEP).map_or(0, |at| at.max(0.0).round() as usize);
    // Something has to follow.
    let step = tracing.held.unwrap_or(cursor).min(steps.saturating_sub(2));
    let (of_data, episode) = (detail.of_data, detail.index);
    let (policy, seed, propagation) = (policy(&app.open), app.open.seed, app.open.propagation);
    Some(TraceSpec { source, policy, of_data, episode, step, propagation, seed, ..TraceSpec::default() })
}

/// Asks for what is to be imagined, where it is not what was asked for last: the cursor, the episode or what is open has
/// changed.
pub fn follow(app: &mut App) -> Vec<Effect> {
    if app.selection.tracing.is_none() {
        return app.jobs.take_back(|name| name == TRACE);
    }
    // Episodes that are being acted or judged anew are others soon.
    if app.panel != ID || app.jobs.named(PANEL.job).is_some() {
        return Vec::new();
    }
    let (Some(spec), Some(tracing)) = (wanted(app), &mut app.selection.tracing) else { return Vec::new() };
    if tracing.asked.as_ref() == Some(&spec) {
        return Vec::new();
    }
    tracing.asked = Some(spec.clone());
    if let Some(Ended::Failed(why)) = app.jobs.ended.get(TRACE)
        && app.message.as_ref() == Some(why)
    {
        // What was said of the step before is not true of this one.
        app.message = None;
    }
    vec![app.jobs.start(JobSpec::Trace(spec))]
}

/// Takes in a report: what was asked for is there, or the episodes are others.
pub fn heard(app: &mut App, report: &Report) {
    let Some(tracing) = &mut app.selection.tracing else { return };
    if report.name == TRACE {
        tracing.shown.clone_from(&tracing.asked);
    } else if report.name == ID.0 {
        (tracing.asked, tracing.shown) = (None, None);
    }
}

/// Imagines no more; false where nothing is imagined.
pub fn end(app: &mut App) -> bool {
    app.reports.remove(TRACE);
    app.selection.tracing.take().is_some()
}

/// The rollout that is shown: of the selected episode, by what is open.
pub fn shown(app: &App) -> Option<&Report> {
    let spec = app.selection.tracing.as_ref()?.shown.as_ref()?;
    let detail = selected_detail(app)?;
    let same = spec.source == app.open.source && (spec.of_data, spec.episode) == (detail.of_data, detail.index);
    app.reports.get(TRACE).map(AsRef::as_ref).filter(|_| same)
}

/// Its curves, dimension by dimension, the worst at its end first; before them those that the verdict on the episode names, and
/// the one that is selected in the table of errors.
pub fn curves<'a>(app: &App, trace: &'a Report) -> Vec<&'a Series> {
    let mut dims = groups(&trace.series);
    if let Some(detail) = selected_detail(app) {
        let named = |name: &str| detail.responsible.iter().position(|r| r == name).unwrap_or(usize::MAX);
        dims.sort_by_key(|(name, _)| named(name));
    }
    if let Some(chosen) = dimensions::chosen(app) {
        dims.sort_by_key(|(name, _)| *name != chosen);
    }
    dims.into_iter().flat_map(|(_, lines)| lines).collect()
}

/// What is imagined, for the heading of the strips.
pub fn words(app: &App) -> Option<String> {
    let tracing = app.selection.tracing.as_ref()?;
    let held = if tracing.held.is_some() { ", held" } else { "" };
    if shown(app).is_none() {
        return app.jobs.named(TRACE).map(|_| "imagining".to_owned());
    }
    tracing.shown.as_ref().map(|spec| format!("imagined from step {}{held}", spec.step))
}

/// Where it leaves what happened, in a sentence.
pub fn sentence(app: &App) -> Option<&Note> {
    shown(app)?.notes.iter().find(|note| note.text.starts_with("Episode "))
}
