//! Panel 6: the runs in a folder, overlaid and compared.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::{Panel, generic};
use crate::engine::job::{JobSpec, Slot};
use crate::metrics::report::{Cell, Level, Note, Report, Series, Table, groups};
use crate::ui::app::App;
use crate::ui::card::{self, Body, Card};
use crate::ui::keymap::{Binding, ch};
use crate::ui::layout::{
    Len::{Need, Part},
    Node::{Card as C, Column, Row},
    Page, Pages,
};
use crate::ui::msg::Effect;
use crate::ui::panel_id::PanelId;
use crate::ui::update::pair;
use crate::ui::widget::number::counted;

/// Its name.
pub const ID: PanelId = PanelId("runs");

/// The panel.
pub const PANEL: Panel = Panel {
    spec: |open| Some(JobSpec::Runs(open.runs.clone())),
    by_hand: Some("Top-ups and experiments fill it; r looks for runs again."),
    opened: |open| open.has_runs.then(|| JobSpec::Runs(open.runs.clone())),
    keys: &[
        Binding::own(&[ch(' ')], mark, "overlay", "mark the run for the overlay, or unmark it", has_runs),
        Binding::own(&[ch('M')], next_metric, "metric", "next metric", has_runs),
    ],
    cards,
    pages: Pages { tiny: &[], small: SMALL, middle: MIDDLE, large: LARGE },
    heard,
    enter,
    ..Panel::new(
        ID,
        "Runs",
        "Every run in the folder of runs, this program's and other tools': listed, overlaid, compared over seeds, opened.",
        Binding::shows(ID, &[ch('6')], "panel Runs"),
    )
};

/// The cards of the runs and of the numbers that they have.
const RUNS: &str = "table:runs";
const METRICS: &str = "table:metrics";
/// Most runs of an overlay: as many as there are colours.
const MOST: usize = 8;
/// Frames of the spinner, of 120 ms each, before runs that grow are read again.
const PATIENCE: u64 = 17;
/// Jobs that write runs.
const WRITERS: [&str; 2] = ["top-up", "experiment"];

fn has_runs(app: &App) -> bool {
    table(app).is_some_and(|table| !table.rows.is_empty())
}

/// The table of runs.
fn table(app: &App) -> Option<&Table> {
    app.report(ID)?.tables.iter().find(|table| table.key == "runs")
}

/// What stands in the column called `name` of the run in `row`: of the table of runs, else of that of their places.
fn word<'r>(report: &'r Report, row: usize, name: &str) -> Option<&'r str> {
    let of = |table: &'r Table| match table.rows.get(row)?.get(table.columns.iter().position(|c| c == name)?)? {
        Cell::Text(text) => Some(text.as_str()),
        _ => None,
    };
    report.tables.iter().filter(|table| table.key == "runs" || table.key == "places").find_map(of)
}

/// The row of the selected run.
fn selected(app: &App) -> Option<usize> {
    let table = table(app)?;
    card::table(table, &app.looks.card(ID, RUNS)).selected.filter(|row| *row < table.rows.len())
}

/// Marks the selected run, or unmarks it.
fn mark(app: &mut App) -> Vec<Effect> {
    let place =
        app.report(ID).zip(selected(app)).and_then(|(report, row)| word(report, row, "path")).map(str::to_owned);
    if let Some(place) = place {
        let marked = &mut app.selection.runs;
        if !marked.remove(&place) {
            marked.insert(place);
        }
    }
    Vec::new()
}

/// The numbers whose curves are there.
fn metrics(report: &Report) -> Vec<&str> {
    let groups = groups(&report.series).into_iter();
    groups.filter(|(_, lines)| lines.iter().any(|line| !is_mean(line))).map(|(group, _)| group).collect()
}

/// The mean of runs.
fn is_mean(line: &Series) -> bool {
    line.key.starts_with("mean/")
}

/// The number whose curves are shown.
fn metric<'a>(app: &'a App, report: &'a Report) -> Option<&'a str> {
    let all = metrics(report);
    let wanted = app.selection.metric.as_deref();
    all.iter().find(|metric| Some(**metric) == wanted).or(all.first()).copied()
}

fn next_metric(app: &mut App) -> Vec<Effect> {
    let Some(report) = app.report(ID) else { return Vec::new() };
    let all = metrics(report);
    let now = metric(app, report).and_then(|now| all.iter().position(|m| *m == now));
    let next = now.and_then(|now| all.get((now + 1) % all.len())).map(|m| (*m).to_owned());
    app.selection.metric = next;
    Vec::new()
}

/// Opens the result of the selected run, or shows the selected number.
fn enter(app: &mut App) -> Option<Vec<Effect>> {
    match app.looks.focus.get(&ID).map(String::as_str) {
        Some(METRICS) => show_metric(app),
        Some(RUNS) | None => open(app),
        Some(_) => None,
    }
}

fn show_metric(app: &mut App) -> Option<Vec<Effect>> {
    let report = app.report(ID)?;
    let table = report.tables.iter().find(|table| table.key == "metrics")?;
    let row = generic::selected(app, ID, table)?;
    let Cell::Text(name) = row.first()? else { return None };
    let (name, shown) = (name.clone(), metrics(report).contains(&name.as_str()));
    app.selection.metric = Some(name.clone());
    if shown {
        return Some(Vec::new());
    }
    app.open.runs.metrics.push(name);
    let spec = JobSpec::Runs(app.open.runs.clone());
    Some(vec![app.jobs.start(spec)])
}

fn open(app: &mut App) -> Option<Vec<Effect>> {
    let (report, row) = (app.report(ID)?, selected(app)?);
    let result = word(report, row, "result").filter(|path| *path != "–" && *path != "-").map(PathBuf::from);
    let began = word(report, row, "kind") == Some("top-up");
    let Some(result) = result else {
        app.message = Some("No networks of this run are there to be opened.".into());
        return Some(Vec::new());
    };
    let before = began.then(|| result.with_file_name("0000")).filter(|before| *before != result);
    Some(pair::open_result(app, Path::new(&result), before))
}

/// True where it is some time ago that the runs were read while one of them grew.
fn is_due(app: &App) -> bool {
    app.jobs.looked.is_none_or(|at| app.tick.wrapping_sub(at) >= PATIENCE)
}

/// A run grows while it reports: the list is read again, not too often.
fn heard(app: &mut App, report: &Report) -> Vec<Effect> {
    let grows = matches!(report.name.as_str(), "topup" | "experiment") && !app.jobs.running.contains_key(&Slot::Runs);
    if !(grows && is_due(app)) {
        return Vec::new();
    }
    app.jobs.looked = Some(app.tick);
    let spec = JobSpec::Runs(app.open.runs.clone());
    vec![app.jobs.start(spec)]
}

/// Another program wrote to a run: what is new of it is read, once what is being read is there.
pub fn changed(app: &mut App) -> Vec<Effect> {
    if app.jobs.running.contains_key(&Slot::Runs) {
        app.follow.runs_wait = true;
        return Vec::new();
    }
    if app.jobs.running.contains_key(&Slot::Train) {
        // The run that goes on here writes all the time; the list is read as it reports, and when it ends.
        if !is_due(app) {
            return Vec::new();
        }
        app.jobs.looked = Some(app.tick);
    }
    let spec = JobSpec::Runs(app.open.runs.clone());
    vec![app.jobs.start(spec)]
}

/// A job ended: what it wrote is listed, and what changed while the runs were read is read now.
pub fn after(app: &mut App, job: &str) -> Vec<Effect> {
    let waits = job == ID.0 && std::mem::take(&mut app.follow.runs_wait);
    if !(waits || WRITERS.contains(&job)) {
        return Vec::new();
    }
    let spec = JobSpec::Runs(app.open.runs.clone());
    vec![app.jobs.start(spec)]
}

/// The runs whose curves are shown, as rows of the table, each with the number of its colour.
fn shown(app: &App, report: &Report, table: &Table, lines: &[&Series]) -> Vec<(usize, usize)> {
    let view = card::table(table, &app.looks.card(ID, RUNS));
    let order = view.order();
    let marked = |row: &usize| word(report, *row, "path").is_some_and(|p| app.selection.runs.contains(p));
    let rows: Vec<usize> = if order.iter().any(marked) {
        order.into_iter().filter(marked).take(MOST).collect()
    } else {
        // Scores of another task are no scores of this one.
        let task = |row: &usize| word(report, *row, "task");
        let known = |row: &usize| line(table, *row, lines).is_some();
        let of = view.selected.filter(|row| *row < table.rows.len() && known(row));
        let wanted = of.or_else(|| order.iter().copied().find(known)).as_ref().and_then(task);
        let has = |row: &usize| task(row) == wanted && known(row);
        let mut rows: Vec<usize> = order.into_iter().filter(has).take(MOST).collect();
        // The selected one is among them.
        let other = view.selected.filter(|row| !rows.contains(row) && *row < table.rows.len() && has(row));
        if let (Some(other), Some(last)) = (other, rows.last_mut()) {
            *last = other;
        }
        rows
    };
    rows.into_iter().enumerate().map(|(color, row)| (row, color)).collect()
}

/// The curve of the run in `row`.
fn line<'l>(table: &Table, row: usize, lines: &[&'l Series]) -> Option<&'l Series> {
    let Some(Cell::Text(label)) = table.rows[row].first() else { return None };
    lines.iter().find(|line| line.label == *label).copied()
}

/// Its cards: the runs, the curves of the metric, its means over seeds and its comparison, the numbers that there are.
fn cards(app: &App) -> Vec<Card<'_>> {
    let (Some(report), Some(table)) = (app.report(ID), table(app)) else { return Vec::new() };
    let chosen = metric(app, report);
    let of = |group: &str| report.series.iter().filter(|line| line.group == group).collect::<Vec<&Series>>();
    let lines = chosen.map(of).unwrap_or_default();
    let shown = shown(app, report, table, &lines);
    let mut runs = Card::new(RUNS, counted(table.rows.len(), "runs"), Body::Table(table));
    runs.paints.clone_from(&shown);
    let mut cards = vec![runs];
    cards.extend(selected(app).and_then(|row| details(report, row)));
    if let Some(metric) = chosen {
        let drawn: Vec<(&Series, usize)> =
            shown.iter().filter_map(|(row, color)| Some((line(table, *row, &lines)?, *color))).collect();
        let all = metrics(report);
        let at = all.iter().position(|m| *m == metric).map_or(0, |at| at + 1);
        let title =
            format!("{metric} · {} of {} runs · metric {at} of {}, M next", drawn.len(), lines.len(), all.len());
        let mut plot = Card::new("plot:runs", title, Body::Plot(drawn.iter().map(|(line, _)| *line).collect()));
        plot.paints = drawn.iter().enumerate().map(|(i, (_, color))| (i, *color)).collect();
        cards.push(plot);
        let mut means = of(&format!("{metric}, mean over seeds"));
        let groups: Vec<&str> = shown.iter().filter_map(|(row, _)| word(report, *row, "group")).collect();
        means.retain(|line| line.key.strip_prefix(&format!("mean/{metric}/")).is_some_and(|g| groups.contains(&g)));
        if !means.is_empty() {
            let title = format!("{metric} · mean over seeds ± s.e.");
            cards.push(Card::new("plot:seeds", title, Body::Plot(means)));
        }
        if let Some(paired) = report.tables.iter().find(|t| t.key.strip_prefix("paired:") == Some(metric)) {
            cards.push(Card::new("table:paired", paired.label.clone(), Body::Table(paired)));
        }
    }
    let rest = generic::cards(report).into_iter().filter(|card| card.id == METRICS || card.id == "notes");
    cards.extend(rest);
    cards
}

/// What is longer than a cell of the selected run.
fn details(report: &Report, row: usize) -> Option<Card<'_>> {
    let said = |name: &str| word(report, row, name).filter(|text| !matches!(*text, "–" | "-"));
    let note = |text: String| Cow::Owned(Note { level: Level::Info, text });
    let mut notes = vec![note(format!("{}: {}", said("state")?, said("known by").unwrap_or_default()))];
    notes.push(note(format!("in {}", said("path")?)));
    notes.push(note(match said("result") {
        Some(result) => format!("Enter opens {result}"),
        None => "no networks of it are there to be opened".into(),
    }));
    Some(Card::new("details", said("run")?, Body::Notes(notes)))
}

/// Its pages on a small screen.
const SMALL: &[Page] = &[
    Page("runs", Column(&[(Part(1), C(RUNS)), (Part(1), C("plot:runs"))])),
    Page("compared", Column(&[(Part(1), C("plot:seeds")), (Part(1), C("table:paired"))])),
    Page("details", Column(&[(Need(8), C("details")), (Part(1), C("notes")), (Part(1), C(METRICS))])),
];
/// Its pages on a screen of middle size.
const MIDDLE: &[Page] = &[
    Page(
        "runs",
        Column(&[
            (Part(4), C(RUNS)),
            (Need(7), C("details")),
            (Part(5), Row(&[(Part(1), C("plot:runs")), (Part(1), C("plot:seeds"))])),
        ]),
    ),
    Page(
        "compared",
        Column(&[(Part(1), C("table:paired")), (Part(1), Row(&[(Part(1), C(METRICS)), (Part(1), C("notes"))]))]),
    ),
];
/// Its page on a large screen.
const LARGE: &[Page] = &[Page(
    "runs",
    Column(&[
        (Part(4), Row(&[(Part(3), C(RUNS)), (Part(1), Column(&[(Need(10), C("details")), (Part(1), C("notes"))]))])),
        (Part(5), Row(&[(Part(1), C("plot:runs")), (Part(1), C("plot:seeds"))])),
        (Part(3), Row(&[(Part(3), C("table:paired")), (Part(1), C(METRICS))])),
    ]),
)];
