//! Panel 2: where states are, and where not.

use std::sync::Arc;

use super::{Panel, compared, generic};
use crate::engine::job::{CoverSpec, JobSpec, MapSpec, PolicySpec, Within};
use crate::metrics::report::{Cell, Level, Report};
use crate::ui::app::{App, OpenSpec};
use crate::ui::card::{self, Body, Card};
use crate::ui::choosing;
use crate::ui::keymap::{Binding, ch};
use crate::ui::layout::{
    Len::{Need, Part},
    Node::{Card as C, Column, Row},
    Page, Pages,
};
use crate::ui::msg::Effect;
use crate::ui::panel_id::PanelId;
use crate::ui::widget::number;

/// Its name.
pub const ID: PanelId = PanelId("coverage");

/// The panel.
pub const PANEL: Panel = Panel {
    spec: |open| Some(JobSpec::Cover(spec(open))),
    beside: compared::rollouts,
    keys: &[
        Binding::own(&[ch('a')], |app| next(app, 1), "axes", "map's next pair of dimensions", has_pairs),
        Binding::own(&[ch('A')], |app| next(app, -1), "", "map's previous pair of dimensions", has_pairs),
    ],
    cards,
    pages: Pages { tiny: &[], small: SMALL, middle: MIDDLE, large: LARGE },
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

fn has_pairs(app: &App) -> bool {
    app.report(ID).is_some_and(|r| r.pairs.is_some())
}

/// The map over the next (1) or the previous (−1) pair; before the first are the axes that it came with.
fn next(app: &mut App, by: i64) -> Vec<Effect> {
    let Some(maps) = app.report(ID).and_then(|r| r.pairs.clone()) else { return Vec::new() };
    let place = |pair| maps.pairs.iter().position(|p| *p == pair).map_or(0, |i| i + 1);
    let now = app.selection.axes.map_or(0, place) as i64;
    let next = (now + by).rem_euclid(maps.pairs.len() as i64 + 1) as usize;
    let row = next.checked_sub(1);
    if row.is_some() {
        app.looks.card_mut(ID, PAIRS).row = row;
    }
    choose(app, row.map(|i| maps.pairs[i]))
}

/// What the focused card leads to: the selected pair or hole becomes the map; the episodes through a cell of it are chosen.
fn enter(app: &mut App) -> Option<Vec<Effect>> {
    let focus = app.looks.focus.get(&ID)?.clone();
    let row = app.looks.card(ID, &focus).row;
    match focus.as_str() {
        PAIRS => {
            let pair = *app.report(ID)?.pairs.as_ref()?.pairs.get(row.unwrap_or(0))?;
            Some(show(app, Some(pair)))
        }
        HOLES => {
            let table = app.report(ID)?.tables.iter().find(|t| t.key == "holes")?;
            let row = card::table(table, &app.looks.card(ID, HOLES)).selected?;
            let (pair, _) = *app.report(ID)?.pairs.as_ref()?.holes.get(row).as_ref()?;
            let pair = *pair;
            Some(show(app, Some(pair)))
        }
        MAP => choose_cell(app),
        _ => None,
    }
}

/// Shows the map over a pair of dimensions; of the axes that it came with where none is named.
fn show(app: &mut App, axes: Option<(usize, usize)>) -> Vec<Effect> {
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
            "These axes mix dimensions: choose two of the data's own with a, then Enter chooses the episodes.".into(),
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

fn choose(app: &mut App, axes: Option<(usize, usize)>) -> Vec<Effect> {
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
        let hole = report.pairs.as_ref().and_then(|maps| maps.holes.first()).map(|(pair, _)| *pair);
        app.selection.axes = app.selection.axes.or(hole);
        // What is said first comes without its pairs of dimensions: the map would be drawn twice.
        if report.pairs.is_some() && (app.selection.axes.is_some() || app.selection.episode.is_some()) {
            let spec = map(app);
            app.jobs.queue.retain(|queued| queued.name() != spec.name());
            app.jobs.queue.push_front(spec);
        }
    } else if let ("map", Some(coverage)) = (report.name.as_str(), app.reports.get_mut(ID.0)) {
        let coverage = Arc::make_mut(coverage);
        for map in &mut coverage.maps {
            if let Some(other) = report.maps.iter().find(|other| other.key == map.key) {
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
            (look.part, look.cell) = (None, None);
        }
    }
    Vec::new()
}

/// Its cards.
fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(ID) else { return Vec::new() };
    let mut cards = generic::cards(report);
    if let (Some(episode), Some(card)) = (app.selection.episode, cards.iter_mut().find(|card| card.id == MAP)) {
        card.title = format!("{} · episode {episode}", card.title);
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

/// Its pages on a small screen.
const SMALL: &[Page] = &[
    Page(
        "map",
        Row(&[(Part(3), C("map:density")), (Part(2), Column(&[(Part(1), C("stats")), (Part(1), C("hist:novelty"))]))]),
    ),
    Page("holes", Column(&[(Part(1), C("table:holes")), (Part(1), C("notes"))])),
    Page("dimensions", Column(&[(Part(1), C("table:dimensions")), (Part(1), C("plot:spectrum"))])),
    Page(
        "actions",
        Column(&[
            (Part(1), C("table:actions")),
            (Part(1), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
        ]),
    ),
    Page("pairs", C("pairs")),
    Page("rollouts", compared::SMALL[0]),
    Page("shift", compared::SMALL[1]),
];
/// Its pages on a screen of middle size.
const MIDDLE: &[Page] = &[
    Page(
        "map",
        Column(&[
            (
                Part(3),
                Row(&[
                    (Part(3), C("map:density")),
                    (Part(2), Column(&[(Part(1), C("stats")), (Part(1), C("hist:novelty"))])),
                ]),
            ),
            (Need(13), Row(&[(Part(3), C("table:holes")), (Part(2), C("notes"))])),
        ]),
    ),
    Page(
        "dimensions",
        Column(&[
            (Part(1), C("table:dimensions")),
            (Part(1), Row(&[(Part(1), C("plot:spectrum")), (Part(1), C("hist:returns"))])),
        ]),
    ),
    Page(
        "actions",
        Column(&[
            (Part(1), C("table:actions")),
            (Part(1), Row(&[(Part(3), C("table:returns")), (Part(2), C("hist:lengths"))])),
        ]),
    ),
    Page("pairs", C("pairs")),
    Page("rollouts", compared::MIDDLE[0]),
    Page("shift", compared::MIDDLE[1]),
];
/// Its pages on a large screen.
const LARGE: &[Page] = &[
    Page(
        "map",
        Row(&[
            (Part(3), C("map:density")),
            (
                Part(2),
                Column(&[
                    (Need(24), C("stats")),
                    (Part(3), C("hist:novelty")),
                    (Part(3), C("table:holes")),
                    (Part(2), C("notes")),
                ]),
            ),
        ]),
    ),
    Page(
        "dimensions",
        Row(&[
            (Part(3), Column(&[(Part(1), C("table:dimensions")), (Part(1), C("table:actions"))])),
            (
                Part(2),
                Column(&[
                    (Part(1), C("plot:spectrum")),
                    (Part(1), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
                    (Part(1), C("table:returns")),
                ]),
            ),
        ]),
    ),
    Page("pairs", C("pairs")),
    Page("rollouts", compared::LARGE),
];
