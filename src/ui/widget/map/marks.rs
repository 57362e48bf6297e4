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
        // What is only partly in sight goes on to the edge and has no end there; what is out of sight is not drawn.
        let near = 1e-9;
        (a < 1.0 && b > 0.0).then(|| (a.clamp(0.0, 1.0), b.clamp(0.0, 1.0), a >= -near, b <= 1.0 + near))
    };
    let (Some(x), Some(y)) = (ends(&axes.x, mark.x), ends(&axes.y, mark.y)) else { return };
    let (left, right) = (axes::column(plot, x.0), axes::column(plot, x.1));
    let (top, bottom) = (axes::row(plot, y.1), axes::row(plot, y.0));
    let color = theme.colors().alarm;
    let (has_left, has_right, has_bottom, has_top) = (x.2, x.3, y.2, y.3);
    for (row, _) in [(top, has_top), (bottom, has_bottom)].into_iter().filter(|(_, is_there)| *is_there) {
        for column in left..=right {
            ink::mark(buf, plot, column, row, "─", color);
        }
    }
    for (column, _) in [(left, has_left), (right, has_right)].into_iter().filter(|(_, is_there)| *is_there) {
        for row in top..=bottom {
            ink::mark(buf, plot, column, row, "│", color);
        }
    }
    let corners = [
        (left, top, "┌", has_left && has_top),
        (right, top, "┐", has_right && has_top),
        (left, bottom, "└", has_left && has_bottom),
        (right, bottom, "┘", has_right && has_bottom),
    ];
    for (column, row, corner, _) in corners.into_iter().filter(|corner| corner.3) {
        ink::mark(buf, plot, column, row, corner, color);
    }
    for (i, letter) in mark.label.chars().enumerate() {
        ink::mark(buf, plot, left + i as u16, top, letter.encode_utf8(&mut [0; 4]), color);
    }
}
