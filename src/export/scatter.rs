//! Clouds of points, darker where there are more.

use super::canvas::{Canvas, Failure, Rect, Side};
use super::frame::{self, Pads, Ruler};
use super::legend::Entry;
use super::palette::{COLOURS, GREY, STRONG, Style, THRESHOLD};
use super::plane::Plane;
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
    plane: Plane,
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
        let plane = Plane { x, y, x_axis: s.x_axis.clone(), y_axis: s.y_axis.clone() };
        Self { scatter, entries: named.collect(), plane }
    }

    /// The names in the legend.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Its axes.
    pub fn scales(&self) -> (Scale, Scale) {
        (self.plane.x, self.plane.y)
    }

    /// Room around the data in a box of this size.
    pub fn pads(&self, room: (f64, f64), font: f64) -> Pads {
        self.plane.pads(room, 0.8, font)
    }

    /// Draws the plot with its data in `plot` and `pads` free around it.
    pub fn draw(&self, canvas: &Canvas, plot: Rect, pads: &Pads) -> Result<(), Failure> {
        let (font, s) = (canvas.font, self.scatter);
        let (across, up) =
            (self.plane.across(plot.w, font, Ruler::lines(pads.bottom, font)), self.plane.up(plot.h, font));
        let points = s.x.iter().zip(&s.y).filter_map(|(x, y)| self.plane.x.place(*x).zip(self.plane.y.place(*y)));
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
            if let Some(x) = self.plane.x.place(*value) {
                canvas.line(&[plot.at(x, 0.0), plot.at(x, 1.0)], &entry.style)?;
            }
        }
        Ok(())
    }
}
