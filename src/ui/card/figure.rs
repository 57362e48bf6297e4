//! Report items as widgets, with the app's cursors and scales.

use ratatui::style::Color;

use super::{Body, Card};
use crate::metrics::report::{Role, Series};
use crate::ui::look::{CardLook, Lens, ScaleChoice};
use crate::ui::theme::Theme;
use crate::ui::widget::histogram::HistogramView;
use crate::ui::widget::map::MapView;
use crate::ui::widget::plot::{Line, Mark, Plot};
use crate::ui::widget::scale::Scale;
use crate::ui::widget::scatter::ScatterView;

/// The height of a threshold that stays the same; one that is measured anew is a curve like others.
fn level(s: &Series) -> Option<f64> {
    let mut ys = s.y.iter().copied().filter(|v| v.is_finite() && s.role == Role::Threshold);
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
    let lines = curves.iter().zip(colors(&curves, lens.theme)).enumerate();
    let lines = lines.map(|(i, (data, color))| Line { data, color, pinned: i == 0 }).collect();
    Some(Plot { lines, marks, scale, window: lens.window(axis), cursor: lens.at(axis) })
}

/// Reality is drawn in plain ink, floors stand back, thresholds warn, all else takes the palette in order.
fn colors(curves: &[&Series], theme: Theme) -> Vec<Color> {
    let c = theme.colors();
    let mut values = 0;
    let color = |s: &&Series| match s.role {
        Role::Real => c.bright,
        Role::Floor => c.dim,
        Role::Threshold => c.warn,
        Role::Value | Role::Trigger | Role::Lane | Role::Reward | Role::Place => {
            values += 1;
            theme.series(values - 1)
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
pub fn map<'a>(card: &Card<'a>, lens: Lens<'_>) -> Option<MapView<'a>> {
    let Body::Map { shown: map, overlays, .. } = &card.body else { return None };
    let counts = map.values.iter().all(|v| !v.is_finite() || *v >= 0.0);
    let step = lens.at("step").map(|s| s.max(0.0).round() as usize);
    Some(MapView { map, overlays, log: log(&card.look, counts), cursor: card.look.cell, step })
}

/// The cloud of a card.
pub fn scatter<'a>(card: &Card<'a>, lens: Lens<'_>) -> Option<ScatterView<'a>> {
    let Body::Scatter(data) = &card.body else { return None };
    Some(ScatterView { data, log: log(&card.look, data.y_axis.log), cursor: lens.at(&data.x_axis.label) })
}
