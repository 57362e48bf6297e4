//! How wide columns are, and how their names are broken.

use ratatui::layout::Rect;

use super::{TableView, words};
use crate::metrics::report::Cell;
use crate::ui::widget::ink;

/// The first column keeps so many characters, if it has them, as long as other columns can be left out.
const SUBJECT: u16 = 48;
/// Columns that are not left out for it.
const SAID: usize = 4;

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
        (0..widths.len()).map(lines).max().unwrap_or(1).clamp(1, 3.min(area.height.max(1)))
    }

    /// Width of column `c` that its cells and its name, broken into `lines` lines at most, need.
    fn narrow(&self, c: usize, lines: usize) -> u16 {
        let cells = self.data.rows.iter().take(500).map(|r| ink::width(&words(r.get(c)))).max().unwrap_or(0);
        let name = self.head(c);
        let broken = (1..ink::width(&name)).find(|w| {
            let parts = ink::wrap(&name, *w);
            parts.len() <= lines && !parts.iter().any(|l| l.contains('…'))
        });
        cells.max(broken.unwrap_or(ink::width(&name))).min(60)
    }

    /// Widths of the columns that fit into `room`, from the first on.
    pub(super) fn widths(&self, room: u16) -> Vec<u16> {
        let mut columns = self.data.columns.len();
        loop {
            let widths = self.fitted(columns, room);
            let taken = widths.iter().map(|w| u32::from(*w) + 2).sum::<u32>();
            // What the rows are about comes before the last of what is said of them.
            let squeezed = widths[0] < self.narrow(0, 3).min(SUBJECT) && columns > SAID;
            if (taken <= u32::from(room) + 1 && !squeezed) || columns <= 1 {
                return widths;
            }
            columns -= 1;
        }
    }

    /// Widths of the first `columns` columns; wider than `room` where they cannot give way any more.
    fn fitted(&self, columns: usize, room: u16) -> Vec<u16> {
        let wanted = |w: &[u16]| w.iter().map(|v| u32::from(*v) + 2).sum::<u32>().saturating_sub(1);
        let all = |lines: usize| (0..columns).map(|c| self.narrow(c, lines)).collect::<Vec<u16>>();
        let names: Vec<u16> = (0..columns).map(|c| ink::width(&self.head(c))).collect();
        let mut widths = Some(all(2)).filter(|w| wanted(w) <= u32::from(room)).unwrap_or_else(|| all(3));
        // The widest columns give way first, down to eight characters.
        while wanted(&widths) > u32::from(room) {
            let Some(i) = (0..columns).filter(|i| widths[*i] > 8).max_by_key(|i| widths[*i]) else { break };
            widths[i] -= 1;
        }
        // Room that is left goes to names that would be broken, those that miss least first.
        let mut short: Vec<usize> = (0..columns).filter(|c| names[*c] > widths[*c]).collect();
        short.sort_by_key(|c| names[*c] - widths[*c]);
        for c in short {
            let missing = u32::from(names[c] - widths[c]);
            if wanted(&widths) + missing <= u32::from(room) {
                widths[c] = names[c];
            }
        }
        let spare = u32::from(room).saturating_sub(wanted(&widths)) as u16;
        let each = (spare / (columns as u16).max(1)).min(4);
        widths.iter().map(|w| w + each).collect()
    }

    /// True if the column holds numbers, which end at the same place.
    pub(super) fn numeric(&self, column: usize) -> bool {
        let mut cells = self.data.rows.iter().filter_map(|r| r.get(column)).take(50).peekable();
        cells.peek().is_some() && cells.all(|c| !matches!(c, Cell::Text(t) if t != "–" && t != "-"))
    }
}
