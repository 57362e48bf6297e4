//! Maps: going closer and moving about.
//!
//! The part that is shown is counted here, from what the report carries: a table of sums, so that it takes less than two
//! milliseconds however many states there are.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::metrics::report::HeatMap;
use crate::ui::app::App;
use crate::ui::card::Body;
use crate::ui::shown::shown;

/// Lower and upper end.
type Range = (f64, f64);

/// The smallest part of an axis that is shown: beyond it the numbers are rounding.
const CLOSEST: f64 = 1e-5;
/// States for each cell along an axis that make finer cells worth while, and most cells.
const PER_CELL: f64 = 20.0;
const CELLS: usize = 160;

/// The focused map: its card, the whole, and the part that is shown.
struct Focused {
    id: String,
    whole: Arc<HeatMap>,
    x: Range,
    y: Range,
    width: usize,
    height: usize,
}

fn focused(app: &App) -> Option<Focused> {
    let shown = shown(app);
    let card = shown.focused()?;
    let Body::Map { whole, shown: part, .. } = card.body else { return None };
    let (id, width, height) = (card.id.clone(), part.width, part.height);
    whole.fine.as_ref().filter(|f| !f.is_empty())?;
    Some(Focused { id, whole: Arc::new(whole.clone()), x: part.x_range, y: part.y_range, width, height })
}

/// `range` within `whole`, moved rather than cut where it is shorter.
pub fn within(range: Range, whole: Range) -> Range {
    let length = (range.1 - range.0).min(whole.1 - whole.0);
    let lo = range.0.clamp(whole.0, (whole.1 - length).max(whole.0));
    if length >= whole.1 - whole.0 { whole } else { (lo, lo + length) }
}

/// Middle of cell `i` of `n` along a range.
fn middle(range: Range, i: usize, n: usize) -> f64 {
    range.0 + (range.1 - range.0) * (i as f64 + 0.5) / n.max(1) as f64
}

/// Shows the part of the focused map over `x` and `y`; the cursor stays at the numbers where it is.
fn look(app: &mut App, map: &Focused, x: Range, y: Range) {
    let (x, y) = (within(x, map.whole.x_range), within(y, map.whole.y_range));
    let at = app
        .looks
        .card(app.panel, &map.id)
        .cell
        .map(|(i, j)| (middle(map.x, i, map.width), middle(map.y, j, map.height)));
    let part = if (x, y) == (map.whole.x_range, map.whole.y_range) { None } else { count(&map.whole, x, y) };
    let now = part.as_deref().unwrap_or(&map.whole);
    let cell = |v: f64, range: Range, n: usize| {
        (((v - range.0) / (range.1 - range.0) * n as f64).floor().max(0.0) as usize).min(n.saturating_sub(1))
    };
    let cell = at.map(|(u, v)| (cell(u, now.x_range, now.width), cell(v, now.y_range, now.height)));
    let look = app.looks.card_mut(app.panel, &map.id);
    (look.part, look.cell) = (part, cell);
}

/// Counts a part of a map.
fn count(whole: &HeatMap, x: Range, y: Range) -> Option<Arc<HeatMap>> {
    let fine = whole.fine.as_ref()?;
    let cells = ((fine.len() as f64 / PER_CELL).sqrt() as usize).min(CELLS);
    let view = fine.view((x, y), cells.max(whole.width), cells.max(whole.height));
    let ends = |edges: &[f64]| Some((*edges.first()?, *edges.last()?));
    Some(Arc::new(HeatMap {
        x_range: ends(&view.x_edges)?,
        y_range: ends(&view.y_edges)?,
        width: view.width(),
        height: view.height(),
        values: view.counts.iter().map(|&c| c as f64).collect(),
        ..whole.clone()
    }))
}

/// Makes the shown part of the focused map `factor` times as long on both axes, around `anchor` (a point of the map) or
/// the cursor; false where no such map has the focus.
pub fn zoom(app: &mut App, factor: f64, anchor: Option<(f64, f64)>) -> bool {
    let Some(map) = focused(app) else { return false };
    let cursor = app.looks.card(app.panel, &map.id).cell;
    let cursor = cursor.map(|(i, j)| (middle(map.x, i, map.width), middle(map.y, j, map.height)));
    let centre = (f64::midpoint(map.x.0, map.x.1), f64::midpoint(map.y.0, map.y.1));
    let at = anchor.or(cursor).unwrap_or(centre);
    let around = |range: Range, whole: Range, at: f64| {
        // Where the ends meet the whole map's, the next one out is the whole.
        let least = (whole.1 - whole.0) * CLOSEST;
        let factor = factor.max(least / (range.1 - range.0));
        (at - (at - range.0) * factor, at + (range.1 - at) * factor)
    };
    let (x, y) = (around(map.x, map.whole.x_range, at.0), around(map.y, map.whole.y_range, at.1));
    look(app, &map, x, y);
    true
}

/// Shows all of the focused map; false where no map has the focus.
pub fn whole(app: &mut App) -> bool {
    let Some(map) = focused(app) else { return false };
    let (x, y) = (map.whole.x_range, map.whole.y_range);
    look(app, &map, x, y);
    true
}

/// Moves the shown part where the cursor would leave it; false where it stays inside, or nothing is beyond.
pub fn follow(app: &mut App, dx: i32, dy: i32) -> bool {
    let Some(map) = focused(app) else { return false };
    let look = app.looks.card(app.panel, &map.id);
    let (Some((i, j)), true) = (look.cell, look.part.is_some()) else { return false };
    // How many cells the cursor would be outside.
    let over = |at: usize, by: i32, n: usize| {
        let to = at as i64 + i64::from(by);
        to.min(0) + (to - (n as i64 - 1)).max(0)
    };
    let (right, up) = (over(i, dx, map.width), over(j, -dy, map.height));
    if (right, up) == (0, 0) {
        return false;
    }
    let moved = slide(app, &map, right as f64 / map.width as f64, up as f64 / map.height as f64);
    if moved {
        let edge = |at: usize, by: i32, n: usize| at.saturating_add_signed(by as isize).min(n.saturating_sub(1));
        app.looks.card_mut(app.panel, &map.id).cell = Some((edge(i, dx, map.width), edge(j, -dy, map.height)));
    }
    moved
}

/// Moves the shown part by shares of its length; false where it is at the end.
fn slide(app: &mut App, map: &Focused, right: f64, up: f64) -> bool {
    let by = |range: Range, share: f64, whole: Range| {
        let step = (range.1 - range.0) * share;
        within((range.0 + step, range.1 + step), whole)
    };
    let (x, y) = (by(map.x, right, map.whole.x_range), by(map.y, up, map.whole.y_range));
    if (x, y) == (map.x, map.y) {
        return false;
    }
    look(app, map, x, y);
    true
}

/// The mouse dragged the focused map, drawn in `plot`, to (x, y): what was under it stays under it. False where the whole
/// map is shown: there is nothing to move.
pub fn drag(app: &mut App, plot: Rect, (x, y): (u16, u16)) -> bool {
    let from = app.selection.drag.replace((x, y));
    let Some(map) = focused(app) else { return false };
    if app.looks.card(app.panel, &map.id).part.is_none() {
        return false;
    }
    if let Some((was_x, was_y)) = from {
        let share = |now: u16, was: u16, n: u16| (f64::from(was) - f64::from(now)) / f64::from(n.max(1));
        slide(app, &map, share(x, was_x, plot.width), -share(y, was_y, plot.height));
    }
    true
}

/// A report is replaced: parts of its maps are no longer true, and a point of a cloud is another.
pub fn forget(app: &mut App, report: &str) {
    for ((_, id), look) in app.looks.cards.iter_mut().filter(|((panel, _), _)| panel.0 == report) {
        if look.part.is_some() {
            (look.part, look.cell) = (None, None);
        }
        if id.starts_with("scatter:") {
            look.row = None;
        }
    }
}
