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

/// Draws every overlay; what is beyond its threshold lies on top.
pub fn draw(view: &MapView, axes: &Axes, plot: Rect, buf: &mut Buffer, theme: Theme) {
    if view.map.overlays.is_empty() {
        return;
    }
    let mut dots = Dots::new(plot);
    for overlay in &view.map.overlays {
        dots.next_layer();
        trace(overlay, axes, &mut dots, theme, |heat| heat < 1.0);
        dots.next_layer();
        trace(overlay, axes, &mut dots, theme, |heat| heat >= 1.0);
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
    let paths: Vec<&Overlay> = view.map.overlays.iter().filter(|o| o.joined).collect();
    for overlay in &paths {
        place(overlay, 0, "●", theme.colors().calm);
    }
    if let (Some(step), [overlay]) = (view.step, &paths[..]) {
        place(overlay, step, "◆", theme.colors().accent);
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
fn jumps(axes: &Axes, overlay: &Overlay, i: usize) -> bool {
    let far = |range: &crate::ui::widget::scale::Range, v: &[f64]| {
        (range.position(v[i]) - range.position(v[i - 1])).abs() > 0.5
    };
    far(&axes.x, &overlay.x) || far(&axes.y, &overlay.y)
}

/// Under a dot the two pixels of a cell become one darker ground, so that the dots can be seen.
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
                let both = if theme.shades_only() { ground } else { Palette::mix(cell.fg, cell.bg, 0.5) };
                cell.set_bg(Palette::mix(both, ground, 0.45));
            }
        }
    }
}
