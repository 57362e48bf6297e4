//! Boxes around parts of a map, with a label at a corner.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::metrics::report::Mark;
use crate::ui::theme::Theme;
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::ink;

/// Draws every box, the first on top.
pub fn draw(marks: &[Mark], axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    for mark in marks.iter().rev() {
        outline(mark, axes, plot, buf, theme);
    }
}

fn outline(mark: &Mark, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    let ends = |range: &crate::ui::widget::scale::Range, (a, b): (f64, f64)| {
        let (a, b) = (range.position(a), range.position(b));
        // What is only partly in sight ends at the edge; what is out of sight is not drawn.
        (a < 1.0 && b > 0.0).then(|| (a.clamp(0.0, 1.0), b.clamp(0.0, 1.0)))
    };
    let (Some(x), Some(y)) = (ends(&axes.x, mark.x), ends(&axes.y, mark.y)) else { return };
    let (left, right) = (axes::column(plot, x.0), axes::column(plot, x.1));
    let (top, bottom) = (axes::row(plot, y.1), axes::row(plot, y.0));
    let color = theme.colors().alarm;
    for column in left..=right {
        ink::mark(buf, plot, column, top, "─", color);
        ink::mark(buf, plot, column, bottom, "─", color);
    }
    for row in top..=bottom {
        ink::mark(buf, plot, left, row, "│", color);
        ink::mark(buf, plot, right, row, "│", color);
    }
    for (column, row, corner) in [(left, top, "┌"), (right, top, "┐"), (left, bottom, "└"), (right, bottom, "┘")]
    {
        ink::mark(buf, plot, column, row, corner, color);
    }
    for (i, letter) in mark.label.chars().enumerate() {
        ink::mark(buf, plot, left + i as u16, top, letter.encode_utf8(&mut [0; 4]), color);
    }
}
