//! Cursors: by key and by mouse.

use ratatui::layout::Rect;

use super::{Body, Card, figure, table};
use crate::ui::look::{CardLook, Lens};
use crate::ui::widget::axes;
use crate::ui::widget::pairs::PairsView;
use crate::ui::widget::scale::Range;
use crate::ui::widget::scrubber::Scrubber;
use crate::ui::widget::stats::StatsView;

/// What a motion leads to.
pub enum Target {
    /// A place on a shared horizontal axis.
    At(String, f64),
    /// Another look at the card.
    Look(CardLook),
}

/// Where the cursor goes by `dx` columns and `dy` rows.
pub fn shift(card: &Card, lens: Lens<'_>, dx: i32, dy: i32) -> Option<Target> {
    let mut look = card.look.clone();
    match &card.body {
        Body::Scatter(data) if !data.places.is_empty() => {
            look.row = Some(figure::scatter(card, lens)?.beside(dx, -dy)?);
        }
        Body::Plot(_) | Body::Lanes(_) | Body::Scatter(_) => {
            let axis = card.axis()?.to_string();
            let now = lens.at(&axis);
            return Some(Target::At(axis, along(&samples(card, lens), now, dx - dy)?));
        }
        Body::Histogram(_) => {
            let bins = figure::histogram(card)?.bins();
            look.row = Some(stepped(look.row, dx - dy, bins)?);
        }
        Body::Map { shown: map, .. } => {
            let (w, h) = (map.width, map.height);
            if w == 0 || h == 0 {
                return None;
            }
            let (x, y) = look.cell.unwrap_or((w / 2, h / 2));
            look.cell =
                Some(if look.cell.is_none() { (x, y) } else { (stepped(Some(x), dx, w)?, stepped(Some(y), -dy, h)?) });
        }
        Body::Pairs(maps) => {
            look.row = Some(PairsView { maps, selected: look.row.unwrap_or(0) }.beside(dx, dy)?);
        }
        Body::Table(data) => look.row = Some(table(data, &look).beside(dy + dx)?),
        Body::Stats(all) => look.row = Some(stepped(Some(look.row.unwrap_or(0)), dx + dy, all.len())?),
        Body::Notes(_) => look.scroll = look.scroll.saturating_add_signed((dx + dy) as isize).min(500),
        Body::Tail(lines) => {
            // Upwards is back in time.
            look.scroll = look.scroll.saturating_add_signed(-(dx + dy) as isize).min(lines.len());
        }
        Body::Switchboard(_) | Body::Waiting(..) => return None,
    }
    Some(Target::Look(look))
}

/// Where the cursor goes for the first (−1) or the last (1).
pub fn first_or_last(card: &Card, lens: Lens<'_>, end: i32) -> Option<Target> {
    let far = 100_000_000 * end;
    match card.body {
        Body::Table(_) | Body::Stats(_) | Body::Notes(_) | Body::Tail(_) => shift(card, lens, 0, far),
        _ => shift(card, lens, far, 0),
    }
}

/// Where a click at (x, y) leads, the card's inside being `area`.
pub fn click(card: &Card, lens: Lens<'_>, area: Rect, x: u16, y: u16) -> Option<Target> {
    let mut look = card.look.clone();
    let at = |range: Range, plot: Rect| {
        let inside = (plot.x..plot.right()).contains(&x);
        let axis = card.axis()?.to_string();
        inside.then(|| Target::At(axis, snap(&samples(card, lens), range.value(axes::position(plot, x)))))
    };
    match &card.body {
        Body::Plot(_) => {
            let plot = figure::plot(card, lens)?;
            at(plot.x_range(), plot.grid(area)?.plot)
        }
        Body::Scatter(data) if !data.places.is_empty() => {
            let view = figure::scatter(card, lens)?;
            look.row = Some(view.point_at(view.grid(area)?.plot, x, y)?);
            Some(Target::Look(look))
        }
        Body::Scatter(_) => {
            let view = figure::scatter(card, lens)?;
            at(view.x_range(), view.grid(area)?.plot)
        }
        Body::Lanes(_) => at(card.scrubber(lens)?.steps(), Scrubber::plot(area)),
        Body::Histogram(_) => {
            let view = figure::histogram(card)?;
            look.row = Some(view.bin_at(view.grid(area)?.plot, x)?);
            Some(Target::Look(look))
        }
        Body::Map { .. } => {
            let view = figure::map(card, lens)?;
            let plot = view.grid(area)?.plot;
            if !plot.contains((x, y).into()) {
                return None;
            }
            look.cell = Some(view.cell_at(plot, x, y));
            Some(Target::Look(look))
        }
        Body::Pairs(maps) => {
            look.row = Some(PairsView { maps, selected: look.row.unwrap_or(0) }.pair_at(area, x, y)?);
            Some(Target::Look(look))
        }
        Body::Stats(stats) => {
            look.row = Some(StatsView { stats, selected: look.row.unwrap_or(0) }.stat_at(area, x, y)?);
            Some(Target::Look(look))
        }
        Body::Table(data) => {
            look.row = Some(table(data, &look).row_at(area, y)?);
            Some(Target::Look(look))
        }
        _ => None,
    }
}

/// Where the map of a card is drawn, the card's inside being `area`.
pub fn map_plot(card: &Card, lens: Lens<'_>, area: Rect) -> Option<Rect> {
    Some(figure::map(card, lens)?.grid(area)?.plot)
}

/// The places that a cursor can take on the card's horizontal axis.
fn samples(card: &Card, lens: Lens<'_>) -> Vec<f64> {
    let mut all: Vec<f64> = match &card.body {
        Body::Plot(lines) | Body::Lanes(lines) => {
            lines.iter().max_by_key(|l| l.x.len()).map(|l| l.x.clone()).unwrap_or_default()
        }
        Body::Scatter(_) => {
            let range = figure::scatter(card, lens).map(|s| s.x_range());
            range.map(|r| (0..=100).map(|i| r.value(f64::from(i) / 100.0)).collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    all.retain(|v| v.is_finite());
    // The window of lanes goes with the cursor.
    let fixed = !matches!(card.body, Body::Lanes(_));
    if let Some((lo, hi)) = card.axis().and_then(|a| lens.window(a)).filter(|_| fixed) {
        all.retain(|v| (lo..=hi).contains(v));
    }
    if !all.is_sorted() {
        all.sort_by(f64::total_cmp);
    }
    all.dedup();
    all
}

/// The ends of the card's curves along its horizontal axis.
pub fn ends(card: &Card) -> Option<(f64, f64)> {
    let (Body::Plot(lines) | Body::Lanes(lines)) = &card.body else { return None };
    let xs = lines.iter().flat_map(|l| l.x.iter().copied()).filter(|v| v.is_finite());
    xs.fold(None, |ends, x| Some(ends.map_or((x, x), |(lo, hi): (f64, f64)| (lo.min(x), hi.max(x)))))
}

/// The sample `by` places from the one nearest to `now`; the middle one to begin with.
fn along(samples: &[f64], now: Option<f64>, by: i32) -> Option<f64> {
    let last = samples.len().checked_sub(1)?;
    let Some(now) = now else {
        return Some(samples[if by.abs() > 1000 { if by < 0 { 0 } else { last } } else { last / 2 }]);
    };
    let at = samples.partition_point(|v| *v < now).min(last);
    Some(samples[at.saturating_add_signed(by as isize).min(last)])
}

fn snap(samples: &[f64], v: f64) -> f64 {
    samples.iter().copied().min_by(|a, b| (a - v).abs().total_cmp(&(b - v).abs())).unwrap_or(v)
}

fn stepped(now: Option<usize>, by: i32, n: usize) -> Option<usize> {
    let last = n.checked_sub(1)?;
    Some(now.map_or(0, |i| i.saturating_add_signed(by as isize).min(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_walks_over_samples_and_stops_at_the_ends() {
        let xs = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(along(&xs, Some(2.0), 1), Some(4.0));
        assert_eq!(along(&xs, Some(2.0), -10), Some(1.0));
        assert_eq!(along(&xs, Some(2.0), 100_000_000), Some(8.0));
        assert_eq!(along(&xs, None, 1), Some(2.0));
        assert_eq!(along(&xs, None, 100_000_000), Some(8.0));
        assert_eq!(along(&[], None, 1), None);
        assert!((snap(&xs, 5.0) - 4.0).abs() < 1e-12);
    }
}
