//! Panel 1: what is in the file.

mod findings;

use super::{Panel, coverage, generic, imagination, road};
use crate::engine::job::{ImagineSpec, JobSpec, Outcome};
use crate::metrics::report::{Cell, Level, Report, Table};
use crate::ui::app::App;
use crate::ui::card::Card;
use crate::ui::keymap::{Binding, ch};
use crate::ui::layout::{
    Len::{Need, Part},
    Node::{Card as C, Column, Row},
    Page, Pages,
};
use crate::ui::msg::Effect;
use crate::ui::panel_id::PanelId;
use crate::ui::widget::number;

use findings::FINDINGS;
pub use findings::counts;

/// Its name.
pub const ID: PanelId = PanelId("data");

/// The panel.
pub const PANEL: Panel = Panel {
    job: "load",
    spec: |open| Some(JobSpec::Load(open.source.clone())),
    keys: &[Binding::own(&[ch('i')], imagine, "imagine", "imagine selected episode", |app| {
        app.report(ID).is_some() && app.open.source.checkpoint.is_some()
    })],
    again,
    cards,
    pages: Pages { tiny: &[], small: SMALL, middle: MIDDLE, large: LARGE },
    filled,
    alarms: |app, id| {
        let own = app.report(id).into_iter().flat_map(Report::alarms);
        own.chain(app.reports.get("audit").into_iter().flat_map(|audit| findings::alarms(audit))).collect()
    },
    answer,
    enter,
    ..Panel::new(
        ID,
        "Data",
        "What is in the file: episodes, returns, dimensions, and the rules by which it was read.",
        Binding::shows(ID, &[ch('1')], "panel Data"),
    )
};

/// The card of the episodes.
const EPISODES: &str = "table:episodes";

/// How much there is, how good it was, and whether it can be trusted.
fn answer(app: &App) -> Option<(Level, String)> {
    let report = app.report(ID)?;
    let value = |key| report.value(key).filter(|v: &f64| v.is_finite());
    let (episodes, steps) = (value("episodes")?, value("steps")?);
    let much =
        format!("{}, {}", number::counted(episodes as usize, "episodes"), number::counted(steps as usize, "steps"));
    let returns = match (value("return_min"), value("return_median"), value("return_max")) {
        (Some(lo), Some(middle), Some(hi)) => {
            let [lo, middle, hi] = [lo, middle, hi].map(number::number);
            format!(", returns from {lo} to {hi} (median {middle})")
        }
        _ => String::new(),
    };
    let (level, found) = match app.reports.get("audit").map(|audit| (findings::counts(audit), audit)) {
        None => (Level::Info, String::new()),
        Some(((0, 0), _)) => (Level::Good, "; the audit found nothing wrong".into()),
        Some(((_, warnings), audit)) => {
            let first = findings::first(audit).map(|text| format!(": {text}")).unwrap_or_default();
            (Level::Warn, format!("; {}{first}", number::counted(warnings, "warnings")))
        }
    };
    Some((level, format!("{much}{returns}{found}.")))
}

/// The table of the data's episodes.
pub fn episodes(app: &App) -> Option<&Table> {
    app.report(ID)?.tables.iter().find(|t| t.key == "episodes")
}

/// Reads the data again, with all that was named, and all that waits for them.
pub fn again(app: &mut App, _: &'static Panel) -> Vec<Effect> {
    app.open.take_up();
    app.follow.put_off();
    app.jobs.queue = road(&app.open);
    app.message = None;
    vec![app.jobs.start(JobSpec::Load(app.open.source.clone()))]
}

/// The dataset was read: it is audited, and its episodes are counted where only a sample of them is in memory.
fn filled(app: &mut App, _: &Outcome) {
    let source = &app.open.source;
    // Of chosen episodes all is known: they are in memory.
    let scan = app.report(ID).and_then(|report| JobSpec::Load(source.clone()).follow(report));
    let scan = scan.filter(|_| source.only.is_everything());
    let jobs = [JobSpec::Audit(source.clone())].into_iter().chain(scan);
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

/// Draws the selected episode over the coverage's map, where the table has the focus.
fn enter(app: &mut App) -> Option<Vec<Effect>> {
    let focus = app.looks.focus.get(&ID).filter(|id| *id == EPISODES);
    focus?;
    let data = episodes(app)?;
    let Some(Cell::Count(index)) = generic::selected(app, ID, data)?.first() else { return None };
    let episode = usize::try_from(*index).ok()?;
    coverage::show_episode(app, episode)
}

/// Its cards.
fn cards(app: &App) -> Vec<Card<'_>> {
    let mut cards = app.report(ID).map(generic::cards).unwrap_or_default();
    let only = &app.open.source.only;
    if let Some(card) = cards.iter_mut().find(|card| card.id == EPISODES && !only.is_everything()) {
        card.title = format!("Episodes · {}", only.words());
    }
    cards.extend(app.reports.get("audit").and_then(|audit| findings::card(audit)));
    cards
}

/// Its pages on a small screen.
const SMALL: &[Page] = &[
    Page(
        "overview",
        Column(&[
            (Need(9), C("stats")),
            (Part(3), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
            (Need(6), C("notes")),
        ]),
    ),
    Page(
        "episodes",
        Column(&[(Part(2), C("table:dimensions")), (Part(2), C(FINDINGS)), (Part(3), C("table:episodes"))]),
    ),
];
/// Its pages on a screen of middle size.
const MIDDLE: &[Page] = &[Page(
    "overview",
    Column(&[
        (Need(10), C("stats")),
        (Part(2), Row(&[(Part(1), C("hist:returns")), (Part(1), C("hist:lengths"))])),
        (
            Part(3),
            Row(&[
                (Part(1), Column(&[(Part(3), C("table:dimensions")), (Part(2), C("notes"))])),
                (Part(1), Column(&[(Part(3), C("table:episodes")), (Part(2), C(FINDINGS))])),
            ]),
        ),
    ]),
)];
/// Its pages on a large screen.
const LARGE: &[Page] = &[Page(
    "overview",
    Column(&[
        (Need(10), C("stats")),
        (
            Part(1),
            Row(&[
                (Part(1), Column(&[(Part(3), C("hist:returns")), (Part(3), C("hist:lengths"))])),
                (Part(1), Column(&[(Part(4), C("table:dimensions")), (Part(3), C("notes"))])),
                (Part(1), Column(&[(Part(3), C("table:episodes")), (Part(2), C(FINDINGS))])),
            ]),
        ),
    ]),
)];
