//! The key overlay.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::app::App;
use crate::ui::bindings::holding;
use crate::ui::card::Place;
use crate::ui::keymap::{Action, Key};
use crate::ui::panel::PANELS;
use crate::ui::widget::{ink, overlay};

/// Draws every key of the table, what holds here in full ink, the rest dimmed.
pub fn draw(app: &App, (focus, skip): (Place, usize), body: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    // All panels are one line.
    let ends = [PANELS.first(), PANELS.last()];
    let shows = ends.map(|p| p.and_then(|p| p.shown_by.keys.first()).map(Key::name).unwrap_or_default()).join(" … ");
    let mut shown = false;
    let mut rows: Vec<(String, &str, bool)> = Vec::new();
    for (holds, b) in holding(app.panel, focus) {
        match b.action {
            Action::Show(_) if std::mem::replace(&mut shown, true) => {}
            Action::Show(_) => rows.push((shows.clone(), "show a panel", true)),
            _ => rows.push((b.names(), b.help, holds)),
        }
    }
    let tall = rows.len() as u16 + 2;
    let columns = if tall > body.height && body.width >= 76 { 2 } else { 1 };
    let width = if columns == 2 { body.width.min(150) } else { body.width.min(76) };
    let each = width.saturating_sub(4) / columns;
    let keys = if columns == 2 && each < 70 { 11 } else { 16 };
    let lines = broken(&rows, each.saturating_sub(keys + 1));
    // A column ends with a whole entry.
    let per = if columns == 1 {
        lines.len()
    } else {
        let half = lines.len().div_ceil(2);
        (half..lines.len()).find(|at| !lines[*at].0.is_empty()).unwrap_or(lines.len())
    };
    let fits = usize::from(body.height.saturating_sub(2)) >= per;
    let title =
        if fits { "Keys · ? what the words mean · Esc closes" } else { "Keys · ↓ more · ? words · Esc closes" };
    let inside = overlay::open(body, width, per as u16 + 2, title, buf, theme);
    let skip = skip.min(per.saturating_sub(usize::from(inside.height)));
    for (i, (names, help, here)) in lines.iter().enumerate() {
        let (c, Some(r)) = ((i / per.max(1)) as u16, (i % per.max(1)).checked_sub(skip)) else { continue };
        let r = r as u16;
        let cell = Rect { x: inside.x + c * each, y: inside.y + r, width: each.saturating_sub(1), height: 1 };
        if r >= inside.height {
            continue;
        }
        let (k, h) = if *here { (theme.accent(), theme.text()) } else { (theme.dim(), theme.dim()) };
        ink::put(buf, cell, cell.x, cell.y, &ink::fit(names, keys - 1), k);
        let rest = ink::beside(cell, keys);
        ink::put(buf, rest, rest.x, rest.y, &ink::fit(help, rest.width), h);
    }
}

/// The lines of all entries, what a key does broken after `room` columns; only an entry's first line bears its keys.
fn broken(rows: &[(String, &str, bool)], room: u16) -> Vec<(String, String, bool)> {
    let lines = |(names, help, here): &(String, &str, bool)| {
        let keys = std::iter::once(names.clone()).chain(std::iter::repeat(String::new()));
        keys.zip(ink::wrap(help, room)).map(|(keys, part)| (keys, part, *here)).collect::<Vec<_>>()
    };
    rows.iter().flat_map(lines).collect()
}
