//! The search by name.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::ui::app::{App, Prompt, Searched, Side};
use crate::ui::palette::found;
use crate::ui::widget::{ink, overlay};

/// Most entries that are shown at once.
const SHOWN: usize = 14;

/// Draws what is being written, with its cursor.
pub(super) fn written(prompt: &Prompt, area: Rect, (mut x, y): (u16, u16), style: Style, buf: &mut Buffer) {
    for (i, c) in prompt.text.chars().chain([' ']).enumerate() {
        let style = if i == prompt.at { style.add_modifier(Modifier::REVERSED) } else { style };
        x = ink::put(buf, area, x, y, &c.to_string(), style);
    }
}

/// Draws what was written, and the entries that fit it.
pub fn draw(app: &App, (what, prompt): (Searched, &Prompt), selected: usize, body: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let all = found(app, what, &prompt.text);
    let height = (SHOWN as u16 + 3).min(body.height);
    let title = match what {
        Searched::Actions => "Do · letters search · Enter does it · Esc closes",
        Searched::Axis(Side::X) => "Across · letters search · Enter chooses · Esc closes",
        Searched::Axis(Side::Y) => "Up · letters search · Enter chooses · Esc closes",
    };
    let inside = overlay::open(body, 84, height, title, buf, theme);
    let x = ink::put(buf, inside, inside.x, inside.y, "> ", theme.accent());
    written(prompt, inside, (x, inside.y), theme.strong(), buf);
    let list = ink::below(inside, 1);
    let first = (selected + 1).saturating_sub(usize::from(list.height));
    for ((i, entry), y) in all.iter().enumerate().skip(first).zip(list.y..list.bottom()) {
        let style = if i == selected { theme.selected() } else { theme.text() };
        let row = Rect { y, height: 1, ..list };
        for x in row.x..row.right() {
            ink::mark(buf, row, x, y, " ", style);
        }
        let at = ink::put_right(buf, row, y, &entry.keys, style);
        let room = at.saturating_sub(row.x + 1);
        ink::put(buf, row, row.x, y, &ink::fit(&entry.words, room), style);
    }
    if all.is_empty() {
        ink::put(buf, list, list.x, list.y, "nothing has these letters", theme.dim());
    }
}
