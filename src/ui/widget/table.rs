//! Tables: sorted by any column, scrolled to the selected row, numbers aligned.

mod columns;

use std::cmp::Ordering;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::{ink, number};
use crate::metrics::report::{Cell, Table};
use crate::ui::theme::Theme;

/// A table and how it is looked at.
pub struct TableView<'a> {
    /// The cells.
    pub data: &'a Table,
    /// Column that rows are sorted by, and whether the largest comes first.
    pub sort: Option<(usize, bool)>,
    /// Selected row of the table, wherever the order puts it.
    pub selected: Option<usize>,
    /// Rows that bear a sign of a colour.
    pub signs: Vec<(usize, Color)>,
}

fn words(cell: Option<&Cell>) -> String {
    match cell {
        None => String::new(),
        Some(Cell::Text(t)) => t.clone(),
        Some(Cell::Number(v)) => number::number(*v),
        Some(Cell::Count(n)) => n.to_string(),
    }
}

fn compare(a: Option<&Cell>, b: Option<&Cell>) -> Ordering {
    let value = |c: Option<&Cell>| match c {
        Some(Cell::Number(v)) if !v.is_nan() => Some(*v),
        Some(Cell::Count(n)) => Some(*n as f64),
        _ => None,
    };
    match (value(a), value(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => words(a).cmp(&words(b)),
    }
}

impl TableView<'_> {
    /// Row numbers of the table in the order shown.
    pub fn order(&self) -> Vec<usize> {
        let rows = &self.data.rows;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        if let Some((column, down)) = self.sort {
            order.sort_by(|a, b| {
                let by = compare(rows[*a].get(column), rows[*b].get(column));
                if down { by.reverse() } else { by }
            });
        }
        order
    }

    /// The row that is selected before one is chosen: the first that is shown.
    pub fn top(&self) -> usize {
        self.order().first().copied().unwrap_or(0)
    }

    /// The row `by` places below the selected one in the order shown.
    pub fn beside(&self, by: i32) -> Option<usize> {
        let order = self.order();
        let now = self.place(&order).unwrap_or(0);
        Some(order[now.saturating_add_signed(by as isize).min(order.len().checked_sub(1)?)])
    }

    /// Where the selected row is shown.
    fn place(&self, order: &[usize]) -> Option<usize> {
        order.iter().position(|row| Some(*row) == self.selected)
    }

    /// The rows on the screen: their places in the order, the lines above each, and its own.
    fn window(&self, order: &[usize], widths: &[u16], height: u16) -> Vec<(usize, u16, u16)> {
        let selected = self.place(order).unwrap_or(0);
        let n = order.len();
        let lines = |at: usize| Self::lines(&self.data.rows[order[at]], widths);
        let (all, first) = if self.breaks(widths) {
            // From the selected row up as far as half of the height, then further where the end is near.
            let back = |from: usize, room: u16| {
                let (mut first, mut left) = (from, room);
                while first > 0 && lines(first - 1) <= left {
                    first -= 1;
                    left -= lines(first);
                }
                first
            };
            let own = if selected < n { lines(selected) } else { 1 };
            (true, back(selected, height.saturating_sub(own) / 2).min(back(n, height)))
        } else {
            let height = usize::from(height);
            (false, selected.saturating_sub(height / 2).min(n.saturating_sub(height)))
        };
        let mut y = 0;
        let mut out = Vec::new();
        for at in first..n {
            let own = if all { lines(at) } else { 1 };
            // A row that has no room is begun where it is the first.
            if y >= height || (y + own > height && y > 0) {
                break;
            }
            out.push((at, y, own.min(height)));
            y += own;
        }
        out
    }

    /// The row of the table that the screen row `y` shows.
    pub fn row_at(&self, area: Rect, y: u16) -> Option<usize> {
        if self.data.columns.is_empty() {
            return None;
        }
        let widths = self.widths(area.width.saturating_sub(1));
        let heads = self.head_lines(&widths, area);
        let order = self.order();
        let line = y.checked_sub(area.y + heads).filter(|_| y < area.bottom())?;
        let rows = self.window(&order, &widths, area.height.saturating_sub(heads));
        let (at, ..) = rows.into_iter().find(|(_, from, lines)| (*from..from + lines).contains(&line))?;
        order.get(at).copied()
    }

    /// The selected row's cells, tabs between.
    pub fn readout(&self) -> String {
        let Some(row) = self.selected.and_then(|row| self.data.rows.get(row)) else { return String::new() };
        row.iter().map(|c| words(Some(c))).collect::<Vec<_>>().join("\t")
    }

    /// Draws the table.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if self.data.rows.is_empty() || self.data.columns.is_empty() {
            ink::put_centre(buf, area, area.y + area.height / 2, "no rows", theme.dim());
            return;
        }
        let body = Rect { width: area.width.saturating_sub(1), ..area };
        let widths = self.widths(body.width);
        let heads = self.head_lines(&widths, area);
        let height = area.height.saturating_sub(heads);
        let order = self.order();
        let rows = self.window(&order, &widths, height);
        let numeric: Vec<bool> = (0..widths.len()).map(|c| self.numeric(c)).collect();
        let line = |buf: &mut Buffer, y: u16, cell: &dyn Fn(usize) -> String, style: ratatui::style::Style| {
            let mut x = body.x + 1;
            for (c, w) in widths.iter().enumerate() {
                let place = Rect { x, y, width: (*w).min(body.right().saturating_sub(x)), height: 1 };
                let text = ink::fit(&cell(c), place.width);
                if numeric[c] {
                    ink::put_right(buf, place, y, &text, style);
                } else {
                    ink::put(buf, place, x, y, &text, style);
                }
                x = x.saturating_add(w + 2);
            }
        };
        let named: Vec<Vec<String>> = (0..widths.len()).map(|c| ink::wrap(&self.head(c), widths[c])).collect();
        for i in 0..heads {
            // Names stand on the last line, over their numbers.
            let part = |c: usize| {
                let skip = usize::from(heads).saturating_sub(named[c].len());
                usize::from(i).checked_sub(skip).and_then(|k| named[c].get(k).cloned()).unwrap_or_default()
            };
            line(buf, area.y + i, &part, theme.dim());
        }
        if widths.len() < self.data.columns.len() {
            // More columns than fit: the zoomed card shows them.
            ink::put_right(buf, area, area.y, "›", theme.accent());
        }
        for (at, from, lines) in &rows {
            let row = order[*at];
            let style = if self.selected == Some(row) { theme.selected() } else { theme.text() };
            let cells: Vec<Vec<String>> = (0..widths.len())
                .map(|c| ink::wrap_within(&words(self.data.rows[row].get(c)), widths[c], *lines))
                .collect();
            for i in 0..*lines {
                let y = area.y + heads + from + i;
                for x in body.x..body.right() {
                    ink::mark(buf, body, x, y, " ", style);
                }
                line(buf, y, &|c| cells[c].get(usize::from(i)).cloned().unwrap_or_default(), style);
            }
            if let Some((_, color)) = self.signs.iter().find(|(signed, _)| *signed == row) {
                ink::mark(buf, body, body.x, area.y + heads + from, "●", *color);
            }
        }
        if rows.len() < order.len() && height > 0 {
            let first = rows.first().map_or(0, |r| r.0);
            scrollbar(ink::below(area, heads), first, rows.len(), order.len(), buf, theme);
        }
    }
}

/// Where in a longer list the screen is: `shown` of `all` items from `first` on, at the right edge of `area`.
pub fn scrollbar(area: Rect, first: usize, shown: usize, all: usize, buf: &mut Buffer, theme: Theme) {
    let (x, height) = (area.right().saturating_sub(1), usize::from(area.height));
    let size = (height * shown / all.max(1)).clamp(1, height.max(1));
    let at = first * (height - size.min(height)) / all.saturating_sub(shown).max(1);
    for (i, y) in (area.y..area.bottom()).enumerate() {
        let (symbol, style) = if (at..at + size).contains(&i) { ("┃", theme.dim()) } else { ("│", theme.faint()) };
        ink::mark(buf, area, x, y, symbol, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Scheme;

    fn data(rows: usize) -> Table {
        let row = |i: usize| vec![Cell::from(i), Cell::from(((i * 7) % 10) as f64), Cell::from(format!("row {i}"))];
        Table {
            columns: vec!["episode".into(), "score".into(), "what".into()],
            rows: (0..rows).map(row).collect(),
            ..Table::default()
        }
    }

    #[test]
    fn rows_are_sorted_by_number_and_nan_sinks_below_numbers() {
        let mut data = data(10);
        data.rows[4][1] = Cell::Number(f64::NAN);
        let view = TableView { data: &data, sort: Some((1, true)), selected: Some(7), signs: vec![] };
        assert_eq!((view.top(), view.order()[9]), (7, 4));
        assert_eq!(view.readout(), "7\t9\trow 7");
        assert_eq!(
            (view.beside(1), view.beside(-1), view.beside(100)),
            (view.order().get(1).copied(), Some(7), Some(4))
        );
    }

    #[test]
    fn the_selected_row_is_always_on_the_screen_and_under_the_mouse() {
        let data = data(500);
        for (selected, sort) in [(0, None), (3, None), (250, Some((1, true))), (499, Some((0, true)))] {
            let view = TableView { data: &data, sort, selected: Some(selected), signs: vec![] };
            let area = Rect::new(0, 0, 40, 12);
            let mut buf = Buffer::empty(area);
            view.draw(area, &mut buf, Theme::new(Scheme::Dark));
            let y = (1..12).find(|y| buf[(2, *y)].bg == Theme::new(Scheme::Dark).colors().select).unwrap();
            assert_eq!(view.row_at(area, y), Some(selected));
        }
    }

    #[test]
    fn long_words_break_and_numbers_stay_whole() {
        let row = |i: usize| {
            let box_of = format!("cos θ ∈ [-0.812, -0.12{i}], dθ/dt ∈ [-8.00, -7.00], sin θ ∈ [0.1, 0.2]");
            vec![Cell::from(box_of), Cell::from(0.000_123_4), Cell::from(-1234.5)]
        };
        let data = Table {
            columns: vec!["where".into(), "share of the data".into(), "median return".into()],
            rows: (0..6).map(row).collect(),
            ..Table::default()
        };
        for selected in [0, 3, 5] {
            let view = TableView { data: &data, sort: None, selected: Some(selected), signs: vec![] };
            let area = Rect::new(0, 0, 48, 9);
            let mut buf = Buffer::empty(area);
            view.draw(area, &mut buf, Theme::new(Scheme::Dark));
            let text: String = (0..9).flat_map(|y| (0..48).map(move |x| (x, y))).map(|at| buf[at].symbol()).collect();
            assert!(!text.contains('…') && text.contains("0.0001234") && text.contains("-1234"), "{text}");
            let select = Theme::new(Scheme::Dark).colors().select;
            let rows: Vec<u16> = (1..9).filter(|y| buf[(2, *y)].bg == select).collect();
            assert!(rows.len() > 1 && rows.iter().all(|y| view.row_at(area, *y) == Some(selected)), "{rows:?}");
        }
    }

    #[test]
    fn ragged_and_empty_tables_are_survived_at_every_size() {
        let ragged = Table {
            columns: vec!["a".into(), "b".into()],
            rows: vec![vec![], vec![Cell::from("x"); 5]],
            ..Table::default()
        };
        for data in [&ragged, &Table::default(), &data(40)] {
            for (w, h) in [(1, 1), (3, 2), (10, 5), (80, 20)] {
                let area = Rect::new(0, 0, w, h);
                let view = TableView {
                    data,
                    sort: Some((9, false)),
                    selected: Some(77),
                    signs: vec![(0, Color::Red), (99, Color::Red)],
                };
                view.draw(area, &mut Buffer::empty(area), Theme::new(Scheme::Dark));
            }
        }
    }
}
