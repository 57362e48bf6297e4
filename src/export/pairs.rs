//! Small maps of all pairs of dimensions as a triangle: a column for every dimension but the last, a row for every one but
//! the first.

use super::canvas::{Canvas, Failure, Placed, Rect, Side};
use super::cells;
use super::frame::Pads;
use super::palette::{FAINT, GREY, INK};
use super::scale::Scale;
use super::text;
use crate::metrics::report::PairMaps;

/// Paper between two maps.
const GAP: f64 = 2.0;
/// Most of the width or height that names take.
const NAMES: f64 = 0.25;
/// What a cell's number is.
const UNIT: &str = "states in the cell";

/// The triangle.
pub struct Triangle<'a> {
    pairs: &'a PairMaps,
    /// Dimensions that any pair has, ascending: of many only some are in pairs.
    dims: Vec<usize>,
    colours: Scale,
}

impl<'a> Triangle<'a> {
    /// The triangle of `pairs`.
    pub fn new(pairs: &'a PairMaps) -> Self {
        let counts = pairs.counts.iter().flatten().map(|c| f64::from(*c));
        let mut dims: Vec<usize> = pairs.pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
        dims.sort_unstable();
        dims.dedup();
        Self { pairs, dims, colours: Scale::around(counts, true, 0.0) }
    }

    /// Maps along each side.
    fn side(&self) -> usize {
        self.dims.len().saturating_sub(1).max(1)
    }

    /// Names of the dimensions in pairs.
    fn named(&self) -> impl Iterator<Item = &str> {
        self.dims.iter().map(|d| self.pairs.names.get(*d).map_or("", String::as_str))
    }

    /// Room around the maps in a box of this size.
    pub fn pads(&self, (w, h): (f64, f64), font: f64) -> Pads {
        let widest = self.named().map(|n| text::width(n, font)).fold(0.0, f64::max);
        let bottom = if self.stands(w * (1.0 - NAMES), font) {
            font * text::LINE * 1.2
        } else {
            widest.min(h * NAMES) + font * 0.8
        };
        // Two maps and more leave the bar a place above the diagonal.
        let bar =
            if self.side() < 2 { font * 0.9 + cells::width(&self.colours, UNIT, h * 0.5, font) } else { font * 0.4 };
        Pads { left: widest.min(w * NAMES) + font * 0.8, right: bar, top: font * 0.4, bottom }
    }

    /// True where the names of all columns stand side by side under maps of this width.
    fn stands(&self, width: f64, font: f64) -> bool {
        let each = width / self.side() as f64;
        self.named().take(self.side()).all(|n| text::width(n, font) <= each)
    }

    fn cell(&self, plot: Rect) -> (f64, f64) {
        let n = self.side() as f64;
        ((plot.w - GAP * (n - 1.0)) / n, (plot.h - GAP * (n - 1.0)) / n)
    }

    /// Where the map of each pair lies, with the pair's number and whether its axes change places.
    pub fn places(&self, plot: Rect) -> Vec<(usize, Rect, bool)> {
        let (w, h) = self.cell(plot);
        let place = |(k, (across, up)): (usize, &(usize, usize))| {
            let at = |dim: &usize| self.dims.binary_search(dim).ok();
            let (column, row) = (at(across.min(up))?, at(across.max(up))?.checked_sub(1)?);
            let (x, y) = (plot.x + column as f64 * (w + GAP), plot.y + row as f64 * (h + GAP));
            (across != up).then_some((k, Rect { x, y, w, h }, across > up))
        };
        self.pairs.pairs.iter().enumerate().filter_map(place).collect()
    }

    /// Draws the maps in `plot` with `pads` free around them.
    pub fn draw(&self, canvas: &Canvas, plot: Rect, pads: &Pads) -> Result<(), Failure> {
        let (font, pairs) = (canvas.font, self.pairs);
        let places = self.places(plot);
        if places.is_empty() {
            return canvas.text(plot.at(0.5, 0.5), "nothing to show", Side::Middle, GREY);
        }
        for (_, rect, _) in &places {
            canvas.block(*rect, FAINT, 1.0)?;
        }
        for (k, rect, turned) in &places {
            let counts = pairs.counts.get(*k).map_or(&[][..], Vec::as_slice);
            let n = pairs.bins;
            let value = |i: usize| {
                let i = if *turned && n > 0 { i % n * n + i / n } else { i };
                counts.get(i).map_or(0.0, |c| f64::from(*c))
            };
            cells::draw(canvas, *rect, (n, n), &value, &self.colours)?;
        }
        self.names(canvas, plot, pads)?;
        let seen = pairs.counts.iter().flatten().any(|c| *c > 0);
        let high = plot.h * if self.side() < 2 { 1.0 } else { 0.36 };
        let wide = cells::width(&self.colours, UNIT, high, font);
        let x = if self.side() < 2 { plot.right() + font * 0.9 } else { plot.right() - wide };
        let bar = Rect { x, y: plot.y, w: cells::BAR * font, h: high };
        if seen { cells::bar(canvas, bar, &self.colours, UNIT) } else { Ok(()) }
    }

    fn names(&self, canvas: &Canvas, plot: Rect, pads: &Pads) -> Result<(), Failure> {
        let (font, (w, h)) = (canvas.font, self.cell(plot));
        let level = self.stands(plot.w, font);
        for (i, name) in self.named().enumerate() {
            if i > 0 {
                let y = plot.y + (i - 1) as f64 * (h + GAP) + h / 2.0;
                let name = text::shorten(name, font, pads.left - font * 0.5);
                canvas.text((plot.x - font * 0.4, y), &name, Side::End, INK)?;
            }
            if i < self.side() {
                let x = plot.x + i as f64 * (w + GAP) + w / 2.0;
                let long = text::shorten(name, font, pads.bottom - font * 0.4);
                if level {
                    canvas.text((x, plot.bottom() + font * 0.8), name, Side::Middle, INK)?;
                } else {
                    let half = text::width(&long, font) / 2.0;
                    canvas.text((x, plot.bottom() + font * 0.4 + half), &long, Side::Upwards, INK)?;
                }
            }
        }
        Ok(())
    }
}

/// Where the map of each pair lies on the paper; `placed` is the triangle.
pub fn places(pairs: &PairMaps, placed: &Placed) -> Vec<(usize, Rect, bool)> {
    Triangle::new(pairs).places(placed.plot)
}
