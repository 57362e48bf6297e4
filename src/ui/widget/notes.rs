//! Sentences with the sign of how loud they are.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::ink;
use super::table::scrollbar;
use crate::metrics::report::{Level, Note};
use crate::ui::theme::Theme;

/// The sign of a level and its colour.
pub fn sign(level: Level, theme: Theme) -> (&'static str, Color) {
    let c = theme.colors();
    match level {
        Level::Alarm => ("▲", c.alarm),
        Level::Warn => ("◆", c.warn),
        Level::Good => ("✓", c.good),
        Level::Info => ("·", c.dim),
    }
}

/// The notes, the loudest first.
pub fn loudest_first(notes: &[Note]) -> Vec<Cow<'_, Note>> {
    let mut sorted: Vec<&Note> = notes.iter().collect();
    sorted.sort_by_key(|n| match n.level {
        Level::Alarm => 0,
        Level::Warn => 1,
        Level::Good => 2,
        Level::Info => 3,
    });
    sorted.into_iter().map(Cow::Borrowed).collect()
}

/// Lines of the notes in `width` columns.
pub fn need(notes: &[Cow<'_, Note>], width: u16) -> u16 {
    let lines: usize = notes.iter().map(|n| ink::wrap(&n.text, width.saturating_sub(3)).len()).sum();
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Draws the notes wrapped, from line `scroll` on.
pub fn draw(notes: &[Cow<'_, Note>], scroll: usize, area: Rect, buf: &mut Buffer, theme: Theme) {
    let room = area.width.saturating_sub(3);
    let mut lines: Vec<(Option<Level>, Level, String)> = Vec::new();
    for note in notes {
        for (i, text) in ink::wrap(&note.text, room).into_iter().enumerate() {
            lines.push(((i == 0).then_some(note.level), note.level, text));
        }
    }
    let shown = usize::from(area.height);
    let first = scroll.min(lines.len().saturating_sub(shown));
    for ((start, level, text), y) in lines.iter().skip(first).zip(area.y..area.bottom()) {
        if let Some(level) = start {
            let (symbol, color) = sign(*level, theme);
            ink::put(buf, area, area.x, y, symbol, color);
        }
        let style = match level {
            Level::Alarm => theme.strong().fg(theme.colors().alarm),
            Level::Info => theme.dim(),
            Level::Warn | Level::Good => theme.text(),
        };
        ink::put(buf, area, area.x + 2, y, text, style);
    }
    if lines.len() > shown && shown > 0 {
        scrollbar(area, first, shown, lines.len(), buf, theme);
    }
}
