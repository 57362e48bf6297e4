//! Keys' actions.

use super::{Effect, choice, cursor, export, map, over, page, pair, pin};
use crate::engine::job::{Control, Slot};
use crate::ui::app::{App, Over, Prompt, ScaleChoice, Searched};
use crate::ui::card::{self, Body};
use crate::ui::choosing;
use crate::ui::keymap::Action;
use crate::ui::look::SMOOTH;
use crate::ui::panel::{diagnosis, panel};
use crate::ui::shown::shown;

/// Does what a key asks for.
pub fn act(app: &mut App, action: Action) -> Vec<Effect> {
    app.quitting &= matches!(action, Action::Quit);
    match action {
        Action::Quit => return quit(app),
        Action::Interrupt => return vec![Effect::Interrupt],
        Action::Help => over::help(app),
        Action::Palette => app.over = Some(Over::Search(Searched::Actions, Prompt::default(), 0)),
        Action::Jobs => app.over = if matches!(app.over, Some(Over::Jobs(_))) { None } else { Some(Over::Jobs(0)) },
        Action::Suspend => return vec![Effect::Suspend],
        Action::Show(panel) if panel == app.panel && app.over.is_none() => page::turn(app, 1),
        Action::Show(panel) => app.show(panel),
        Action::Page(by) => page::scroll_or_turn(app, by),
        Action::Turn(by) => page::turn(app, by),
        Action::Size(columns, rows) => page::size(app, columns, rows),
        Action::Unsize => _ = app.looks.sizes.remove(&app.panel),
        Action::NextCard => step_focus(app, 1),
        Action::PreviousCard => step_focus(app, -1),
        Action::Enter if matches!(app.over, Some(Over::Plan(..))) => app.over = None,
        Action::Enter => return enter(app),
        Action::Zoom => return zoom(app),
        Action::Filter => choice::open(app),
        Action::Export => return export::focused(app),
        Action::ExportAll => return export::all(app),
        Action::Undo => return choosing::undo(app),
        Action::Back => back(app),
        Action::Move(dx, dy) if over::shift(app, (dx, dy)) => {}
        Action::Move(dx, dy) if map::follow(app, dx, dy) => {}
        Action::Move(dx, dy) => cursor::motion(app, |card, lens| card::shift(card, lens, dx, dy)),
        Action::First => cursor::motion(app, |card, lens| card::first_or_last(card, lens, -1)),
        Action::Last => cursor::motion(app, |card, lens| card::first_or_last(card, lens, 1)),
        Action::Scale => scale(app),
        Action::Solo => solo(app),
        Action::Smooth => smooth(app),
        Action::Stretch if map::zoom(app, 0.5, None) => {}
        Action::Shrink if map::zoom(app, 2.0, None) => {}
        Action::ShowAll if map::whole(app) => {}
        Action::Stretch => stretch(app, 0.5),
        Action::Shrink => stretch(app, 2.0),
        Action::ShowAll => app.selection.window.clear(),
        Action::Sort => sort(app, false),
        Action::Reverse => sort(app, true),
        Action::Stop if matches!(app.over, Some(Over::Jobs(_))) => return over::stop(app),
        Action::Pause if matches!(app.over, Some(Over::Jobs(_))) => return over::pause(app),
        Action::Pause => return pause(app),
        Action::Stop => return stop(app),
        Action::Again => return (panel(app.panel).again)(app, panel(app.panel)),
        Action::Own(act) => return act(app),
        Action::Flip => return pair::flip(app),
        Action::RollBack => return pair::roll_back(app),
        Action::Save => return export::session(app),
        Action::Pin => pin::pin(app),
        Action::Theme => app.theme = app.theme.next(),
        Action::Copy => {
            let text = shown(app).focused().map(|c| c.readout(app.lens())).unwrap_or_default();
            if text.is_empty() {
                app.message = Some("Nothing to copy: set the cursor on a cell, a row or a point first.".into());
                return Vec::new();
            }
            let first = text.lines().next().unwrap_or_default();
            app.message = Some(format!("Copied: {first}"));
            return vec![Effect::Copy(text)];
        }
    }
    Vec::new()
}

/// Ends the program; where that would end a run, it is asked once more.
fn quit(app: &mut App) -> Vec<Effect> {
    let Some(running) = app.jobs.running.get(&Slot::Train).filter(|job| !app.quitting && !job.stopping) else {
        return vec![Effect::Quit];
    };
    app.quitting = true;
    let name = running.name;
    app.message = Some(format!(
        "The {name} is running and would be stopped; what it collected is kept, and it can be gone on with. q again quits."
    ));
    Vec::new()
}

/// What the focused card leads to, else zooms it. A card has the focus before it was ever asked for.
fn enter(app: &mut App) -> Vec<Effect> {
    let focused = shown(app).focused().map(|card| card.id.clone());
    if let Some(id) = focused {
        app.looks.focus.insert(app.panel, id);
    }
    (panel(app.panel).enter)(app).unwrap_or_else(|| zoom(app))
}

fn zoom(app: &mut App) -> Vec<Effect> {
    app.looks.zoom = !app.looks.zoom;
    Vec::new()
}

/// Moves the focus along the cards, over all pages.
pub fn step_focus(app: &mut App, by: isize) {
    let shown = shown(app);
    let n = shown.order.len() as isize;
    let Some(at) = shown.order.iter().position(|i| *i == shown.focus) else { return };
    let next = shown.order[(at as isize + by).rem_euclid(n) as usize];
    let id = shown.cards[next].id.clone();
    app.looks.focus.insert(app.panel, id);
}

fn back(app: &mut App) {
    if app.over.is_some() {
        app.over = None;
    } else if app.message.is_some() {
        app.message = None;
    } else if app.looks.zoom {
        app.looks.zoom = false;
    } else if app.panel == diagnosis::ID && diagnosis::end(app) {
        // The cursor stays until the next time.
    } else {
        app.selection.at.clear();
        for (id, look) in app.looks.of_panel(app.panel) {
            look.cell = None;
            if id.starts_with("hist:") || id.starts_with("scatter:") {
                look.row = None;
            }
        }
    }
}

/// The focused plot or map, and how many curves or paths it has.
fn curves(app: &App) -> Option<(String, usize)> {
    let shown = shown(app);
    let card = shown.focused()?;
    let n = match &card.body {
        Body::Plot(lines) => lines.len(),
        Body::Map { overlays, .. } => overlays.len(),
        _ => return None,
    };
    Some((card.id.clone(), n))
}

fn solo(app: &mut App) {
    let Some((id, n)) = curves(app) else { return };
    let look = app.looks.card_mut(app.panel, &id);
    look.solo = look.solo.map_or(Some(0), |i| Some(i + 1)).filter(|i| *i < n);
}

fn smooth(app: &mut App) {
    let Some((id, _)) = curves(app) else { return };
    let look = app.looks.card_mut(app.panel, &id);
    look.smooth = (look.smooth + 1) % SMOOTH.len();
}

fn scale(app: &mut App) {
    let shown = shown(app);
    let Some(card) = shown.focused() else { return };
    let (curves, own_log) = match &card.body {
        Body::Plot(lines) => (true, lines.first().is_some_and(|l| l.y_axis.log)),
        Body::Map { .. } => (false, true),
        Body::Scatter(s) => (false, s.y_axis.log),
        _ => (false, false),
    };
    // Decades have no place for what is at or below zero: where there is such, symlog has.
    let positive = match &card.body {
        Body::Plot(lines) => lines.iter().all(|l| l.y.iter().all(|v| v.is_nan() || *v > 0.0)),
        _ => true,
    };
    let (id, lanes) = (card.id.clone(), matches!(card.body, Body::Lanes(_)));
    let look = app.looks.card_mut(app.panel, &id);
    if lanes {
        let linear = look.scale == Some(ScaleChoice::Linear);
        look.scale = Some(if linear { ScaleChoice::Log } else { ScaleChoice::Linear });
        return;
    }
    let now = look.scale.unwrap_or(if own_log { ScaleChoice::Log } else { ScaleChoice::Linear });
    look.scale = Some(match now {
        ScaleChoice::Linear if positive => ScaleChoice::Log,
        ScaleChoice::Linear | ScaleChoice::Log if curves => ScaleChoice::Symlog,
        _ => ScaleChoice::Linear,
    });
}

/// Makes the shown part of the focused plot's horizontal axis `factor` times as long, around the cursor.
fn stretch(app: &mut App, factor: f64) {
    let shown = shown(app);
    let Some(card) = shown.focused() else { return };
    let (Some(all), Some(axis)) = (card::ends(card), card.axis()) else { return };
    let (lo, hi) = app.selection.window.get(axis).copied().unwrap_or(all);
    // A cursor on the axis may be one of another panel, beyond what is here.
    let centre = app.selection.at.get(axis).copied().unwrap_or(f64::midpoint(lo, hi)).max(all.0).min(all.1);
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
    let shown = shown(app);
    let Some(card) = shown.focused() else { return };
    let Body::Table(table) = &card.body else { return };
    let columns = table.columns.len();
    let (id, top) = (card.id.clone(), card::table(table, &card.look).selected);
    let look = app.looks.card_mut(app.panel, &id);
    // Another order keeps what is selected.
    look.row = look.row.or(top);
    look.sort = match (look.sort, turn) {
        (None, _) => Some((0, turn)),
        (Some((c, down)), true) => Some((c, !down)),
        (Some((c, _)), false) if c + 1 >= columns => None,
        (Some((c, _)), false) => Some((c + 1, true)),
    };
}

fn pause(app: &mut App) -> Vec<Effect> {
    let Some((slot, _)) = app.jobs.named(panel(app.panel).job_in(&app.open)) else { return Vec::new() };
    let Some(running) = app.jobs.running.get_mut(&slot) else { return Vec::new() };
    let Some(id) = running.id else { return Vec::new() };
    running.paused = !running.paused;
    vec![Effect::Control(id, if running.paused { Control::Pause } else { Control::Resume })]
}

fn stop(app: &mut App) -> Vec<Effect> {
    let name = panel(app.panel).job_in(&app.open);
    let Some(job) = app.jobs.running.values_mut().find(|job| job.name == name) else { return Vec::new() };
    job.stopping = job.id.is_some();
    job.id.map(|id| Effect::Control(id, Control::Stop)).into_iter().collect()
}
