//! Keys' actions.

use super::{Effect, map, prompt};
use crate::engine::job::{Control, ImagineSpec, JobSpec, Schedule};
use crate::metrics::report::Cell;
use crate::ui::app::{App, Panel, ScaleChoice};
use crate::ui::card::{self, Body, Target};
use crate::ui::keymap::Action;
use crate::ui::layout;
use crate::ui::widget::table::TableView;

/// Does what a key asks for.
pub fn act(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return vec![Effect::Quit],
        Action::Help => app.help = if app.help.is_none() { Some(0) } else { None },
        Action::Show(panel) => show(app, panel),
        Action::NextCard => step_focus(app, 1),
        Action::PreviousCard => step_focus(app, -1),
        Action::Zoom => return map::take(app).unwrap_or_else(|| zoom(app)),
        Action::Axes(by) => return map::axes(app, by),
        Action::Back => back(app),
        Action::Move(dx, dy) if app.help.is_some() => {
            app.help = app.help.map(|at| at.saturating_add_signed((dx + dy) as isize).min(100));
        }
        Action::Move(dx, dy) if map::follow(app, dx, dy) => {}
        Action::Move(dx, dy) => motion(app, |card, app| card::shift(card, app, dx, dy)),
        Action::First => motion(app, |card, app| card::first_or_last(card, app, -1)),
        Action::Last => motion(app, |card, app| card::first_or_last(card, app, 1)),
        Action::Scale => scale(app),
        Action::Stretch if map::zoom(app, 0.5, None) => {}
        Action::Shrink if map::zoom(app, 2.0, None) => {}
        Action::ShowAll if map::whole(app) => {}
        Action::Stretch => stretch(app, 0.5),
        Action::Shrink => stretch(app, 2.0),
        Action::ShowAll => app.selection.window.clear(),
        Action::Sort => sort(app, false),
        Action::Reverse => sort(app, true),
        Action::Episode(by) => episode(app, by),
        Action::Imagine => return imagine(app),
        Action::Filter => prompt::open(app),
        Action::TopUp => return topup(app),
        Action::Schedule => schedule(app),
        Action::Pause => return pause(app),
        Action::Stop => return stop(app),
        Action::Again => return again(app),
        Action::Theme => app.theme = app.theme.next(),
        Action::Copy => {
            let shown = layout::shown(app);
            let text = shown.cards.get(shown.focus).map(|c| c.readout(app)).unwrap_or_default();
            return if text.is_empty() { Vec::new() } else { vec![Effect::Copy(text)] };
        }
    }
    Vec::new()
}

fn zoom(app: &mut App) -> Vec<Effect> {
    app.looks.zoom = !app.looks.zoom;
    Vec::new()
}

fn show(app: &mut App, panel: Panel) {
    app.help = None;
    if app.panel != panel {
        app.looks.zoom = false;
        app.panel = panel;
    }
}

/// Moves the focus along the cards, over all pages.
pub fn step_focus(app: &mut App, by: isize) {
    let shown = layout::shown(app);
    let n = shown.order.len() as isize;
    let Some(at) = shown.order.iter().position(|i| *i == shown.focus) else { return };
    let next = shown.order[(at as isize + by).rem_euclid(n) as usize];
    let id = shown.cards[next].id.clone();
    app.looks.focus.insert(app.panel, id);
}

fn back(app: &mut App) {
    if app.help.is_some() {
        app.help = None;
    } else if app.message.is_some() {
        app.message = None;
    } else if app.looks.zoom {
        app.looks.zoom = false;
    } else {
        app.selection.at.clear();
        let panel = app.panel;
        for ((_, id), look) in app.looks.cards.iter_mut().filter(|((p, _), _)| *p == panel) {
            look.cell = None;
            if id.starts_with("hist:") {
                look.row = None;
            }
        }
    }
}

/// Moves the cursor of the focused card.
pub fn motion(app: &mut App, to: impl Fn(&card::Card, &App) -> Option<Target>) {
    let shown = layout::shown(app);
    let Some(card) = shown.cards.get(shown.focus) else { return };
    let target = to(card, app);
    let id = card.id.clone();
    match target {
        Some(Target::At(axis, v)) => {
            app.selection.at.insert(axis, v);
        }
        Some(Target::Look(look)) => *app.looks.of_mut(app.panel, &id) = look,
        None => {}
    }
}

fn scale(app: &mut App) {
    let shown = layout::shown(app);
    let Some(card) = shown.cards.get(shown.focus) else { return };
    let (curves, own_log) = match &card.body {
        Body::Plot(lines) => (true, lines.first().is_some_and(|l| l.y_axis.log)),
        Body::Map(_) => (false, true),
        Body::Scatter(s) => (false, s.y_axis.log),
        _ => (false, false),
    };
    let id = card.id.clone();
    let look = app.looks.of_mut(app.panel, &id);
    let now = look.scale.unwrap_or(if own_log { ScaleChoice::Log } else { ScaleChoice::Linear });
    look.scale = Some(match now {
        ScaleChoice::Linear => ScaleChoice::Log,
        ScaleChoice::Log if curves => ScaleChoice::Symlog,
        _ => ScaleChoice::Linear,
    });
}

/// Makes the shown part of the focused plot's horizontal axis `factor` times as long, around the cursor.
fn stretch(app: &mut App, factor: f64) {
    let shown = layout::shown(app);
    let Some(card) = shown.cards.get(shown.focus) else { return };
    let (Body::Plot(lines), Some(axis)) = (&card.body, card.axis()) else { return };
    let xs = || lines.iter().flat_map(|l| l.x.iter().copied()).filter(|v| v.is_finite());
    let all = (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max));
    let (lo, hi) = app.selection.window.get(axis).copied().unwrap_or(all);
    let centre = app.selection.at.get(axis).copied().unwrap_or(f64::midpoint(lo, hi));
    let half = (hi - lo) * factor / 2.0;
    if !(half.is_finite() && half > (all.1 - all.0) * 1e-6) {
        return;
    }
    let window = ((centre - half).max(all.0), (centre + half).min(all.1));
    let axis = axis.to_string();
    if window == all {
        app.selection.window.remove(&axis);
    } else {
        app.selection.window.insert(axis, window);
    }
}

fn sort(app: &mut App, turn: bool) {
    let shown = layout::shown(app);
    let Some(card) = shown.cards.get(shown.focus) else { return };
    let Body::Table(table) = &card.body else { return };
    let columns = table.columns.len();
    let id = card.id.clone();
    let look = app.looks.of_mut(app.panel, &id);
    look.sort = match (look.sort, turn) {
        (None, _) => Some((0, turn)),
        (Some((c, down)), true) => Some((c, !down)),
        (Some((c, _)), false) if c + 1 >= columns => None,
        (Some((c, _)), false) => Some((c + 1, true)),
    };
}

fn episode(app: &mut App, by: i32) {
    let rows =
        app.report(app.panel).and_then(|r| r.tables.iter().find(|t| t.key == "episodes")).map_or(0, |t| t.rows.len());
    let look = app.looks.of_mut(app.panel, "table:episodes");
    let next = look.row.unwrap_or(0).saturating_add_signed(by as isize);
    look.row = Some(next.min(rows.saturating_sub(1)));
}

/// Imagines the episode selected in the data's table, and shows it.
fn imagine(app: &mut App) -> Vec<Effect> {
    let look = app.looks.of(Panel::Data, "table:episodes");
    let row = app.episodes().and_then(|data| {
        let view = TableView { data, sort: look.sort, selected: None };
        data.rows.get(*view.order().get(look.row.unwrap_or(0))?)?.first().cloned()
    });
    let Some(JobSpec::Imagine(spec)) = app.job_of(Panel::Imagination) else {
        app.message = Some("Imagining an episode needs a world model: open the data with --checkpoint PATH.".into());
        return Vec::new();
    };
    let Some(Cell::Count(index)) = row else {
        if row.is_some() {
            app.message = Some("This episode is not among those in memory: allow more with --memory.".into());
        }
        return Vec::new();
    };
    show(app, Panel::Imagination);
    let spec = ImagineSpec { episode: usize::try_from(index).ok(), ..spec };
    vec![app.jobs.start(JobSpec::Imagine(spec))]
}

fn topup(app: &mut App) -> Vec<Effect> {
    if app.jobs.named("top-up").is_some() {
        app.message = Some("A top-up is running: x stops it.".into());
        return Vec::new();
    }
    let Some(spec) = app.job_of(Panel::TopUp) else {
        app.message = Some("A top-up needs a world model: open the data with --checkpoint PATH.".into());
        return Vec::new();
    };
    app.reports.remove(Panel::TopUp.report());
    vec![app.jobs.start(spec)]
}

fn schedule(app: &mut App) {
    if app.jobs.named("top-up").is_none() {
        app.open.topup.schedule = match app.open.topup.schedule {
            Schedule::None => Schedule::Fixed,
            Schedule::Fixed => Schedule::Adaptive,
            Schedule::Adaptive => Schedule::None,
        };
    }
}

fn pause(app: &mut App) -> Vec<Effect> {
    let Some((slot, _)) = app.jobs.named(app.panel.job()) else { return Vec::new() };
    let Some(running) = app.jobs.running.get_mut(&slot) else { return Vec::new() };
    let Some(id) = running.id else { return Vec::new() };
    running.paused = !running.paused;
    vec![Effect::Control(id, if running.paused { Control::Pause } else { Control::Resume })]
}

fn stop(app: &mut App) -> Vec<Effect> {
    let running = app.jobs.named(app.panel.job());
    running.and_then(|(_, r)| r.id).map(|id| vec![Effect::Control(id, Control::Stop)]).unwrap_or_default()
}

/// Runs the panel's job again; a failed load is followed by everything that waited for it.
fn again(app: &mut App) -> Vec<Effect> {
    let panel = app.panel;
    if panel == Panel::TopUp {
        return topup(app);
    }
    let Some(spec) = app.job_of(panel) else {
        app.message = Some("This panel needs a world model: open the data with --checkpoint PATH.".into());
        return Vec::new();
    };
    if panel == Panel::Data {
        app.jobs.queue = app.road();
        app.reports.remove("episodes");
    } else if panel == app.compares_on() {
        app.jobs.queue.extend(app.comparison().map(JobSpec::Compare));
    }
    app.message = None;
    vec![app.jobs.start(spec)]
}
