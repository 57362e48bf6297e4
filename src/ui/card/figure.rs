//! Report items as widgets, with the app's cursors and scales.

use std::borrow::Cow;

use ratatui::style::Color;

use super::{Body, Card};
use crate::metrics::report::{HeatMap, Layer, Role, Series};
use crate::ui::look::{CardLook, Lens, SMOOTH, ScaleChoice};
use crate::ui::theme::Theme;
use crate::ui::widget::histogram::HistogramView;
use crate::ui::widget::map::MapView;
use crate::ui::widget::plot::{Line, Mark, Plot, thinned};
use crate::ui::widget::scale::Scale;
use crate::ui::widget::scatter::ScatterView;

/// The height of a threshold that stays the same; one that is measured anew is a curve like others.
fn level(s: &Series) -> Option<f64> {
    let of = if s.role == Role::Threshold { &s.y[..] } else { &[] };
    let mut ys = of.iter().copied().filter(|v| v.is_finite());
    ys.next().filter(|first| ys.all(|v| v.total_cmp(first).is_eq()))
}

fn log(look: &CardLook, own: bool) -> bool {
    look.scale.map_or(own, |s| s != ScaleChoice::Linear)
}

/// The plot of a card of curves.
pub fn plot<'a>(card: &'a Card, lens: Lens<'_>) -> Option<Plot<'a>> {
    let Body::Plot(all) = &card.body else { return None };
    let (mut curves, mut marks) = (Vec::new(), Vec::new());
    for s in all {
        if let Some(v) = level(s) {
            marks.push(Mark::Level(s.label.clone(), v));
        } else if s.role == Role::Trigger {
            let at = s.x.iter().zip(&s.y).filter(|(_, y)| y.is_finite() && **y != 0.0).map(|(x, _)| *x).collect();
            marks.push(Mark::Ticks(s.label.clone(), at));
        } else if s.role == Role::Place {
            let ends = s.band.as_ref().and_then(|(lo, hi)| Some((*lo.first()?, *hi.first()?)));
            marks.extend(s.x.first().map(|at| Mark::Place(s.label.clone(), *at, ends)));
        } else {
            curves.push(*s);
        }
    }
    let own = curves.first().is_some_and(|s| s.y_axis.log);
    let scale = match card.look.scale {
        None if own => Scale::Log,
        None | Some(ScaleChoice::Linear) => Scale::Linear,
        Some(ScaleChoice::Log) => Scale::Log,
        Some(ScaleChoice::Symlog) => Scale::Symlog(linear_part(&curves)),
    };
    let axis = card.axis().unwrap_or_default();
    let shown = curves.iter().zip(colors(&curves, &card.paints, lens.theme)).enumerate();
    let alone = |i: &usize| card.look.solo.is_none_or(|solo| solo % curves.len().max(1) == *i);
    let weight = SMOOTH[card.look.smooth % SMOOTH.len()];
    let mut lines = Vec::new();
    let window = lens.window(axis);
    let line = |data: Cow<'a, Series>, color, pinned, ghost| match thinned(&data, window) {
        Some(thin) => Line { data: Cow::Owned(thin), whole: Some(data), color, pinned, ghost },
        None => Line { data, whole: None, color, pinned, ghost },
    };
    for (i, (data, color)) in shown.filter(|(i, _)| alone(i)) {
        if weight > 0.0 {
            let raw = Series { band: None, ..(*data).clone() };
            let ghost = lens.theme.tint(color, 0.35);
            lines.push(line(Cow::Owned(raw), ghost, false, true));
            let label = format!("{} (EMA {weight})", data.label);
            let smooth = Series { y: smoothed(&data.y, weight), label, band: None, ..(*data).clone() };
            lines.push(line(Cow::Owned(smooth), color, i == 0, false));
        } else {
            lines.push(line(Cow::Borrowed(*data), color, i == 0, false));
        }
    }
    Some(Plot { lines, marks, scale, window, cursor: lens.at(axis) })
}

/// The exponential moving average with so much weight on the past, freed of the bias towards where it began (as TensorBoard
/// smooths, and Adam its moments). What is not finite stays a gap and is no part of the average.
fn smoothed(y: &[f64], weight: f64) -> Vec<f64> {
    let (mut sum, mut mass) = (0.0, 0.0);
    let next = |v: &f64| {
        if !v.is_finite() {
            return f64::NAN;
        }
        sum = weight * sum + (1.0 - weight) * v;
        mass = weight * mass + (1.0 - weight);
        sum / mass
    };
    y.iter().map(next).collect()
}

/// Reality is drawn in plain ink, floors stand back, thresholds warn, all else takes the palette in order.
fn colors(curves: &[&Series], paints: &[(usize, usize)], theme: Theme) -> Vec<Color> {
    let c = theme.colors();
    let (mut values, mut past) = (0, 0);
    let live = curves.iter().filter(|s| s.role == Role::Value).count();
    let color = |s: &&Series| match s.role {
        Role::Real => c.bright,
        Role::Floor => c.dim,
        Role::Threshold => c.warn,
        Role::Past => {
            past += 1;
            theme.tint(theme.series(live + past - 1), 0.6)
        }
        Role::Value | Role::Trigger | Role::Lane | Role::Reward | Role::Place => {
            values += 1;
            theme.series(paints.iter().find(|(curve, _)| curve + 1 == values).map_or(values - 1, |(_, color)| *color))
        }
    };
    curves.iter().map(color).collect()
}

/// A power of ten a hundredth of the largest number: where symlog turns linear.
fn linear_part(curves: &[&Series]) -> f64 {
    let top = curves.iter().flat_map(|s| &s.y).copied().filter(|v| v.is_finite()).fold(0.0f64, |m, v| m.max(v.abs()));
    if top > 0.0 { 10f64.powf((top / 100.0).log10().floor()) } else { 1.0 }
}

/// The histogram of a card.
pub fn histogram<'a>(card: &Card<'a>) -> Option<HistogramView<'a>> {
    let Body::Histogram(data) = &card.body else { return None };
    Some(HistogramView { data, log: log(&card.look, false), cursor: card.look.row })
}

/// The map of a card. Counts are coloured by decades unless the key says otherwise.
pub fn map<'a>(card: &Card<'a>, lens: Lens<'a>) -> Option<MapView<'a>> {
    let Body::Map { shown: map, overlays, .. } = &card.body else { return None };
    let layer = card.look.layer.checked_sub(1).and_then(|i| map.layers.get(i));
    let counts = map.values.iter().all(|v| !v.is_finite() || *v >= 0.0) && layer.is_none_or(Layer::is_count);
    let step = lens.at("step").filter(|_| card.of_step).map(|s| s.max(0.0).round() as usize);
    let alone = card.look.solo.and_then(|i| overlays.get(i..=i));
    let overlays = alone.unwrap_or(overlays);
    let hole = lens.selection.hole.as_deref();
    Some(MapView { map, layer, overlays, log: log(&card.look, counts), cursor: card.look.cell, step, hole })
}

/// The map of a card as it is looked at, under the name of what it shows: another part or path is another file.
pub fn map_as_shown(card: &Card<'_>, lens: Lens<'_>) -> Option<HeatMap> {
    let shown = map(card, lens)?.as_shown();
    let alone = card.look.solo.and(shown.overlays.first()).map(|path| path.label.clone());
    let part = card.look.part.is_some().then(|| "part".to_owned());
    let key = [Some(shown.key.clone()), part, alone].into_iter().flatten().collect::<Vec<_>>().join("-");
    Some(HeatMap { key, label: card.title.clone(), ..shown })
}

/// The cloud of a card.
pub fn scatter<'a>(card: &Card<'a>, lens: Lens<'_>) -> Option<ScatterView<'a>> {
    let Body::Scatter(data) = &card.body else { return None };
    // Points that are steps of episodes are walked one by one; others are looked at together.
    let (cursor, point) =
        if data.places.is_empty() { (lens.at(&data.x_axis.label), None) } else { (None, card.look.row) };
    Some(ScatterView { data, log: log(&card.look, data.y_axis.log), cursor, point })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moving_average_begins_at_the_first_value_and_leaves_gaps() {
        let y = smoothed(&[2.0, 4.0, f64::NAN, 4.0], 0.5);
        // (0.5·0 + 0.5·2)/0.5, then (0.25·2 + 0.5·4)/0.75, a gap, (0.125·2 + 0.25·4 + 0.5·4)/0.875.
        assert!((y[0] - 2.0).abs() < 1e-12 && (y[1] - 10.0 / 3.0).abs() < 1e-12, "{y:?}");
        assert!(y[2].is_nan() && (y[3] - 26.0 / 7.0).abs() < 1e-12, "{y:?}");
    }
}
