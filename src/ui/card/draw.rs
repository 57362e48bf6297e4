//! Drawing a card.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Body, Card, figure, table};
use crate::ui::look::Lens;
use crate::ui::theme::Theme;
use crate::ui::widget::pairs::PairsView;
use crate::ui::widget::stats::StatsView;
use crate::ui::widget::table::TableView;
use crate::ui::widget::{gauge, ink, notes, overlay, tail};

/// Draws `card` into `area` with its frame: a rule with the heading where room is short, else a box.
pub fn draw(card: &Card, lens: Lens<'_>, area: Rect, focused: bool, small: bool, buf: &mut Buffer) {
    let theme = lens.theme;
    let style = if focused { theme.accent() } else { theme.faint() };
    let title = card.heading(lens, Card::inside(area, small));
    let heading = if focused { theme.accent() } else { theme.text() };
    if small {
        for x in area.x..area.right().saturating_sub(1) {
            ink::mark(buf, area, x, area.y, "─", style);
        }
        let sign = if focused { "▌" } else { " " };
        let title = format!("{sign}{} ", ink::fit_parts(&title, area.width.saturating_sub(4)));
        ink::put(buf, area, area.x, area.y, &title, heading);
    } else {
        overlay::frame(area, buf, style);
        let title = format!(" {} ", ink::fit_parts(&title, area.width.saturating_sub(6)));
        ink::put(buf, area, area.x + 2, area.y, &title, heading);
    }
    inside(card, lens, Card::inside(area, small), focused, buf);
}

fn inside(card: &Card, lens: Lens<'_>, area: Rect, focused: bool, buf: &mut Buffer) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let (theme, look) = (lens.theme, &card.look);
    match &card.body {
        Body::Stats(all) => {
            let selected = look.row.unwrap_or(0).min(all.len().saturating_sub(1));
            StatsView { stats: all, selected }.draw(focused, area, buf, theme);
        }
        Body::Notes(all) => notes::draw(all, look.scroll, area, buf, theme),
        Body::Table(data) => {
            let view = table(data, look);
            let selected = view.selected.filter(|_| focused || look.row.is_some());
            let signs = card.paints.iter().map(|(row, color)| (*row, theme.series(*color))).collect();
            TableView { selected, signs, ..view }.draw(area, buf, theme);
        }
        Body::Pairs(maps) => {
            PairsView { maps, selected: look.row.unwrap_or(0) }.draw(area, buf, theme);
        }
        Body::Tail(lines) => tail::draw(lines, look.scroll, area, buf, theme),
        Body::Switchboard(board) => board.draw(area, buf, theme),
        Body::Waiting(lines, share) => waiting(lines, *share, area, buf, theme),
        Body::Lanes(_) => card.scrubber(lens).into_iter().for_each(|s| s.draw(area, buf, theme)),
        Body::Plot(_) => figure::plot(card, lens).into_iter().for_each(|f| f.draw(area, buf, theme)),
        Body::Histogram(_) => figure::histogram(card).into_iter().for_each(|f| f.draw(area, buf, theme)),
        Body::Map { .. } => figure::map(card, lens).into_iter().for_each(|f| f.draw(area, buf, theme)),
        Body::Scatter(_) => figure::scatter(card, lens).into_iter().for_each(|f| f.draw(area, buf, theme)),
    }
}

fn waiting(lines: &[String], share: Option<f64>, area: Rect, buf: &mut Buffer, theme: Theme) {
    let room = area.width.saturating_sub(4).min(72);
    let wrapped: Vec<(usize, String)> =
        lines.iter().enumerate().flat_map(|(i, l)| ink::wrap(l, room).into_iter().map(move |w| (i, w))).collect();
    let rows = wrapped.len() as u16 + if share.is_some() { 2 } else { 0 };
    let mut y = area.y + area.height.saturating_sub(rows) / 2;
    for (i, line) in &wrapped {
        if y >= area.bottom() {
            return;
        }
        ink::put_centre(buf, area, y, line, if *i == 0 { theme.strong() } else { theme.dim() });
        y += 1;
    }
    if let Some(share) = share.filter(|_| y + 1 < area.bottom()) {
        let width = room.min(40);
        let bar = Rect { x: area.x + (area.width - width) / 2, y: y + 1, width, height: 1 };
        gauge::draw(share, theme.colors().accent, bar, buf, theme);
    }
}
