//! Which numbers the vertical axis spans, and what of the curves is left out of the picture.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Line, Mark, Plot};
use crate::metrics::report::Role;
use crate::ui::theme::Theme;
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::scale::{Range, Scale};
use crate::ui::widget::{ink, number};

/// The axis follows what happened where all that is shown takes more than so many times its range.
const FOLLOWS: f64 = 4.0;
/// A plot around a threshold shows so many times it, and its part.
const TIMES: f64 = 5.0;
/// So much of the range of what happened is shown beyond either of its ends.
const BEYOND: f64 = 0.75;

/// Numbers of `line` at the places of `x`, those of its band too if `band`.
fn values(line: &Line, x: &Range, band: bool) -> Vec<f64> {
    let s = &line.data;
    let mut out = Vec::new();
    for (i, _) in s.x.iter().enumerate().filter(|(_, v)| (-1e-9..=1.0 + 1e-9).contains(&x.position(**v))) {
        out.extend(s.y.get(i));
        if let Some((lo, hi)) = s.band.as_ref().filter(|_| band) {
            out.extend([lo.get(i), hi.get(i)].into_iter().flatten());
        }
    }
    out
}

/// Range of the vertical axis: everything that is shown, bands and thresholds included; where imagination leaves what
/// happened by far, what happened and its surroundings.
pub fn y_range(plot: &Plot, x: &Range) -> Range {
    let levels = plot.marks.iter().filter_map(|m| if let Mark::Level(_, v) = m { Some(*v) } else { None });
    let shown = plot.lines.iter().flat_map(|line| values(line, x, true)).chain(levels);
    let all = Range::around(shown, plot.scale, 0.06);
    let real = plot.lines.iter().filter(|l| l.data.role == Role::Real).flat_map(|l| values(l, x, false));
    let ends = real.filter(|v| v.is_finite()).fold(None, |r: Option<(f64, f64)>, v| match r {
        None => Some((v, v)),
        Some((lo, hi)) => Some((lo.min(v), hi.max(v))),
    });
    let Some((lo, hi)) = ends.filter(|_| plot.scale == Scale::Linear) else { return near_threshold(plot, x, all) };
    // What stands still has no range of its own: its size is the measure.
    let span = if hi > lo { hi - lo } else { lo.abs().max(1.0) };
    if all.hi - all.lo <= FOLLOWS * span {
        return all;
    }
    Range::exact((lo - BEYOND * span).max(all.lo), (hi + BEYOND * span).min(all.hi), plot.scale)
}

/// `all`, no farther than [`TIMES`] from a threshold that is measured anew: the decision is made near it, and one number a
/// thousand times as large would hide it.
fn near_threshold(plot: &Plot, x: &Range, all: Range) -> Range {
    let thresholds = plot.lines.iter().filter(|l| l.data.role == Role::Threshold).flat_map(|l| values(l, x, false));
    let (lo, hi) = thresholds
        .filter(|v| v.is_finite() && *v > 0.0)
        .fold((f64::INFINITY, 0.0f64), |(lo, hi), v| (lo.min(v), hi.max(v)));
    if hi == 0.0 || plot.scale != Scale::Log {
        return all;
    }
    Range::exact(all.lo.max(lo / TIMES), all.hi.min(hi * TIMES), plot.scale)
}

/// Marks the points that are farther from the threshold than is shown, and tells the farthest.
fn beyond(plot: &Plot, axes: &Axes, cells: Rect, buf: &mut Buffer, theme: Theme) {
    let color = theme.colors().alarm;
    for line in plot.lines.iter().filter(|l| l.data.role == Role::Value) {
        let points =
            line.data.x.iter().zip(&line.data.y).filter(|(at, _)| (0.0..=1.0).contains(&axes.x.position(**at)));
        let above: Vec<(f64, f64)> =
            points.filter(|(_, v)| axes.y.position(**v) > 1.0).map(|(a, v)| (*a, *v)).collect();
        for (at, _) in &above {
            ink::mark(buf, cells, axes::column(cells, axes.x.position(*at)), cells.y, "▲", color);
        }
        if let Some((at, v)) = above.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
            let x = axes::column(cells, axes.x.position(*at)) + 2;
            ink::put(buf, cells, x, cells.y, &format!("{} {}", line.data.label, number::number(*v)), color);
        }
    }
}

/// Where a curve leaves the picture first, and whether upwards; a number that is none has left as well.
fn leaves(line: &Line, axes: &Axes, band: bool) -> Option<(f64, bool)> {
    let s = &line.data;
    let out = |v: &f64| {
        let p = axes.y.position(*v);
        (!(0.0..=1.0).contains(&p)).then_some(p.is_nan() || p > 1.0)
    };
    (0..s.x.len()).filter(|i| (0.0..=1.0).contains(&axes.x.position(s.x[*i]))).find_map(|i| {
        let ends = s.band.as_ref().filter(|_| band).map_or([None, None], |(lo, hi)| [lo.get(i), hi.get(i)]);
        let own = s.y.get(i).filter(|_| !band);
        [own, ends[0], ends[1]].into_iter().flatten().find_map(out).map(|up| (s.x[i], up))
    })
}

/// Says what of the curves has no place in the picture.
pub fn say(plot: &Plot, axes: &Axes, cells: Rect, buf: &mut Buffer, theme: Theme) {
    if cells.height < 3 || cells.width < 20 {
        return;
    }
    let lost = if plot.scale == Scale::Log { not_positive(plot, &axes.x) } else { 0 };
    if lost > 0 {
        // Of a thinned curve not all points are here to be counted.
        let some = plot.lines.iter().any(|line| line.whole.is_some());
        let lost = if some { "points".into() } else { number::counted(lost, "points") };
        let text = format!(" {lost} at or below 0 not drawn, y shows them ");
        ink::put(buf, cells, cells.x, cells.y, &ink::fit(&text, cells.width), theme.colors().warn);
    }
    if plot.lines.iter().any(|l| l.data.role == Role::Threshold) {
        beyond(plot, axes, cells, buf, theme);
    }
    if !plot.lines.iter().any(|l| l.data.role == Role::Real) || plot.scale != Scale::Linear {
        return;
    }
    for line in plot.lines.iter().filter(|l| l.data.role == Role::Value) {
        let (found, what) = match leaves(line, axes, false) {
            Some(found) => (found, line.data.label.as_str()),
            None => match leaves(line, axes, true) {
                Some(found) => (found, "a member"),
                None => continue,
            },
        };
        departure(found, what, axes, cells, buf, theme);
    }
}

/// Marks where `what` leaves the picture.
fn departure((at, up): (f64, bool), what: &str, axes: &Axes, cells: Rect, buf: &mut Buffer, theme: Theme) {
    let x = axes::column(cells, axes.x.position(at));
    let y = if up { cells.y } else { cells.bottom() - 1 };
    let color = theme.colors().alarm;
    ink::mark(buf, cells, x, y, if up { "▲" } else { "▼" }, color);
    let (left, right) = (x.saturating_sub(cells.x + 1), cells.right().saturating_sub(x + 2));
    let at = number::number(at);
    let (long, short) = (format!("{what} leaves at {} {at}", axes.x_axis.label), format!("leaves at {at}"));
    // The longer words where either side has room for them, the right one first.
    for text in [&long, &short] {
        let width = ink::width(text);
        if width <= right {
            ink::put(buf, cells, x + 2, y, text, color);
            return;
        } else if width <= left {
            ink::put(buf, cells, x - width - 1, y, text, color);
            return;
        }
    }
}

/// Points that a logarithmic axis has no place for.
fn not_positive(plot: &Plot, x: &Range) -> usize {
    plot.lines.iter().flat_map(|l| values(l, x, false)).filter(|v| v.is_finite() && *v <= 0.0).count()
}
