//! The plan of the next top-up.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::app::{App, Prompt};
use crate::ui::panel::topup::plan::{FIELDS, given, told};
use crate::ui::view::palette::written;
use crate::ui::widget::{ink, overlay};

/// Columns of the names.
const NAMES: u16 = 16;

/// Draws every setting with its value, what the selected one means, and what is given.
pub fn draw(app: &App, (selected, typed): (usize, Option<&Prompt>), body: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let given = given(app);
    let rows = FIELDS.len() + given.len() + 5;
    let title = match typed {
        Some(_) => "Plan of the next top-up · Enter takes it · Esc leaves it as it was",
        None => "Plan of the next top-up · ↑↓ · ←→ or a number · t starts · Esc closes",
    };
    let inside = overlay::open(body, 92, rows as u16, title, buf, theme);
    let mut y = inside.y;
    for (i, field) in FIELDS.into_iter().enumerate() {
        let (name, value, _) = told(app, field);
        let style = if i == selected { theme.selected() } else { theme.text() };
        let row = Rect { y, height: 1, ..inside };
        if i == selected && typed.is_none() {
            buf.set_style(row.intersection(inside), style);
        }
        ink::put(buf, inside, inside.x, y, name, if i == selected { style } else { theme.dim() });
        let x = inside.x + NAMES;
        match typed.filter(|_| i == selected) {
            // Upright on the selected row, where the cursor alone is reversed.
            Some(typed) => written(typed, inside, (x + 2, y), theme.strong(), buf),
            None if i == selected => _ = ink::put(buf, inside, x, y, &format!("‹ {value} ›"), style),
            None => _ = ink::put(buf, inside, x + 2, y, &value, style),
        }
        y += 1;
    }
    let meaning = FIELDS.get(selected).map(|field| told(app, *field).2).unwrap_or_default();
    // Why a value is not taken, where that was said.
    let refused = app.message.as_deref().filter(|_| typed.is_some());
    let style = if refused.is_some() { theme.text().fg(theme.colors().alarm) } else { theme.accent() };
    for line in ink::wrap(refused.unwrap_or(meaning), inside.width).iter().take(2) {
        ink::put(buf, inside, inside.x, y, line, style);
        y += 1;
    }
    y += 1;
    for (name, value) in given {
        ink::put(buf, inside, inside.x, y, name, theme.dim());
        let room = inside.width.saturating_sub(NAMES);
        ink::put(buf, inside, inside.x + NAMES, y, &ink::fit_middle(&value, room), theme.dim());
        y += 1;
    }
}
