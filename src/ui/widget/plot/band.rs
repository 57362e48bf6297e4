//! The shaded area between two curves, with edges an eighth of a cell fine.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Line;
use crate::ui::theme::Theme;
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::bars::EIGHTHS;

/// Shades the band of `line`, if it has one.
pub fn draw(line: &Line, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    let Some((lower, upper)) = &line.data.band else { return };
    let ground = theme.colors().ground;
    let shade = theme.tint(line.color, 0.24);
    for x in plot.x..plot.right() {
        let at = axes.x.value(axes::position(plot, x));
        let (lo, hi) = (between(&line.data.x, lower, at), between(&line.data.x, upper, at));
        let (Some(lo), Some(hi)) = (lo, hi) else { continue };
        let bottom = axes.y.position(lo);
        // A lower end without a place on a log axis lies below the picture.
        let bottom = if bottom.is_nan() { 0.0 } else { bottom.clamp(0.0, 1.0) };
        let top = axes.y.position(hi).clamp(0.0, 1.0);
        if top.is_nan() || top <= bottom {
            continue;
        }
        let eighths = f64::from(plot.height) * 8.0;
        let (from, to) = (
            (bottom * eighths).round() as u32,
            ((top * eighths).round() as u32).max((bottom * eighths).round() as u32 + 1),
        );
        for row in 0..u32::from(plot.height) {
            let (cell_from, cell_to) = (row * 8, row * 8 + 8);
            let (a, b) = (from.max(cell_from), to.min(cell_to));
            if a >= b {
                continue;
            }
            let Some(cell) = buf.cell_mut((x, plot.bottom() - 1 - row as u16)) else { continue };
            let under = if cell.bg == ratatui::style::Color::Reset { ground } else { cell.bg };
            if b - a == 8 || under != ground {
                cell.set_bg(shade);
            } else if a == cell_from {
                cell.set_symbol(EIGHTHS[(b - a) as usize]).set_fg(shade).set_bg(ground);
            } else if b == cell_to {
                cell.set_symbol(EIGHTHS[(a - cell_from) as usize]).set_fg(ground).set_bg(shade);
            } else {
                cell.set_symbol("━").set_fg(shade).set_bg(ground);
            }
        }
    }
}

/// The curve's height at `at`, on the straight line between its neighbours; nothing beside a gap or beyond the ends.
pub fn between(xs: &[f64], ys: &[f64], at: f64) -> Option<f64> {
    let next = xs.partition_point(|x| *x < at);
    let (b, yb) = (*xs.get(next)?, *ys.get(next)?);
    if next == 0 {
        return (b <= at && yb.is_finite()).then_some(yb);
    }
    let (a, ya) = (xs[next - 1], *ys.get(next - 1)?);
    let t = if b > a { (at - a) / (b - a) } else { 0.0 };
    let y = ya + t * (yb - ya);
    y.is_finite().then_some(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_between_points_and_none_beside_a_gap() {
        let xs = [0.0, 1.0, 2.0, 3.0];
        let ys = [0.0, 10.0, f64::NAN, 4.0];
        assert_eq!(between(&xs, &ys, 0.25), Some(2.5));
        assert_eq!(between(&xs, &ys, 1.0), Some(10.0));
        assert_eq!(between(&xs, &ys, 1.5), None);
        assert_eq!(between(&xs, &ys, 3.5), None);
        assert_eq!(between(&xs, &ys, -1.0), None);
        assert_eq!(between(&[], &[], 0.0), None);
    }
}
