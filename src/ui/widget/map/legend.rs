//! The colour bar, the names of the overlays, and what the axes leave out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::MapView;
use crate::ui::theme::Theme;
use crate::ui::widget::scale::Range;
use crate::ui::widget::ticks::ticks;
use crate::ui::widget::{axes, ink, number};

/// Columns of the colour bar with its labels.
const BAR: u16 = 8;

/// The map's place between its caption and its colour bar.
pub fn beside(area: Rect) -> Rect {
    let area = if area.height >= 6 { ink::below(area, 1) } else { area };
    if area.width >= 36 { Rect { width: area.width - BAR, ..area } } else { area }
}

/// Draws caption and colour bar of `view` in `area`, whose map lies in `plot`.
pub fn draw(view: &MapView, colors: &Range, area: Rect, plot: Rect, buf: &mut Buffer, theme: Theme) {
    if area.height >= 6 {
        caption(view, area, buf, theme);
    }
    if area.width >= 36 && plot.height >= 3 {
        bar(colors, area, plot, buf, theme);
    }
}

fn caption(view: &MapView, area: Rect, buf: &mut Buffer, theme: Theme) {
    let map = view.map;
    let mut x = ink::put(buf, area, area.x, area.y, &axes::caption(&map.y_axis), theme.dim());
    let mut right = map.unit.clone();
    if view.log {
        right.push_str(" · log");
    }
    if let Some(share) = map.variance_share.filter(|s| s.is_finite()) {
        let percent = number::number((share * 1000.0).round() / 10.0);
        let long = format!("axes carry {percent} % of variance · {right}");
        let short = format!("{percent} % of variance · {right}");
        let room = area.right().saturating_sub(x + 2);
        let first = [long, short].into_iter().find(|t| ink::width(t) <= room);
        right = first.unwrap_or_else(|| format!("{percent} % of variance"));
    }
    let room = area.right().saturating_sub(x + 2);
    let heated = view.overlays.iter().filter(|o| o.heat.is_some()).count();
    if heated > 1 && ink::width(&right) + ink::width("━ beyond  ━ within") + 2 > room {
        // What the colours of the paths mean comes before where the states are.
        right = right.replace(" in the cell", "");
    }
    let place = Rect { x: x + 2, width: room, ..area };
    let at = ink::put_right(buf, place, area.y, &right, theme.dim());
    x += 2;
    let left = at.saturating_sub(x);
    let mut put = |sign: &str, color: ratatui::style::Color, label: &str| {
        if x + ink::width(label) + 4 <= at {
            x = ink::put(buf, area, x, area.y, sign, color);
            x = ink::put(buf, area, x, area.y, label, theme.text()) + 2;
        }
    };
    if heated > 1 {
        // Many paths are told by what their colours mean.
        let room = ink::width("━ beyond the threshold  ━ within") + 2;
        put("━ ", theme.heat(2.0), if room <= left { "beyond the threshold" } else { "beyond" });
        put("━ ", theme.heat(0.5), "within");
        return;
    }
    for overlay in view.overlays {
        let hot = overlay.heat.as_ref().is_some_and(|h| h.iter().any(|v| *v >= 1.0));
        let color = if hot { theme.colors().alarm } else { theme.colors().calm };
        put(if overlay.joined { "━ " } else { "• " }, color, &overlay.label);
    }
    if heated == 1 {
        put("━ ", theme.heat(2.0), "beyond the threshold");
    }
}

fn bar(colors: &Range, area: Rect, plot: Rect, buf: &mut Buffer, theme: Theme) {
    let x = area.right() - BAR + 1;
    let rows = f64::from(plot.height);
    for i in 0..plot.height {
        let p = |half: f64| theme.ramp(1.0 - (f64::from(i) + half) / rows);
        let style = ratatui::style::Style::new().fg(p(0.25)).bg(p(0.75));
        let at = colors.value(1.0 - (f64::from(i) + 0.5) / rows);
        let symbol = if theme.shades_only() { super::shade(Some(at), colors, theme) } else { "▀" };
        ink::put(buf, area, x, plot.y + i, symbol, style);
    }
    for tick in ticks(colors, usize::from(plot.height / 4).max(2)) {
        let y = axes::row(plot, colors.position(tick.value));
        ink::put(buf, area, x + 1, y, &format!("╴{}", tick.label), theme.dim());
    }
}
