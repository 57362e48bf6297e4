//! A buffer as cells of plain colours.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use crate::picture::cells::{Cell, Cells, Rgb};
use crate::ui::theme::{Palette, Theme};
use crate::ui::widget::ink;

/// The cells of `buf`; what has no colour of its own has those of the theme's ground and text.
pub fn cells(buf: &Buffer, theme: Theme) -> Cells {
    let colors = theme.colors();
    let ground = rgb(colors.ground, [0; 3]);
    let text = rgb(colors.text, [255; 3]);
    let width = usize::from(buf.area.width);
    let mut cells: Vec<Cell> = Vec::with_capacity(buf.content.len());
    for row in buf.content.chunks(width.max(1)) {
        // Columns that a wide character still covers.
        let mut covered = 0;
        for cell in row {
            let columns = if covered > 0 { 0 } else { usize::from(ink::width(cell.symbol()).max(1)) };
            let mut copied = copy(cell, columns, (ground, text));
            if let Some(before) = cells.last().filter(|_| covered > 0) {
                copied.ground = before.ground;
            }
            covered = if covered > 0 { covered - 1 } else { columns - 1 };
            cells.push(copied);
        }
    }
    Cells { width, cells, ground }
}

fn copy(cell: &ratatui::buffer::Cell, columns: usize, (ground, text): (Rgb, Rgb)) -> Cell {
    let has = |modifier| cell.modifier.contains(modifier);
    let (mut ink, mut behind) = (rgb(cell.fg, text), rgb(cell.bg, ground));
    if has(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut behind);
    }
    if has(Modifier::DIM) {
        ink = rgb(Palette::mix(colour(ink), colour(behind), 0.5), ink);
    }
    if has(Modifier::HIDDEN) {
        ink = behind;
    }
    Cell {
        symbol: cell.symbol().to_string(),
        columns,
        ink,
        ground: behind,
        bold: has(Modifier::BOLD),
        underlined: has(Modifier::UNDERLINED),
    }
}

/// The colour itself; `default` for what only a terminal can say. Themes draw in 24 bits.
fn rgb(colour: Color, default: Rgb) -> Rgb {
    if let Color::Rgb(r, g, b) = colour { [r, g, b] } else { default }
}

fn colour([r, g, b]: Rgb) -> Color {
    Color::Rgb(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Scheme;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn looks_become_colours() {
        let theme = Theme::new(Scheme::Light);
        let mut buf = Buffer::empty(Rect::new(0, 0, 5, 1));
        let style = Style::new().fg(Color::Rgb(200, 100, 0)).bg(Color::Rgb(0, 0, 100));
        buf[(1, 0)].set_symbol("a").set_style(style.add_modifier(Modifier::REVERSED | Modifier::BOLD));
        buf[(2, 0)].set_symbol("b").set_style(style.add_modifier(Modifier::DIM | Modifier::UNDERLINED));
        buf.set_string(3, 0, "界", style);
        let cells = cells(&buf, theme);
        let look = |x: usize| (cells.cells[x].ink, cells.cells[x].ground);
        assert_eq!(look(0), ([0x33, 0x38, 0x46], [0xfa, 0xfa, 0xf7]));
        assert_eq!(look(1), ([0, 0, 100], [200, 100, 0]));
        assert_eq!(look(2), ([100, 50, 50], [0, 0, 100]));
        assert!(cells.cells[1].bold && !cells.cells[1].underlined && cells.cells[2].underlined);
        assert_eq!(cells.cells.iter().map(|c| c.columns).collect::<Vec<_>>(), [1, 1, 1, 2, 0]);
        assert_eq!(cells.text(), " ab界\n");
    }
}
