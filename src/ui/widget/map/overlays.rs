//! Paths and points over a map, finer than its pixels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::MapView;
use crate::metrics::report::Overlay;
use crate::ui::theme::{Palette, Theme};
use crate::ui::widget::axes::{self, Axes};
use crate::ui::widget::dots::Dots;
use crate::ui::widget::ink;

/// Draws every overlay: paths in the map's own pixels, clouds of points in finer dots.
pub fn draw(view: &MapView, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    if view.overlays.is_empty() {
        return;
    }
    // One path is drawn boldly; several would bury the map.
    let points: usize = view.overlays.iter().map(|o| o.x.len()).sum();
    let several = view.overlays.iter().filter(|o| o.joined).count() > 1;
    let fine = theme.shades_only() || several || points > 5 * usize::from(plot.width);
    let mut dots = Dots::new(plot);
    for overlay in view.overlays {
        // What is beyond its threshold lies on top; without colours it is all that many paths show.
        let calm = usize::from(theme.shades_only() && points > 5 * usize::from(plot.width));
        for wanted in [(|heat| heat < 1.0) as fn(f64) -> bool, |heat| heat >= 1.0].into_iter().skip(calm) {
            if overlay.joined && !fine {
                pixels(overlay, axes, plot, buf, theme, wanted);
            } else {
                dots.next_layer();
                trace(overlay, axes, &mut dots, theme, wanted);
            }
        }
    }
    flatten(&dots, plot, buf, theme);
    dots.paint(buf);
    let mut place = |overlay: &Overlay, i: usize, symbol: &str, color: Color| {
        let (Some(x), Some(y)) = (overlay.x.get(i), overlay.y.get(i)) else { return };
        let (p, q) = (axes.x.position(*x), axes.y.position(*y));
        if (0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q) {
            ink::mark(buf, plot, axes::column(plot, p), axes::row(plot, q), symbol, color);
        }
    };
    let paths: Vec<&Overlay> = view.overlays.iter().filter(|o| o.joined).collect();
    for overlay in paths.iter().filter(|_| paths.len() <= 3) {
        place(overlay, 0, "●", theme.colors().calm);
    }
    if let (Some(step), [overlay]) = (view.step, &paths[..]) {
        place(overlay, step, "◆", theme.colors().accent);
    }
}

/// A path in half-block pixels.
fn pixels(overlay: &Overlay, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme, wanted: fn(f64) -> bool) {
    let (w, h) = (f64::from(plot.width), f64::from(plot.height) * 2.0);
    let n = overlay.x.len().min(overlay.y.len());
    let at = |i: usize| (axes.x.position(overlay.x[i]) * w, (1.0 - axes.y.position(overlay.y[i])) * h);
    for i in 1..n {
        let value = overlay.heat.as_ref().and_then(|h| h.get(i)).copied().filter(|v| !v.is_nan()).unwrap_or(0.0);
        let (from, to) = (at(i - 1), at(i));
        if !wanted(value) || jumps(axes, overlay, i) || ![from.0, from.1, to.0, to.1].iter().all(|v| v.is_finite()) {
            continue;
        }
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil().clamp(1.0, 1000.0);
        for k in 0..=steps as u32 {
            let t = f64::from(k) / steps;
            pixel(buf, plot, from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1), theme.heat(value));
        }
    }
}

/// Colours the upper or lower half of a cell.
fn pixel(buf: &mut Buffer, plot: Rect, x: f64, y: f64, color: Color) {
    if x < 0.0 || y < 0.0 || x >= f64::from(plot.width) || y >= f64::from(plot.height) * 2.0 {
        return;
    }
    let (x, y) = (x as u16, y as u16);
    if let Some(cell) = buf.cell_mut((plot.x + x, plot.y + y / 2)) {
        if y % 2 == 0 {
            cell.set_fg(color);
        } else {
            cell.set_bg(color);
        }
    }
}

fn trace(overlay: &Overlay, axes: &Axes, dots: &mut Dots, theme: Theme, wanted: fn(f64) -> bool) {
    let (w, h) = (dots.columns() as f64, dots.rows() as f64);
    let n = overlay.x.len().min(overlay.y.len());
    let at = |i: usize| {
        (axes.x.position(overlay.x[i]) * (w - 1.0) + 0.5, (1.0 - axes.y.position(overlay.y[i])) * (h - 1.0) + 0.5)
    };
    let heat = |i: usize| overlay.heat.as_ref().and_then(|h| h.get(i)).copied().unwrap_or(0.0);
    for i in 0..n {
        let value = if heat(i).is_nan() { 0.0 } else { heat(i) };
        if !wanted(value) {
            continue;
        }
        let color = theme.heat(value);
        if overlay.joined && i > 0 && !jumps(axes, overlay, i) {
            dots.line(at(i - 1), at(i), color);
        } else {
            dots.line(at(i), at(i), color);
        }
    }
}

/// True where two neighbours lie half the map apart, as at the seam of an angle: no line is drawn across.
pub fn jumps(axes: &Axes, overlay: &Overlay, i: usize) -> bool {
    let far = |range: &crate::ui::widget::scale::Range, v: &[f64]| {
        (range.position(v[i]) - range.position(v[i - 1])).abs() > 0.5
    };
    far(&axes.x, &overlay.x) || far(&axes.y, &overlay.y)
}

/// Under a dot the two pixels of a cell become one ground.
fn flatten(dots: &Dots, plot: Rect, buf: &mut Buffer, theme: Theme) {
    let mut probe = Buffer::empty(plot);
    dots.paint(&mut probe);
    for y in plot.y..plot.bottom() {
        for x in plot.x..plot.right() {
            if probe.cell((x, y)).is_none_or(|c| c.symbol() == " ") {
                continue;
            }
            if let Some(cell) = buf.cell_mut((x, y)) {
                let ground = theme.colors().ground;
                cell.set_bg(if theme.shades_only() { ground } else { Palette::mix(cell.fg, cell.bg, 0.5) });
            }
        }
    }
}
