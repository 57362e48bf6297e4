//! Panel 5: collect a little, fine-tune, watch.

use super::{control, generic, waiting};
use crate::ui::app::{App, Panel};
use crate::ui::card::{Body, Card};
use crate::ui::layout::{
    Len::{Fix, Part},
    Node::{self, Card as C, Column, Row},
    Room,
};

/// Its cards: the switchboard first, always.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let mut cards = Vec::new();
    if app.open.source.checkpoint.is_some() {
        cards.push(Card { id: "control".into(), title: "Top-up".into(), body: Body::Control(control::read(app)) });
    }
    match app.report(Panel::TopUp) {
        Some(report) => cards.extend(generic::cards(report)),
        None => cards.push(waiting::card(app, Panel::TopUp)),
    }
    cards
}

/// Its pages.
pub fn plan(room: Room) -> &'static [Node] {
    const TINY: &[Node] =
        &[Column(&[(Fix(4), C("control")), (Part(1), C("waiting")), (Part(1), C("plot:loss ratio"))])];
    const SMALL: &[Node] = &[
        Column(&[
            (Fix(4), C("control")),
            (Part(1), C("waiting")),
            (Part(1), Row(&[(Part(1), C("plot:loss ratio")), (Part(1), C("plot:score"))])),
        ]),
        Column(&[
            (Part(1), Row(&[(Part(1), C("plot:world-model loss")), (Part(1), C("plot:interaction"))])),
            (Fix(7), C("table:before_after")),
        ]),
        Column(&[
            (Part(3), C("table:checks")),
            (Part(3), Row(&[(Part(1), C("plot:outside the data")), (Part(1), C("notes"))])),
        ]),
    ];
    const MIDDLE: &[Node] = &[Column(&[
        (Fix(5), C("control")),
        (Part(1), C("waiting")),
        (Part(5), Row(&[(Part(1), C("plot:loss ratio")), (Part(1), C("plot:score"))])),
        (
            Part(5),
            Row(&[
                (Part(1), C("plot:world-model loss")),
                (Part(1), C("plot:outside the data")),
                (Part(1), C("plot:interaction")),
            ]),
        ),
        (Part(4), Row(&[(Part(1), C("table:before_after")), (Part(1), C("table:checks")), (Part(1), C("notes"))])),
    ])];
    const LARGE: &[Node] = &[Column(&[
        (Fix(5), C("control")),
        (Part(1), C("waiting")),
        (Part(5), Row(&[(Part(1), C("plot:loss ratio")), (Part(1), C("plot:score"))])),
        (
            Part(4),
            Row(&[
                (Part(1), C("plot:world-model loss")),
                (Part(1), C("plot:outside the data")),
                (Part(1), C("plot:interaction")),
            ]),
        ),
        (
            Part(3),
            Row(&[
                (Part(2), C("table:before_after")),
                (Part(3), C("table:checks")),
                (Part(2), Column(&[(Fix(6), C("stats")), (Part(1), C("notes"))])),
            ]),
        ),
    ])];
    match room {
        Room::Tiny => TINY,
        Room::Small => SMALL,
        Room::Middle => MIDDLE,
        Room::Large => LARGE,
    }
}
