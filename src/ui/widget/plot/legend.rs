//! The line over a plot: what goes up, and which colour is which.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::{Mark, Plot};
use crate::metrics::report::Role;
use crate::ui::theme::{Scheme, Theme};
use crate::ui::widget::{axes, ink, number};

/// Name, colour and sign of a curve or a mark.
type Entry = (String, Color, &'static str);

/// The entries with each curve's last number, where curves are held against a threshold that moves and there is room: near
/// one another they are told apart by it.
fn with_values(plot: &Plot, entries: Vec<Entry>, room: u16) -> Vec<Entry> {
    if !plot.lines.iter().any(|l| l.data.role == Role::Threshold) {
        return entries;
    }
    let mut out = entries.clone();
    for (entry, line) in out.iter_mut().zip(plot.named()) {
        if let Some(v) = line.all().y.iter().rfind(|v| v.is_finite()) {
            entry.0 = format!("{} {}", entry.0, number::number(*v));
        }
    }
    let wanted: u16 = out.iter().map(|(l, ..)| ink::width(l) + 4).sum();
    if wanted <= room + 2 { out } else { entries }
}

/// The vertical axis's name, and the curves and marks that are named beside it.
fn entries(plot: &Plot, room: u16, theme: Theme) -> (String, Vec<Entry>) {
    let mut name = axes::caption(plot.y_axis());
    if !plot.scale.word().is_empty() {
        name = format!("{name} · {}", plot.scale.word());
    }
    let curves = plot.named().map(|l| (l.data.label.clone(), l.color, if l.data.band.is_some() { "■" } else { "━" }));
    let marks = plot.marks.iter().filter_map(|m| match m {
        Mark::Ticks(name, at) if !at.is_empty() => Some((name.clone(), theme.colors().warn, "▼")),
        Mark::Place(name, ..) => Some((name.clone(), theme.colors().accent, "▲")),
        _ => None,
    });
    let from = ink::width(&name) + 2;
    (name, with_values(plot, curves.chain(marks).collect(), room.saturating_sub(from)))
}

fn wanted(entries: &[Entry]) -> u16 {
    entries.iter().map(|(l, ..)| ink::width(l) + 4).sum::<u16>().saturating_sub(2)
}

/// How many of the entries stand on each line of `room` columns, the first of which begins with the axis's name.
fn lines(name: &str, entries: &[Entry], room: u16) -> Vec<usize> {
    let mut out = vec![0];
    let mut left = room.saturating_sub(ink::width(name) + 2);
    for entry in entries {
        let own = ink::width(&entry.0) + 2;
        if own > left {
            out.push(0);
            left = room;
        }
        left = left.saturating_sub(own + 2);
        if let Some(n) = out.last_mut() {
            *n += 1;
        }
    }
    out
}

/// Lines of the legend over a plot in `area`: as many as its names need, as long as most is left to the curves.
fn height(plot: &Plot, area: Rect) -> u16 {
    let most = area.height / 6;
    // Colours do not matter for the room that names take.
    let theme = Theme::new(Scheme::Dark);
    let (name, entries) = entries(plot, area.width, theme);
    (lines(&name, &entries, area.width).len() as u16).min(most.max(1))
}

/// The plot's place under its legend.
pub fn below(plot: &Plot, area: Rect) -> Rect {
    if area.height >= 6 { ink::below(area, height(plot, area)) } else { area }
}

/// Writes the vertical axis's name on the left and the curves' names on the right, on further lines where there are many.
pub fn draw(plot: &Plot, area: Rect, buf: &mut Buffer, theme: Theme) {
    if area.height < 6 {
        return;
    }
    let (name, entries) = entries(plot, area.width, theme);
    let rows = usize::from(height(plot, area));
    let counts = lines(&name, &entries, area.width);
    let from = ink::put(buf, area, area.x, area.y, &ink::fit(&name, area.width), theme.dim()) + 2;
    let mut next = 0;
    for (row, n) in counts.iter().enumerate().take(rows) {
        let mut shown = entries[next..next + n].to_vec();
        next += n;
        let left = if row == 0 { from } else { area.x };
        let missing = if row + 1 == rows { entries.len() - next } else { 0 };
        let more = |shown: &mut Vec<Entry>| {
            // The last line makes room for how many are not named.
            let mut missing = missing;
            loop {
                let words = if missing > 0 { format!("+{missing}") } else { String::new() };
                if left + wanted(shown) + 2 + ink::width(&words) <= area.right() || shown.is_empty() || missing == 0 {
                    return words;
                }
                shown.pop();
                missing += 1;
            }
        };
        let words = more(&mut shown);
        let all = wanted(&shown) + if words.is_empty() { 0 } else { ink::width(&words) + 2 };
        let mut x = area.right().saturating_sub(all).max(left);
        for (label, color, sign) in shown {
            let after = ink::put(buf, area, x, area.y + row as u16, sign, color);
            let label = ink::fit(&label, area.right().saturating_sub(after + 1));
            x = ink::put(buf, area, after + 1, area.y + row as u16, &label, theme.text()) + 2;
        }
        ink::put(buf, area, x, area.y + row as u16, &words, theme.dim());
    }
}
