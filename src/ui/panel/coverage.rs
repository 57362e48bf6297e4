//! Panel 2: where states are, and where not.

mod axes;
mod pages;

use std::sync::Arc;

use super::{Panel, compared, diagnosis, generic};
use crate::engine::job::{CoverSpec, JobSpec, MapSpec, PolicySpec, Within};
use crate::metrics::report::{Along, Cell, HeatMap, Level, Report};
use crate::ui::app::{App, OpenSpec, Side};
use crate::ui::card::{self, Body, Card};
use crate::ui::choosing;
use crate::ui::keymap::{Binding, ch};
use crate::ui::layout::Pages;
use crate::ui::msg::Effect;
use crate::ui::panel_id::PanelId;
use crate::ui::widget::number;

pub use axes::{along, density, offered};
use axes::{dims, has_axes, has_layers, has_pairs, layer, next, pairs, search};

/// Its name.
pub const ID: PanelId = PanelId("coverage");

/// The panel.
pub const PANEL: Panel = Panel {
    spec: |open| Some(JobSpec::Cover(spec(open))),
    beside: compared::rollouts,
    keys: &[
        Binding::own(&[ch('a')], |app| next(app, 1), "axes", "map's next pair of dimensions", has_pairs),
        Binding::own(&[ch('A')], |app| next(app, -1), "", "map's previous pair of dimensions", has_pairs),
        Binding::own(
            &[ch('X')],
            |app| search(app, Side::X),
            "across",
            "choose what lies across the map by name",
            has_axes,
        ),
        Binding::own(&[ch('Y')], |app| search(app, Side::Y), "up", "choose what lies up the map by name", has_axes),
        Binding::own(
            &[ch('o')],
            |app| layer(app, 1),
            "layer",
            "map's next layer: rollouts, novelty, error",
            has_layers,
        ),
        Binding::own(&[ch('O')], |app| layer(app, -1), "", "map's previous layer", has_layers),
        Binding::own(&[ch('m')], pairs, "all pairs", "maps of all pairs of dimensions, and back", has_pairs),
    ],
    cards,
    pages: Pages { tiny: &[], small: pages::SMALL, middle: pages::MIDDLE, large: pages::LARGE },
    heard,
    answer,
    enter,
    ..Panel::new(
        ID,
        "Coverage",
        "Where the training states lie, where the holes are, and how far a state may be before it counts as new.",
        Binding::shows(ID, &[ch('2')], "panel Coverage"),
    )
};

/// What the data does not hold: how much of a new episode, and where.
fn answer(app: &App) -> Option<(Level, String)> {
    let report = app.report(ID)?;
    let hole = report.notes.iter().find(|note| note.text.contains("argest hole")).map(|note| note.text.clone());
    let missing = report.stats.iter().find(|s| s.key == "missing_mass_episodes" && s.value.is_finite()).map(|s| {
        let percent = number::percent;
        let within = s.interval.map(|(lo, hi)| format!(" ({} … {})", percent(lo), percent(hi))).unwrap_or_default();
        format!(
            "A new episode of the same policy would spend {}{within} % of its steps in cells that no episode visited.",
            percent(s.value)
        )
    });
    let said: Vec<String> = [missing, hole].into_iter().flatten().collect();
    if said.is_empty() { super::loudest(app, ID) } else { Some((Level::Info, said.join(" "))) }
}

/// How the sentence about the axes of the map begins.
const SHOWS: &str = "The map shows ";
/// The card whose axes can be chosen.
const MAP: &str = "map:density";
/// The card of the holes.
const HOLES: &str = "table:holes";
/// The card of all pairs of dimensions.
const PAIRS: &str = "pairs";

fn spec(open: &OpenSpec) -> CoverSpec {
    let policy = PolicySpec { seed: open.seed, ..PolicySpec::default() };
    CoverSpec { source: open.source.clone(), policy, ..CoverSpec::default() }.seeded(open.seed)
}

/// What the focused card leads to: the selected pair or hole becomes the map; the episodes through a cell of it are chosen.
fn enter(app: &mut App) -> Option<Vec<Effect>> {
    let focus = app.looks.focus.get(&ID)?.clone();
    let row = app.looks.card(ID, &focus).row;
    match focus.as_str() {
        PAIRS => {
            let pair = *app.report(ID)?.pairs.as_ref()?.pairs.get(row.unwrap_or(0))?;
            Some(show(app, Some(dims(pair))))
        }
        HOLES => {
            let table = app.report(ID)?.tables.iter().find(|t| t.key == "holes")?;
            let row = card::table(table, &app.looks.card(ID, HOLES)).selected?;
            let (pair, mark) = app.report(ID)?.pairs.as_ref()?.holes.get(row)?.clone();
            app.selection.hole = Some(mark.label);
            Some(show(app, Some(dims(pair))))
        }
        MAP => choose_cell(app),
        _ => None,
    }
}

/// Shows the map over two axes; over the first principal ones where none are named.
fn show(app: &mut App, axes: Option<(Along, Along)>) -> Vec<Effect> {
    app.looks.zoom = false;
    app.looks.focus.insert(ID, MAP.into());
    choose(app, axes)
}

/// Draws an episode of the data over the map; nothing before there is one.
pub fn show_episode(app: &mut App, episode: usize) -> Option<Vec<Effect>> {
    app.report(ID)?;
    app.selection.episode = Some(episode);
    app.show(ID);
    let axes = app.selection.axes;
    Some(show(app, axes))
}

/// Chooses the episodes that pass through the cell under the cursor of the map; nothing where there is no cursor.
fn choose_cell(app: &mut App) -> Option<Vec<Effect>> {
    let look = app.looks.card(ID, MAP);
    let (i, j) = look.cell?;
    let whole = app.report(ID)?.maps.iter().find(|m| m.key == "density")?;
    let map = look.part.as_deref().unwrap_or(whole);
    let names = app.reports.get("data")?.tables.iter().find(|t| t.key == "dimensions")?;
    let known = |name: &str| names.rows.iter().any(|row| row.first() == Some(&Cell::Text(name.into())));
    if ![&map.x_axis, &map.y_axis].iter().all(|axis| known(&axis.label)) {
        app.message = Some(
            "These axes are not two dimensions of the data: choose such with a, X or Y, then Enter chooses the episodes."
                .into(),
        );
        return Some(Vec::new());
    }
    let part = |name: &str, (lo, hi): (f64, f64), i: usize, n: usize| {
        let at = |i: usize| lo + (hi - lo) * i as f64 / n.max(1) as f64;
        Within { dimension: name.into(), from: at(i), to: at(i + 1) }
    };
    let within =
        vec![part(&map.x_axis.label, map.x_range, i, map.width), part(&map.y_axis.label, map.y_range, j, map.height)];
    Some(choosing::region(app, within))
}

fn choose(app: &mut App, axes: Option<(Along, Along)>) -> Vec<Effect> {
    app.selection.axes = axes;
    let spec = map(app);
    vec![app.jobs.start(spec)]
}

/// The job that draws the map as it is looked at.
fn map(app: &App) -> JobSpec {
    JobSpec::Map(MapSpec { cover: spec(&app.open), axes: app.selection.axes, episode: app.selection.episode })
}

/// A map over other axes takes the place of the one before. A new coverage comes with the principal axes: the axes that were
/// looked at follow, else those of the largest hole.
fn heard(app: &mut App, report: &Report) -> Vec<Effect> {
    if report.name == ID.0 {
        let hole = report.pairs.as_ref().and_then(|maps| maps.holes.first()).map(|(pair, _)| dims(*pair));
        app.selection.axes = app.selection.axes.or(hole);
        // Its holes have other numbers.
        app.selection.hole = None;
        // What is said first comes without its pairs of dimensions: the map would be drawn twice.
        if report.pairs.is_some() {
            let spec = map(app);
            app.jobs.queue.retain(|queued| queued.name() != spec.name());
            app.jobs.queue.push_front(spec);
        }
    } else if let ("map", Some(coverage)) = (report.name.as_str(), app.reports.get_mut(ID.0)) {
        let coverage = Arc::make_mut(coverage);
        let mut moved = false;
        for map in &mut coverage.maps {
            if let Some(other) = report.maps.iter().find(|other| other.key == map.key) {
                let place = |map: &HeatMap| (map.x_axis.clone(), map.y_axis.clone(), map.x_range, map.y_range);
                moved |= place(map) != place(other);
                map.clone_from(other);
            }
        }
        // What is said of the map is said of this one.
        let said = |text: &str| text.starts_with(SHOWS);
        if let (Some(old), Some(new)) =
            (coverage.notes.iter_mut().find(|note| said(&note.text)), report.notes.iter().find(|note| said(&note.text)))
        {
            old.clone_from(new);
        }
        for (_, look) in app.looks.of_panel(ID) {
            match &mut look.part {
                _ if moved => (look.part, look.cell, look.solo) = (None, None, None),
                // The same places, and more that is known of them.
                Some(part) => {
                    Arc::make_mut(part).layers =
                        coverage.maps.first().map(|m| Arc::clone(&m.layers)).unwrap_or_default();
                }
                None => {}
            }
        }
    }
    Vec::new()
}

/// Names what the map shows: a layer, an episode, one of the rollouts.
fn title(app: &App, card: &mut Card<'_>, map: &HeatMap) {
    let look = app.looks.card(ID, MAP);
    if let Some(layer) = look.layer.checked_sub(1).and_then(|i| map.layers.get(i)) {
        card.title.clone_from(&layer.label);
    }
    if let Some(episode) = app.selection.episode {
        // The cursor's step is one of the episode that is diagnosed.
        card.of_step = diagnosis::selected_detail(app).is_some_and(|d| d.of_data && d.index == episode);
        card.title = format!("{} · episode {episode}", card.title);
    } else if let Some(path) = look.solo.and_then(|i| map.overlays.get(i)) {
        card.title = format!("{} · {}", card.title, path.label);
    }
}

/// Its cards.
fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(ID) else { return Vec::new() };
    let mut cards = generic::cards(report);
    if let (Some(card), Some(map)) = (cards.iter_mut().find(|card| card.id == MAP), density(app)) {
        title(app, card, map);
    }
    if let Some(pairs) = report.pairs.as_deref().filter(|p| !p.pairs.is_empty()) {
        let title = format!("All pairs of dimensions · {}", pairs.pairs.len());
        cards.push(Card::new(PAIRS, title, Body::Pairs(pairs)));
    }
    if compared::rollouts(&app.open).is_some() {
        cards.extend(compared::cards(app, "Rollouts"));
    }
    cards
}
