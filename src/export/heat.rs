//! Maps of counts with paths and boxes laid over.

mod over;

use super::canvas::{Canvas, Failure, Rect, Side};
use super::cells;
use super::frame::{self, LOWEST, Pads, Ruler};
use super::legend::Entry;
use super::palette::GREY;
use super::scale::Scale;
use crate::metrics::report::{Colours, HeatMap};

/// Most of a picture's sides that are drawn at the same scale.
const EQUAL: f64 = 4.0;

/// A map.
pub struct Heat<'a> {
    map: &'a HeatMap,
    x: Scale,
    y: Scale,
    colours: Scale,
    entries: Vec<Entry>,
}

impl<'a> Heat<'a> {
    /// The map with its paths.
    pub fn new(map: &'a HeatMap) -> Self {
        let (x, y) = (Scale::exact(map.x_range.0, map.x_range.1), Scale::exact(map.y_range.0, map.y_range.1));
        let is_something = |v: &f64| map.colours != Colours::Counts || *v != 0.0;
        let log = map.colours == Colours::Decades;
        let colours = Scale::around(map.values.iter().copied().filter(is_something), log, 0.0);
        Self { map, x, y, colours, entries: over::entries(&map.overlays, &x, &y) }
    }

    /// The names in the legend.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Its axes.
    pub fn scales(&self) -> (Scale, Scale) {
        (self.x, self.y)
    }

    /// Height over width of the map where both axes are of one kind.
    pub fn shape(&self) -> Option<f64> {
        let map = self.map;
        let ratio = (map.y_range.1 - map.y_range.0) / (map.x_range.1 - map.x_range.0);
        (map.x_axis.unit == map.y_axis.unit && (1.0 / EQUAL..=EQUAL).contains(&ratio)).then_some(ratio)
    }

    /// Room around the map in a box of this size.
    pub fn pads(&self, (w, h): (f64, f64), font: f64) -> Pads {
        let bottom = self.across(w * 0.6, font, 2).height(font);
        // About as high as the map will be.
        let high = (h - bottom).max(font * LOWEST);
        let bar = self.shape().map_or(high, |s| high.min(w * 0.7 * s));
        Pads {
            left: Ruler::beside(&self.y, &self.map.y_axis, h - bottom, 0.6, font),
            right: font * 0.9 + cells::width(&self.colours, &self.map.unit, bar, font),
            top: font * 0.6,
            bottom,
        }
    }

    fn across(&self, w: f64, font: f64, lines: usize) -> Ruler {
        Ruler::across(&self.x, &self.map.x_axis, w, font, lines)
    }

    fn up(&self, h: f64, font: f64) -> Ruler {
        Ruler::up(&self.y, &self.map.y_axis, h, font)
    }

    /// Draws the map in `plot` with `pads` free around it.
    pub fn draw(&self, canvas: &Canvas, plot: Rect, pads: &Pads) -> Result<(), Failure> {
        let (font, map) = (canvas.font, self.map);
        let seen = map.values.iter().any(|v| self.colours.place(*v).is_some());
        // What is beyond all numbers has no colour.
        let nothing = |v: &f64| map.colours == Colours::Counts && *v == 0.0;
        let value = |i: usize| {
            let v = map.values.get(i).copied().unwrap_or(0.0);
            if nothing(&v) { f64::INFINITY } else { v }
        };
        let rows = map.height.min(map.values.len().div_ceil(map.width.max(1)));
        let filled = plot.h * rows as f64 / map.height.max(1) as f64;
        let filled = Rect { y: plot.bottom() - filled, h: filled, ..plot };
        cells::draw(canvas, filled, (map.width, rows), &value, &self.colours)?;
        let across = self.across(plot.w, font, Ruler::lines(pads.bottom, font));
        frame::draw(canvas, plot, pads.left, (&across, &self.up(plot.h, font)), false)?;
        if !seen {
            canvas.text(plot.at(0.5, 0.5), "nothing to show", Side::Middle, GREY)?;
        }
        over::paths(canvas, plot, &map.overlays, (&self.x, &self.y))?;
        over::boxes(canvas, plot, &map.marks, (&self.x, &self.y))?;
        if seen {
            let bar = Rect { x: plot.right() + font * 0.9, w: cells::BAR * font, ..plot };
            cells::bar(canvas, bar, &self.colours, &map.unit)?;
        }
        Ok(())
    }
}
