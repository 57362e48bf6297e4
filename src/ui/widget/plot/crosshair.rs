//! A vertical hair with a table of the values that it crosses.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::Plot;
use crate::metrics::report::Series;
use crate::ui::theme::Theme;
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::{ink, number};

/// Index of the sample nearest to `at`.
pub fn nearest(series: &Series, at: f64) -> Option<usize> {
    let n = series.x.len().min(series.y.len());
    let x = &series.x[..n];
    if n > 0 && x[0].is_finite() && x[n - 1].is_finite() && series.outlined(|o| o.in_order) {
        let after = x.partition_point(|x| *x < at).min(n - 1);
        let before = after.saturating_sub(1);
        // Of equals the first.
        let nearer = if (x[before] - at).abs() <= (x[after] - at).abs() { before } else { after };
        let found = x[nearer];
        return Some(x.partition_point(|x| *x < found));
    }
    (0..n)
        .filter(|i| series.x[*i].is_finite())
        .min_by(|a, b| (series.x[*a] - at).abs().total_cmp(&(series.x[*b] - at).abs()))
}

/// "0.42 (0.31 … 0.55)" at the sample nearest to `at`.
pub fn value_at(series: &Series, at: f64) -> String {
    let Some(i) = nearest(series, at) else { return "–".into() };
    let value = number::number(series.y[i]);
    match &series.band {
        Some((lo, hi)) if i < lo.len() && i < hi.len() => {
            format!("{value} ({} … {})", number::number(lo[i]), number::number(hi[i]))
        }
        _ => value,
    }
}

/// The rows of the value table: name of what is at the cursor, its colour, its value.
fn rows(plot: &Plot, at: f64, theme: Theme) -> Vec<(String, Color, String)> {
    let axis = plot.x_axis();
    let unit = if axis.unit.is_empty() { String::new() } else { format!(" {}", axis.unit) };
    let mut rows = vec![(axis.label.clone(), theme.colors().dim, format!("{}{unit}", number::number(at)))];
    rows.extend(plot.named().map(|l| (l.data.label.clone(), l.color, value_at(l.all(), at))));
    rows
}

/// Draws hair and table.
pub fn draw(plot: &Plot, at: f64, axes: &Axes, area: Rect, buf: &mut Buffer, theme: Theme) {
    let p = axes.x.position(at);
    if !(0.0..=1.0).contains(&p) {
        return;
    }
    let x = axes::column(area, p);
    for y in area.y..area.bottom() {
        if let Some(cell) = buf.cell_mut((x, y)) {
            if [" ", "·", "╌", "┊"].contains(&cell.symbol()) {
                cell.set_symbol("│").set_fg(theme.colors().accent);
            } else {
                cell.set_bg(theme.colors().select);
            }
        }
    }
    let mut rows = rows(plot, at, theme);
    let longest = rows.iter().map(|r| ink::width(&r.2)).max().unwrap_or(0);
    if longest + 14 > area.width {
        // No room for the bands: the values alone.
        for row in &mut rows {
            row.2 = row.2.split(" (").next().unwrap_or_default().to_string();
        }
    }
    let names = rows.iter().map(|r| ink::width(&r.0)).max().unwrap_or(0).min(area.width / 3);
    let values = rows.iter().map(|r| ink::width(&r.2)).max().unwrap_or(0);
    let width = (names + values + 5).min(area.width);
    let height = (rows.len() as u16).min(area.height);
    if area.width < 20 || area.height < 3 {
        return;
    }
    let left = if x > area.x + area.width / 2 { area.x + 1 } else { area.right() - width };
    let ground = Style::new().bg(theme.colors().raised);
    for (i, (name, color, value)) in rows.iter().take(usize::from(height)).enumerate() {
        let y = area.y + i as u16;
        for x in left..(left + width).min(area.right()) {
            ink::mark(buf, area, x, y, " ", ground);
        }
        let line = Rect { x: left, y, width: width.min(area.right() - left), height: 1 };
        ink::put(buf, line, left, y, if i == 0 { " " } else { "▌" }, ground.fg(*color));
        ink::put(buf, line, left + 1, y, &ink::fit(name, names), ground.fg(theme.colors().text));
        let room = Rect { width: line.width.saturating_sub(1), ..line };
        ink::put_right(buf, room, y, value, ground.patch(theme.strong()));
    }
}
