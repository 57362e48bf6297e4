//! One episode as lanes over its steps: each lane in units of its own alarm threshold, if it has one, alarms shaded, a cursor
//! through all.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::axes::{self, Axes};
use super::scale::{Range, Scale};
use super::{bars, ink, number};
use crate::metrics::report::{Axis, Series};
use crate::ui::theme::Theme;

/// An episode's lanes.
pub struct Scrubber<'a> {
    /// Curves over the step; those without a threshold are drawn in their own units.
    pub lanes: Vec<&'a Series>,
    /// Step under the cursor.
    pub cursor: Option<f64>,
    /// Steps that are shown, where they are not all.
    pub window: Option<(f64, f64)>,
    /// Lanes in decades, or not; where nothing is chosen, those with a high peak.
    pub log: Option<bool>,
}

/// One lane, measured.
struct Lane<'a> {
    data: &'a Series,
    range: Range,
    peak: f64,
    alarms: bool,
}

impl<'a> Lane<'a> {
    fn of(data: &'a Series, log: Option<bool>) -> Self {
        let alarms = data.has_threshold();
        let peak = data.y.iter().copied().filter(|v| v.is_finite()).fold(0.0f64, f64::max);
        let range = if alarms && log.unwrap_or(peak > STEEP) {
            // One peak at forty times the threshold must not hide where the others begin.
            Range::exact(0.1, peak.max(1.25), Scale::Log)
        } else if alarms {
            Range::exact(0.0, peak.max(1.25), Scale::Linear)
        } else {
            Range::around(data.y.iter().copied(), Scale::Linear, 0.0)
        };
        Self { data, range, peak, alarms }
    }
}

/// A lane whose peak is so many times its threshold is drawn in decades.
const STEEP: f64 = 8.0;
/// Width of the lanes' names.
const NAMES: u16 = 14;
/// Width of the values at the cursor.
const VALUES: u16 = 8;

impl Scrubber<'_> {
    /// The cells of the lanes when drawn into `area`.
    pub fn plot(area: Rect) -> Rect {
        let names = if area.width >= 50 { NAMES } else { 0 };
        let values = if area.width >= 50 { VALUES } else { 0 };
        Rect {
            x: area.x + names,
            y: area.y,
            width: area.width.saturating_sub(names + values),
            height: area.height.saturating_sub(2),
        }
    }

    /// Range of steps.
    pub fn steps(&self) -> Range {
        if let Some((lo, hi)) = self.window {
            return Range::exact(lo, hi, Scale::Linear);
        }
        Range::around(self.lanes.iter().flat_map(|l| l.x.iter().copied()), Scale::Linear, 0.0)
    }

    /// Draws the lanes.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if self.lanes.is_empty() || area.height < 3 || area.width < 8 {
            return;
        }
        let plot = Self::plot(area);
        let steps = self.steps();
        let n = self.lanes.len() as u16;
        let height = (plot.height / n).max(1);
        let spare = plot.height.saturating_sub(height * n);
        let mut y = plot.y;
        for (i, lane) in self.lanes.iter().enumerate() {
            let rows = height + u16::from((i as u16) < spare);
            let gap = u16::from(rows >= 3);
            let place = Rect { y, height: rows.min(plot.bottom().saturating_sub(y)), ..plot };
            if place.height == 0 {
                break;
            }
            let body = ink::below(place, gap);
            self.lane(&Lane::of(lane, self.log), &steps, area, body, buf, theme);
            y += rows;
        }
        let fallback = Axis { label: "step".into(), ..Axis::default() };
        let x_axis = self.lanes.first().map_or(&fallback, |l| &l.x_axis);
        let axes = Axes { x: steps, y: Range::exact(0.0, 1.0, Scale::Linear), x_axis, grid: false };
        axes.draw_below(area, plot, buf, theme);
        self.draw_cursor(&steps, plot, buf, theme);
    }

    fn lane(&self, lane: &Lane, steps: &Range, area: Rect, body: Rect, buf: &mut Buffer, theme: Theme) {
        let Lane { data, range, alarms, .. } = *lane;
        for x in body.x..body.right() {
            let Some(v) = extreme(data, steps, body, x) else { continue };
            let color = if alarms { theme.heat(v) } else { theme.series(5) };
            if alarms && v >= 1.0 {
                let shade = Style::new().bg(theme.tint(theme.colors().alarm, 0.22));
                for y in body.y..body.bottom() {
                    if let Some(cell) = buf.cell_mut((x, y)) {
                        cell.set_style(shade);
                    }
                }
            }
            bars::column(buf, body, x, range.position(v).max(0.004), color);
        }
        if alarms && body.height >= 2 && range.position(1.0) < 1.0 {
            let y = axes::row(body, range.position(1.0));
            for x in (body.x..body.right()).filter(|x| x % 2 == 0) {
                if buf.cell((x, y)).is_some_and(|c| c.symbol() == " ") {
                    ink::mark(buf, body, x, y, "╌", theme.colors().warn);
                }
            }
        }
        self.label(lane, area, body, buf, theme);
    }

    fn label(&self, lane: &Lane, area: Rect, body: Rect, buf: &mut Buffer, theme: Theme) {
        let Lane { data, range, peak, alarms } = *lane;
        if body.x == area.x {
            return;
        }
        let name = data.label.split(" / ").last().unwrap_or(&data.label);
        ink::put(buf, area, area.x, body.y, &ink::fit(name, NAMES - 1), theme.text());
        let unit = if alarms { "×" } else { "" };
        if body.height >= 2 {
            let text = if alarms {
                let peak = rounded(peak);
                if range.scale == Scale::Log { format!("to {peak}×, log") } else { format!("peak {peak}×") }
            } else {
                format!("{} … {}", rounded(range.lo), rounded(range.hi))
            };
            ink::put(buf, area, area.x, body.y + 1, &ink::fit(&text, NAMES - 1), theme.dim());
        }
        if alarms && body.height >= 3 {
            ink::put(buf, area, area.x, body.y + 2, "╌ alarm at 1×", theme.colors().warn);
        }
        if let Some(v) = self.cursor.and_then(|at| sample(data, at)) {
            let value = format!("{}{unit}", rounded(v));
            let style = if alarms && v >= 1.0 { theme.strong().fg(theme.colors().alarm) } else { theme.strong() };
            let place =
                Rect { x: body.right(), y: body.y, width: area.right().saturating_sub(body.right()), height: 1 };
            ink::put_right(buf, place, body.y, &value, style);
        }
    }

    fn draw_cursor(&self, steps: &Range, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let Some(at) = self.cursor else { return };
        let p = steps.position(at);
        if !(0.0..=1.0).contains(&p) || plot.width == 0 {
            return;
        }
        let x = axes::column(plot, p);
        for y in plot.y..plot.bottom() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                if cell.symbol() == " " || cell.symbol() == "╌" {
                    cell.set_symbol("│");
                }
                cell.set_fg(theme.colors().accent);
            }
        }
        let words = format!(" step {} ", number::number(at));
        let left = x
            .saturating_sub(ink::width(&words) / 2)
            .clamp(plot.x, plot.right().saturating_sub(ink::width(&words)).max(plot.x));
        ink::put(buf, plot, left, plot.bottom(), &words, theme.strong().bg(theme.colors().raised));
    }
}

/// The value furthest from zero among the steps of a column, so that no alarm is lost; with fewer steps than
/// columns the nearest step's.
fn extreme(lane: &Series, steps: &Range, plot: Rect, x: u16) -> Option<f64> {
    let w = f64::from(plot.width.max(1));
    let left = f64::from(x - plot.x) / w;
    let (from, to) = (steps.value(left), steps.value(left + 1.0 / w));
    let a = lane.x.partition_point(|v| *v < from);
    let b = lane.x.partition_point(|v| *v < to);
    if a < b {
        let inside = lane.y.get(a..b.min(lane.y.len()))?.iter().copied().filter(|v| v.is_finite());
        inside.max_by(|p, q| p.abs().total_cmp(&q.abs()))
    } else {
        lane.y.get(a.min(lane.y.len().checked_sub(1)?)).copied().filter(|v| v.is_finite())
    }
}

/// Two decimals, one for larger numbers: enough beside a picture.
fn rounded(v: f64) -> String {
    let places = if v.abs() >= 10.0 { 10.0 } else { 100.0 };
    number::number((v * places).round() / places)
}

/// The value at the sample nearest to `at`.
fn sample(lane: &Series, at: f64) -> Option<f64> {
    let i = (0..lane.x.len().min(lane.y.len()))
        .min_by(|a, b| (lane.x[*a] - at).abs().total_cmp(&(lane.x[*b] - at).abs()))?;
    Some(lane.y[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::report::IN_THRESHOLDS;
    use crate::ui::theme::Scheme;

    #[test]
    fn one_alarm_among_many_steps_is_seen() {
        let mut y = vec![0.2; 5000];
        y[3210] = 4.0;
        let lane = Series { x: (0..5000).map(f64::from).collect(), y, ..Series::default() };
        let scrubber = Scrubber { lanes: vec![&lane], cursor: Some(3210.0), window: None, log: None };
        let (plot, steps) = (Rect::new(0, 0, 60, 4), scrubber.steps());
        let peaks = (0..60).filter(|x| extreme(&lane, &steps, plot, *x) == Some(4.0)).count();
        assert_eq!(peaks, 1);
    }

    /// A strip in standard deviations has no threshold: no line, no alarm, no × behind its numbers.
    #[test]
    fn only_a_lane_in_units_of_its_threshold_has_a_threshold_line() {
        let drawn = |unit: &str| {
            let y_axis = Axis { unit: unit.into(), ..Axis::default() };
            let lane =
                Series { label: "spread".into(), x: vec![0.0, 1.0], y: vec![0.1, 3.0], y_axis, ..Series::default() };
            let area = Rect::new(0, 0, 70, 8);
            let mut buf = Buffer::empty(area);
            let theme = Theme::new(Scheme::Dark);
            Scrubber { lanes: vec![&lane], cursor: Some(1.0), window: None, log: None }.draw(area, &mut buf, theme);
            let alarm = theme.tint(theme.colors().alarm, 0.22);
            let has = |s: &str| buf.content.iter().any(|c| c.symbol() == s);
            (has("╌"), has("×"), buf.content.iter().any(|c| c.bg == alarm))
        };
        assert_eq!(drawn(IN_THRESHOLDS), (true, true, true));
        assert_eq!(drawn("std"), (false, false, false));
    }

    #[test]
    fn empty_and_ragged_lanes_are_survived() {
        let short = Series { x: vec![0.0, 1.0, 2.0], y: vec![1.0], ..Series::default() };
        let nothing = Series::default();
        let nan = Series { x: vec![0.0, 1.0], y: vec![f64::NAN; 2], ..Series::default() };
        for (w, h) in [(1, 1), (8, 3), (60, 4), (100, 20)] {
            let area = Rect::new(0, 0, w, h);
            let scrubber = Scrubber { lanes: vec![&short, &nothing, &nan], cursor: Some(1.0), window: None, log: None };
            scrubber.draw(area, &mut Buffer::empty(area), Theme::new(Scheme::Dark));
        }
    }
}
