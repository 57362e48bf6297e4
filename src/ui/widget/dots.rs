//! A grid of braille dots, 2 × 4 to a cell, of several layers. A cell shows one of them in its own colour instead of a
//! mixture in nobody's: the upper one, or, where they share, each in turn along the way, so that none is hidden.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::bars::EIGHTHS;
use crate::ui::theme::Palette;

const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Dots over a rectangle of cells.
pub struct Dots {
    area: Rect,
    /// Of every cell the layers that it holds, the lower first: dots, colour, number.
    cells: Vec<Vec<(u8, Color, u16)>>,
    layer: u16,
    shared: bool,
}

impl Dots {
    /// An empty grid over `area` in which upper layers cover lower ones.
    pub fn new(area: Rect) -> Self {
        Self {
            area,
            cells: vec![Vec::new(); usize::from(area.width) * usize::from(area.height)],
            layer: 0,
            shared: false,
        }
    }

    /// An empty grid over `area` in which layers that meet take turns, cell by cell.
    pub fn shared(area: Rect) -> Self {
        Self { shared: true, ..Self::new(area) }
    }

    /// Dots across.
    pub fn columns(&self) -> usize {
        usize::from(self.area.width) * 2
    }

    /// Dots down.
    pub fn rows(&self) -> usize {
        usize::from(self.area.height) * 4
    }

    /// What is drawn from now on covers what was drawn before.
    pub fn next_layer(&mut self) {
        self.layer += 1;
    }

    /// Sets the dot at column `x` from the left and row `y` from the top; outside nothing happens.
    pub fn set(&mut self, x: i64, y: i64, color: Color) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= self.columns() || y >= self.rows() {
            return;
        }
        let cell = &mut self.cells[y / 4 * usize::from(self.area.width) + x / 2];
        let bit = BITS[y % 4][x % 2];
        match cell.last_mut() {
            Some((bits, ink, layer)) if *layer == self.layer => {
                *bits |= bit;
                *ink = color;
            }
            _ => cell.push((bit, color, self.layer)),
        }
    }

    /// A point: a cross of five dots around (`x`, `y`), in dot coordinates.
    pub fn point(&mut self, (x, y): (f64, f64), color: Color) {
        if x.is_finite() && y.is_finite() {
            let (x, y) = (x.floor() as i64, y.floor() as i64);
            for (dx, dy) in [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)] {
                self.set(x + dx, y + dy, color);
            }
        }
    }

    /// Dots and colour of a cell, if any.
    fn shown(&self, x: usize, y: usize) -> Option<(u8, Color)> {
        let layers = &self.cells[y * usize::from(self.area.width) + x];
        let top = layers.len().checked_sub(1)?;
        // Steep, level and slanted lines all go on to the next in turn.
        let (bits, color, _) = layers[if self.shared { (x / 2 + y) % layers.len() } else { top }];
        Some((bits, color))
    }

    /// A straight line between two points in dot coordinates; the part outside costs nothing.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), color: Color) {
        let Some(((x0, y0), (x1, y1))) = clip(from, to, self.columns() as f64, self.rows() as f64) else { return };
        let steps = (x1 - x0).abs().max((y1 - y0).abs()).ceil().max(1.0);
        let mut i = 0.0;
        while i <= steps {
            let t = i / steps;
            self.set((x0 + t * (x1 - x0)).floor() as i64, (y0 + t * (y1 - y0)).floor() as i64, color);
            i += 1.0;
        }
    }

    /// Writes the dots as foreground; the background of each cell stays.
    pub fn paint(&self, buf: &mut Buffer) {
        for (dx, dy) in (0..self.area.height).flat_map(|y| (0..self.area.width).map(move |x| (x, y))) {
            let Some((bits, color)) = self.shown(usize::from(dx), usize::from(dy)) else { continue };
            if let Some(cell) = buf.cell_mut((self.area.x + dx, self.area.y + dy)) {
                if let Some(bg) = under(cell) {
                    cell.set_bg(bg);
                }
                cell.set_char(char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ')).set_fg(color);
            }
        }
    }
}

/// The ground that stands for a cell partly filled by a band: as much of the band's colour as it covers.
fn under(cell: &Cell) -> Option<Color> {
    let filled =
        if cell.symbol() == "━" { 2 } else { EIGHTHS.iter().position(|e| *e == cell.symbol()).filter(|i| *i > 0)? };
    Some(Palette::mix(cell.bg, cell.fg, filled as f64 / 8.0))
}

/// The part of a segment inside [0, w) × [0, h) (Liang and Barsky's way).
fn clip(from: (f64, f64), to: (f64, f64), w: f64, h: f64) -> Option<((f64, f64), (f64, f64))> {
    if ![from.0, from.1, to.0, to.1].iter().all(|v| v.is_finite()) || w < 1.0 || h < 1.0 {
        return None;
    }
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut t0, mut t1) = (0.0f64, 1.0f64);
    let edge = 1e-6;
    for (p, q) in [(-dx, from.0), (dx, w - edge - from.0), (-dy, from.1), (dy, h - edge - from.1)] {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            t0 = t0.max(q / p);
        } else {
            t1 = t1.min(q / p);
        }
    }
    (t0 <= t1).then_some(((from.0 + t0 * dx, from.1 + t0 * dy), (from.0 + t1 * dx, from.1 + t1 * dy)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cell_belongs_to_the_upper_layer_alone() {
        let area = Rect::new(0, 0, 1, 1);
        let mut dots = Dots::new(area);
        dots.set(0, 0, Color::Red);
        dots.next_layer();
        dots.set(1, 3, Color::Blue);
        let mut buf = Buffer::empty(area);
        dots.paint(&mut buf);
        assert_eq!((buf[(0, 0)].symbol(), buf[(0, 0)].fg), ("⢀", Color::Blue));
    }

    /// Two series with the same numbers: threshold and value at the checks where the decision is made.
    #[test]
    fn lines_on_top_of_each_other_both_show() {
        let area = Rect::new(0, 0, 12, 12);
        for (from, to) in [
            ((0.0, 8.0), (23.0, 8.0)),
            ((5.0, 0.0), (5.0, 47.0)),
            ((0.0, 0.0), (23.0, 47.0)),
            ((23.0, 0.0), (0.0, 47.0)),
        ] {
            let mut dots = Dots::shared(area);
            for color in [Color::Red, Color::Blue] {
                dots.next_layer();
                dots.line(from, to, color);
            }
            let mut buf = Buffer::empty(area);
            dots.paint(&mut buf);
            let cells = |color| buf.content.iter().filter(|c| c.symbol() != " " && c.fg == color).count();
            let (red, blue) = (cells(Color::Red), cells(Color::Blue));
            assert!(red.abs_diff(blue) <= 2 && red > 3, "{from:?} to {to:?}: {red} and {blue}");
        }
    }

    #[test]
    fn a_point_lies_on_its_line() {
        let area = Rect::new(0, 0, 4, 2);
        let mut dots = Dots::new(area);
        dots.line((0.0, 4.0), (7.0, 4.0), Color::Red);
        dots.point((3.5, 4.5), Color::Red);
        let mut buf = Buffer::empty(area);
        dots.paint(&mut buf);
        let text = |y: u16| (0..4).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>();
        assert_eq!((text(0).as_str(), text(1).as_str()), (" ⢀  ", "⠉⠙⠉⠉"));
    }

    #[test]
    fn a_line_from_far_away_is_clipped_and_not_walked() {
        let mut dots = Dots::new(Rect::new(0, 0, 4, 4));
        dots.line((-1e15, 8.0), (1e15, 8.0), Color::Red);
        assert_eq!(dots.cells.iter().filter(|c| !c.is_empty()).count(), 4);
        dots.line((f64::NAN, 0.0), (3.0, 3.0), Color::Red);
        dots.line((0.0, 1e300), (1.0, 1e300), Color::Red);
    }

    proptest! {
        #[test]
        fn clipped_segments_stay_inside(a in -50.0f64..50.0, b in -50.0f64..50.0, c in -50.0f64..50.0, d in -50.0f64..50.0) {
            if let Some(((x0, y0), (x1, y1))) = clip((a, b), (c, d), 20.0, 12.0) {
                for (v, end) in [(x0, 20.0), (x1, 20.0), (y0, 12.0), (y1, 12.0)] {
                    prop_assert!((-1e-6..=end).contains(&v));
                }
            }
        }
    }
}
