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
    let places = || {
        plot.marks.iter().filter_map(|mark| match mark {
            Mark::Place(name, at, ends) => Some((name, at, ends)),
            _ => None,
        })
    };
    for (_, at, _) in places() {
        let p = axes.x.position(*at);
        if (0.0..=1.0).contains(&p) {
            hair(axes::column(cells, p), cells, area, buf, theme);
        }
    }
    // Each on a row of its own, from the axis upwards: their words may reach over one another, and over another's hair.
    for ((name, at, ends), row) in places().zip((cells.y..cells.bottom()).rev()) {
        let (from, to) = bar((*ends, *at), row, axes, cells, buf, theme);
        say(&words(name, *at, *ends), (from, to, row), cells, buf, theme);
    }
}

fn hair(x: u16, cells: Rect, area: Rect, buf: &mut Buffer, theme: Theme) {
    let color = theme.colors().accent;
    for y in cells.y..cells.bottom() {
        if buf.cell((x, y)).is_some_and(|c| [" ", "·"].contains(&c.symbol())) {
            ink::mark(buf, cells, x, y, "┊", color);
        }
    }
    axes::point_at(area, (x, cells.bottom()), color, buf);
}

/// The interval on a row of the cells; answers the columns that it takes, or those of the place itself.
fn bar(
    (ends, at): (Option<(f64, f64)>, f64),
    row: u16,
    axes: &Axes,
    cells: Rect,
    buf: &mut Buffer,
    theme: Theme,
) -> (u16, u16) {
    let column = |v: f64| axes::column(cells, axes.x.position(v).clamp(0.0, 1.0));
    let Some((lo, hi)) = ends.filter(|(lo, hi)| lo < hi) else { return (column(at), column(at)) };
    for x in column(lo)..=column(hi) {
        ink::mark(buf, cells, x, row, "━", theme.colors().accent);
    }
    (column(lo), column(hi))
}

/// The words beside the interval, on the side that has room for them.
fn say(words: &str, (from, to, y): (u16, u16, u16), cells: Rect, buf: &mut Buffer, theme: Theme) {
    let width = ink::width(words);
    let x = if to + 2 + width <= cells.right() {
        to + 2
    } else if from > cells.x + width {
        from - width - 1
    } else {
        return;
    };
    ink::put(buf, cells, x, y, words, theme.colors().accent);
}
