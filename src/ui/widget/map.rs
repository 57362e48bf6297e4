//! Heat maps of two pixels a cell, with axes, a colour bar, paths coloured by their alarm, and a crosshair.

mod legend;
mod marks;
mod overlays;
mod pixels;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::axes::{self, Axes, Grid};
use super::scale::{Range, Scale};
use super::{ink, number};
use crate::ground::number::significant;
use crate::metrics::report::{Colours, HeatMap, Layer, Overlay};
use crate::ui::theme::{Palette, Theme};

/// A map and how it is looked at.
pub struct MapView<'a> {
    /// The numbers.
    pub map: &'a HeatMap,
    /// What is shown in place of them.
    pub layer: Option<&'a Layer>,
    /// Paths and points laid over them.
    pub overlays: &'a [Overlay],
    /// Colours even in decades instead of in steps.
    pub log: bool,
    /// Cell (column, row from below) under the crosshair.
    pub cursor: Option<(usize, usize)>,
    /// Point of the overlays that is marked: the linked step.
    pub step: Option<usize>,
    /// Label of the box that stands out.
    pub hole: Option<&'a str>,
}

impl MapView<'_> {
    fn axes(&self) -> Axes<'_> {
        let m = self.map;
        Axes {
            x: Range::exact(m.x_range.0, m.x_range.1, Scale::Linear),
            y: Range::exact(m.y_range.0, m.y_range.1, Scale::Linear),
            x_axis: &m.x_axis,
            grid: false,
        }
    }

    /// True if the grid holds what its width and height promise.
    pub fn sound(&self) -> bool {
        let m = self.map;
        m.width > 0 && m.height > 0 && m.width.checked_mul(m.height) == Some(m.values.len())
    }

    /// The cells of the map when drawn into `area`: for the mouse.
    pub fn grid(&self, area: Rect) -> Option<Grid> {
        let Grid { plot } = self.axes().fit(legend::beside(area))?;
        if !self.is_countable() {
            return Some(Grid { plot });
        }
        let (columns, rows) = self.bins(plot);
        let wide = |n: usize, of: u16| of - of % (n as u16).clamp(1, of.max(1));
        // A row of the screen is two pixels: where bins are an odd number of them, half a row would be left.
        let height = wide(rows, 2 * plot.height).div_ceil(2);
        Some(Grid { plot: Rect { width: wide(columns, plot.width), height, y: plot.bottom() - height, ..plot } })
    }

    /// True where the map can be counted anew in other bins.
    fn is_countable(&self) -> bool {
        self.layer.is_some() || self.map.fine.as_ref().is_some_and(|fine| !fine.is_empty())
    }

    /// How many bins are drawn along each axis of `plot`: about as many as the map has, but each as many pixels wide as the
    /// others, where the map can be counted anew.
    fn bins(&self, plot: Rect) -> (usize, usize) {
        let m = self.map;
        if !self.is_countable() {
            return (m.width, m.height);
        }
        (even(plot.width, m.width), even(2 * plot.height, m.height))
    }

    /// The map as it is drawn into `plot`.
    fn counted(&self, plot: Rect) -> Option<HeatMap> {
        let (m, bins) = (self.map, self.bins(plot));
        if let Some(layer) = self.layer {
            let (width, height, values) = layer.view((m.x_range, m.y_range), bins.0, bins.1);
            let unit = layer.unit.clone();
            return Some(HeatMap { width, height, values, unit, fine: None, overlays: vec![], ..m.clone() });
        }
        let fine = m.fine.as_ref().filter(|_| bins != (m.width, m.height))?;
        let view = fine.view((m.x_range, m.y_range), bins.0, bins.1);
        let values = view.counts.iter().map(|&c| c as f64).collect();
        Some(HeatMap { width: view.width(), height: view.height(), values, fine: None, overlays: vec![], ..m.clone() })
    }

    /// What is looked at as a map of its own: the part, the layer and the paths that are shown.
    pub fn as_shown(&self) -> HeatMap {
        let m = self.map;
        let colours = match (self.log, self.layer.is_none_or(Layer::is_count)) {
            (true, _) => Colours::Decades,
            (false, true) => Colours::Counts,
            (false, false) => Colours::Steps,
        };
        let shown = HeatMap { colours, overlays: self.overlays.to_vec(), layers: Arc::default(), ..m.clone() };
        let Some(layer) = self.layer else { return shown };
        let (width, height, values) = layer.view((m.x_range, m.y_range), m.width, m.height);
        let key = format!("{}-{}", m.key, layer.key);
        HeatMap { key, width, height, values, unit: layer.unit.clone(), ..shown }
    }

    /// The map's cell under a cell of the screen.
    pub fn cell_at(&self, plot: Rect, x: u16, y: u16) -> (usize, usize) {
        let p = axes::position(plot, x);
        let q = 1.0 - axes::position(Rect { x: plot.y, width: plot.height, ..plot }, y);
        (index(p, self.map.width), index(q, self.map.height))
    }

    /// What the map says of a cell: ranges and number.
    pub fn readout(&self, (cx, cy): (usize, usize)) -> String {
        let m = self.map;
        let edge = |(lo, hi): (f64, f64), i: usize, n: usize| lo + (hi - lo) * i as f64 / n.max(1) as f64;
        let part = |label: &str, range: (f64, f64), i: usize, n: usize| {
            format!("{label} {} … {}", number::number(edge(range, i, n)), number::number(edge(range, i + 1, n)))
        };
        let value = m.values.get(cy * m.width + cx).copied().unwrap_or(f64::NAN);
        let drawn = self.drawn_in((cx, cy));
        let drawn =
            if drawn > 0 { format!(" · {} drawn", number::counted(drawn, "path steps")) } else { String::new() };
        format!(
            "{} {}{}{drawn} · {} · {}",
            number::number(value),
            m.unit,
            self.known_of((cx, cy)),
            part(&m.x_axis.label, m.x_range, cx, m.width),
            part(&m.y_axis.label, m.y_range, cy, m.height)
        )
    }

    /// " · 12 rollout states · novelty 1.3 x": what the layers say of a cell.
    fn known_of(&self, (cx, cy): (usize, usize)) -> String {
        let m = self.map;
        let part = |(lo, hi): (f64, f64), i: usize, n: usize| {
            let at = |i: usize| if i == n { hi } else { lo + (hi - lo) * i as f64 / n.max(1) as f64 };
            (at(i), at(i + 1))
        };
        let cell = (part(m.x_range, cx, m.width), part(m.y_range, cy, m.height));
        let told = |layer: &Layer| match layer.at(cell) {
            Some(n) if layer.is_count() => format!(" · {} {}", number::number(n), layer.short),
            Some(mean) => format!(" · {} {} {}", layer.short, number::number(significant(mean, 3)), layer.told()),
            None => String::new(),
        };
        m.layers.iter().map(told).collect()
    }

    /// Points of the paths over the map that lie in a cell.
    fn drawn_in(&self, cell: (usize, usize)) -> usize {
        let m = self.map;
        let at = |v: f64, (lo, hi): (f64, f64), n: usize| {
            let p = (v - lo) / (hi - lo);
            (0.0..=1.0).contains(&p).then(|| index(p, n))
        };
        let inside = |(x, y): (&f64, &f64)| {
            at(*x, m.x_range, m.width) == Some(cell.0) && at(*y, m.y_range, m.height) == Some(cell.1)
        };
        self.overlays.iter().map(|o| o.x.iter().zip(&o.y).filter(|point| inside(*point)).count()).sum()
    }

    /// "nearest: episode 12 step 45, episode 7 step 3": the episodes that come nearest to the middle of a cell.
    pub fn nearest(&self, (cx, cy): (usize, usize)) -> Option<String> {
        let m = self.map;
        let near = m.near.as_ref()?;
        let middle = |(lo, hi): (f64, f64), i: usize, n: usize| lo + (hi - lo) * (i as f64 + 0.5) / n.max(1) as f64;
        let at = (middle(m.x_range, cx, m.width), middle(m.y_range, cy, m.height));
        let places = near.episodes(at, 3);
        let words: Vec<String> = places.iter().map(|p| format!("episode {} step {}", p.episode, p.step)).collect();
        let of = if near.is_sample() { " of a sample" } else { "" };
        (!words.is_empty()).then(|| format!("nearest{of}: {}", words.join(", ")))
    }

    /// Draws the map.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if !self.sound() {
            ink::put_centre(buf, area, area.y + area.height / 2, "the map is empty", theme.dim());
            return;
        }
        let body = legend::beside(area);
        let axes = self.axes();
        let Some(grid) = self.grid(area) else { return };
        axes.draw(body, grid, buf, theme);
        let counted = self.counted(grid.plot);
        let drawn = MapView { map: counted.as_ref().unwrap_or(self.map), ..*self };
        let colors = drawn.color_range();
        drawn.paint(grid.plot, &colors, buf, theme);
        overlays::draw(self, &axes, grid.plot, buf, theme);
        marks::draw((&self.map.marks, self.hole), &axes, grid.plot, buf, theme);
        legend::draw(&drawn, &colors, area, grid.plot, buf, theme);
        self.draw_cursor(grid.plot, buf, theme);
    }

    /// The range that colours span. Zero has no colour: nothing was there.
    fn color_range(&self) -> Range {
        let scale = if self.log { Scale::Log } else { Scale::Linear };
        Range::around(self.map.values.iter().copied().filter(|v| self.is_something(*v)), scale, 0.0)
    }

    /// True where a number is one of something: no states are nothing.
    fn is_something(&self, v: f64) -> bool {
        v != 0.0 || !self.layer.is_none_or(Layer::is_count)
    }

    /// Mean over the grid cells that a pixel covers, `x` and `y` from the lower left; nothing where all are empty.
    fn pixel(&self, x: (f64, f64), y: (f64, f64)) -> Option<f64> {
        let m = self.map;
        let cells = |(a, b): (f64, f64), n: usize| {
            let first = index(a, n);
            // Up to, not including, the cell that begins where the pixel ends.
            let last = ((b * n as f64 - 1e-9).floor() as usize).clamp(first, n - 1);
            first..=last
        };
        let (mut sum, mut n, mut any) = (0.0, 0.0, false);
        for row in cells(y, m.height) {
            for column in cells(x, m.width) {
                let v = m.values[row * m.width + column];
                if v.is_finite() {
                    sum += v;
                    n += 1.0;
                    any |= self.is_something(v);
                }
            }
        }
        any.then(|| sum / n)
    }

    fn paint(&self, plot: Rect, colors: &Range, buf: &mut Buffer, theme: Theme) {
        let (w, h) = (f64::from(plot.width), f64::from(plot.height) * 2.0);
        let empty = theme.tint(theme.colors().faint, 0.28);
        for cy in 0..plot.height {
            for cx in 0..plot.width {
                let x = (f64::from(cx) / w, f64::from(cx + 1) / w);
                let at = |half: u16| {
                    let from_top = f64::from(cy * 2 + half);
                    self.pixel(x, ((h - from_top - 1.0) / h, (h - from_top) / h))
                };
                let (upper, lower) = (at(0), at(1));
                let Some(cell) = buf.cell_mut((plot.x + cx, plot.y + cy)) else { continue };
                if theme.shades_only() {
                    cell.set_symbol(shade(upper.or(lower), colors, theme));
                    continue;
                }
                let color = |v: Option<f64>| v.map_or(empty, |v| theme.ramp(colors.position(v)));
                cell.set_symbol("▀").set_fg(color(upper)).set_bg(color(lower));
            }
        }
    }

    fn draw_cursor(&self, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let Some((cx, cy)) = self.cursor else { return };
        let x = axes::column(plot, (cx as f64 + 0.5) / self.map.width as f64);
        let y = axes::row(plot, (cy as f64 + 0.5) / self.map.height as f64);
        let color = theme.colors().bright;
        for (dx, dy, symbol) in
            [(-2, 0, "─"), (-1, 0, "─"), (1, 0, "─"), (2, 0, "─"), (0, -1, "│"), (0, 1, "│"), (0, 0, "┼")]
        {
            hair(buf, plot, i32::from(x) + dx, i32::from(y) + dy, symbol, color, theme);
        }
        let style = theme.strong().bg(theme.colors().raised);
        let lines: Vec<String> = [Some(self.readout((cx, cy))), self.nearest((cx, cy))].into_iter().flatten().collect();
        let lines = lines.iter().flat_map(|line| ink::wrap(line, plot.width.saturating_sub(2))).collect::<Vec<_>>();
        // At the end of the map that the cursor is farther from.
        let upper = y > plot.y + plot.height / 2;
        let top = if upper { plot.y } else { plot.bottom().saturating_sub(lines.len() as u16) };
        for (line, at) in lines.iter().zip(top..plot.bottom()) {
            ink::put(buf, plot, plot.x, at, &format!(" {line} "), style);
        }
    }
}

fn hair(buf: &mut Buffer, plot: Rect, x: i32, y: i32, symbol: &str, color: Color, theme: Theme) {
    if let (Ok(x), Ok(y)) = (u16::try_from(x), u16::try_from(y)) {
        let under = buf.cell((x, y)).map_or(theme.colors().ground, |c| Palette::mix(c.fg, c.bg, 0.5));
        let ground = if theme.shades_only() { theme.colors().ground } else { under };
        ink::mark(buf, plot, x, y, symbol, ratatui::style::Style::new().fg(color).bg(ground));
    }
}

/// A number of bins near to `wanted` that divides `pixels` with the least rest; where there are few pixels, one each.
fn even(pixels: u16, wanted: usize) -> usize {
    let pixels = usize::from(pixels);
    // With less than two pixels for each, other numbers would leave a wide rest.
    if pixels < 2 * wanted {
        return pixels.max(1);
    }
    let (least, most) = ((wanted * 3 / 4).max(1), (wanted * 5 / 4).min(pixels));
    (least..=most).min_by_key(|n| (pixels % n, n.abs_diff(wanted))).unwrap_or(wanted)
}

/// Cell of `n` at position `p`.
fn index(p: f64, n: usize) -> usize {
    ((p * n as f64 + 1e-9).floor().max(0.0) as usize).min(n.saturating_sub(1))
}

/// A character for a number where colours cannot carry it.
fn shade(v: Option<f64>, colors: &Range, theme: Theme) -> &'static str {
    v.map_or(" ", |v| theme.shade(colors.position(v)))
}

#[cfg(test)]
mod tests;
