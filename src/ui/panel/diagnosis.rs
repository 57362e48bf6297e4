//! Panel 4: the worst episodes, where and why.

use super::generic;
use crate::metrics::report::{Cell, Report, Series};
use crate::ui::app::{App, Panel};
use crate::ui::card::{Body, Card};
use crate::ui::layout::{
    Len::{Fix, Part},
    Node::{self, Card as C, Column, Row},
    Room,
};
use crate::ui::widget::table::TableView;

/// Its cards: the lanes of the selected episode in place of a plot for each episode.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(Panel::Diagnosis) else { return Vec::new() };
    let lane = |s: &Series| s.key == format!("{}/{}", s.group, s.key.rsplit('/').next().unwrap_or_default());
    let episodes: Vec<String> = report.series.iter().filter(|s| lane(s)).map(|s| format!("plot:{}", s.group)).collect();
    let mut cards: Vec<Card> = generic::cards(report).into_iter().filter(|c| !episodes.contains(&c.id)).collect();
    if let Some(card) = cards.iter_mut().find(|c| c.id == "notes") {
        card.title = "Verdict".into();
    }
    if !episodes.is_empty() {
        cards.insert(0, lanes(app, report));
    }
    cards
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
    Card { id: "lanes".into(), title, body }
}

/// Name of the episode selected in the table.
fn selected(app: &App, report: &Report) -> Option<String> {
    let data = report.tables.iter().find(|t| t.key == "episodes")?;
    let look = app.looks.of(Panel::Diagnosis, "table:episodes");
    let order = TableView { data, sort: look.sort, selected: None }.order();
    let row = *order.get(look.row.unwrap_or(0).min(order.len().checked_sub(1)?))?;
    Some(match data.rows[row].first()? {
        Cell::Text(t) => t.clone(),
        Cell::Count(n) => n.to_string(),
        Cell::Number(v) => format!("{v}"),
    })
}

/// Its pages.
pub fn plan(room: Room) -> &'static [Node] {
    const SMALL: &[Node] = &[
        Column(&[(Fix(8), C("table:episodes")), (Part(1), C("lanes"))]),
        Row(&[(Part(3), C("map:path")), (Part(2), C("notes"))]),
        Column(&[(Fix(13), C("table:trust")), (Part(1), C("plot:reliability"))]),
    ];
    const MIDDLE: &[Node] = &[
        Column(&[
            (Part(3), C("table:episodes")),
            (Fix(5), C("notes")),
            (Part(5), Row(&[(Part(3), C("lanes")), (Part(2), C("map:path"))])),
        ]),
        Column(&[(Fix(13), C("table:trust")), (Part(1), C("plot:reliability"))]),
    ];
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
    match room {
        Room::Tiny => &[],
        Room::Small => SMALL,
        Room::Middle => MIDDLE,
        Room::Large => LARGE,
    }
}
