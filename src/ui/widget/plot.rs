//! Line plots: several curves with bands, gaps, marks and a crosshair, on linear, log or symlog axes.

mod band;
mod crosshair;
mod decimate;
mod frame;
mod legend;
mod place;
mod thin;

pub use crosshair::{nearest, value_at};
pub use thin::thinned;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::axes::{self, Axes, Grid};
use super::dots::Dots;
use super::ink;
use super::number;
use super::scale::{Range, Scale};
use crate::metrics::report::{Axis, Series};
use crate::ui::theme::Theme;

/// A curve and how it is drawn.
pub struct Line<'a> {
    /// The numbers that are drawn.
    pub data: Cow<'a, Series>,
    /// All of them, where only some are drawn.
    pub whole: Option<Cow<'a, Series>>,
    /// Its colour.
    pub color: Color,
    /// Drawn last, over all others.
    pub pinned: bool,
    /// What a smoothed curve was before: drawn behind it, named nowhere.
    pub ghost: bool,
}

/// A line across the plot.
pub enum Mark {
    /// At a height, with a name.
    Level(String, f64),
    /// At places along the horizontal axis, with a name for all.
    Ticks(String, Vec<f64>),
    /// One place on the horizontal axis with the ends of its interval, and a name.
    Place(String, f64, Option<(f64, f64)>),
}

/// A plot of curves that share their axes.
pub struct Plot<'a> {
    /// The curves.
    pub lines: Vec<Line<'a>>,
    /// Thresholds and triggers.
    pub marks: Vec<Mark>,
    /// Scale of the vertical axis.
    pub scale: Scale,
    /// Part of the horizontal axis that is shown; all of it if none.
    pub window: Option<(f64, f64)>,
    /// Crosshair on the horizontal axis.
    pub cursor: Option<f64>,
}

static NO_AXIS: Axis = Axis { label: String::new(), unit: String::new(), log: false };

impl Line<'_> {
    /// All of its numbers.
    pub fn all(&self) -> &Series {
        self.whole.as_deref().unwrap_or(&self.data)
    }
}

impl Plot<'_> {
    fn x_axis(&self) -> &Axis {
        self.lines.first().map_or(&NO_AXIS, |l| &l.data.x_axis)
    }

    fn y_axis(&self) -> &Axis {
        self.lines.first().map_or(&NO_AXIS, |l| &l.data.y_axis)
    }

    /// The curves that have a name.
    fn named(&self) -> impl Iterator<Item = &Line<'_>> {
        self.lines.iter().filter(|line| !line.ghost)
    }

    /// Range of the horizontal axis.
    pub fn x_range(&self) -> Range {
        let scale = if self.x_axis().log { Scale::Log } else { Scale::Linear };
        match self.window {
            Some((lo, hi)) => Range::exact(lo, hi, scale),
            None => Range::around(self.lines.iter().flat_map(|l| l.data.x.iter().copied()), scale, 0.0),
        }
    }

    fn axes(&self) -> Axes<'_> {
        let x = self.x_range();
        Axes { x, y: frame::y_range(self, &x), x_axis: self.x_axis(), grid: true }
    }

    /// The cells of the data when the plot is drawn into `area`: for the mouse.
    pub fn grid(&self, area: Rect) -> Option<Grid> {
        self.axes().fit(legend::below(self, area))
    }

    /// Draws the plot.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if !self.lines.iter().any(|l| l.data.y.iter().any(|v| v.is_finite())) {
            let y = area.y + area.height / 2;
            ink::put_centre(buf, area, y, "no finite values yet", theme.dim());
            return;
        }
        let axes = self.axes();
        let body = legend::below(self, area);
        let Some(grid) = axes.fit(body) else { return };
        axes.draw(body, grid, buf, theme);
        for line in &self.lines {
            band::draw(line, &axes, grid.plot, buf, theme);
        }
        self.draw_marks(&axes, grid.plot, buf, theme);
        dotted(&self.lines, &axes, grid.plot, true).paint(buf);
        self.draw_levels(&axes, grid.plot, buf, theme);
        place::draw(self, &axes, grid.plot, body, buf, theme);
        frame::say(self, &axes, grid.plot, buf, theme);
        legend::draw(self, area, buf, theme);
        if let Some(at) = self.cursor {
            crosshair::draw(self, at, &axes, grid.plot, buf, theme);
        }
    }

    fn draw_marks(&self, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let color = theme.colors().warn;
        let inside = |range: &Range, v: f64| Some(range.position(v)).filter(|p| (0.0..=1.0).contains(p));
        for mark in &self.marks {
            let Mark::Ticks(_, at) = mark else { continue };
            for p in at.iter().filter_map(|v| inside(&axes.x, *v)) {
                let x = axes::column(plot, p);
                ink::mark(buf, plot, x, plot.y, "▼", color);
                for y in plot.y + 1..plot.bottom() {
                    ink::mark(buf, plot, x, y, "┊", theme.tint(color, 0.55));
                }
            }
        }
        for mark in &self.marks {
            let Mark::Level(_, v) = mark else { continue };
            let Some(p) = inside(&axes.y, *v) else { continue };
            let y = axes::row(plot, p);
            for x in plot.x..plot.right() {
                ink::mark(buf, plot, x, y, "╌", color);
            }
        }
    }

    /// Names of the levels, over the curves: a name with holes cannot be read.
    fn draw_levels(&self, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
        for mark in &self.marks {
            let Mark::Level(name, v) = mark else { continue };
            let p = axes.y.position(*v);
            let label = format!(" {name} {} ", number::number(*v));
            if (0.0..=1.0).contains(&p) && plot.width > ink::width(&label) + 12 {
                ink::put_right(buf, plot, axes::row(plot, p), &label, theme.colors().warn);
            }
        }
    }
}

/// Draws curves with their bands and nothing around them: a strip of a picture that has axes of its own.
pub fn curves(lines: &[Line], axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    for line in lines {
        band::draw(line, axes, plot, buf, theme);
    }
    dotted(lines, axes, plot, false).paint(buf);
}

/// The curves as dots, those that are pinned over the others; of few points each is marked where `points` are wanted.
fn dotted(lines: &[Line], axes: &Axes, plot: Rect, points: bool) -> Dots {
    let mut dots = Dots::shared(plot);
    let rank = |line: &Line| (line.pinned, !line.ghost);
    for wanted in [(false, false), (true, false), (false, true), (true, true)] {
        for line in lines.iter().filter(|l| rank(l) == wanted) {
            dots.next_layer();
            draw_line(line, axes, &mut dots, (plot, points));
        }
    }
    dots
}

/// One curve as dots; few points are also marked one by one, in the same grid.
fn draw_line(line: &Line, axes: &Axes, dots: &mut Dots, (plot, points): (Rect, bool)) {
    let (w, h) = (dots.columns() as f64, dots.rows() as f64);
    let place = |x: f64, y: f64| {
        // The outermost values lie on the outermost dots and not beyond them.
        (axes.x.position(x) * (w - 1.0) + 0.5, (1.0 - axes.y.position(y)) * (h - 1.0) + 0.5)
    };
    let at: Vec<(f64, f64)> = line.data.x.iter().zip(&line.data.y).map(|(x, y)| place(*x, *y)).collect();
    for run in at.split(|p| !(p.0.is_finite() && p.1.is_finite())) {
        let run = decimate::per_column(run);
        if let [only] = run[..] {
            dots.line(only, only, line.color);
        }
        for pair in run.windows(2) {
            dots.line(pair[0], pair[1], line.color);
        }
    }
    let few = points && at.len() <= 40 && at.len() * 3 <= usize::from(plot.width);
    if few {
        for at in at.iter().filter(|p| (0.0..w).contains(&p.0) && (0.0..h).contains(&p.1)) {
            dots.point(*at, line.color);
        }
    }
}

#[cfg(test)]
mod tests;
