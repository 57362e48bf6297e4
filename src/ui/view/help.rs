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
    let per = rows.len().div_ceil(columns);
    let width = if columns == 2 { body.width.min(150) } else { 76 };
    let fits = usize::from(body.height.saturating_sub(2)) >= per;
    let title =
        if fits { "Keys · ? what the words mean · Esc closes" } else { "Keys · ↓ more · ? words · Esc closes" };
    let inside = overlay::open(body, width, per as u16 + 2, title, buf, theme);
    let skip = skip.min(per.saturating_sub(usize::from(inside.height)));
    let each = inside.width / columns as u16;
    let keys = if columns == 2 && each < 50 { 11 } else { 16 };
    for (i, (names, help, here)) in rows.iter().enumerate() {
        let (c, Some(r)) = ((i / per) as u16, (i % per).checked_sub(skip)) else { continue };
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
