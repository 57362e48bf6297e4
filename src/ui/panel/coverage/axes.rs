//! What the map of the coverage shows: its axes, its layers, and the maps of all pairs.

use super::{ID, MAP, PAIRS, choose, show};
use crate::metrics::report::{Along, HeatMap};
use crate::ui::app::{App, Over, Prompt, Searched, Side};
use crate::ui::msg::Effect;

/// What can lie along an axis of the map.
pub fn offered(app: &App) -> &[(Along, String)] {
    density(app).map_or(&[], |map| &map.offered)
}

/// The map of the report.
pub fn density(app: &App) -> Option<&HeatMap> {
    app.report(ID)?.maps.iter().find(|m| m.key == "density")
}

pub fn has_axes(app: &App) -> bool {
    !offered(app).is_empty()
}

pub fn has_layers(app: &App) -> bool {
    density(app).is_some_and(|map| !map.layers.is_empty())
}

pub fn search(app: &mut App, side: Side) -> Vec<Effect> {
    if has_axes(app) {
        app.over = Some(Over::Search(Searched::Axis(side), Prompt::default(), 0));
    }
    Vec::new()
}

/// Lays something along an axis of the map; what lay there before takes the other axis where it was chosen there.
pub fn along(app: &mut App, side: Side, along: Along) -> Vec<Effect> {
    let (x, y) = app.selection.axes.unwrap_or((Along::Principal(0), Along::Principal(1)));
    let axes = match side {
        Side::X if along == y => (y, x),
        Side::X => (along, y),
        Side::Y if along == x => (y, x),
        Side::Y => (x, along),
    };
    show(app, Some(axes))
}

/// Shows the map's next (1) or previous (−1) layer; before the first is the density of the training states.
pub fn layer(app: &mut App, by: i64) -> Vec<Effect> {
    let layers = density(app).map_or(0, |map| map.layers.len());
    let look = app.looks.card_mut(ID, MAP);
    look.layer = (look.layer.min(layers) as i64 + by).rem_euclid(layers as i64 + 1) as usize;
    look.scale = None;
    app.looks.focus.insert(ID, MAP.into());
    Vec::new()
}

/// Turns to the maps of all pairs, and back to the map.
pub fn pairs(app: &mut App) -> Vec<Effect> {
    let on_pairs = app.looks.focus.get(&ID).is_some_and(|focus| focus == PAIRS);
    app.looks.focus.insert(ID, if on_pairs { MAP } else { PAIRS }.into());
    Vec::new()
}

/// The map over the next (1) or the previous (−1) pair; before the first are the axes that it came with.
pub fn next(app: &mut App, by: i64) -> Vec<Effect> {
    let Some(maps) = app.report(ID).and_then(|r| r.pairs.clone()) else { return Vec::new() };
    let place = |axes| maps.pairs.iter().position(|p| dims(*p) == axes).map_or(0, |i| i + 1);
    let now = app.selection.axes.map_or(0, place) as i64;
    let next = (now + by).rem_euclid(maps.pairs.len() as i64 + 1) as usize;
    let row = next.checked_sub(1);
    if row.is_some() {
        app.looks.card_mut(ID, PAIRS).row = row;
    }
    choose(app, row.map(|i| dims(maps.pairs[i])))
}

/// Two dimensions as axes.
pub fn dims((x, y): (usize, usize)) -> (Along, Along) {
    (Along::Dimension(x), Along::Dimension(y))
}

/// True where there are maps of all pairs.
pub fn has_pairs(app: &App) -> bool {
    app.report(ID).is_some_and(|r| r.pairs.is_some())
}
