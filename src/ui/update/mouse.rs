//! The mouse: tabs, cards, cursors, wheel.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use ratatui::layout::Rect;

use super::{Effect, act, cursor, map, page};
use crate::ui::app::App;
use crate::ui::card::{self, Body, Card};
use crate::ui::keymap::Action;
use crate::ui::layout;
use crate::ui::shown::shown;
use crate::ui::tabs;

/// A notch of the wheel makes the shown part of a map so many times as long.
const WHEEL: f64 = 0.75;

/// Takes in one event of the mouse.
pub fn mouse(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            app.selection.drag = Some((event.column, event.row));
            let free = app.over.is_none() && app.message.is_none();
            app.selection.border =
                page::border_at(&shown(app), event.column, event.row).filter(|_| free).map(|(s, i)| (s.name, i));
            press(app, event.column, event.row);
        }
        MouseEventKind::Up(_) => app.selection.border = None,
        MouseEventKind::Drag(MouseButton::Left) if app.selection.border.is_some() => drag_border(app, event),
        MouseEventKind::Drag(MouseButton::Left) => {
            let plot = map_plot(app).filter(|_| app.over.is_none() && app.message.is_none());
            if !plot.is_some_and(|plot| map::drag(app, plot, (event.column, event.row))) {
                press(app, event.column, event.row);
            }
        }
        MouseEventKind::ScrollDown => return wheel(app, event, 1),
        MouseEventKind::ScrollUp => return wheel(app, event, -1),
        _ => {}
    }
    Vec::new()
}

/// The border that the mouse holds goes where the mouse is.
fn drag_border(app: &mut App, event: MouseEvent) {
    let Some((name, part)) = app.selection.border.clone() else { return };
    let Some(split) = shown(app).splits.iter().find(|split| split.name == name).cloned() else { return };
    let Some(before) = split.parts.get(part) else { return };
    let by = if split.across {
        i32::from(event.column) - i32::from(before.right())
    } else {
        i32::from(event.row) - i32::from(before.bottom())
    };
    page::move_border(app, &split, part, by);
}

fn press(app: &mut App, x: u16, y: u16) {
    if app.over.is_some() || app.message.is_some() {
        app.over = None;
        app.message = None;
        return;
    }
    let regions = layout::regions(app.size);
    if y == regions.tabs.y {
        if let Some(panel) = tabs::tab_at(app.size, x) {
            app.show(panel);
        } else if let Some(page) = tabs::page_at(app, x) {
            page::show(app, page);
        }
        return;
    }
    if focus_at(app, x, y) {
        point(app, x, y);
    }
}

/// Puts the cursor of the card under (x, y) there.
fn point(app: &mut App, x: u16, y: u16) {
    let small = is_small(app);
    let area = shown(app).placed.iter().find(|(_, a)| a.contains((x, y).into())).map(|(_, a)| *a);
    if let Some(area) = area {
        cursor::motion(app, |card, lens| card::click(card, lens, Card::inside(area, small), x, y));
    }
}

/// Gives the card under (x, y) the focus.
fn focus_at(app: &mut App, x: u16, y: u16) -> bool {
    let shown = shown(app);
    let hit = shown.placed.iter().find(|(_, area)| area.contains((x, y).into()));
    let id = hit.map(|(i, _)| shown.cards[*i].id.clone());
    let found = id.is_some();
    if let Some(id) = id {
        app.looks.focus.insert(app.panel, id);
    }
    found
}

/// Where the focused map is drawn.
fn map_plot(app: &App) -> Option<Rect> {
    let shown = shown(app);
    let (i, area) = shown.placed.iter().find(|(i, _)| *i == shown.focus)?;
    card::map_plot(&shown.cards[*i], app.lens(), Card::inside(*area, is_small(app)))
}

fn is_small(app: &App) -> bool {
    layout::room(layout::regions(app.size).body).is_narrow()
}

/// The point of the focused map under (x, y).
fn map_point(app: &App, x: u16, y: u16) -> Option<(f64, f64)> {
    let plot = map_plot(app).filter(|p| p.contains((x, y).into()))?;
    let shown = shown(app);
    let Body::Map { shown: map, .. } = shown.focused()?.body else { return None };
    let share = |at: u16, from: u16, n: u16| (f64::from(at - from) + 0.5) / f64::from(n.max(1));
    let along = |(lo, hi): (f64, f64), p: f64| lo + (hi - lo) * p;
    Some((along(map.x_range, share(x, plot.x, plot.width)), along(map.y_range, 1.0 - share(y, plot.y, plot.height))))
}

/// The wheel goes closer to a map or stretches a plot around the mouse, and scrolls anything else.
fn wheel(app: &mut App, event: MouseEvent, by: i32) -> Vec<Effect> {
    if !focus_at(app, event.column, event.row) {
        return Vec::new();
    }
    if let Some(anchor) = map_point(app, event.column, event.row)
        && map::zoom(app, if by < 0 { WHEEL } else { 1.0 / WHEEL }, Some(anchor))
    {
        return Vec::new();
    }
    let shown = shown(app);
    if shown.focused().is_some_and(|c| matches!(c.body, Body::Plot(_))) {
        point(app, event.column, event.row);
        return act::act(app, if by < 0 { Action::Stretch } else { Action::Shrink });
    }
    act::act(app, Action::Move(0, by))
}
