//! Boxes around parts of a map, with a label at a corner.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::metrics::report::Mark;
use crate::ui::theme::Theme;
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::ink;
use crate::ui::widget::scale::Range;

/// Draws every box, the first on top.
pub fn draw(marks: &[Mark], axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    for mark in marks.iter().rev() {
        outline(mark, axes, plot, buf, theme);
    }
}

fn outline(mark: &Mark, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    let (Some(x), Some(y)) = (side(&axes.x, mark.x, plot.width), side(&axes.y, mark.y, plot.height)) else { return };
    let (left, right) = (axes::column(plot, x.from), axes::column(plot, x.to));
    let (top, bottom) = (axes::row(plot, y.to), axes::row(plot, y.from));
    let color = theme.colors().alarm;
    let across = [(top, y.ends), (bottom, y.begins)].into_iter().filter(|(_, closed)| *closed);
    for row in across.map(|(row, _)| row) {
        (left..=right).for_each(|column| ink::mark(buf, plot, column, row, "─", color));
    }
    let up = [(left, x.begins), (right, x.ends)].into_iter().filter(|(_, closed)| *closed);
    for column in up.map(|(column, _)| column) {
        (top..=bottom).for_each(|row| ink::mark(buf, plot, column, row, "│", color));
    }
    let corners = [
        (left, top, "┌", x.begins && y.ends),
        (right, top, "┐", x.ends && y.ends),
        (left, bottom, "└", x.begins && y.begins),
        (right, bottom, "┘", x.ends && y.begins),
    ];
    for (column, row, corner, _) in corners.into_iter().filter(|corner| corner.3) {
        ink::mark(buf, plot, column, row, corner, color);
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
