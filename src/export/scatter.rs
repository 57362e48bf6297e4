//! Clouds of points, darker where there are more.

use super::canvas::{Canvas, Failure, Rect, Side};
use super::frame::{self, Pads, Ruler};
use super::legend::Entry;
use super::palette::{COLOURS, GREY, STRONG, Style, THRESHOLD};
use super::scale::{self, Scale};
use super::thin;
use crate::metrics::report::Scatter;

/// Points that share a square of this side are one.
const SIDE: f64 = 1.2;
/// Most points that are drawn; the squares become larger until they are no more.
const MOST: usize = 8000;
/// Half the height of a point among few, and among many.
const RADIUS: (f64, f64) = (1.9, 1.3);
/// So many points are few.
const FEW: usize = 1500;

/// A plot of points.
pub struct Cloud<'a> {
    scatter: &'a Scatter,
    entries: Vec<Entry>,
    x: Scale,
    y: Scale,
}

impl<'a> Cloud<'a> {
    /// The plot of `scatter`.
    pub fn new(scatter: &'a Scatter) -> Self {
        let s = scatter;
        let known = || s.x.iter().zip(&s.y).filter(|(x, y)| x.is_finite() && y.is_finite());
        let mark = s.x_mark.iter().map(|m| m.1);
        let x = Scale::around(known().map(|p| *p.0).chain(mark), s.x_axis.log, 0.02);
        let y = Scale::around(known().map(|p| *p.1), s.y_axis.log, 0.04);
        let style = Style { colour: STRONG, width: 1.0, dash: THRESHOLD, marker: None };
        let named = s.x_mark.iter().map(|(name, v)| Entry { label: format!("{name} {}", scale::number(*v)), style });
        Self { scatter, entries: named.collect(), x, y }
    }

    /// The names in the legend.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Its axes.
    pub fn scales(&self) -> (Scale, Scale) {
        (self.x, self.y)
    }

    /// Room around the data in a box of this size.
    pub fn pads(&self, (w, h): (f64, f64), font: f64) -> Pads {
        let across = self.across(w * 0.8, font, 2);
        let bottom = across.height(font);
        let left = self.up(h - bottom, font).width(font).max(self.up((h - bottom) * 0.7, font).width(font));
        Pads { left, right: across.over(font), top: font * 0.4, bottom }
    }

    fn across(&self, w: f64, font: f64, lines: usize) -> Ruler {
        Ruler::across(&self.x, &self.scatter.x_axis, w, font, lines)
    }

    fn up(&self, h: f64, font: f64) -> Ruler {
        Ruler::up(&self.y, &self.scatter.y_axis, h, font)
    }

    /// Draws the plot with its data in `plot` and `pads` free around it.
    pub fn draw(&self, canvas: &Canvas, plot: Rect, pads: &Pads) -> Result<(), Failure> {
        let (font, s) = (canvas.font, self.scatter);
        let (across, up) = (self.across(plot.w, font, Ruler::lines(pads.bottom, font)), self.up(plot.h, font));
        let points = s.x.iter().zip(&s.y).filter_map(|(x, y)| self.x.place(*x).zip(self.y.place(*y)));
        let points: Vec<(f64, f64)> = points.collect();
        if points.is_empty() {
            frame::draw(canvas, plot, pads.left, (&across.unlabelled(), &up.unlabelled()), false)?;
            return canvas.text(plot.at(0.5, 0.5), "nothing to show", Side::Middle, GREY);
        }
        frame::draw(canvas, plot, pads.left, (&across, &up), true)?;
        let (seen, side) = thin::at_most(&points, (plot.w, plot.h), SIDE, MOST);
        let radius = if seen.len() > FEW { RADIUS.1.max(side * 0.6) } else { RADIUS.0 };
        // From the single to the many, so that what is dense lies on top.
        for (most, least, alpha) in [(1, 1, 0.4), (9, 2, 0.65), (u32::MAX, 10, 1.0)] {
            for (i, _) in seen.iter().filter(|(_, n)| (least..=most).contains(n)) {
                canvas.dot(plot.at(points[*i].0, points[*i].1), radius, COLOURS[0], alpha)?;
            }
        }
        for (entry, (_, value)) in self.entries.iter().zip(&s.x_mark) {
            if let Some(x) = self.x.place(*value) {
                canvas.line(&[plot.at(x, 0.0), plot.at(x, 1.0)], &entry.style)?;
            }
        }
        Ok(())
    }
}
