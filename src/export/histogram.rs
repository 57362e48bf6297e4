//! Distributions as bars, with marked values.

use super::canvas::{Canvas, Failure, Rect, Side};
use super::frame::{self, Pads, Ruler};
use super::legend::Entry;
use super::palette::{BARS, GREY, INK, STRONG, Style};
use super::plane::Plane;
use super::scale::{self, Scale};
use crate::metrics::report::{Axis, Histogram};

/// How many times as long as its bars an axis may become for a mark; one beyond is only named.
const STRETCH: f64 = 1.0;
/// Bars beyond the alarm that are lower than this share of the highest would not be seen.
const SEEN: f64 = 0.02;
/// Lower end of a logarithmic axis of counts, of which the least is 1.
const FLOOR: f64 = 0.5;

/// A plot of one distribution.
pub struct Bins<'a> {
    histogram: &'a Histogram,
    entries: Vec<Entry>,
    plane: Plane,
}

impl<'a> Bins<'a> {
    /// The plot of `histogram`. Its counts are logarithmic where those beyond the alarm would not be seen otherwise.
    pub fn new(histogram: &'a Histogram) -> Self {
        let h = histogram;
        let most = h.counts.iter().copied().filter(|c| c.is_finite()).fold(0.0, f64::max);
        let beyond = h.alarm.map_or(0.0, |alarm| {
            let bars = h.edges.iter().zip(&h.counts).filter(|(left, count)| **left >= alarm && count.is_finite());
            bars.map(|b| *b.1).fold(0.0, f64::max)
        });
        let log = beyond > 0.0 && beyond < most * SEEN;
        let (label, least) = if log { ("count (logarithmic)", FLOOR) } else { ("count", 0.0) };
        let top = if log { most * 1.6 } else { most * 1.06 };
        let bars = Scale::around(h.edges.iter().copied(), h.axis.log, 0.0);
        let near = |v: &f64| bars.place(*v).is_some_and(|p| (-STRETCH..=1.0 + STRETCH).contains(&p));
        let marks = h.marks.iter().map(|m| m.1).filter(near);
        let x = Scale::around(h.edges.iter().copied().chain(marks), h.axis.log, 0.0);
        let y = Scale::around([least, if most > 0.0 { top } else { 1.0 }].into_iter(), log, 0.0);
        let entries = h.marks.iter().enumerate().map(|(i, (name, value))| Entry {
            label: format!("{name} {}", scale::number(*value)),
            style: mark(i, h.alarm == Some(*value)),
        });
        let entries = entries.collect();
        let y_axis = Axis { log, ..Axis::new(label, "") };
        Self { histogram, entries, plane: Plane { x, y, x_axis: h.axis.clone(), y_axis } }
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
        let (font, h) = (canvas.font, self.histogram);
        let (across, up) =
            (self.plane.across(plot.w, font, Ruler::lines(pads.bottom, font)), self.plane.up(plot.h, font));
        let bars = h.edges.windows(2).zip(&h.counts).filter(|(_, count)| count.is_finite() && **count > 0.0);
        let bars: Vec<(f64, f64, f64)> = bars
            .filter_map(|(e, count)| Some((self.plane.x.place(e[0])?, self.plane.x.place(e[1])?, *count)))
            .collect();
        if bars.is_empty() {
            frame::draw(canvas, plot, pads.left, (&across.unlabelled(), &up.unlabelled()), false)?;
            return canvas.text(plot.at(0.5, 0.5), "nothing to show", Side::Middle, GREY);
        }
        frame::draw(canvas, plot, pads.left, (&across, &up), true)?;
        let alarm = h.alarm.and_then(|a| self.plane.x.place(a)).unwrap_or(f64::INFINITY);
        // A little paper between bars that are wide enough for it.
        let gap = if plot.w / h.counts.len().max(1) as f64 > 5.0 { 0.35 } else { 0.0 };
        for (a, b, count) in bars {
            let Some(top) = self.plane.y.place(count) else { continue };
            let (left, right) = (plot.at(a.min(b), 0.0).0 + gap, plot.at(a.max(b), 0.0).0 - gap);
            let colour = if a.min(b) >= alarm { STRONG } else { BARS };
            let high = (top.clamp(0.0, 1.0) * plot.h).max(0.4);
            let bar = Rect { x: left, y: plot.bottom() - high, w: (right - left).max(0.2), h: high };
            canvas.block(bar, colour, 1.0)?;
        }
        for (entry, (_, value)) in self.entries.iter().zip(&h.marks) {
            if let Some(x) = self.plane.x.place(*value).filter(|p| (-1e-9..=1.0 + 1e-9).contains(p)) {
                canvas.line(&[plot.at(x, 0.0), plot.at(x, 1.0)], &entry.style)?;
            }
        }
        Ok(())
    }
}

fn mark(nth: usize, is_alarm: bool) -> Style {
    let colour = if is_alarm { STRONG } else { [INK, GREY][nth.min(1)] };
    Style { colour, width: 1.2, dash: [4, 1, 3, 2][nth % 4], marker: None }
}
