//! How wide columns are, how their names are broken, and how many lines their words take.

use ratatui::layout::Rect;

use super::{TableView, words};
use crate::metrics::report::Cell;
use crate::ui::widget::ink;

/// Rows that widths are measured on.
const MEASURED: usize = 500;
/// Least width of a column of words, if it has so many: below it lines would be single words.
const LEAST: u16 = 16;
/// Most lines of a row.
const LINES: usize = 6;
/// Most lines of the names of columns.
const HEADS: usize = 3;

/// What a column wants.
struct Want {
    /// So that nothing is broken.
    full: u16,
    /// So that no cell is broken, though perhaps the name of the column.
    cells: u16,
    /// So that nothing is cut: what it can be narrowed to.
    least: u16,
}

impl TableView<'_> {
    /// Heading of a column, with the sign of its order.
    pub(super) fn head(&self, column: usize) -> String {
        match self.sort {
            Some((c, down)) if c == column => format!("{} {}", self.data.columns[c], if down { "▼" } else { "▲" }),
            _ => self.data.columns[column].clone(),
        }
    }

    /// Lines of the headings when drawn into `area`: one, unless long names have to be broken.
    pub(super) fn head_lines(&self, widths: &[u16], area: Rect) -> u16 {
        let lines = |c: usize| ink::wrap(&self.head(c), widths[c]).len() as u16;
        (0..widths.len()).map(lines).max().unwrap_or(1).clamp(1, (HEADS as u16).min(area.height.max(1)))
    }

    /// What column `c` wants.
    fn want(&self, c: usize) -> Want {
        let rows = || self.data.rows.iter().take(MEASURED);
        let cells = rows().map(|r| ink::width(&words(r.get(c)))).max().unwrap_or(0);
        let head = self.head(c);
        let broken = (1..ink::width(&head)).find(|w| {
            let parts = ink::wrap(&head, *w);
            // A word of a name stays whole.
            parts.len() <= HEADS && parts.join(" ") == head
        });
        let head_least = broken.unwrap_or(ink::width(&head));
        let least = if self.numeric(c) { cells } else { cells.min(LEAST) };
        let least = least.max(head_least);
        Want { full: cells.max(ink::width(&head)), cells: cells.max(least), least }
    }

    /// Widths of the columns that fit into `room`, from the first on.
    pub(super) fn widths(&self, room: u16) -> Vec<u16> {
        let wants: Vec<Want> = (0..self.data.columns.len()).map(|c| self.want(c)).collect();
        let mut columns = wants.len();
        while columns > 1 && taken(wants[..columns].iter().map(|w| w.least)) > u32::from(room) {
            columns -= 1;
        }
        let wants = &wants[..columns];
        let mut widths: Vec<u16> = wants.iter().map(|w| w.least).collect();
        let mut spare = u32::from(room).saturating_sub(taken(widths.iter().copied()));
        // Room that is left goes to the narrowest of the columns that want more: short ones are whole first. What the cells
        // hold comes before the names over them.
        for want in [|want: &Want| want.cells, |want: &Want| want.full] {
            while spare > 0 {
                let open = (0..columns).filter(|c| widths[*c] < want(&wants[*c]));
                let Some(c) = open.min_by_key(|c| want(&wants[*c]) - widths[*c]) else { break };
                let more = u32::from(want(&wants[c]) - widths[c]).min(spare);
                widths[c] += more as u16;
                spare -= more;
            }
        }
        let each = (spare as u16 / (columns as u16).max(1)).min(4);
        widths.iter().map(|w| (w + each).min(room)).collect()
    }

    /// True where the words of some row take more than one line.
    pub(super) fn breaks(&self, widths: &[u16]) -> bool {
        self.data.rows.iter().take(MEASURED).any(|row| Self::lines(row, widths) > 1)
    }

    /// Lines of a row.
    pub(super) fn lines(row: &[Cell], widths: &[u16]) -> u16 {
        let of = |(cell, w): (&Cell, &u16)| match cell {
            Cell::Text(text) if ink::width(text) > *w => ink::wrap(text, *w).len().clamp(1, LINES),
            _ => 1,
        };
        row.iter().zip(widths).map(of).max().unwrap_or(1) as u16
    }

    /// Lines of the whole table in `width` columns, as far as it is measured.
    pub fn need(&self, width: u16) -> u16 {
        if self.data.columns.is_empty() {
            return 1;
        }
        let widths = self.widths(width.saturating_sub(1));
        let heads = self.head_lines(&widths, Rect::new(0, 0, width, u16::MAX));
        let rows: u32 = self.data.rows.iter().take(MEASURED).map(|row| u32::from(Self::lines(row, &widths))).sum();
        let rest = self.data.rows.len().saturating_sub(MEASURED) as u32;
        u16::try_from(rows + rest).unwrap_or(u16::MAX).saturating_add(heads)
    }

    /// True if the column holds numbers, which end at the same place.
    pub(super) fn numeric(&self, column: usize) -> bool {
        let mut cells = self.data.rows.iter().filter_map(|r| r.get(column)).take(50).peekable();
        cells.peek().is_some() && cells.all(|c| !matches!(c, Cell::Text(t) if t != "–" && t != "-"))
    }
}

/// Columns that columns of these widths take, the space between them included.
fn taken(widths: impl Iterator<Item = u16>) -> u32 {
    widths.map(|w| u32::from(w) + 2).sum::<u32>().saturating_sub(1)
}
