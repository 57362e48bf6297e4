//! Two labelled axes around a rectangle: the frame that plots, histograms, scatters and maps share.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::ink;
use super::scale::Range;
use super::ticks::{Tick, ticks};
use crate::metrics::report::Axis;
use crate::ui::theme::Theme;

/// What the two directions mean.
pub struct Axes<'a> {
    /// Left to right.
    pub x: Range,
    /// Bottom to top.
    pub y: Range,
    /// Name and unit of the horizontal axis.
    pub x_axis: &'a Axis,
    /// Draw faint lines at the ticks of the vertical axis.
    pub grid: bool,
}

/// Where the data go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// The cells of the data.
    pub plot: Rect,
}

/// "horizon (steps)".
pub fn caption(axis: &Axis) -> String {
    let unit = axis.own_unit();
    if unit.is_empty() { axis.label.clone() } else { format!("{} ({unit})", axis.label) }
}

impl Axes<'_> {
    fn y_ticks(&self, rows: u16) -> Vec<Tick> {
        let most = if rows <= 12 { rows / 2 } else { rows / 3 };
        ticks(&self.y, usize::from(most).clamp(3, 9))
    }

    /// The data's place inside `area`: room is kept for the labels of both axes. Nothing where it is too small.
    pub fn fit(&self, area: Rect) -> Option<Grid> {
        if area.width < 12 || area.height < 4 {
            return (area.width > 0 && area.height > 0).then_some(Grid { plot: area });
        }
        let gutter =
            self.y_ticks(area.height - 2).iter().map(|t| ink::width(&t.label)).max().unwrap_or(1).clamp(3, 9) + 1;
        let gutter = gutter.min(area.width / 2);
        let plot = Rect { x: area.x + gutter, y: area.y, width: area.width - gutter, height: area.height - 2 };
        Some(Grid { plot })
    }

    /// Draws axes, ticks and labels of `grid` inside `area`.
    pub fn draw(&self, area: Rect, grid: Grid, buf: &mut Buffer, theme: Theme) {
        let plot = grid.plot;
        if plot == area {
            return;
        }
        let edge = plot.x.saturating_sub(1);
        for y in plot.y..plot.bottom() {
            ink::mark(buf, area, edge, y, "│", theme.faint());
        }
        for tick in self.y_ticks(plot.height) {
            let y = row(plot, self.y.position(tick.value));
            let room = edge - area.x;
            let label = ink::fit(&tick.label, room);
            ink::put(buf, area, edge - ink::width(&label), y, &label, theme.dim());
            ink::mark(buf, area, edge, y, "┤", theme.faint());
            if self.grid {
                for x in (plot.x..plot.right()).filter(|x| (x - plot.x) % 4 == 3) {
                    ink::mark(buf, area, x, y, "·", theme.faint());
                }
            }
        }
        self.draw_x(area, plot, edge, buf, theme);
    }

    /// Draws the horizontal axis alone, under `plot`.
    pub fn draw_below(&self, area: Rect, plot: Rect, buf: &mut Buffer, theme: Theme) {
        self.draw_x(area, plot, plot.x.saturating_sub(1), buf, theme);
    }

    fn draw_x(&self, area: Rect, plot: Rect, edge: u16, buf: &mut Buffer, theme: Theme) {
        let line = plot.bottom();
        ink::mark(buf, area, edge, line, "└", theme.faint());
        for x in plot.x..plot.right() {
            ink::mark(buf, area, x, line, "─", theme.faint());
        }
        let mut free = area.x;
        // There is no half of a step.
        let whole = self.x_axis.unit == "steps" || self.x_axis.label == "check";
        let shown = |t: &Tick| !whole || t.value.fract().abs() < 1e-9;
        for tick in ticks(&self.x, usize::from(plot.width / 9).max(2)).into_iter().filter(shown) {
            let x = column(plot, self.x.position(tick.value));
            let label = if whole { tick.label.trim_end_matches(".0") } else { &tick.label };
            let w = ink::width(label);
            let start = x.saturating_sub(w / 2).max(area.x);
            let end = start + w;
            if start < free || end > area.right() {
                continue;
            }
            ink::mark(buf, area, x, line, "┬", theme.faint());
            ink::put(buf, area, start, line + 1, label, theme.dim());
            free = end + 1;
        }
        let name = caption(self.x_axis);
        if !name.is_empty() {
            let name = format!(" {}", ink::fit(&name, plot.width.saturating_sub(4)));
            ink::put_right(buf, Rect { width: plot.width, x: plot.x, ..area }, line, &name, theme.dim());
        }
    }
}

/// Points at a place on a horizontal axis that is drawn, where no word stands there.
pub fn point_at(area: Rect, (x, y): (u16, u16), color: Color, buf: &mut Buffer) {
    if buf.cell((x, y)).is_some_and(|cell| [" ", "─", "┬", "└"].contains(&cell.symbol())) {
        ink::mark(buf, area, x, y, "▲", color);
    }
}

/// Cell row at position `p` (0 bottom, 1 top) of `plot`.
pub fn row(plot: Rect, p: f64) -> u16 {
    let h = f64::from(plot.height);
    plot.y + ((1.0 - p) * h).floor().clamp(0.0, (h - 1.0).max(0.0)) as u16
}

/// Cell column at position `p` (0 left, 1 right) of `plot`.
pub fn column(plot: Rect, p: f64) -> u16 {
    let w = f64::from(plot.width);
    plot.x + (p * w).floor().clamp(0.0, (w - 1.0).max(0.0)) as u16
}

/// Position of the middle of cell column `x`.
pub fn position(plot: Rect, x: u16) -> f64 {
    (f64::from(x.saturating_sub(plot.x)) + 0.5) / f64::from(plot.width.max(1))
}
