//! Panel 3: imagined against real.

use super::{compared, generic};
use crate::metrics::report::{Cell, Report};
use crate::ui::app::{App, Panel};
use crate::ui::card::Card;
use crate::ui::layout::{
    Len::{Fix, Part},
    Node::{self, Card as C, Column, Row},
    Room,
};
use crate::ui::widget::table::TableView;

/// Its cards; the trace of the dimension that is selected in the table comes first.
pub fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(Panel::Imagination) else { return Vec::new() };
    let mut cards = generic::cards(report);
    let wanted = selected(app, report).map(|dim| format!("plot:trace {dim}"));
    cards.extend(compared::cards(app, Panel::Imagination));
    cards.sort_by_key(|c| (c.id.starts_with("plot:trace") && Some(&c.id) != wanted.as_ref(), false));
    cards
}

/// The dimension of the selected row; the first of the table, which is the worst, to begin with.
fn selected(app: &App, report: &Report) -> Option<String> {
    let data = report.tables.iter().find(|t| t.key == "dimensions")?;
    let look = app.looks.of(Panel::Imagination, "table:dimensions");
    let view = TableView { data, sort: look.sort, selected: None };
    let row = *view.order().get(look.row.unwrap_or(0))?;
    match data.rows[row].first()? {
        Cell::Text(name) => Some(name.clone()),
        _ => None,
    }
}

/// Its pages.
pub fn plan(room: Room) -> &'static [Node] {
    const SMALL: &[Node] = &[
        Column(&[(Part(4), C("plot:error by horizon")), (Part(3), C("plot:trace*"))]),
        Column(&[
            (Part(1), C("scatter:error_vs_novelty")),
            (Part(1), Row(&[(Part(3), C("table:dimensions")), (Part(2), C("stats"))])),
        ]),
        Column(&[(Part(3), C("plot:disagreement by horizon")), (Part(2), C("notes"))]),
        compared::SMALL[0],
        compared::SMALL[1],
    ];
    const ONE: Node = Column(&[
        (Fix(6), C("stats")),
        (Part(5), Row(&[(Part(3), C("plot:error by horizon")), (Part(2), C("scatter:error_vs_novelty"))])),
        (
            Part(4),
            Row(&[
                (Part(3), C("plot:trace*")),
                (Part(3), C("plot:disagreement by horizon")),
                (Part(4), Column(&[(Part(4), C("table:dimensions")), (Part(3), C("notes"))])),
            ]),
        ),
    ]);
    const MIDDLE: &[Node] = &[ONE, compared::MIDDLE[0], compared::MIDDLE[1]];
    const WIDE: Node = Column(&[
        (Fix(6), C("stats")),
        (
            Part(5),
            Row(&[
                (Part(3), C("plot:error by horizon")),
                (Part(2), C("plot:disagreement by horizon")),
                (Part(2), C("scatter:error_vs_novelty")),
            ]),
        ),
        (
            Part(4),
            Row(&[
                (Part(2), C("plot:trace*")),
                (Part(2), C("plot:trace*")),
                (Part(2), Column(&[(Part(1), C("table:dimensions")), (Part(1), C("notes"))])),
            ]),
        ),
    ]);
    const LARGE: &[Node] = &[WIDE, compared::LARGE];
    match room {
        Room::Tiny => &[],
        Room::Small => SMALL,
        Room::Middle => MIDDLE,
        Room::Large => LARGE,
    }
}
