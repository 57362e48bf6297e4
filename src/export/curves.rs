//! Curves with bands, thresholds and moments that share their axes.

mod ink;

use plotters::style::RGBColor;

use super::canvas::{Canvas, Failure, Rect, Side};
use super::frame::{self, Pads, Ruler};
use super::legend::Entry;
use super::palette::{GREY, INK, Marker, STRONG, Style, THRESHOLD};
use super::plane::Plane;
use super::scale::{self, Scale};
use super::text::{self, LINE};
use crate::metrics::report::{Axis, Role, Series};

/// How many times as long an axis may become by its thresholds; those beyond are named at its end.
const STRETCH: f64 = 2.5;

/// A plot of curves.
pub struct Curves<'a> {
    series: Vec<(&'a Series, Style)>,
    entries: Vec<Entry>,
    plane: Plane,
}

impl<'a> Curves<'a> {
    /// The plot of `series`; those of one name share one style.
    pub fn new(series: &[&'a Series]) -> Self {
        let ordinary = |s: &&&Series| matches!(s.role, Role::Value | Role::Lane | Role::Reward);
        let mut names: Vec<&str> = Vec::new();
        for s in series.iter().filter(ordinary) {
            if !names.contains(&s.label.as_str()) {
                names.push(&s.label);
            }
        }
        let style = |s: &Series| {
            let nth = names.iter().position(|n| *n == s.label).unwrap_or(0);
            match s.role {
                Role::Real => Style { colour: INK, width: 1.4, dash: 0, marker: None },
                Role::Floor | Role::Past => Style { colour: GREY, width: 1.0, dash: 3, marker: None },
                Role::Threshold => Style { colour: GREY, width: 0.9, dash: THRESHOLD, marker: None },
                Role::Trigger => Style { colour: STRONG, width: 0.0, dash: 0, marker: Some(Marker::Up) },
                Role::Place => Style { colour: GREY, width: 0.9, dash: 2, marker: Some(Marker::Diamond) },
                Role::Value | Role::Lane | Role::Reward => Style::nth(nth, names.len()),
            }
        };
        let series: Vec<(&Series, Style)> = series.iter().map(|s| (*s, style(s))).collect();
        let lead = series.iter().find(|(s, _)| matches!(s.role, Role::Value | Role::Real | Role::Lane | Role::Reward));
        let (x_axis, y_axis) =
            lead.or(series.first()).map(|(s, _)| (s.x_axis.clone(), s.y_axis.clone())).unwrap_or_default();
        let shown = || series.iter().map(|(s, _)| *s);
        let is_whole = shown().flat_map(across).all(|x| !x.is_finite() || x.fract() == 0.0);
        let x = Scale::around(shown().flat_map(across), x_axis.log, 0.015).whole(is_whole);
        let y = upright(&shown().collect::<Vec<_>>(), y_axis.log);
        let entries = entries(&series, &y_axis);
        Self { series, entries, plane: Plane { x, y, x_axis, y_axis } }
    }

    /// The plot under its title: where that is what the vertical axis says, the axis needs no second name.
    pub fn under(mut self, title: &str) -> Self {
        if !title.is_empty() && frame::named(&self.plane.y_axis, None) == title {
            self.plane.y_axis = Axis { log: self.plane.y_axis.log, ..Axis::default() };
        }
        self
    }

    /// The names in the legend.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The colour of every curve, in their order.
    pub fn colours(&self) -> Vec<RGBColor> {
        self.series.iter().map(|(_, style)| style.colour).collect()
    }

    /// Its axes.
    pub fn scales(&self) -> (Scale, Scale) {
        (self.plane.x, self.plane.y)
    }

    /// True where the ends of thresholds are named at the right, where no legend fits any more.
    pub fn named_at_end(&self) -> bool {
        self.ends().next().is_some()
    }

    /// Room around the data in a box of this size.
    pub fn pads(&self, (w, h): (f64, f64), font: f64) -> Pads {
        // About as small as the data may become.
        let pads = self.plane.pads((w, h), 0.7, font);
        let ends = self.ends().map(|(s, v, p)| text::longest(&text::wrap(&ending(s, p, v), font, w * 0.22, 4), font));
        let ends = ends.fold(0.0, f64::max);
        if ends > 0.0 { Pads { right: ends + font * 0.7, ..pads } } else { pads }
    }

    /// Every threshold with its last number and the place of it.
    fn ends(&self) -> impl Iterator<Item = (&Series, f64, f64)> {
        let limits = self.series.iter().map(|(s, _)| *s).filter(|s| s.role == Role::Threshold);
        limits.filter_map(|s| s.y.iter().rev().find_map(|v| self.plane.y.place(*v).map(|p| (s, *v, p))))
    }

    /// Draws the plot with its data in `plot` and `pads` free around it.
    pub fn draw(&self, canvas: &Canvas, plot: Rect, pads: &Pads) -> Result<(), Failure> {
        let font = canvas.font;
        let lines = Ruler::lines(pads.bottom, font);
        let (across, up) = (self.plane.across(plot.w, font, lines), self.plane.up(plot.h, font));
        let seen = self.series.iter().any(|(s, _)| pairs(s).any(|(x, y)| self.at(x, y).is_some()));
        if seen {
            frame::draw(canvas, plot, pads.left, (&across, &up), true)?;
        } else {
            frame::draw(canvas, plot, pads.left, (&across.unlabelled(), &up.unlabelled()), false)?;
            return canvas.text(plot.at(0.5, 0.5), "nothing to show", Side::Middle, GREY);
        }
        for (s, style) in &self.series {
            self.band(canvas, plot, s, style)?;
        }
        // What is measured lies over what it is held against.
        let under = |role| matches!(role, Role::Threshold | Role::Floor | Role::Place);
        for lower in [true, false] {
            for (i, (s, style)) in self.series.iter().enumerate().filter(|(_, (s, _))| under(s.role) == lower) {
                match s.role {
                    Role::Threshold => self.limit(canvas, plot, s, style)?,
                    Role::Trigger => self.moments(canvas, plot, s, style)?,
                    Role::Place => self.place(canvas, plot, s, style)?,
                    _ => self.curve(canvas, plot, s, style, i)?,
                }
            }
        }
        self.endings(canvas, plot, pads.right)
    }

    fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        self.plane.x.place(x).zip(self.plane.y.place(y))
    }

    /// Names of the thresholds at their right ends, apart from one another.
    fn endings(&self, canvas: &Canvas, plot: Rect, right: f64) -> Result<(), Failure> {
        let font = canvas.font;
        let line = font * LINE;
        let mut names: Vec<(f64, Vec<String>)> = Vec::new();
        for (s, value, place) in self.ends() {
            let lines = text::wrap(&ending(s, place, value), font, (right - font * 0.6).max(font), 4);
            let top = plot.y + (lines.len() as f64 - 1.0) * font * LINE / 2.0;
            names.push((plot.at(0.0, place.clamp(0.0, 1.0)).1.max(top), lines));
        }
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        // From above each as low as it must be, then from below each as high as it must be.
        // A little apart, or two names read as one.
        let half = |l: &Vec<String>| l.len() as f64 * line / 2.0 + font * 0.15;
        for i in 1..names.len() {
            names[i].0 = names[i].0.max(names[i - 1].0 + half(&names[i - 1].1) + half(&names[i].1));
        }
        let mut floor = plot.bottom() + line / 2.0;
        for (y, lines) in names.iter_mut().rev() {
            *y = y.min(floor - half(lines));
            floor = *y - half(lines);
        }
        for (y, lines) in &names {
            for (i, part) in lines.iter().enumerate() {
                let at = (plot.right() + font * 0.5, *y + line * (i as f64 + 0.5 - lines.len() as f64 / 2.0));
                canvas.text(at, part, Side::Start, GREY)?;
            }
        }
        Ok(())
    }
}

/// What stands at the end of a threshold: its name, and where it is beyond the axis also its number.
fn ending(s: &Series, place: f64, value: f64) -> String {
    match place {
        p if p > 1.0 => format!("↑ {} ({})", s.label, scale::number(value)),
        p if p < 0.0 => format!("↓ {} ({})", s.label, scale::number(value)),
        _ => s.label.clone(),
    }
}

/// Numbers side by side; the longer list ends with the shorter.
fn pairs(s: &Series) -> impl Iterator<Item = (f64, f64)> {
    s.x.iter().copied().zip(s.y.iter().copied())
}

fn happened(y: f64) -> bool {
    y.is_finite() && y != 0.0
}

/// What a series says on the horizontal axis.
fn across(s: &Series) -> Vec<f64> {
    match s.role {
        Role::Trigger => pairs(s).filter(|(_, y)| happened(*y)).map(|(x, _)| x).collect(),
        Role::Place => {
            let ends = s.band.iter().flat_map(|(lo, hi)| lo.iter().chain(hi));
            s.x.iter().chain(ends).copied().collect()
        }
        _ => pairs(s).filter(|(_, y)| y.is_finite()).map(|(x, _)| x).collect(),
    }
}

/// The vertical scale: of what was measured, and of the thresholds that are not far off.
fn upright(series: &[&Series], log: bool) -> Scale {
    let measured = |s: &&&Series| !matches!(s.role, Role::Trigger | Role::Threshold | Role::Place);
    let bands = |s: &Series| s.band.iter().flat_map(|(lo, hi)| lo.iter().chain(hi)).copied().collect::<Vec<_>>();
    let mut known: Vec<f64> = Vec::new();
    for s in series.iter().filter(measured) {
        known.extend(s.y.iter().copied().chain(bands(s)).filter(|v| v.is_finite() && (!log || *v > 0.0)));
    }
    let near = Scale::around(known.iter().copied(), log, 0.05);
    let limits = series.iter().filter(|s| s.role == Role::Threshold).flat_map(|s| s.y.iter().copied());
    let close = |v: &f64| near.place(*v).is_some_and(|p| (1.0 - STRETCH..=STRETCH).contains(&p));
    let all: Vec<f64> =
        if known.is_empty() { limits.collect() } else { known.iter().copied().chain(limits.filter(close)).collect() };
    Scale::around(all.into_iter(), log, 0.05)
}

fn entries(series: &[(&Series, Style)], y_axis: &Axis) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    for (s, style) in series {
        let shown = s.role != Role::Threshold && !s.label.trim().is_empty() && s.x.len().min(s.y.len()) > 0;
        if shown && !out.iter().any(|e| e.label == s.label) {
            out.push(Entry { label: s.label.clone(), style: *style });
        }
    }
    // A single curve that is what the axis says needs no second name.
    if out.len() == 1 && out[0].label == y_axis.label { Vec::new() } else { out }
}
