//! One place on the horizontal axis with its interval: a hair through the plot, and a bar on the axis.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Mark, Plot};
use crate::ui::theme::Theme;
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::{ink, number};

/// "useful horizon 29 (21 … 34)".
pub fn words(name: &str, at: f64, ends: Option<(f64, f64)>) -> String {
    let ends = ends.filter(|(lo, hi)| lo < hi);
    let ends = ends.map(|(lo, hi)| format!(" ({} … {})", number::number(lo), number::number(hi)));
    format!("{name} {}{}", number::number(at), ends.unwrap_or_default())
}

/// Draws every place of `plot` into `cells`; `area` holds its axes too.
pub fn draw(plot: &Plot, axes: &Axes, cells: Rect, area: Rect, buf: &mut Buffer, theme: Theme) {
    let color = theme.colors().accent;
    let line = cells.bottom();
    for mark in &plot.marks {
        let Mark::Place(_, at, ends) = mark else { continue };
        if let Some((lo, hi)) = ends {
            let (lo, hi) = (axes.x.position(*lo), axes.x.position(*hi));
            if lo <= 1.0 && hi >= 0.0 && lo < hi {
                for x in axes::column(cells, lo.max(0.0))..=axes::column(cells, hi.min(1.0)) {
                    ink::mark(buf, area, x, line, "━", color);
                }
            }
        }
        let p = axes.x.position(*at);
        if !(0.0..=1.0).contains(&p) {
            continue;
        }
        let x = axes::column(cells, p);
        for y in cells.y..cells.bottom() {
            if buf.cell((x, y)).is_some_and(|c| [" ", "·"].contains(&c.symbol())) {
                ink::mark(buf, cells, x, y, "┊", color);
            }
        }
        ink::mark(buf, area, x, line, "▲", color);
    }
}
