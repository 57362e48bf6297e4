//! Axes with their grid, and how much room they want around the data.

use std::ops::Range;

use plotters::chart::ChartBuilder;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::canvas::{Canvas, Failure, Rect, Side, clean, fine, pen};
use super::palette::{FAINT, GRID, INK};
use super::scale::{Scale, Ticks, power_of_ten};
use super::text::{self, LINE};
use crate::metrics::report::Axis;

/// Length of the ticks; the library puts labels twice as far.
const TICK: f64 = 2.2;
/// Width of the axes.
const AXIS: f64 = 0.6;
/// Least height of data in units of the font: a figure that has not as much becomes higher.
pub const LOWEST: f64 = 6.0;

/// Room around the data.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pads {
    /// At the left.
    pub left: f64,
    /// At the right.
    pub right: f64,
    /// Above.
    pub top: f64,
    /// Below.
    pub bottom: f64,
}

/// One axis.
#[derive(Debug, Clone)]
pub struct Ruler {
    /// Its labels.
    pub ticks: Ticks,
    /// Lines of its title.
    title: Vec<String>,
}

impl Ruler {
    /// A horizontal axis of this length, with as many labels as stand side by side and a title of at most `lines`.
    pub fn across(scale: &Scale, axis: &Axis, length: f64, font: f64, lines: usize) -> Self {
        let fits = |ticks: &Ticks| {
            let widest = ticks.marks.iter().map(|(_, l)| text::width(l, font)).fold(0.0, f64::max);
            (widest + font * 0.9) * ticks.marks.len() as f64 <= length + font * 0.9
        };
        let ticks = (2..=7).rev().map(|most| scale.ticks(most)).find(fits).unwrap_or_else(|| {
            let ticks = scale.ticks(2);
            Ticks { marks: ticks.marks.into_iter().take(1).collect(), ..ticks }
        });
        let ticks = apart(ticks, length, |label| text::width(label, font) + font * 0.3);
        Self { title: text::wrap(&named(axis, ticks.power), font, length, lines), ticks }
    }

    /// The same without the labels that reach farther than `beyond` out of a horizontal axis of this length.
    pub fn within(mut self, length: f64, beyond: f64, font: f64) -> Self {
        self.ticks.marks.retain(|(at, label)| {
            let (middle, half) = (at * length, text::width(label, font) / 2.0);
            middle - half >= -beyond && middle + half <= length + beyond
        });
        self
    }

    /// A vertical axis of this length.
    pub fn up(scale: &Scale, axis: &Axis, length: f64, font: f64) -> Self {
        let least = (length / (font * 2.4)) as usize;
        let enough = (least..=12).map(|most| scale.ticks(most)).find(|t| t.marks.len() > 1);
        let ticks = apart(enough.unwrap_or_else(|| scale.ticks(least)), length, |_| font);
        Self { title: text::wrap(&named(axis, ticks.power), font, length, 2), ticks }
    }

    /// Width beside the data that a vertical axis wants where it becomes about this long, and where it is `share` of that,
    /// which has other labels.
    pub fn beside(scale: &Scale, axis: &Axis, length: f64, share: f64, font: f64) -> f64 {
        let length = length.max(font * LOWEST);
        let width = |length: f64| Self::up(scale, axis, length, font).width(font);
        width(length).max(width(length * share))
    }

    /// An axis without labels and title.
    pub fn bare() -> Self {
        Self { ticks: Ticks::default(), title: Vec::new() }
    }

    /// The axis without its labels.
    pub fn unlabelled(self) -> Self {
        Self { ticks: Ticks::default(), ..self }
    }

    /// Height under the data that a horizontal axis wants.
    pub fn height(&self, font: f64) -> f64 {
        2.0 * TICK + font * LINE * (1 + self.title.len()) as f64
    }

    /// Lines that a title has in this height under the data.
    pub fn lines(height: f64, font: f64) -> usize {
        (((height - 2.0 * TICK) / (font * LINE)).round() as usize).saturating_sub(1).clamp(1, 2)
    }

    /// Width beside the data that a vertical axis wants.
    pub fn width(&self, font: f64) -> f64 {
        self.labels(font) + font * (LINE * self.title.len() as f64 + 0.3)
    }

    /// How far the last label of a horizontal axis reaches beyond it.
    pub fn over(&self, font: f64) -> f64 {
        let last = self.ticks.marks.last();
        last.map_or(0.0, |(at, label)| if *at > 0.9 { text::width(label, font) / 2.0 } else { 0.0 })
    }

    fn labels(&self, font: f64) -> f64 {
        2.0 * TICK + self.ticks.marks.iter().map(|(_, l)| text::width(l, font)).fold(0.0, f64::max)
    }
}

/// The marks of an axis of this length without those whose label, which takes so much `room`, would stand over the one before:
/// where numbers hardly differ, marks are not spread over the axis.
fn apart(mut ticks: Ticks, length: f64, room: impl Fn(&str) -> f64) -> Ticks {
    let mut free = f64::NEG_INFINITY;
    ticks.marks.retain(|(at, label)| {
        let (middle, half) = (at * length, room(label) / 2.0);
        let stands = middle - half >= free;
        if stands {
            free = middle + half;
        }
        stands
    });
    ticks
}

/// An axis from 0 to 1 for the library, which would choose and write the labels in its own way.
struct Labelled<'a>(&'a Ticks);

impl Ranged for Labelled<'_> {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (f64::from(limit.1 - limit.0) * value).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            self.0.minor.clone()
        } else {
            self.0.marks.iter().map(|m| m.0).collect()
        }
    }

    fn range(&self) -> Range<f64> {
        0.0..1.0
    }
}

impl ValueFormatter<f64> for Labelled<'_> {
    fn format_ext(&self, at: &f64) -> String {
        let near = |a: &&(f64, String), b: &&(f64, String)| (a.0 - at).abs().total_cmp(&(b.0 - at).abs());
        self.0.marks.iter().min_by(near).map(|(_, l)| clean(l)).unwrap_or_default()
    }
}

/// An axis' title: "loss (×10⁻⁷ nats)".
pub fn named(axis: &Axis, power: Option<i32>) -> String {
    let mut unit: Vec<String> = power.map(|p| format!("×{}", power_of_ten(p))).into_iter().collect();
    unit.extend(Some(axis.own_unit()).filter(|unit| !unit.is_empty()).map(str::to_owned));
    let unit = unit.join(" ");
    if unit.is_empty() {
        axis.label.clone()
    } else if axis.label.is_empty() {
        unit
    } else {
        format!("{} ({unit})", axis.label)
    }
}

/// Draws both axes around `plot` and, where `grid`, lines at their labels. The vertical axis' title is `left` of it.
pub fn draw(canvas: &Canvas, plot: Rect, left: f64, (x, y): (&Ruler, &Ruler), grid: bool) -> Result<(), Failure> {
    let font = canvas.font;
    let (labels, bottom) = (y.labels(font) + 1.0, x.height(font));
    let outer = ((fine(plot.x - labels), fine(plot.y)), (fine(plot.w + labels), fine(plot.h + bottom)));
    let area = canvas.area.clone().shrink(outer.0, outer.1);
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(fine(bottom))
        .y_label_area_size(fine(labels))
        .build_cartesian_2d(Labelled(&x.ticks), Labelled(&y.ticks))
        .map_err(|e| e.to_string())?;
    let mut mesh = chart.configure_mesh();
    mesh.axis_style(pen(INK, AXIS, 0))
        .bold_line_style(pen(GRID, 0.5, 0))
        .light_line_style(pen(FAINT, 0.4, 0))
        .label_style(canvas.style(INK, false))
        .set_all_tick_mark_size(fine(TICK));
    if !grid {
        mesh.disable_mesh();
    }
    mesh.draw().map_err(|e| e.to_string())?;
    titles(canvas, plot, left, (x, y))
}

fn titles(canvas: &Canvas, plot: Rect, left: f64, (x, y): (&Ruler, &Ruler)) -> Result<(), Failure> {
    let line = canvas.font * LINE;
    for (i, part) in x.title.iter().enumerate() {
        let at = (plot.x + plot.w / 2.0, plot.bottom() + 2.0 * TICK + line * (i as f64 + 1.45));
        canvas.text(at, part, Side::Middle, INK)?;
    }
    for (i, part) in y.title.iter().enumerate() {
        let at = (plot.x - left + line * (i as f64 + 0.5), plot.y + plot.h / 2.0);
        canvas.text(at, part, Side::Upwards, INK)?;
    }
    Ok(())
}
