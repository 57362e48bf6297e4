//! A second set of states held against the data, on the panel that it belongs to: rollouts beside coverage, imagined states
//! beside imagination.

use super::generic;
use crate::ui::app::{App, Panel};
use crate::ui::card::{Body, Card};
use crate::ui::layout::{
    Len::{Fix, Part},
    Node::{self, Card as C, Column, Row},
};

/// Its cards, where the comparison is of `panel`.
pub fn cards(app: &App, panel: Panel) -> Vec<Card<'_>> {
    let what = match app.comparison() {
        Some(spec) if app.compares_on() == panel => {
            if spec.imagined {
                "Imagined"
            } else {
                "Rollouts"
            }
        }
        _ => return Vec::new(),
    };
    let Some(report) = app.reports.get("compare") else { return Vec::new() };
    let mut cards = generic::cards(report);
    for card in &mut cards {
        card.title = match card.body {
            Body::Stats(_) => format!("{what} compared with the data · A: data, B: {}", what.to_lowercase()),
            Body::Notes(_) => "Comparison".into(),
            _ => std::mem::take(&mut card.title),
        };
        card.id.insert_str(0, "compared:");
    }
    cards
}

/// Its pages on a small screen.
pub const SMALL: [Node; 2] = [
    Column(&[(Part(3), C("compared:stats")), (Part(2), C("compared:notes")), (Part(2), C("compared:table:regions"))]),
    Column(&[
        (Part(2), C("compared:table:dimensions")),
        (Part(3), Row(&[(Part(1), C("compared:table:tests")), (Part(1), C("compared:plot:*"))])),
    ]),
];
/// Its pages on a screen of middle size.
pub const MIDDLE: [Node; 2] = [
    Column(&[
        (Fix(12), C("compared:stats")),
        (Part(3), Row(&[(Part(1), C("compared:notes")), (Part(1), C("compared:plot:*"))])),
        (Part(2), C("compared:table:regions")),
    ]),
    Column(&[(Part(1), C("compared:table:dimensions")), (Part(1), C("compared:table:tests"))]),
];
/// Its page on a large screen.
pub const LARGE: Node = Column(&[
    (Fix(8), C("compared:stats")),
    (Part(4), Row(&[(Part(1), C("compared:plot:*")), (Part(1), C("compared:notes"))])),
    (
        Part(3),
        Row(&[
            (Part(4), C("compared:table:dimensions")),
            (Part(3), C("compared:table:tests")),
            (Part(4), C("compared:table:regions")),
        ]),
    ),
]);
