//! Panel 2: where states are, and where not.

use super::{compared, generic};
use crate::ui::app::{App, Panel};
use crate::ui::card::{Body, Card};
use crate::ui::layout::{
    Len::{Fix, Part},
    Node::{self, Card as C, Column, Row},
    Room,
};

/// Its cards.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(Panel::Coverage) else { return Vec::new() };
    let mut cards = generic::cards(report);
    if let Some(pairs) = report.pairs.as_deref().filter(|p| !p.pairs.is_empty()) {
        let title = format!("All pairs of dimensions · {}", pairs.pairs.len());
        cards.push(Card { id: "pairs".into(), title, body: Body::Pairs(pairs) });
    }
    cards.extend(compared::cards(app, Panel::Coverage));
    cards
}

/// Its pages.
pub fn plan(room: Room) -> &'static [Node] {
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
    match room {
        Room::Tiny => &[],
        Room::Small => SMALL,
        Room::Middle => MIDDLE,
        Room::Large => LARGE,
    }
}
