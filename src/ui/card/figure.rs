//! Report items as widgets, with the app's cursors and scales.

use super::{Body, Card};
use crate::metrics::report::Series;
use crate::ui::app::{App, CardLook, ScaleChoice};
use crate::ui::widget::histogram::HistogramView;
use crate::ui::widget::map::MapView;
use crate::ui::widget::plot::{Line, Mark, Plot};
use crate::ui::widget::scale::Scale;
use crate::ui::widget::scatter::ScatterView;

/// A threshold: a level across the plot rather than a curve.
fn is_level(s: &Series) -> bool {
    s.key == "threshold" || s.key.ends_with("/threshold") || s.key.ends_with("_threshold")
}

/// Moments at which something was triggered.
fn is_triggers(s: &Series) -> bool {
    s.key == "triggers" || s.key.ends_with("/triggers")
}

fn log(look: &CardLook, own: bool) -> bool {
    look.scale.map_or(own, |s| s != ScaleChoice::Linear)
}

/// The plot of a card of curves.
pub fn plot<'a>(card: &'a Card, app: &App) -> Option<Plot<'a>> {
    let Body::Plot(all) = &card.body else { return None };
    let look = card.look(app);
    let curves: Vec<&Series> = all.iter().copied().filter(|s| !is_level(s) && !is_triggers(s)).collect();
    let mut marks = Vec::new();
    for s in all {
        if is_level(s) {
            let last = s.y.iter().copied().rfind(|v| v.is_finite());
            marks.extend(last.map(|v| Mark::Level(s.label.clone(), v)));
        } else if is_triggers(s) {
            let at = s.x.iter().zip(&s.y).filter(|(_, y)| y.is_finite() && **y != 0.0).map(|(x, _)| *x).collect();
            marks.push(Mark::Ticks(s.label.clone(), at));
        }
    }
    let own = curves.first().is_some_and(|s| s.y_axis.log);
    let scale = match look.scale {
        None if own => Scale::Log,
        None | Some(ScaleChoice::Linear) => Scale::Linear,
        Some(ScaleChoice::Log) => Scale::Log,
        Some(ScaleChoice::Symlog) => Scale::Symlog(linear_part(&curves)),
    };
    let axis = card.axis().unwrap_or_default();
    let lines = curves.iter().enumerate().map(|(i, s)| Line { data: s, color: color(s, i, app), pinned: i == 0 });
    Some(Plot {
        lines: lines.collect(),
        marks,
        scale,
        window: app.selection.window.get(axis).copied(),
        cursor: app.selection.at.get(axis).copied(),
    })
}

/// Reality is drawn in plain ink, floors stand back, all else takes the palette in order.
fn color(s: &Series, i: usize, app: &App) -> ratatui::style::Color {
    let c = app.theme.colors();
    if s.key.starts_with("real:") || s.key == "real" {
        c.bright
    } else if s.key.starts_with("copy_last") || s.key.contains("baseline") {
        c.dim
    } else if s.key.starts_with("imagined:") {
        app.theme.series(0)
    } else {
        app.theme.series(i)
    }
}

/// A power of ten a hundredth of the largest number: where symlog turns linear.
fn linear_part(curves: &[&Series]) -> f64 {
    let top = curves.iter().flat_map(|s| &s.y).copied().filter(|v| v.is_finite()).fold(0.0f64, |m, v| m.max(v.abs()));
    if top > 0.0 { 10f64.powf((top / 100.0).log10().floor()) } else { 1.0 }
}

/// The histogram of a card.
pub fn histogram<'a>(card: &Card<'a>, app: &App) -> Option<HistogramView<'a>> {
    let Body::Histogram(data) = &card.body else { return None };
    let look = card.look(app);
    Some(HistogramView { data, log: log(&look, false), cursor: look.row })
}

/// The map of a card. Counts are coloured by decades unless the key says otherwise.
pub fn map<'a>(card: &Card<'a>, app: &App) -> Option<MapView<'a>> {
    let Body::Map(map) = &card.body else { return None };
    let look = card.look(app);
    let counts = map.values.iter().all(|v| !v.is_finite() || *v >= 0.0);
    let step = app.selection.at.get("step").map(|s| s.max(0.0).round() as usize);
    Some(MapView { map, log: log(&look, counts), cursor: look.cell, step })
}

/// The cloud of a card.
pub fn scatter<'a>(card: &Card<'a>, app: &App) -> Option<ScatterView<'a>> {
    let Body::Scatter(data) = &card.body else { return None };
    let look = card.look(app);
    let cursor = app.selection.at.get(&data.x_axis.label).copied();
    Some(ScatterView { data, log: log(&look, data.y_axis.log), cursor })
}
