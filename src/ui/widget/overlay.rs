//! Boxes over the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ink;
use crate::ui::theme::Theme;

/// Clears and frames a box of the given size in the middle of `area`; answers its inside.
pub fn open(area: Rect, width: u16, height: u16, title: &str, buf: &mut Buffer, theme: Theme) -> Rect {
    let (w, h) = (width.min(area.width), height.min(area.height));
    let place = Rect { x: area.x + (area.width - w) / 2, y: area.y + (area.height - h) / 2, width: w, height: h };
    let ground = ratatui::style::Style::new().bg(theme.colors().raised).fg(theme.colors().text);
    for y in place.y..place.bottom() {
        for x in place.x..place.right() {
            ink::mark(buf, area, x, y, " ", ground);
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.modifier = ratatui::style::Modifier::empty();
            }
        }
    }
    frame(place, buf, theme.accent());
    ink::put(buf, place, place.x + 2, place.y, &ink::fit(&format!(" {title} "), w.saturating_sub(4)), theme.accent());
    Rect { x: place.x + 2, y: place.y + 1, width: w.saturating_sub(4), height: h.saturating_sub(2) }
}

/// A rounded frame along the edge of `area`.
pub fn frame(area: Rect, buf: &mut Buffer, style: impl Into<ratatui::style::Style>) {
    if area.width < 2 || area.height < 2 {
        return;
    }
    let style = style.into();
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    for x in area.x + 1..right {
        ink::mark(buf, area, x, area.y, "─", style);
        ink::mark(buf, area, x, bottom, "─", style);
    }
    for y in area.y + 1..bottom {
        ink::mark(buf, area, area.x, y, "│", style);
        ink::mark(buf, area, right, y, "│", style);
    }
    for (x, y, corner) in [(area.x, area.y, "╭"), (right, area.y, "╮"), (area.x, bottom, "╰"), (right, bottom, "╯")]
    {
        ink::mark(buf, area, x, y, corner, style);
    }
}
