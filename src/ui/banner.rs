//! What calls for action on the panel, over its cards and on every page of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::app::App;
use super::layout::{Room, room};
use super::panel::panel;
use super::widget::ink;

/// The first alarm of the panel in as many lines as it may take of `body`; none where there is no alarm.
pub fn lines(app: &App, body: Rect) -> Vec<String> {
    let alarms = (panel(app.panel).alarms)(app, app.panel);
    let Some(first) = alarms.first() else { return Vec::new() };
    let most = if room(body) == Room::Tiny { 1 } else { 2 };
    let more = if alarms.len() > 1 { format!(" (and {} more)", alarms.len() - 1) } else { String::new() };
    let width = body.width.saturating_sub(4);
    let mut lines = ink::wrap(&format!("{}{more}", first.text), width);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            let end = format!(" …{more}");
            *last = format!("{}{end}", cut(last, width.saturating_sub(ink::width(&end))));
        }
    }
    lines
}

/// As many characters as fit into `room`.
fn cut(text: &str, room: u16) -> &str {
    let fits =
        text.char_indices().map(|(at, _)| at).chain([text.len()]).take_while(|at| ink::width(&text[..*at]) <= room);
    &text[..fits.last().unwrap_or(0)]
}

/// What of `body` is left for the cards.
pub fn below(app: &App, body: Rect) -> Rect {
    ink::below(body, lines(app, body).len() as u16)
}

/// Draws it at the upper end of `body`.
pub fn draw(app: &App, body: Rect, buf: &mut Buffer) {
    let colors = app.theme.colors();
    let style = Style::new().fg(colors.bright).bg(app.theme.tint(colors.alarm, 0.35));
    for (i, (line, y)) in lines(app, body).iter().zip(body.y..).enumerate() {
        let row = Rect { y, height: 1, ..body };
        for x in row.x..row.right() {
            ink::mark(buf, row, x, y, " ", style);
        }
        ink::put(buf, row, row.x + 1, y, if i == 0 { "▲ " } else { "  " }, style.fg(colors.alarm));
        ink::put(buf, row, row.x + 3, y, line, style);
    }
}
