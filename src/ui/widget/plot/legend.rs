//! The line over a plot: what goes up, and which colour is which.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::{Mark, Plot};
use crate::metrics::report::Role;
use crate::ui::theme::Theme;
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
    for (entry, line) in out.iter_mut().zip(&plot.lines) {
        if let Some(v) = line.data.y.iter().rfind(|v| v.is_finite()) {
            entry.0 = format!("{} {}", entry.0, number::number(*v));
        }
    }
    let wanted: u16 = out.iter().map(|(l, ..)| ink::width(l) + 4).sum();
    if wanted <= room + 2 { out } else { entries }
}

/// The plot's place under its legend.
pub fn below(area: Rect) -> Rect {
    if area.height >= 6 { ink::below(area, 1) } else { area }
}

/// Writes the vertical axis's name on the left and the curves' names on the right.
pub fn draw(plot: &Plot, area: Rect, buf: &mut Buffer, theme: Theme) {
    if area.height < 6 {
        return;
    }
    let mut name = axes::caption(plot.y_axis());
    if !plot.scale.word().is_empty() {
        name = format!("{name} · {}", plot.scale.word());
    }
    let entries: Vec<Entry> = plot
        .lines
        .iter()
        .map(|l| (l.data.label.clone(), l.color, if l.data.band.is_some() { "■" } else { "━" }))
        .chain(plot.marks.iter().filter_map(|m| match m {
            Mark::Ticks(name, at) if !at.is_empty() => Some((name.clone(), theme.colors().warn, "▼")),
            Mark::Place(name, ..) => Some((name.clone(), theme.colors().accent, "▲")),
            _ => None,
        }))
        .collect();
    let name_room = area.width / 3;
    let name = ink::fit(&name, name_room);
    let from = ink::put(buf, area, area.x, area.y, &name, theme.dim()) + 2;
    let entries = with_values(plot, entries, area.right().saturating_sub(from));
    let wanted: u16 = entries.iter().map(|(l, ..)| ink::width(l) + 4).sum();
    let mut x = area.right().saturating_sub(wanted.saturating_sub(2)).max(from);
    for (label, color, sign) in entries {
        if x + 3 > area.right() {
            ink::put(buf, area, area.right().saturating_sub(1), area.y, "…", theme.dim());
            break;
        }
        let after = ink::put(buf, area, x, area.y, sign, color);
        let label = ink::fit(&label, area.right().saturating_sub(after + 1));
        x = ink::put(buf, area, after + 1, area.y, &label, theme.text()) + 2;
    }
}
