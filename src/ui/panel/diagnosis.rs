//! Panel 4: the worst episodes, where and why.

mod tracing;

pub use tracing::{TRACE, end, follow};

use std::borrow::Cow;

use super::{Panel, generic};
use crate::engine::job::{DiagnoseSpec, JobSpec, PolicySpec};
use crate::metrics::report::{Cell, Detail, Level, Note, Report, Role, Series, Table};
use crate::metrics::trust::words::TRUST;
use crate::ui::app::{App, OpenSpec};
use crate::ui::card::{self, Body, Card};
use crate::ui::keymap::{Binding, ch};
use crate::ui::layout::{
    Len::{Need, Part},
    Node::{Card as C, Column, Row},
    Page, Pages,
};
use crate::ui::msg::Effect;
use crate::ui::panel_id::PanelId;

/// Its name.
pub const ID: PanelId = PanelId("diagnosis");

/// The panel.
pub const PANEL: Panel = Panel {
    spec: |open| {
        let (source, policy) = (open.source.clone(), policy(open));
        Some(JobSpec::Diagnose(DiagnoseSpec { source, policy, ..DiagnoseSpec::default() }))
    },
    keys: &[
        Binding::own(&[ch(']'), ch('n')], |app| step(app, 1), "next episode", "next episode", has_report),
        Binding::own(&[ch('['), ch('b')], |app| step(app, -1), "", "previous episode", has_report),
        Binding::own(
            &[ch('i')],
            tracing::toggle,
            "imagine",
            "imagine the episode from the cursor's step; again: hold the start, or let it follow",
            |app| has_report(app) && app.open.source.checkpoint.is_some(),
        ),
        Binding::own(&[ch('m')], tracing::propagate, "", "next mode of propagation of what is imagined", |app| {
            app.selection.tracing.is_some()
        }),
    ],
    heard: |app, report| {
        tracing::heard(app, report);
        Vec::new()
    },
    answer_of: |app, card| {
        let said = |note: &&Note| note.text.starts_with(TRUST);
        let note = app.report(ID)?.notes.iter().find(said).filter(|_| [TABLE, RELIABILITY].contains(&card))?;
        Some((note.level, note.text.clone()))
    },
    cards,
    pages: Pages { tiny: &[], small: SMALL, middle: MIDDLE, large: LARGE },
    ..Panel::new(
        ID,
        "Diagnosis",
        "Real episodes ranked by how far and how early they leave the data and the model's competence.",
        Binding::shows(ID, &[ch('4')], "panel Diagnosis"),
    )
};

/// The card of the episodes, of the selected one's strips, and of its path.
const EPISODES: &str = "table:episodes";
const LANES: &str = "lanes";
const PATH: &str = "map:path";
/// The cards that say which alarm can be trusted.
const TABLE: &str = "table:trust";
const RELIABILITY: &str = "plot:reliability";

/// Which episodes of the policy are diagnosed where no rollouts are named.
fn policy(open: &OpenSpec) -> PolicySpec {
    PolicySpec { seed: open.seed, ..PolicySpec::default() }
}

fn has_report(app: &App) -> bool {
    app.report(ID).is_some()
}

/// The table of the episodes.
fn episodes(app: &App) -> Option<&Table> {
    app.report(ID)?.tables.iter().find(|t| t.key == "episodes")
}

/// Selects the next (1) or the previous (−1) episode in the order of the table.
fn step(app: &mut App, by: i32) -> Vec<Effect> {
    let table = episodes(app);
    let look = app.looks.card(ID, EPISODES);
    let row = table.and_then(|table| card::table(table, &look).beside(by));
    app.looks.card_mut(ID, EPISODES).row = row;
    Vec::new()
}

/// Its cards: verdict, lanes and path of the selected episode in place of those of each.
fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(ID) else { return Vec::new() };
    let name = selected(app, report).or_else(|| report.series.first().map(|s| s.group.clone())).unwrap_or_default();
    let detail = report.details.iter().find(|d| d.label == name);
    let lanes_of = report.series.iter().filter(|s| is_lane(s)).map(|s| format!("plot:{}", s.group));
    let episodes: Vec<String> = lanes_of.collect();
    let mut cards: Vec<Card> = generic::cards(report).into_iter().filter(|c| !episodes.contains(&c.id)).collect();
    let signal = signal(app, report);
    for card in &mut cards {
        match (&mut card.body, detail) {
            (Body::Plot(lines), _) if card.id == RELIABILITY => {
                // Nine lines tell nothing: that of the signal that is selected among the scores.
                if let Some(signal) = signal {
                    lines.retain(|l| l.label == signal || l.role != Role::Value);
                    card.title = format!("Reliability of {signal} · the score selected above");
                }
            }
            (Body::Notes(notes), _) => {
                card.title = format!("Verdict · episode {name}");
                if let Some(detail) = detail {
                    verdict_first(notes, (detail, tracing::sentence(app)), report);
                }
            }
            (Body::Map { overlays, .. }, Some(detail)) if card.id == PATH => {
                *overlays = &detail.path;
                card.of_step = true;
                card.title = format!("Episode {name} over the training states");
            }
            _ => {}
        }
    }
    if !episodes.is_empty() {
        cards.insert(0, lanes(app, report, &name, detail));
    }
    cards
}

/// Puts the verdict on the selected episode, and what is imagined of it, in the place of that on the worst; only what calls for
/// action comes before it.
fn verdict_first<'a>(
    notes: &mut Vec<Cow<'a, Note>>,
    (detail, imagined): (&'a Detail, Option<&'a Note>),
    report: &'a Report,
) {
    if let Some(worst) = report.details.first() {
        notes.retain(|n| !n.text.ends_with(&worst.verdict.text));
    }
    let at = notes.iter().position(|n| n.level != Level::Alarm).unwrap_or(notes.len());
    notes.splice(at..at, [Some(&detail.verdict), imagined].into_iter().flatten().map(Cow::Borrowed));
}

/// The report with the reliability of the selected score alone, as the panel shows it.
pub fn with_signal(app: &App, report: &Report) -> Report {
    let mut out = report.clone();
    if let Some(signal) = signal(app, report) {
        out.series.retain(|s| s.group != "reliability" || s.role != Role::Value || s.label == signal);
    }
    out
}

/// The score whose reliability is shown: the selected one, else the first that has any.
fn signal<'a>(app: &App, report: &'a Report) -> Option<&'a str> {
    let drawn = || report.series.iter().filter(|s| s.group == "reliability" && s.role == Role::Value);
    let trust = report.tables.iter().find(|t| t.key == "trust");
    let selected = trust.and_then(|trust| trusted(app, trust)).filter(|name| drawn().any(|s| s.label == *name));
    selected.or_else(|| drawn().next().map(|s| s.label.as_str()))
}

/// The score that is selected in the table of how far each can be trusted; the first, which is of most use, to begin with.
fn trusted<'a>(app: &App, trust: &'a Table) -> Option<&'a str> {
    match generic::selected(app, ID, trust)?.first()? {
        Cell::Text(name) => Some(name),
        _ => None,
    }
}

fn is_lane(s: &Series) -> bool {
    matches!(s.role, Role::Lane | Role::Reward)
}

fn lanes<'a>(app: &'a App, report: &'a Report, name: &str, detail: Option<&'a Detail>) -> Card<'a> {
    let kept = detail.map_or(&[][..], |d| &d.series[..]);
    let mut lanes: Vec<&Series> =
        kept.iter().chain(report.series.iter().filter(|s| kept.is_empty() && s.group == name)).collect();
    let what = tracing::words(app).unwrap_or_else(|| "strips in units of their own alarm thresholds".into());
    let title = format!("Episode {name} · {what}");
    if let Some(trace) = tracing::shown(app).filter(|_| !lanes.is_empty()) {
        lanes.extend(tracing::curves(app, trace));
    }
    let body = if lanes.is_empty() {
        let lines = vec![
            format!("no strips of episode {name}"),
            "Strips are kept for the worst episodes: they come first in the table.".into(),
        ];
        Body::Waiting(lines, None)
    } else {
        Body::Lanes(lanes)
    };
    Card::new(LANES, title, body)
}

/// The strips as a report of one group, with what is imagined beside them: for what leaves the screen.
pub fn strips(app: &App) -> Option<Report> {
    let (report, name) = (app.report(ID)?, selected_episode(app)?);
    let detail = report.details.iter().find(|d| d.label == name);
    let Body::Lanes(lanes) = lanes(app, report, &name, detail).body else { return None };
    let of = |s: &Series| Series { group: name.clone(), ..s.clone() };
    let (called, title, series) = (report.name.clone(), report.title.clone(), lanes.into_iter().map(of).collect());
    Some(Report { name: called, title, series, ..Report::default() })
}

/// Name of the episode selected in the table.
fn selected(app: &App, report: &Report) -> Option<String> {
    let data = report.tables.iter().find(|t| t.key == "episodes")?;
    generic::selected(app, ID, data)?.first().map(name)
}

/// The name of an episode that a cell of the table holds.
fn name(cell: &Cell) -> String {
    match cell {
        Cell::Text(t) => t.clone(),
        Cell::Count(n) => n.to_string(),
        Cell::Number(v) => format!("{v}"),
    }
}

/// What is known of the episode that is selected.
pub fn selected_detail(app: &App) -> Option<&Detail> {
    let (report, name) = (app.report(ID)?, selected_episode(app)?);
    report.details.iter().find(|d| d.label == name)
}

/// Goes to a step of an episode of the dataset; false where it is not among those whose strips are shown.
pub fn show_step(app: &mut App, episode: usize, step: usize) -> bool {
    let known = |d: &&Detail| d.of_data && d.index == episode && !d.series.is_empty();
    let Some(label) = app.report(ID).and_then(|r| r.details.iter().find(known)).map(|d| d.label.clone()) else {
        return false;
    };
    let is_it = |row: &Vec<Cell>| row.first().is_some_and(|cell| name(cell) == label);
    let Some(row) = episodes(app).and_then(|table| table.rows.iter().position(is_it)) else { return false };
    app.looks.card_mut(ID, EPISODES).row = Some(row);
    app.looks.focus.insert(ID, LANES.into());
    app.selection.at.insert("step".into(), step as f64);
    app.show(ID);
    true
}

/// Name of the episode that is selected, whose strips are shown.
pub fn selected_episode(app: &App) -> Option<String> {
    selected(app, app.report(ID)?)
}

/// Its pages on a small screen.
const SMALL: &[Page] = &[
    Page("episodes", Column(&[(Need(9), C("table:episodes")), (Part(1), C("lanes"))])),
    Page("path", Row(&[(Part(3), C("map:path")), (Part(2), C("notes"))])),
    Page("trust", Column(&[(Need(16), C("table:trust")), (Part(1), C("plot:reliability"))])),
];
/// Its pages on a screen of middle size.
const MIDDLE: &[Page] = &[
    Page(
        "episodes",
        Column(&[
            (Part(3), C("table:episodes")),
            (Need(8), C("notes")),
            (Part(5), Row(&[(Part(3), C("lanes")), (Part(2), C("map:path"))])),
        ]),
    ),
    Page("trust", Column(&[(Need(16), C("table:trust")), (Part(1), C("plot:reliability"))])),
];
/// Its pages on a large screen.
const LARGE: &[Page] = &[Page(
    "episodes",
    Column(&[
        (
            Part(5),
            Row(&[
                (Part(5), Column(&[(Need(7), C("stats")), (Part(3), C("table:episodes")), (Part(2), C("notes"))])),
                (Part(4), C("map:path")),
            ]),
        ),
        (
            Part(4),
            Row(&[
                (Part(5), C("lanes")),
                (Part(4), Column(&[(Need(16), C("table:trust")), (Part(1), C("plot:reliability"))])),
            ]),
        ),
    ]),
)];
