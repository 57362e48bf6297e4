//! Boxes around parts of a map, with a label at a corner.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::metrics::report::Mark;
use crate::ui::theme::Theme;
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::ink;
use crate::ui::widget::scale::Range;

/// Characters of a box: across, up, and the corners from the upper left to the lower right.
const THIN: [&str; 6] = ["─", "│", "┌", "┐", "└", "┘"];
/// Those of the box that stands out.
const HEAVY: [&str; 6] = ["━", "┃", "┏", "┓", "┗", "┛"];

/// Draws every box, the first on top, over them the one whose label is chosen.
pub fn draw((marks, chosen): (&[Mark], Option<&str>), axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    for mark in marks.iter().rev() {
        outline(mark, &THIN, axes, plot, buf, theme);
    }
    for mark in marks.iter().filter(|mark| Some(mark.label.as_str()) == chosen) {
        outline(mark, &HEAVY, axes, plot, buf, theme);
    }
}

fn outline(
    mark: &Mark,
    [across, up, corners @ ..]: &[&str; 6],
    axes: &Axes,
    plot: Rect,
    buf: &mut Buffer,
    theme: Theme,
) {
    let (Some(x), Some(y)) = (side(&axes.x, mark.x, plot.width), side(&axes.y, mark.y, plot.height)) else { return };
    let (left, right) = (axes::column(plot, x.from), axes::column(plot, x.to));
    let (top, bottom) = (axes::row(plot, y.to), axes::row(plot, y.from));
    let color = theme.colors().alarm;
    let rows = [(top, y.ends), (bottom, y.begins)].into_iter().filter(|(_, closed)| *closed);
    for row in rows.map(|(row, _)| row) {
        (left..=right).for_each(|column| ink::mark(buf, plot, column, row, across, color));
    }
    let columns = [(left, x.begins), (right, x.ends)].into_iter().filter(|(_, closed)| *closed);
    for column in columns.map(|(column, _)| column) {
        (top..=bottom).for_each(|row| ink::mark(buf, plot, column, row, up, color));
    }
    let places = [
        (left, top, x.begins && y.ends),
        (right, top, x.ends && y.ends),
        (left, bottom, x.begins && y.begins),
        (right, bottom, x.ends && y.begins),
    ];
    for ((column, row, closed), corner) in places.into_iter().zip(corners) {
        if closed {
            ink::mark(buf, plot, column, row, corner, color);
        }
    }
    for (i, letter) in mark.label.chars().enumerate() {
        ink::mark(buf, plot, left + i as u16, top, letter.encode_utf8(&mut [0; 4]), color);
    }
}

/// What is in sight of one direction of a box: from where to where, and whether it begins and ends there.
struct Side {
    from: f64,
    to: f64,
    begins: bool,
    ends: bool,
}

/// The box goes on beyond an edge that it is more than half a cell outside of: there it stays open. Nothing where all of it is
/// out of sight.
fn side(range: &Range, (a, b): (f64, f64), cells: u16) -> Option<Side> {
    let (a, b) = (range.position(a), range.position(b));
    let half = 0.5 / f64::from(cells.max(1));
    let (from, to) = (a.clamp(0.0, 1.0), b.clamp(0.0, 1.0));
    (a < 1.0 && b > 0.0).then_some(Side { from, to, begins: a > -half, ends: b < 1.0 + half })
}
