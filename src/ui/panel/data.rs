//! Panel 1: what is in the file.

use super::generic;
use crate::ui::app::{App, Panel};
use crate::ui::card::{Body, Card};
use crate::ui::layout::{
    Len::{Fix, Part},
    Node::{self, Card as C, Column, Row},
    Room,
};

/// What the audit found.
const FINDINGS: &str = "table:findings";

/// Its cards.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let mut cards = app.report(Panel::Data).map(generic::cards).unwrap_or_default();
    if let (Some((condition, table)), Some(card)) =
        (app.chosen(), cards.iter_mut().find(|card| card.id == "table:episodes"))
    {
        card.title = format!("Episodes where {condition}");
        card.body = Body::Table(table);
    }
    if let Some(audit) = app.reports.get("audit") {
        let mut findings: Vec<_> = generic::cards(audit).into_iter().filter(|card| card.id == FINDINGS).collect();
        for card in &mut findings {
            if matches!(card.body, Body::Table(table) if table.rows.is_empty()) {
                card.title = "Findings: none".into();
            }
        }
        cards.extend(findings);
    }
    cards
}

/// Its pages.
pub fn plan(room: Room) -> &'static [Node] {
    const SMALL: &[Node] = &[
        Column(&[
            (Fix(6), C("stats")),
            (Part(3), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
            (Fix(4), C("notes")),
        ]),
        Column(&[(Part(2), C("table:dimensions")), (Part(2), C(FINDINGS)), (Part(3), C("table:episodes"))]),
    ];
    const MIDDLE: &[Node] = &[Column(&[
        (Fix(8), C("stats")),
        (Part(2), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
        (
            Part(3),
            Row(&[
                (Part(1), Column(&[(Part(3), C("table:dimensions")), (Part(2), C("notes"))])),
                (Part(1), Column(&[(Part(3), C("table:episodes")), (Part(2), C(FINDINGS))])),
            ]),
        ),
    ])];
    const LARGE: &[Node] = &[Column(&[
        (Fix(8), C("stats")),
        (
            Part(1),
            Row(&[
                (Part(1), Column(&[(Part(3), C("hist:returns")), (Part(3), C("hist:lengths"))])),
                (Part(1), Column(&[(Part(4), C("table:dimensions")), (Part(3), C("notes"))])),
                (Part(1), Column(&[(Part(3), C("table:episodes")), (Part(2), C(FINDINGS))])),
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
