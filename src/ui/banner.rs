//! What a panel answers, over its cards and on every page of them: what calls for action, else what was found.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::app::App;
use super::layout::{Room, room};
use super::panel::panel;
use super::widget::{ink, notes};
use crate::metrics::report::Level;

/// Most lines of it: all else is for the cards.
const LINES: u16 = 2;

/// What the focused card answers, else the first alarm of the panel, else what it answers, in as many lines as it may take of `body`; whole clauses, never a cut
/// one. No lines where there is nothing to say yet.
pub fn lines(app: &App, body: Rect) -> Option<(Level, Vec<String>)> {
    let alarms = (panel(app.panel).alarms)(app, app.panel);
    let focus = app.looks.focus.get(&app.panel);
    let (level, text, more) = if let Some((level, text)) = focus.and_then(|id| (panel(app.panel).answer_of)(app, id)) {
        (level, text, 0)
    } else if let Some(first) = alarms.first() {
        (Level::Alarm, first.text.clone(), alarms.len() - 1)
    } else {
        let (level, text) = (panel(app.panel).answer)(app)?;
        (level, text, 0)
    };
    let rows = if room(body) == Room::Tiny { 1 } else { LINES };
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    Some((level, clauses(&text, &more, body.width.saturating_sub(4), rows)))
}

/// As many clauses of `text` from its beginning as fit before `end` in `rows` lines of `room` columns; none ends within brackets.
fn clauses(text: &str, end: &str, room: u16, rows: u16) -> Vec<String> {
    let whole = |part: &str| ink::wrap(&format!("{}{end}", part.trim_end_matches([',', ';', ':', ' '])), room);
    let ends = ["; ", ": ", ", ", ". "].into_iter().flat_map(|sign| text.match_indices(sign));
    let mut ends: Vec<usize> = ends.map(|(at, sign)| at + usize::from(sign == ". ")).collect();
    let closed = |part: &str| part.matches(['(', '[']).count() == part.matches([')', ']']).count();
    ends.retain(|at| closed(&text[..*at]));
    ends.push(text.len());
    ends.sort_unstable();
    let fits = ends.iter().rev().map(|at| whole(&text[..*at])).find(|lines| lines.len() <= usize::from(rows));
    fits.unwrap_or_else(|| ink::wrap_within(&format!("{text}{end}"), room, rows))
}

/// What of `body` is left for the cards.
pub fn below(app: &App, body: Rect) -> Rect {
    ink::below(body, lines(app, body).map_or(0, |(_, lines)| lines.len() as u16))
}

/// Draws it at the upper end of `body`.
pub fn draw(app: &App, body: Rect, buf: &mut Buffer) {
    let Some((level, lines)) = lines(app, body) else { return };
    let (colors, alarm) = (app.theme.colors(), level == Level::Alarm);
    let ground = if alarm { app.theme.tint(colors.alarm, 0.35) } else { colors.ground };
    let style = Style::new().fg(if alarm { colors.bright } else { colors.text }).bg(ground);
    let (sign, color) = notes::sign(level, app.theme);
    for (i, (line, y)) in lines.iter().zip(body.y..).enumerate() {
        let row = Rect { y, height: 1, ..body };
        for x in row.x..row.right() {
            ink::mark(buf, row, x, y, " ", style);
        }
        ink::put(buf, row, row.x + 1, y, if i == 0 { sign } else { " " }, style.fg(color));
        ink::put(buf, row, row.x + 3, y, line, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_clauses_are_shown_and_what_is_left_out_is_counted() {
        let text = "Worst: Episode 4: it leaves the data, and the model is wrong there; novelty peaks at 5.32 x its threshold.";
        assert_eq!(clauses(text, "", 40, 2), ["Worst: Episode 4: it leaves the data,", "and the model is wrong there"]);
        assert_eq!(clauses(text, " (and 2 more)", 40, 1), ["Worst: Episode 4 (and 2 more)"]);
        assert_eq!(clauses(text, "", 200, 2), [text]);
        let bracketed = "It is so: none fires (gain 0.00 [0.00, 0.00]); more";
        assert_eq!(clauses(bracketed, "", 36, 1), ["It is so"], "no interval is cut in two");
        assert_eq!(clauses("oneverylongword", "", 8, 1).len(), 1);
    }
}
