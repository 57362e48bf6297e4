//! Single numbers as tiles: name, value with unit, interval, what it rests on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::table::scrollbar;
use super::{ink, number};
use crate::metrics::report::Stat;
use crate::ui::theme::Theme;

/// "0.42", "31.4 %", "200 steps", "1 step".
pub fn value(stat: &Stat) -> String {
    let (text, unit) = (written(stat, stat.value), if stat.share { "%" } else { stat.unit.as_str() });
    if unit.is_empty() || stat.value.is_nan() { text } else { format!("{text} {}", number::unit(stat.value, unit)) }
}

/// A number of the kind of `stat`: shares in percent.
fn written(stat: &Stat, v: f64) -> String {
    if stat.share { number::percent(v) } else { number::number(v) }
}

/// "0.31 … 0.55 · n 20 episodes", or as much of it as has room.
fn basis(stat: &Stat, room: u16) -> String {
    let interval = stat.interval.map(|(lo, hi)| format!("{} … {}", written(stat, lo), written(stat, hi)));
    let n = stat.n.as_ref().map(|(n, what)| format!("n {}", number::counted(*n as usize, what)));
    let both = [interval.clone(), n.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    [Some(both), interval, n].into_iter().flatten().find(|t| ink::width(t) <= room).unwrap_or_default()
}

/// Every label in `room` columns; those that would be cut to the same words are cut in the middle, where they may differ at
/// the end.
fn labels(stats: &[Stat], room: u16) -> Vec<String> {
    let cut: Vec<String> = stats.iter().map(|s| ink::fit(&s.label, room)).collect();
    let twice = |i: usize| (0..cut.len()).any(|j| j != i && cut[j] == cut[i]);
    (0..cut.len()).map(|i| if twice(i) { ink::fit_middle(&stats[i].label, room) } else { cut[i].clone() }).collect()
}

/// Draws as many tiles as fit, in reading order; with room to spare each one's definition too.
pub fn draw(stats: &[Stat], scroll: usize, area: Rect, buf: &mut Buffer, theme: Theme) {
    if stats.is_empty() || area.width == 0 {
        return;
    }
    if area.height as usize >= stats.len() * 3 && area.width >= 60 {
        return define(stats, area, buf, theme);
    }
    if area.width < 48 && area.height as usize >= 4 {
        return list(stats, scroll, area, buf, theme);
    }
    let n = stats.len() as u16;
    // Wide tiles if all of them fit, narrower ones if that shows more.
    let fits = |columns: &u16| n.div_ceil(*columns) * 2 <= area.height;
    let columns = (area.width / 22..=area.width / 14).find(fits).unwrap_or(area.width / 16).clamp(1, n);
    let width = area.width / columns;
    let rows = n.div_ceil(columns);
    let height = if rows * 3 <= area.height + 1 { 3 } else { 2 };
    let skip = scroll.min(usize::from(rows.saturating_sub(1))) * usize::from(columns);
    let labels = labels(stats, width.saturating_sub(2));
    for (i, (stat, label)) in stats.iter().zip(&labels).skip(skip).enumerate() {
        let (c, r) = (i as u16 % columns, i as u16 / columns);
        let tile = Rect { x: area.x + c * width, y: area.y + r * height, width: width.saturating_sub(2), height };
        if tile.y + 1 >= area.bottom() {
            break;
        }
        ink::put(buf, tile.intersection(area), tile.x, tile.y, label, theme.dim());
        let end = ink::put(buf, tile, tile.x, tile.y + 1, &ink::fit(&value(stat), tile.width), theme.strong());
        let basis = basis(stat, tile.width);
        if height == 3 && tile.y + 2 < area.bottom() {
            ink::put(buf, tile, tile.x, tile.y + 2, &ink::fit(&basis, tile.width), theme.dim());
        } else if end + 2 + ink::width(&basis) <= tile.right() {
            ink::put(buf, tile, end + 2, tile.y + 1, &basis, theme.dim());
        }
    }
}

/// One line a number: for narrow places.
fn list(stats: &[Stat], scroll: usize, area: Rect, buf: &mut Buffer, theme: Theme) {
    let skip = scroll.min(stats.len().saturating_sub(usize::from(area.height)));
    let shown = usize::from(area.height);
    if stats.len() > shown {
        scrollbar(area, skip, shown, stats.len(), buf, theme);
    }
    let area = Rect { width: area.width.saturating_sub(2 * u16::from(stats.len() > shown)), ..area };
    for (stat, y) in stats.iter().skip(skip).zip(area.y..area.bottom()) {
        let value = value(stat);
        let room = area.width.saturating_sub(ink::width(&value) + 1);
        ink::put(buf, area, area.x, y, &ink::fit_middle(&stat.label, room), theme.dim());
        let line = Rect { y, height: 1, ..area };
        ink::put_right(buf, line, y, &value, theme.strong());
    }
}

/// Name, value and basis on one line, the definition under it.
fn define(stats: &[Stat], area: Rect, buf: &mut Buffer, theme: Theme) {
    let name = stats.iter().map(|s| ink::width(&s.label)).max().unwrap_or(0).min(area.width / 3);
    let number = stats.iter().map(|s| ink::width(&value(s))).max().unwrap_or(0);
    let mut y = area.y;
    for stat in stats {
        ink::put(buf, area, area.x, y, &ink::fit(&stat.label, name), theme.text());
        let place = Rect { x: area.x + name + 2, y, width: number, height: 1 };
        ink::put_right(buf, place.intersection(area), y, &value(stat), theme.strong());
        ink::put(buf, area, place.right() + 3, y, &basis(stat, area.width), theme.dim());
        ink::put(buf, area, area.x + 2, y + 1, &ink::fit(&stat.definition, area.width.saturating_sub(2)), theme.dim());
        y += 3;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::report::Report;

    #[test]
    fn no_two_numbers_have_the_same_cut_label() {
        let mut r = Report::new("coverage", "Coverage");
        for label in ["episodes beyond the threshold, held-out", "episodes beyond the threshold, rollouts", "cells"] {
            r.stat(label, label, 0.5, "", "Share of episodes.");
        }
        let cut = labels(&r.stats, 18);
        assert_ne!(cut[0], cut[1]);
        assert!(cut.iter().all(|l| ink::width(l) <= 18) && cut[0].ends_with("held-out"), "{cut:?}");
        assert_eq!(cut[2], "cells");
    }

    #[test]
    fn shares_are_percent_and_one_is_singular() {
        let mut r = Report::new("diagnosis", "Diagnosis");
        r.stat("novel", "novel", 0.9, "", "Share of episodes.").of(1, "episodes").between(0.07, 1.0);
        r.stat("horizon", "horizon", 1.0, "steps", "Steps of every rollout.").of(3, "starts");
        assert_eq!((value(&r.stats[0]), basis(&r.stats[0], 80)), ("90 %".into(), "7 … 100 · n 1 episode".into()));
        assert_eq!((value(&r.stats[1]), basis(&r.stats[1], 80)), ("1 step".into(), "n 3 starts".into()));
    }
}
