//! A lane of bars: a score in units of its alarm threshold, alarms shaded, or the reward in its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{NAMES, extreme, rounded, sample, value};
use crate::metrics::report::Series;
use crate::ui::theme::Theme;
use crate::ui::widget::scale::{Range, Scale};
use crate::ui::widget::{axes, bars, ink};

/// One lane, measured.
pub struct Strip<'a> {
    data: &'a Series,
    range: Range,
    peak: f64,
    alarms: bool,
}

/// A lane whose peak is so many times its threshold is drawn in decades.
const STEEP: f64 = 8.0;

impl<'a> Strip<'a> {
    /// Measures `data`; in decades, or not, where that is chosen.
    pub fn of(data: &'a Series, log: Option<bool>) -> Self {
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

    /// Draws it into `body`, its name and value beside it in `area`. Where no `gap` keeps it from the lane above, its highest bar
    /// ends an eighth of a row below that.
    pub fn draw(
        &self,
        (steps, cursor): (&Range, Option<f64>),
        area: Rect,
        (body, gap): (Rect, bool),
        buf: &mut Buffer,
        theme: Theme,
    ) {
        let Self { data, range, alarms, .. } = *self;
        let most = if gap { 1.0 } else { 1.0 - 0.125 / f64::from(body.height.max(1)) };
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
            bars::column(buf, body, x, range.position(v).clamp(0.004, 1.0) * most, color);
        }
        if alarms && body.height >= 2 && range.position(1.0) < 1.0 {
            let y = axes::row(body, range.position(1.0));
            for x in (body.x..body.right()).filter(|x| x % 2 == 0) {
                if buf.cell((x, y)).is_some_and(|c| c.symbol() == " ") {
                    ink::mark(buf, body, x, y, "╌", theme.colors().warn);
                }
            }
        }
        self.label(cursor, area, body, buf, theme);
    }

    fn label(&self, cursor: Option<f64>, area: Rect, body: Rect, buf: &mut Buffer, theme: Theme) {
        let Self { data, range, peak, alarms } = *self;
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
        if let Some(v) = cursor.and_then(|at| sample(data, at)) {
            let text = format!("{}{unit}", rounded(v));
            let style = if alarms && v >= 1.0 { theme.strong().fg(theme.colors().alarm) } else { theme.strong() };
            value(&text, 0, style, area, body, buf);
        }
    }
}

/// The number that a lane is at all of its steps, where it is one and no alarm; NaN where it is none anywhere.
pub fn constant(data: &Series) -> Option<f64> {
    let mut all = data.y.iter().copied().filter(|v| v.is_finite());
    let Some(first) = all.next() else { return Some(f64::NAN) };
    let alarm = data.has_threshold() && first >= 1.0;
    (!alarm && all.all(|v| v.total_cmp(&first).is_eq())).then_some(first)
}

/// Draws a lane that is `v` at all of its steps, in one row.
pub fn flat(data: &Series, v: f64, area: Rect, body: Rect, buf: &mut Buffer, theme: Theme) {
    for x in body.x..body.right() {
        ink::mark(buf, body, x, body.y, "─", theme.faint());
    }
    let unit = if data.has_threshold() { "×" } else { "" };
    let said = if v.is_finite() { format!(" always {}{unit} ", rounded(v)) } else { " no numbers ".to_owned() };
    if body.x == area.x {
        let said = format!(" {}{said}", data.label);
        ink::put(buf, body, body.x, body.y, &ink::fit(&said, body.width), theme.dim());
        return;
    }
    ink::put(buf, area, area.x, body.y, &ink::fit(&data.label, NAMES - 1), theme.text());
    ink::put(buf, body, body.x + 2, body.y, &ink::fit(&said, body.width.saturating_sub(2)), theme.dim());
}
