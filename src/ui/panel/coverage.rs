//! Panel 2: where states are, and where not.

use std::sync::Arc;

use super::{Panel, compared, generic};
use crate::engine::job::{CoverSpec, JobSpec, MapSpec, PolicySpec};
use crate::metrics::report::Report;
use crate::ui::app::{App, OpenSpec};
use crate::ui::card::{Body, Card};
use crate::ui::keymap::{Binding, ch};
use crate::ui::layout::{
    Len::{Fix, Part},
    Node::{self, Card as C, Column, Row},
    Pages,
};
use crate::ui::msg::Effect;
use crate::ui::panel_id::PanelId;

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
    enter,
    ..Panel::new(
        ID,
        "Coverage",
        "Where the training states lie, where the holes are, and how far a state may be before it counts as new.",
        Binding::shows(ID, &[ch('2')], "panel Coverage"),
    )
};

/// The card whose axes can be chosen.
const MAP: &str = "map:density";
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

/// Makes the selected pair the axes of the map; nothing where another card has the focus.
fn enter(app: &mut App) -> Option<Vec<Effect>> {
    let maps = app.report(ID)?.pairs.as_ref().filter(|_| app.looks.focus.get(&ID).is_some_and(|id| id == PAIRS))?;
    let pair = *maps.pairs.get(app.looks.card(ID, PAIRS).row.unwrap_or(0))?;
    app.looks.zoom = false;
    app.looks.focus.insert(ID, MAP.into());
    Some(choose(app, Some(pair)))
}

fn choose(app: &mut App, axes: Option<(usize, usize)>) -> Vec<Effect> {
    app.selection.axes = axes;
    let spec = MapSpec { cover: spec(&app.open), axes };
    vec![app.jobs.start(JobSpec::Map(spec))]
}

/// A map over other axes takes the place of the one before; a new coverage brings its own.
fn heard(app: &mut App, report: &Report) {
    if report.name == ID.0 {
        app.selection.axes = None;
    } else if let ("map", Some(coverage)) = (report.name.as_str(), app.reports.get_mut(ID.0)) {
        for map in &mut Arc::make_mut(coverage).maps {
            if let Some(other) = report.maps.iter().find(|other| other.key == map.key) {
                map.clone_from(other);
            }
        }
        for (_, look) in app.looks.of_panel(ID) {
            (look.part, look.cell) = (None, None);
        }
    }
}

/// Its cards.
fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(ID) else { return Vec::new() };
    let mut cards = generic::cards(report);
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
const SMALL: &[Node] = &[
    Row(&[(Part(3), C("map:density")), (Part(2), Column(&[(Part(1), C("stats")), (Part(1), C("hist:novelty"))]))]),
    Column(&[(Part(1), C("table:holes")), (Part(1), C("notes"))]),
    Column(&[(Part(1), C("table:dimensions")), (Part(1), C("plot:spectrum"))]),
    Column(&[
        (Part(1), C("table:actions")),
        (Part(1), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
    ]),
    C("pairs"),
    compared::SMALL[0],
    compared::SMALL[1],
];
/// Its pages on a screen of middle size.
const MIDDLE: &[Node] = &[
    Column(&[
        (
            Part(3),
            Row(&[
                (Part(3), C("map:density")),
                (Part(2), Column(&[(Part(1), C("stats")), (Part(1), C("hist:novelty"))])),
            ]),
        ),
        (Fix(11), Row(&[(Part(3), C("table:holes")), (Part(2), C("notes"))])),
    ]),
    Column(&[
        (Part(1), C("table:dimensions")),
        (Part(1), Row(&[(Part(1), C("plot:spectrum")), (Part(1), C("hist:returns"))])),
    ]),
    Column(&[
        (Part(1), C("table:actions")),
        (Part(1), Row(&[(Part(3), C("table:returns")), (Part(2), C("hist:lengths"))])),
    ]),
    C("pairs"),
    compared::MIDDLE[0],
    compared::MIDDLE[1],
];
/// Its pages on a large screen.
const LARGE: &[Node] = &[
    Row(&[
        (Part(3), C("map:density")),
        (
            Part(2),
            Column(&[
                (Fix(14), C("stats")),
                (Part(3), C("hist:novelty")),
                (Part(3), C("table:holes")),
                (Part(2), C("notes")),
            ]),
        ),
    ]),
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
    C("pairs"),
    compared::LARGE,
];
