//! Panel 4: the worst episodes, where and why.

use super::{Panel, generic};
use crate::engine::job::{DiagnoseSpec, JobSpec, PolicySpec};
use crate::metrics::report::{Cell, Report, Role, Series};
use crate::ui::app::App;
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
pub const ID: PanelId = PanelId("diagnosis");

/// The panel.
pub const PANEL: Panel = Panel {
    spec: |open| {
        let source = open.source.clone();
        let known = source.checkpoint.is_some() || source.rollouts.is_some();
        let policy = PolicySpec { seed: open.seed, ..PolicySpec::default() };
        known.then(|| JobSpec::Diagnose(DiagnoseSpec { source, policy, ..DiagnoseSpec::default() }))
    },
    keys: &[
        Binding::own(&[ch(']'), ch('n')], |app| step(app, 1), "next episode", "next episode", has_report),
        Binding::own(&[ch('['), ch('b')], |app| step(app, -1), "", "previous episode", has_report),
    ],
    cards,
    pages: Pages { tiny: &[], small: SMALL, middle: MIDDLE, large: LARGE },
    ..Panel::new(
        ID,
        "Diagnosis",
        "Real episodes ranked by how far and how early they leave the data and the model's competence.",
        Binding::shows(ID, &[ch('4')], "panel Diagnosis"),
    )
};

/// The card of the episodes.
const EPISODES: &str = "table:episodes";

fn has_report(app: &App) -> bool {
    app.report(ID).is_some()
}

/// Selects the next (1) or the previous (−1) episode.
fn step(app: &mut App, by: isize) -> Vec<Effect> {
    let table = app.report(ID).and_then(|r| r.tables.iter().find(|t| t.key == "episodes"));
    let last = table.map_or(0, |t| t.rows.len().saturating_sub(1));
    let look = app.looks.card_mut(ID, EPISODES);
    look.row = Some(look.row.unwrap_or(0).saturating_add_signed(by).min(last));
    Vec::new()
}

/// Its cards: the lanes of the selected episode in place of a plot for each episode.
fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(ID) else { return Vec::new() };
    let lanes_of = report.series.iter().filter(|s| is_lane(s)).map(|s| format!("plot:{}", s.group));
    let episodes: Vec<String> = lanes_of.collect();
    let mut cards: Vec<Card> = generic::cards(report).into_iter().filter(|c| !episodes.contains(&c.id)).collect();
    if let Some(card) = cards.iter_mut().find(|c| c.id == "notes") {
        card.title = "Verdict".into();
    }
    if !episodes.is_empty() {
        cards.insert(0, lanes(app, report));
    }
    cards
}

fn is_lane(s: &Series) -> bool {
    matches!(s.role, Role::Lane | Role::Reward)
}

fn lanes<'a>(app: &App, report: &'a Report) -> Card<'a> {
    let name = selected(app, report).or_else(|| report.series.first().map(|s| s.group.clone())).unwrap_or_default();
    let lanes: Vec<&Series> = report.series.iter().filter(|s| s.group == name).collect();
    let title = format!("Episode {name} · in units of the alarm threshold");
    let body = if lanes.is_empty() {
        let lines = vec![
            format!("no lanes for episode {name}"),
            "Lanes are kept for the worst episodes: they come first in the table.".into(),
        ];
        Body::Waiting(lines, None)
    } else {
        Body::Lanes(lanes)
    };
    Card::new("lanes", title, body)
}

/// Name of the episode selected in the table.
fn selected(app: &App, report: &Report) -> Option<String> {
    let data = report.tables.iter().find(|t| t.key == "episodes")?;
    Some(match generic::selected(app, ID, data)?.first()? {
        Cell::Text(t) => t.clone(),
        Cell::Count(n) => n.to_string(),
        Cell::Number(v) => format!("{v}"),
    })
}

/// Its pages on a small screen.
const SMALL: &[Node] = &[
    Column(&[(Fix(8), C("table:episodes")), (Part(1), C("lanes"))]),
    Row(&[(Part(3), C("map:path")), (Part(2), C("notes"))]),
    Column(&[(Fix(13), C("table:trust")), (Part(1), C("plot:reliability"))]),
];
/// Its pages on a screen of middle size.
const MIDDLE: &[Node] = &[
    Column(&[
        (Part(3), C("table:episodes")),
        (Fix(5), C("notes")),
        (Part(5), Row(&[(Part(3), C("lanes")), (Part(2), C("map:path"))])),
    ]),
    Column(&[(Fix(13), C("table:trust")), (Part(1), C("plot:reliability"))]),
];
/// Its pages on a large screen.
const LARGE: &[Node] = &[Column(&[
    (
        Part(5),
        Row(&[
            (Part(5), Column(&[(Fix(4), C("stats")), (Part(3), C("table:episodes")), (Part(2), C("notes"))])),
            (Part(4), C("map:path")),
        ]),
    ),
    (
        Part(4),
        Row(&[
            (Part(5), C("lanes")),
            (Part(4), Column(&[(Fix(13), C("table:trust")), (Part(1), C("plot:reliability"))])),
        ]),
    ),
])];
