//! One episode as lanes over its steps, a cursor through all: scores in units of their own alarm thresholds, alarms shaded, and
//! dimensions as they happened and as they were imagined.

mod dimension;
mod heights;
mod strip;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::axes::{self, Axes};
use super::plot::nearest;
use super::scale::{Range, Scale};
use super::{ink, number};
use crate::metrics::report::{Axis, Role, Series};
use crate::ui::theme::Theme;
use dimension::{Dimension, imagined_color};
use heights::{Kind, heights};
use strip::{Strip, constant};

/// An episode's lanes.
pub struct Scrubber<'a> {
    /// Curves over the step. Those without a threshold are drawn in their own units; what happened in a dimension
    /// ([`Role::Real`]) makes one lane with the other curves of its group.
    pub lanes: Vec<&'a Series>,
    /// Step under the cursor.
    pub cursor: Option<f64>,
    /// Steps that are shown, where they are not all.
    pub window: Option<(f64, f64)>,
    /// Lanes in decades, or not; where nothing is chosen, those with a high peak.
    pub log: Option<bool>,
}

/// What a lane is drawn as.
enum Lane<'a> {
    Bars(&'a Series),
    Flat(&'a Series, f64),
    Curves(Dimension<'a>),
}

impl Lane<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::Bars(_) => Kind::Bars,
            Self::Flat(..) => Kind::Flat,
            Self::Curves(_) => Kind::Curves,
        }
    }
}

/// Width of the lanes' names.
const NAMES: u16 = 14;
/// Width of the values at the cursor.
const VALUES: u16 = 8;

impl<'a> Scrubber<'a> {
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

    /// The lanes in their order, dimensions last.
    fn measured(&self) -> Vec<Lane<'a>> {
        let strips = self.lanes.iter().filter(|s| matches!(s.role, Role::Lane | Role::Reward));
        let dims = self.lanes.iter().filter(|s| s.role == Role::Real);
        strips
            .map(|s| constant(s).map_or(Lane::Bars(s), |v| Lane::Flat(s, v)))
            .chain(dims.map(|s| Lane::Curves(Dimension::of(s, &self.lanes))))
            .collect()
    }

    /// How many dimensions there is room for in `area`, of how many; nothing where there are none.
    pub fn dimensions(&self, area: Rect) -> Option<(usize, usize)> {
        let kinds: Vec<Kind> = self.measured().iter().map(Lane::kind).collect();
        let of = |kind: &&(&Kind, u16)| *kind.0 == Kind::Curves;
        let all: Vec<(&Kind, u16)> = kinds.iter().zip(heights(&kinds, Self::plot(area).height)).collect();
        let dims = all.iter().filter(of).count();
        (dims > 0).then(|| (all.iter().filter(of).filter(|(_, rows)| *rows > 0).count(), dims))
    }

    /// The values at a step, for the clipboard.
    pub fn readout(&self, at: f64) -> String {
        let told = |lane: &Lane<'_>| match lane {
            Lane::Bars(s) | Lane::Flat(s, _) => {
                let unit = if s.has_threshold() { " × threshold" } else { "" };
                format!("{}\t{}{unit}", s.label, sample(s, at).map_or("–".into(), number::number))
            }
            Lane::Curves(dim) => dim.told(at),
        };
        let lines = self.measured().iter().map(told).collect::<Vec<_>>();
        std::iter::once(format!("step {}", number::number(at))).chain(lines).collect::<Vec<_>>().join("\n")
    }

    /// Draws the lanes.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if self.lanes.is_empty() || area.height < 3 || area.width < 8 {
            return;
        }
        let plot = Self::plot(area);
        let steps = self.steps();
        let lanes = self.measured();
        let kinds: Vec<Kind> = lanes.iter().map(Lane::kind).collect();
        let mut y = plot.y;
        let mut begins = None;
        for (lane, rows) in lanes.iter().zip(heights(&kinds, plot.height)).filter(|(_, rows)| *rows > 0) {
            let gap = rows >= 3;
            let place = Rect { y, height: rows.min(plot.bottom().saturating_sub(y)), ..plot };
            if place.height == 0 {
                break;
            }
            let body = ink::below(place, u16::from(gap));
            match lane {
                Lane::Bars(s) => Strip::of(s, self.log).draw((&steps, self.cursor), area, (body, gap), buf, theme),
                Lane::Flat(s, v) => strip::flat(s, *v, area, body, buf, theme),
                Lane::Curves(dim) => {
                    begins = dim.window().map(|(from, _)| from);
                    dim.draw((&steps, self.cursor), area, (body, gap), buf, theme);
                }
            }
            y += rows;
        }
        let fallback = Axis { label: "step".into(), ..Axis::default() };
        let x_axis = self.lanes.first().map_or(&fallback, |l| &l.x_axis);
        let axes = Axes { x: steps, y: Range::exact(0.0, 1.0, Scale::Linear), x_axis, grid: false };
        axes.draw_below(area, plot, buf, theme);
        if let Some(from) = begins {
            legend(&steps, from, area, plot, buf, theme);
        }
        self.draw_cursor(&steps, area, plot, buf, theme);
    }

    fn draw_cursor(&self, steps: &Range, area: Rect, plot: Rect, buf: &mut Buffer, theme: Theme) {
        let Some(at) = self.cursor else { return };
        let p = steps.position(at);
        if !(0.0..=1.0).contains(&p) || plot.width == 0 {
            return;
        }
        let x = axes::column(plot, p);
        for y in plot.y..plot.bottom() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                if [" ", "╌", "─", "┊"].contains(&cell.symbol()) {
                    cell.set_symbol("│");
                }
                if is_dots(cell.symbol()) {
                    cell.set_bg(theme.colors().select);
                } else {
                    cell.set_fg(theme.colors().accent);
                }
            }
        }
        let words = format!(" step {} ", number::number(at));
        let left = x
            .saturating_sub(ink::width(&words) / 2)
            .clamp(plot.x, plot.right().saturating_sub(ink::width(&words)).max(plot.x));
        ink::put(buf, area, left, plot.bottom(), &words, theme.strong().bg(theme.colors().raised));
    }
}

/// Which curve is which, under the lanes' names, and where what was imagined begins.
fn legend(steps: &Range, from: f64, area: Rect, plot: Rect, buf: &mut Buffer, theme: Theme) {
    let p = steps.position(from);
    if (0.0..=1.0).contains(&p) {
        axes::point_at(area, (axes::column(plot, p), plot.bottom()), imagined_color(theme), buf);
    }
    if plot.x > area.x {
        for (row, (words, color)) in
            (plot.bottom()..).zip([("real", theme.colors().bright), ("imagined", imagined_color(theme))])
        {
            let x = ink::put(buf, area, area.x, row, "━ ", color);
            ink::put(buf, area, x, row, words, theme.dim());
        }
    }
}

/// True for a cell of a curve.
fn is_dots(symbol: &str) -> bool {
    symbol.chars().next().is_some_and(|c| ('\u{2800}'..='\u{28ff}').contains(&c))
}

/// Writes a value at the cursor into row `row` beside the lane in `body`.
fn value(text: &str, row: u16, style: Style, area: Rect, body: Rect, buf: &mut Buffer) {
    let y = body.y + row;
    if y < body.bottom() {
        let width = area.right().saturating_sub(body.right());
        ink::put_right(buf, Rect { x: body.right(), y, width, height: 1 }, y, text, style);
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
    nearest(lane, at).map(|i| lane.y[i])
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
        let lane = Series { x: (0..5000).map(f64::from).collect(), y, role: Role::Lane, ..Series::default() };
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
            let (label, x, y, role) = ("spread".into(), vec![0.0, 1.0], vec![0.1, 3.0], Role::Lane);
            let lane = Series { label, role, y_axis, x, y, ..Series::default() };
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

    fn text(scrubber: &Scrubber<'_>, w: u16, h: u16) -> Vec<String> {
        let area = Rect::new(0, 0, w, h);
        let mut buf = Buffer::empty(area);
        scrubber.draw(area, &mut buf, Theme::new(Scheme::Dark));
        let rows = buf.content.chunks(usize::from(w));
        rows.map(|r| r.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()).collect()
    }

    /// A reward of 1 at every step filled its lane.
    #[test]
    fn what_never_changes_takes_one_row() {
        let role = Role::Reward;
        let lane =
            |y: Vec<f64>| Series { label: "reward".into(), x: vec![0.0, 1.0, 2.0], y, role, ..Series::default() };
        let (same, other) = (lane(vec![1.0; 3]), lane(vec![1.0, 2.0, 3.0]));
        let got = text(&Scrubber { lanes: vec![&other, &same], cursor: Some(1.0), window: None, log: None }, 70, 12);
        let row = got.iter().position(|row| row.contains("always 1")).expect("it is said");
        assert_eq!(row, 9, "the last of ten rows: the other has nine\n{}", got.join("\n"));
        assert!(!got[row].contains('█') && got[row - 1].contains('█'));
        let y_axis = Axis { unit: IN_THRESHOLDS.into(), ..Axis::default() };
        assert_eq!(constant(&Series { y_axis, ..lane(vec![3.0; 3]) }), None, "an alarm is never a line");
        assert!(constant(&lane(vec![f64::NAN; 3])).is_some_and(f64::is_nan));
    }

    /// A peak at 41 times its threshold was one block, and nothing else was seen.
    #[test]
    fn a_steep_lane_is_drawn_in_decades_unless_another_scale_is_chosen() {
        let y_axis = Axis { unit: IN_THRESHOLDS.into(), ..Axis::default() };
        let y = (0..100).map(|i| if i == 50 { 41.0 } else { 0.5 }).collect();
        let lane = Series { role: Role::Lane, y_axis, x: (0..100).map(f64::from).collect(), y, ..Series::default() };
        let drawn = |log| text(&Scrubber { lanes: vec![&lane], cursor: None, window: None, log }, 80, 12).join("\n");
        assert!(drawn(None).contains("to 41×, log") && drawn(Some(false)).contains("peak 41×"));
        let filled = |got: String| got.matches('█').count();
        assert!(filled(drawn(None)) > 3 * filled(drawn(Some(false))), "what is below the threshold is seen");
    }

    fn dimension() -> [Series; 3] {
        let series = |label: &str, role, x: Vec<f64>, y: Vec<f64>| {
            let group = "speed".into();
            Series { label: label.into(), group, role, x, y, ..Series::default() }
        };
        let x: Vec<f64> = (0..=100).map(f64::from).collect();
        let real = series("real", Role::Real, x.clone(), x.iter().map(|x| (x / 8.0).sin()).collect());
        let mut imagined =
            series("imagined", Role::Value, x[40..=80].to_vec(), x[40..=80].iter().map(|x| (x / 9.0).sin()).collect());
        let ends = |by: f64| imagined.y.iter().map(|y| y + by).collect::<Vec<_>>();
        imagined.band = Some((ends(-0.2), ends(0.2)));
        [real, imagined, series("leaves", Role::Place, vec![61.0], vec![1.0])]
    }

    #[test]
    fn a_dimension_shows_both_curves_their_values_and_where_they_part() {
        let [real, imagined, left] = dimension();
        let lanes = vec![&real, &imagined, &left];
        let at = |cursor| Scrubber { lanes: lanes.clone(), cursor, window: None, log: None };
        let got = text(&at(Some(50.0)), 100, 10).join("\n");
        for word in ["speed", "▼ leaves at step 61", "━ real", "━ imagined", "step 50", "-0.03", "-0.67", "▲"] {
            assert!(got.contains(word), "{word} is missing in\n{got}");
        }
        let told = at(None).readout(50.0);
        assert!(told.starts_with("step 50\nspeed\treal -0.033") && told.contains("\timagined -0.66"), "{told}");
        assert!(told.contains(" … "), "with the members' span: {told}");
        assert!(!at(None).readout(90.0).contains("imagined"), "beyond the horizon nothing was");
        assert_eq!(at(None).dimensions(Rect::new(0, 0, 100, 10)), Some((1, 1)));
        assert_eq!(at(None).dimensions(Rect::new(0, 0, 100, 3)), Some((0, 1)));
        let alone = Scrubber { lanes: vec![&left], cursor: None, window: None, log: None };
        assert_eq!(alone.dimensions(Rect::new(0, 0, 100, 10)), None);
    }

    #[test]
    fn a_diverged_dimension_leaves_what_happened_legible() {
        let [real, mut imagined, left] = dimension();
        for (i, y) in imagined.y.iter_mut().enumerate() {
            *y = 10f64.powi(i as i32);
        }
        imagined.y[20] = f64::NAN;
        imagined.y[30] = f64::INFINITY;
        for (w, h) in [(20, 6), (60, 8), (120, 24)] {
            let scrubber = Scrubber {
                lanes: vec![&real, &imagined, &left],
                cursor: Some(61.0),
                window: Some((30.0, 70.0)),
                log: None,
            };
            let got = text(&scrubber, w, h).join("\n");
            let rows = got.lines().filter(|row| row.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c))).count();
            assert!(rows >= 2, "what happened is a curve and no line at the bottom\n{got}");
        }
    }

    #[test]
    fn empty_and_ragged_lanes_are_survived() {
        let short = Series { x: vec![0.0, 1.0, 2.0], y: vec![1.0], ..Series::default() };
        let nothing = Series::default();
        let nan = Series { x: vec![0.0, 1.0], y: vec![f64::NAN; 2], ..Series::default() };
        for (w, h, role) in [(1, 1, Role::Lane), (8, 3, Role::Real), (60, 4, Role::Reward), (100, 20, Role::Real)] {
            let area = Rect::new(0, 0, w, h);
            let [short, nothing, nan] = [&short, &nothing, &nan].map(|s| Series { role, ..s.clone() });
            let scrubber = Scrubber { lanes: vec![&short, &nothing, &nan], cursor: Some(1.0), window: None, log: None };
            scrubber.draw(area, &mut Buffer::empty(area), Theme::new(Scheme::Dark));
        }
    }
}
