//! Panel 1: what is in the file.

mod filter;
mod findings;

use super::{Panel, generic, imagination, road};
use crate::engine::job::{ImagineSpec, JobSpec, Outcome};
use crate::metrics::report::{Cell, Report, Table};
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

pub use filter::{key, paste, refused};
use findings::FINDINGS;
pub use findings::counts;

/// Its name.
pub const ID: PanelId = PanelId("data");

/// The panel.
pub const PANEL: Panel = Panel {
    job: "load",
    spec: |open| Some(JobSpec::Load(open.source.clone())),
    keys: &[
        Binding::own(&[ch('i')], imagine, "imagine", "imagine selected episode", |app| {
            app.report(ID).is_some() && app.open.source.checkpoint.is_some()
        }),
        Binding::own(&[ch('/')], filter::open, "filter", "choose episodes by a condition", |_| true),
    ],
    again,
    cards,
    pages: Pages { tiny: &[], small: SMALL, middle: MIDDLE, large: LARGE },
    filled,
    alarms: |app, id| {
        let own = app.report(id).into_iter().flat_map(Report::alarms);
        own.chain(app.reports.get("audit").into_iter().flat_map(|audit| findings::alarms(audit))).collect()
    },
    ..Panel::new(
        ID,
        "Data",
        "What is in the file: episodes, returns, dimensions, and the rules by which it was read.",
        Binding::shows(ID, &[ch('1')], "panel Data"),
    )
};

/// The card of the episodes.
const EPISODES: &str = "table:episodes";

/// The condition on the episodes and those that meet it, once they are known.
fn chosen(app: &App) -> Option<(&str, &Table)> {
    let report = app.reports.get("episodes")?;
    Some((app.filter.condition.as_deref()?, report.tables.first()?))
}

/// The table of the data's episodes that is shown.
pub fn episodes(app: &App) -> Option<&Table> {
    let all = || app.report(ID)?.tables.iter().find(|t| t.key == "episodes");
    chosen(app).map(|(_, table)| table).or_else(all)
}

/// Reads the data again, with all that was named, and all that waits for them.
pub fn again(app: &mut App, _: &'static Panel) -> Vec<Effect> {
    app.open.take_up();
    app.jobs.queue = road(&app.open);
    app.reports.remove("episodes");
    app.message = None;
    vec![app.jobs.start(JobSpec::Load(app.open.source.clone()))]
}

/// The dataset was read: its episodes are chosen and audited, and counted where only a sample of them is in memory.
fn filled(app: &mut App, _: &Outcome) {
    let source = &app.open.source;
    let scan = app.report(ID).and_then(|report| JobSpec::Load(source.clone()).follow(report));
    let jobs = filter::job(app).into_iter().chain([JobSpec::Audit(source.clone())]).chain(scan);
    app.jobs.queue.extend(jobs.collect::<Vec<_>>());
}

/// Imagines the episode selected in the table, and shows it.
fn imagine(app: &mut App) -> Vec<Effect> {
    let first = episodes(app).and_then(|data| generic::selected(app, ID, data)?.first().cloned());
    let Some(spec) = imagination::spec(&app.open) else {
        app.message = Some("Imagining an episode needs a world model: open the data with --checkpoint PATH.".into());
        return Vec::new();
    };
    let Some(Cell::Count(index)) = first else {
        if first.is_some() {
            app.message = Some("This episode is not among those in memory: allow more with --memory.".into());
        }
        return Vec::new();
    };
    app.show(imagination::ID);
    let spec = ImagineSpec { episode: usize::try_from(index).ok(), ..spec };
    vec![app.jobs.start(JobSpec::Imagine(spec))]
}

/// Its cards.
fn cards(app: &App) -> Vec<Card<'_>> {
    let mut cards = app.report(ID).map(generic::cards).unwrap_or_default();
    if let (Some((condition, table)), Some(card)) = (chosen(app), cards.iter_mut().find(|card| card.id == EPISODES)) {
        card.title = format!("Episodes where {condition}");
        card.body = Body::Table(table);
    }
    cards.extend(app.reports.get("audit").and_then(|audit| findings::card(audit)));
    cards
}

/// Its pages on a small screen.
const SMALL: &[Node] = &[
    Column(&[
        (Fix(6), C("stats")),
        (Part(3), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
        (Fix(4), C("notes")),
    ]),
    Column(&[(Part(2), C("table:dimensions")), (Part(2), C(FINDINGS)), (Part(3), C("table:episodes"))]),
];
/// Its pages on a screen of middle size.
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
/// Its pages on a large screen.
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
