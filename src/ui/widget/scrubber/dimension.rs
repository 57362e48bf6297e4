//! A lane of one dimension in its own units: what happened, what was imagined with the span of the members, and where they part.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{NAMES, rounded, sample, value};
use crate::metrics::report::{Role, Series};
use crate::ui::theme::Theme;
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::plot::{self, Line, value_at};
use crate::ui::widget::scale::{Range, Scale};
use crate::ui::widget::{ink, number};

/// So much of the range of what happened is shown beyond either of its ends, where imagination goes there.
const BEYOND: f64 = 0.6;
/// Share of the range that stays free at either end.
const MARGIN: f64 = 0.04;

/// What happened and what was imagined of one dimension.
#[derive(Clone, Copy)]
pub struct Dimension<'a> {
    /// What happened.
    pub real: &'a Series,
    /// What was imagined.
    pub imagined: Option<&'a Series>,
    /// The step where they part, where they do.
    pub left: Option<f64>,
}

impl<'a> Dimension<'a> {
    /// The dimension that begins with `real`: what belongs to it follows.
    pub fn of(real: &'a Series, all: &[&'a Series]) -> Self {
        let own = || all.iter().copied().filter(|s| s.group == real.group);
        let left = own().find(|s| s.role == Role::Place).and_then(|s| s.x.first().copied());
        Self { real, imagined: own().find(|s| s.role == Role::Value), left }
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.real.group
    }

    /// The first step that was imagined, and the last.
    pub fn window(&self) -> Option<(f64, f64)> {
        self.imagined.and_then(|s| Some((*s.x.first()?, *s.x.last()?)))
    }

    /// What was imagined at step `at`, where it was.
    fn imagined_at(&self, at: f64) -> Option<f64> {
        let (from, to) = self.window()?;
        (from - 0.5..=to + 0.5).contains(&at).then(|| self.imagined.and_then(|s| sample(s, at)))?
    }

    /// "θ̇  real 1.2  imagined 1.3 (1.1 … 1.5)", kept apart by tabs.
    pub fn told(&self, at: f64) -> String {
        let real = format!("{}\treal {}", self.name(), value_at(self.real, at));
        match self.imagined.filter(|_| self.imagined_at(at).is_some()) {
            Some(imagined) => format!("{real}\timagined {}", value_at(imagined, at)),
            None => real,
        }
    }

    /// The numbers of its axis: what happened in the steps that are shown, and what was imagined near it.
    fn range(&self, steps: &Range) -> Range {
        let ends = |s: &Series| {
            let shown =
                s.x.iter().zip(&s.y).filter(|(x, y)| (0.0..=1.0).contains(&steps.position(**x)) && y.is_finite());
            shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), (_, y)| (lo.min(*y), hi.max(*y)))
        };
        let (lo, hi) = ends(self.real);
        let (a, b) = self.imagined.map_or((lo, hi), ends);
        if lo > hi {
            return Range::exact(a, b, Scale::Linear);
        }
        // What stands still has no range of its own: its size is the measure.
        let span = if hi > lo { hi - lo } else { lo.abs().max(1.0) };
        let (lo, hi) = (lo.min(a.max(lo - BEYOND * span)), hi.max(b.min(hi + BEYOND * span)));
        let margin = (hi - lo) * MARGIN;
        Range::exact(lo - margin, hi + margin, Scale::Linear)
    }

    /// Draws it into `body`, its name and values beside it in `area`; the row above `body` is its own where there is a `gap`.
    pub fn draw(
        &self,
        (steps, cursor): (&Range, Option<f64>),
        area: Rect,
        (body, gap): (Rect, bool),
        buf: &mut Buffer,
        theme: Theme,
    ) {
        let range = self.range(steps);
        let axes = Axes { x: *steps, y: range, x_axis: &self.real.x_axis, grid: false };
        let line = |data: &'a Series, color, pinned| Line {
            data: Cow::Borrowed(data),
            whole: None,
            color,
            pinned,
            ghost: false,
        };
        let mut lines = vec![line(self.real, theme.colors().bright, false)];
        lines.extend(self.imagined.map(|s| line(s, imagined_color(theme), true)));
        plot::curves(&lines, &axes, body, buf, theme);
        self.draw_end(steps, (body, gap), buf, theme);
        if body.x == area.x {
            let name = ink::fit_middle(self.name(), body.width / 3);
            ink::put(buf, body, body.x, if gap { body.y - 1 } else { body.y }, &name, theme.text());
            return;
        }
        ink::put(buf, area, area.x, body.y, &ink::fit_middle(self.name(), NAMES - 1), theme.text());
        if body.height >= 2 {
            let (text, style) = match self.left.filter(|_| !gap) {
                Some(at) => (format!("leaves at {}", number::number(at)), theme.text().fg(theme.colors().warn)),
                None => (format!("{} … {}", rounded(range.lo), rounded(range.hi)), theme.dim()),
            };
            ink::put(buf, area, area.x, body.y + 1, &ink::fit(&text, NAMES - 1), style);
        }
        let Some(at) = cursor else { return };
        if let Some(v) = sample(self.real, at) {
            value(&rounded(v), 0, theme.strong(), area, body, buf);
        }
        if let Some(v) = self.imagined_at(at) {
            value(&rounded(v), 1, theme.strong().fg(imagined_color(theme)), area, body, buf);
        }
    }

    /// Marks the step where imagination leaves what happened, or says that it does not, in the gap over the curves.
    fn draw_end(&self, steps: &Range, (body, gap): (Rect, bool), buf: &mut Buffer, theme: Theme) {
        let Some((_, last)) = self.window() else { return };
        let at = self.left.unwrap_or(last);
        let p = steps.position(at);
        if !(0.0..=1.0).contains(&p) {
            return;
        }
        let x = axes::column(body, p);
        let (words, color) = match self.left {
            Some(at) => (format!("leaves at step {}", number::number(at)), theme.colors().warn),
            None => ("within 1 std".to_owned(), theme.colors().dim),
        };
        if self.left.is_some() {
            for y in body.y..body.bottom() {
                if buf.cell((x, y)).is_some_and(|c| c.symbol() == " ") {
                    ink::mark(buf, body, x, y, "┊", color);
                }
            }
        }
        if !gap {
            return;
        }
        let row = Rect { y: body.y - 1, height: 1, ..body };
        ink::mark(buf, row, x, row.y, "▼", color);
        let wide = ink::width(&words);
        let from = if x + 2 + wide <= row.right() { x + 2 } else { x.saturating_sub(wide + 1).max(row.x) };
        ink::put(buf, row, from, row.y, &ink::fit(&words, row.width), color);
    }
}

/// The colour of what was imagined.
pub fn imagined_color(theme: Theme) -> ratatui::style::Color {
    theme.series(0)
}
