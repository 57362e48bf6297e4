//! What of the screen can be shown in pixels: the maps that nothing lies over.

use ratatui::layout::Rect;

use super::app::App;
use super::card::{self, Card};
use super::layout::{self, LEAST};
use super::shown::shown;
use super::theme::Depth;
use super::widget::map::MapView;

/// Hands every map of the screen and its place to `with`. There are none while a list, a question or a message is open, and a map
/// is left out while its cursor tells of a cell.
pub fn each(app: &App, mut with: impl FnMut(Rect, &MapView<'_>)) {
    let is_covered = app.over.is_some() || app.message.is_some() || app.quitting;
    let is_small = app.size.0 < LEAST.0 || app.size.1 < LEAST.1;
    // Pictures have colours of their own where the cells have sixteen.
    let is_plain = app.theme.ascii || app.theme.depth == Depth::Mono;
    if is_covered || is_small || is_plain {
        return;
    }
    let shown = shown(app);
    let narrow = layout::room(layout::regions(app.size).body).is_narrow();
    for (i, area) in &shown.placed {
        let map = card::map(&shown.cards[*i], app.lens()).filter(|map| map.cursor.is_none() && map.sound());
        let Some(map) = map else { continue };
        if let Some(grid) = map.grid(Card::inside(*area, narrow)) {
            with(grid.plot, &map);
        }
    }
}
