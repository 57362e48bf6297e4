//! Small maps of all pairs of dimensions as a triangle: a column for each horizontal, a row for each vertical dimension.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{ink, number};
use crate::metrics::report::PairMaps;
use crate::ui::theme::Theme;

/// The maps, and which of them is selected.
pub struct PairsView<'a> {
    /// The numbers.
    pub maps: &'a PairMaps,
    /// Number of the selected pair.
    pub selected: usize,
}

/// Where the triangle's maps are.
struct Triangle {
    /// Dimensions of the columns, then one more of the last row.
    dims: Vec<usize>,
    /// All maps.
    area: Rect,
    /// Columns and rows of a map with the space around it.
    step: (u16, u16),
}

/// Fewest columns for the names of the rows, and most.
const NAMES: (u16, u16) = (9, 24);

impl PairsView<'_> {
    fn dims(&self) -> Vec<usize> {
        let mut dims: Vec<usize> = self.maps.pairs.iter().flat_map(|p| [p.0, p.1]).collect();
        dims.sort_unstable();
        dims.dedup();
        dims
    }

    fn triangle(&self, area: Rect) -> Option<Triangle> {
        let dims = self.dims();
        let n = u16::try_from(dims.len().checked_sub(1)?).ok().filter(|n| *n > 0)?;
        let longest = self.maps.names.iter().map(|name| ink::width(name)).max().unwrap_or(0) + 1;
        let names = longest.min(area.width / 8).clamp(NAMES.0, NAMES.1);
        let names = if area.width >= 40 { names } else { 0 };
        let area = Rect {
            x: area.x + names,
            width: area.width.saturating_sub(names),
            height: area.height.saturating_sub(2),
            ..area
        };
        let step = (area.width / n, area.height / n);
        (step.0 >= 3 && step.1 >= 1).then_some(Triangle { dims, area, step })
    }

    /// Column and row of pair `i` in the triangle.
    fn place(&self, dims: &[usize], i: usize) -> Option<(usize, usize)> {
        let (a, b) = *self.maps.pairs.get(i)?;
        Some((dims.binary_search(&a).ok()?, dims.binary_search(&b).ok()?.checked_sub(1)?))
    }

    fn at(&self, dims: &[usize], column: usize, row: usize) -> Option<usize> {
        let pair = (*dims.get(column)?, *dims.get(row + 1)?);
        self.maps.pairs.iter().position(|p| *p == pair)
    }

    /// The pair `dx` columns and `dy` rows away, or the nearest to it.
    pub fn beside(&self, dx: i32, dy: i32) -> Option<usize> {
        let dims = self.dims();
        let (column, row) = self.place(&dims, self.selected)?;
        let row = row.saturating_add_signed(dy as isize).min(dims.len() - 2);
        let column = column.saturating_add_signed(dx as isize).min(row);
        self.at(&dims, column, row)
    }

    /// The pair whose map is drawn at (x, y) of `area`.
    pub fn pair_at(&self, area: Rect, x: u16, y: u16) -> Option<usize> {
        let t = self.triangle(area)?;
        let (dx, dy) = (x.checked_sub(t.area.x)?, y.checked_sub(t.area.y)?);
        self.at(&t.dims, usize::from(dx / t.step.0), usize::from(dy / t.step.1))
    }

    /// What is selected.
    pub fn readout(&self) -> String {
        let Some((pair, counts)) = self.maps.pairs.get(self.selected).zip(self.maps.counts.get(self.selected)) else {
            return String::new();
        };
        let name = |d: usize| self.maps.names.get(d).map_or("?", String::as_str);
        let occupied = counts.iter().filter(|c| **c > 0).count();
        let of = number::number(counts.len() as f64);
        format!("{} · {} · {occupied} of {of} cells occupied", name(pair.0), name(pair.1))
    }

    /// Draws the triangle.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        let Some(t) = self.triangle(area) else {
            let words = format!("{} maps need more room", self.maps.pairs.len());
            ink::put_centre(buf, area, area.y + area.height / 2, &words, theme.dim());
            return;
        };
        let name = |d: usize| self.maps.names.get(d).map_or("?", String::as_str);
        for i in 0..self.maps.pairs.len() {
            let Some((column, row)) = self.place(&t.dims, i) else { continue };
            let corner = (t.area.x + column as u16 * t.step.0, t.area.y + row as u16 * t.step.1);
            // A column before each map, and a line below where there is room, keep them apart.
            let inside = Rect {
                x: corner.0 + 1,
                y: corner.1,
                width: t.step.0 - 1,
                height: if t.step.1 >= 3 { t.step.1 - 1 } else { t.step.1 },
            };
            self.paint(i, inside, buf, theme);
            if i == self.selected {
                for y in inside.y..inside.bottom() {
                    ink::mark(buf, area, corner.0, y, "▐", theme.colors().accent);
                }
            }
        }
        let chosen = self.place(&t.dims, self.selected);
        for (i, &d) in t.dims.iter().enumerate() {
            let style = |here: bool| if here { theme.accent() } else { theme.dim() };
            if i + 1 < t.dims.len() {
                let x = t.area.x + i as u16 * t.step.0 + 1;
                let label = ink::fit_middle(name(d), t.step.0 - 1);
                ink::put(buf, area, x, t.area.bottom(), &label, style(chosen.is_some_and(|c| c.0 == i)));
            }
            if let Some(row) = i.checked_sub(1).filter(|_| t.area.x > area.x) {
                let y = t.area.y + row as u16 * t.step.1;
                ink::put(
                    buf,
                    area,
                    area.x,
                    y,
                    &ink::fit_middle(name(d), t.area.x - area.x - 1),
                    style(chosen.is_some_and(|c| c.1 == row)),
                );
            }
        }
        let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
        let words = format!("Enter maps {}", self.readout());
        let scale = Self::scale(foot, ink::width(&words) + 2, buf, theme);
        ink::put(buf, area, area.x, foot.y, &ink::fit(&words, area.width.saturating_sub(scale)), theme.text());
    }

    /// What the colours mean, at the right end of the foot where `taken` columns of it are not needed; answers the columns it
    /// takes.
    fn scale(foot: Rect, taken: u16, buf: &mut Buffer, theme: Theme) -> u16 {
        const STEPS: u16 = 8;
        let (before, behind) = ("1 state ", " most of a map, log");
        let wide = ink::width(before) + STEPS + ink::width(behind);
        if taken + wide > foot.width {
            return 0;
        }
        let mut x = ink::put(buf, foot, foot.right() - wide, foot.y, before, theme.dim());
        for i in 0..STEPS {
            let t = f64::from(i + 1) / f64::from(STEPS);
            let (symbol, style) = if theme.shades_only() {
                (theme.shade(t), theme.text())
            } else {
                ("█", theme.text().fg(theme.ramp(t)))
            };
            ink::mark(buf, foot, x, foot.y, symbol, style);
            x += 1;
        }
        ink::put(buf, foot, x, foot.y, behind, theme.dim());
        wide + 1
    }

    /// One map, two pixels a cell, coloured by decades of its counts.
    fn paint(&self, i: usize, area: Rect, buf: &mut Buffer, theme: Theme) {
        let Some(counts) = self.maps.counts.get(i) else { return };
        let bins = self.maps.bins;
        let (w, h) = (usize::from(area.width), 2 * usize::from(area.height));
        if counts.len() != bins * bins || w == 0 || h == 0 {
            return;
        }
        // Every pixel shows the fullest of its cells: a thin path stays in sight.
        let span = |at: usize, n: usize| at * bins / n..((at + 1) * bins).div_ceil(n).min(bins);
        let most = f64::from(counts.iter().copied().max().unwrap_or(0)).ln_1p();
        let value = |x: usize, from_top: usize| {
            let cells = span(h - 1 - from_top, h).flat_map(|j| span(x, w).map(move |i| j * bins + i));
            let count = cells.map(|c| counts[c]).max().unwrap_or(0);
            (count > 0).then(|| f64::from(count).ln_1p() / most)
        };
        let empty = theme.tint(theme.colors().faint, 0.28);
        for cy in 0..area.height {
            for cx in 0..area.width {
                let at = |half: usize| value(usize::from(cx), 2 * usize::from(cy) + half);
                let (upper, lower) = (at(0), at(1));
                let Some(cell) = buf.cell_mut((area.x + cx, area.y + cy)) else { continue };
                if theme.shades_only() {
                    cell.set_symbol(upper.or(lower).map_or(" ", |t| theme.shade(t)));
                    continue;
                }
                let color = |v: Option<f64>| v.map_or(empty, |t| theme.ramp(t));
                cell.set_symbol("▀").set_fg(color(upper)).set_bg(color(lower));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Scheme;

    fn maps() -> PairMaps {
        PairMaps {
            names: ["x", "angle", "constant", "speed"].map(String::from).to_vec(),
            bins: 2,
            pairs: vec![(0, 1), (0, 3), (1, 3)],
            counts: vec![vec![1, 0, 0, 9], vec![0, 0, 0, 1], vec![1, 1, 1, 1]],
            holes: vec![],
        }
    }

    #[test]
    fn the_selection_walks_over_the_triangle() {
        let maps = maps();
        let view = |selected| PairsView { maps: &maps, selected };
        assert_eq!(view(0).beside(0, 1), Some(1));
        assert_eq!(view(1).beside(1, 0), Some(2));
        assert_eq!(view(2).beside(0, -1), Some(0), "the first row has one map");
        assert_eq!(view(2).beside(100_000_000, 0), Some(2));
        assert_eq!(view(2).readout(), "angle · speed · 4 of 4 cells occupied");
        assert_eq!(view(9).beside(1, 0), None);
    }

    #[test]
    fn a_click_finds_the_map_that_is_drawn_there_at_any_size() {
        let maps = maps();
        let view = PairsView { maps: &maps, selected: 1 };
        let area = Rect::new(3, 2, 49, 12);
        let mut buf = Buffer::empty(Rect::new(0, 0, 60, 20));
        view.draw(area, &mut buf, Theme::new(Scheme::Dark));
        assert_eq!(view.pair_at(area, 14, 3), Some(0));
        assert_eq!(view.pair_at(area, 14, 8), Some(1));
        assert_eq!(view.pair_at(area, 34, 8), Some(2));
        assert_eq!(view.pair_at(area, 34, 3), None, "above the diagonal");
        assert_eq!(buf.cell((12, 8)).map(ratatui::buffer::Cell::symbol), Some("▐"));
        for (w, h) in [(0, 0), (1, 1), (5, 2), (60, 1)] {
            let area = Rect::new(0, 0, w, h);
            view.draw(area, &mut Buffer::empty(area), Theme::new(Scheme::Dark));
        }
    }
}
