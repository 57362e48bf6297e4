//! Panel 5: collect a little, fine-tune, watch.

mod board;
mod experiment;
pub mod live;
pub mod plan;

use super::{Panel, generic, waiting};
use crate::engine::job::{Control, ENDED, HELD, JobSpec, Outcome, Schedule, TopUpSpec, WORSE_OFF, Wish};
use crate::metrics::report::Report;
use crate::ui::app::{App, OpenSpec, Over};
use crate::ui::card::{Body, Card, Place};
use crate::ui::keymap::{Action, Binding, ch};
use crate::ui::layout::{
    Len::{self, Need, Part},
    Node::{self, Card as C, Column, Row},
    Page, Pages,
};
use crate::ui::msg::Effect;
use crate::ui::pair::Pair;
use crate::ui::panel_id::PanelId;

/// Its name.
pub const ID: PanelId = PanelId("topup");

/// The panel.
pub const PANEL: Panel = Panel {
    job: JOB,
    instead: |open| open.experiment.is_some().then_some(experiment::JOB),
    spec,
    by_hand: Some("Press t to start the top-up."),
    keys: &[
        Binding::own(&[ch('t')], start, "start", "start the top-up, or go on with the experiment", can_start),
        Binding::own(&[ch('m')], schedule, "schedule", "next collection schedule", is_settled),
        Binding::own(&[ch('P')], edit, "plan", "change the plan of the next top-up", is_settled),
        Binding::own(&[ch('f')], |app| wish(app, Wish::Collect), "collect", "collect at the next check", is_running),
        Binding::own(&[ch('B')], |app| wish(app, Wish::More), "more", "budget up by one top-up", is_running),
        Binding::own(&[ch('b')], |app| wish(app, Wish::Less), "less", "budget down by one top-up", is_running),
        Binding::own(
            &[ch('o')],
            |app| wish(app, Wish::Once),
            "step",
            "go on to the next check and hold there",
            is_running,
        ),
        Binding {
            keys: &[ch('R')],
            action: Action::RollBack,
            word: "roll back",
            help: "open the networks before",
            place: Place::Everywhere,
            useful: can_roll_back,
        },
    ],
    again: |app, _| start(app),
    heard,
    filled,
    answer: |app| {
        // What it brought comes before what it cost: that stands among the notes.
        let brought = app.report(ID)?.notes.iter().find(|note| note.text.contains(ENDED));
        brought.map(|note| (note.level, note.text.clone())).or_else(|| super::loudest(app, ID))
    },
    cards,
    pages: Pages { tiny: TINY, small: SMALL, middle: MIDDLE, large: LARGE },
    ..Panel::new(
        ID,
        "Top-up",
        "Collects a little new data where the loss ratio asks for it, fine-tunes, and compares before and after.",
        Binding::shows(ID, &[ch('5')], "panel Top-up"),
    )
};

/// Name of the job.
const JOB: &str = "top-up";

fn spec(open: &OpenSpec) -> Option<JobSpec> {
    let source = open.source.clone();
    source.checkpoint.is_some().then(|| JobSpec::TopUp(TopUpSpec { source, ..open.topup.clone() }))
}

/// True where a top-up could be started.
fn is_settled(app: &App) -> bool {
    app.open.experiment.is_none()
        && app.jobs.named(JOB).is_none()
        && app.open.source.checkpoint.is_some()
        && refused(app).is_none()
}

/// True where there is something to start.
fn can_start(app: &App) -> bool {
    is_settled(app) || experiment::can_go_on(app)
}

fn is_running(app: &App) -> bool {
    app.jobs.named(JOB).is_some()
}

/// True where a top-up made something worse, and what it began with is not open.
fn can_roll_back(app: &App) -> bool {
    let worse = app.report(ID).is_some_and(|report| report.notes.iter().any(|note| note.text.starts_with(WORSE_OFF)));
    worse && app.pair.as_ref().is_some_and(|pair| app.open.source.checkpoint.as_ref() != Some(&pair.before))
}

/// A run ended: its networks can be held against those before, and an adaptive one can be the next one's measure.
fn filled(app: &mut App, outcome: &Outcome) {
    let report = app.reports.get(ID.0).cloned();
    let how = (board::chosen(app), app.open.topup.options.seed);
    app.sitting.end(how, report.as_deref(), &outcome.written);
    app.pair = Pair::of(&outcome.written);
    if app.open.topup.options.schedule == Schedule::Adaptive {
        app.open.topup.yoked = outcome.written.first().cloned().or(app.open.topup.yoked.take());
    }
}

/// Tells the running top-up what is wanted, and the user when it will be done.
fn wish(app: &mut App, wish: Wish) -> Vec<Effect> {
    let Some((slot, _)) = app.jobs.named(JOB) else { return Vec::new() };
    let Some(running) = app.jobs.running.get_mut(&slot) else { return Vec::new() };
    let Some(id) = running.id else { return Vec::new() };
    running.paused &= wish != Wish::Once;
    let text = match wish {
        Wish::Collect => "Collects at the next check.",
        Wish::More => "The budget is one top-up larger from the next check on.",
        Wish::Less => "The budget is one top-up smaller from the next check on.",
        Wish::Once => "Goes on to the next check and holds there; p lets it go on.",
    };
    app.message = Some(text.into());
    vec![Effect::Control(id, Control::Wish(wish))]
}

/// A run that holds by itself is shown as paused, so that p lets it go on.
fn heard(app: &mut App, report: &Report) -> Vec<Effect> {
    let held = report.name == ID.0 && report.notes.iter().any(|note| note.text == HELD);
    let slot = app.jobs.named(JOB).map(|(slot, _)| slot).filter(|_| held);
    if let Some(running) = slot.and_then(|slot| app.jobs.running.get_mut(&slot)) {
        running.paused = true;
    }
    Vec::new()
}

/// Why it would be refused.
fn refused(app: &App) -> Option<String> {
    waiting::refused(app, JOB)
}

fn start(app: &mut App) -> Vec<Effect> {
    if app.open.experiment.is_some() {
        return experiment::start(app);
    }
    if app.jobs.named(JOB).is_some() {
        app.message = Some("A top-up is running: x stops it.".into());
        return Vec::new();
    }
    let Some(spec) = spec(&app.open) else {
        app.message = Some("A top-up needs a world model: open the data with --checkpoint PATH.".into());
        return Vec::new();
    };
    if let Some(why) = refused(app) {
        app.message = Some(why);
        return Vec::new();
    }
    let before = app.reports.remove(ID.0);
    let live = std::mem::take(&mut app.live);
    app.sitting.begin(before.as_deref(), &live.curves);
    (app.pair, app.over) = (None, None);
    vec![app.jobs.start(spec)]
}

/// Opens the plan, where none is being carried out.
fn edit(app: &mut App) -> Vec<Effect> {
    if is_settled(app) {
        app.over = Some(Over::Plan(0, None));
    }
    Vec::new()
}

/// Chooses the next schedule, where none is being carried out.
fn schedule(app: &mut App) -> Vec<Effect> {
    if app.jobs.named(JOB).is_none() {
        let offered: Vec<Schedule> = board::offered(app).map(|(schedule, _)| schedule).collect();
        let chosen = offered.iter().position(|schedule| *schedule == app.open.topup.options.schedule);
        app.open.topup.options.schedule = offered[chosen.map_or(0, |at| (at + 1) % offered.len())];
    }
    Vec::new()
}

/// Its cards: the switchboard first, always.
fn cards(app: &App) -> Vec<Card<'_>> {
    if app.open.experiment.is_some() {
        return experiment::cards(app);
    }
    let mut cards = Vec::new();
    if app.open.source.checkpoint.is_some() {
        cards.push(Card::new("control", "Top-up", Body::Switchboard(board::read(app))));
    }
    match app.report(ID) {
        Some(report) => cards.extend(generic::cards(report)),
        None if live::is_there(app) => {}
        None => cards.push(waiting::card(app, &PANEL)),
    }
    for card in &mut cards {
        if let (Body::Plot(lines), Some(group)) = (&mut card.body, card.id.strip_prefix("plot:")) {
            lines.extend(app.sitting.past.iter().filter(|past| past.group == group));
        }
    }
    live::add(app, &mut cards);
    cards
}

/// Its pages on the smallest screen.
const TINY: &[Page] = &[Page(
    "run",
    Column(&[(Need(9), C("control")), (Part(1), C("waiting")), GRID, SAID, (Part(1), C("plot:loss ratio"))]),
)];
/// Its pages on a small screen.
const SMALL: &[Page] = &[
    Page(
        "run",
        Column(&[
            (Need(9), C("control")),
            (Part(1), C("waiting")),
            GRID,
            SAID,
            (Part(1), Row(&[(Part(1), C("plot:loss ratio")), (Part(1), C("plot:score"))])),
        ]),
    ),
    LIVE,
    Page(
        "effects",
        Column(&[
            (Part(1), Row(&[(Part(1), C("plot:forgetting")), (Part(1), C("plot:world-model loss"))])),
            (Need(9), C("table:before_after")),
        ]),
    ),
    Page(
        "checks",
        Column(&[
            (Part(3), C("table:checks")),
            (Part(3), Row(&[(Part(1), C("plot:outside the data")), (Part(1), C("plot:interaction"))])),
        ]),
    ),
];
/// Its pages on a screen of middle size.
const MIDDLE: &[Page] = &[
    Page(
        "run",
        Column(&[
            (Need(10), C("control")),
            (Part(1), C("waiting")),
            GRID,
            SAID,
            (Part(5), FIRST),
            (Part(5), SECOND),
            (Part(4), Row(&[(Part(3), C("table:before_after")), (Part(3), C("live:log")), (Part(2), C("notes"))])),
        ]),
    ),
    Page("training", Column(&[(Part(4), TRAINING), (Part(5), Row(&[(Part(2), C("live:map")), (Part(3), C("log"))]))])),
    Page("checks", Column(&[(Part(3), C("table:checks")), (Need(9), C("table:sitting"))])),
];
/// Its pages on a large screen.
const LARGE: &[Page] = &[Page(
    "run",
    Column(&[
        (Need(10), C("control")),
        (Part(1), C("waiting")),
        GRID,
        SAID,
        (Part(5), FIRST),
        (Part(4), SECOND),
        (
            Part(4),
            Row(&[
                (Part(3), C("live:model")),
                (Part(3), C("live:policy")),
                (Part(2), C("live:map")),
                (Part(3), C("live:log")),
                (Part(3), C("log")),
            ]),
        ),
        (
            Part(3),
            Row(&[
                (Part(2), C("table:before_after")),
                (Part(3), C("table:checks")),
                (Part(2), C("stats")),
                (Part(2), C("notes")),
            ]),
        ),
    ]),
)];
/// A run as it goes on, on a small screen.
const LIVE: Page = Page(
    "training",
    Column(&[
        (Part(1), TRAINING),
        (Part(1), Row(&[(Part(2), C("live:map")), (Part(3), C("live:log")), (Part(3), C("log"))])),
    ]),
);
/// What learns, as it learns.
const TRAINING: Node = Row(&[(Part(1), C("live:model")), (Part(1), C("live:policy"))]);
/// The cells of an experiment, and what is said of it: alone on their page.
const GRID: (Len, Node) = (Part(5), C("table:grid"));
const SAID: (Len, Node) = (Need(8), C("said"));
/// What decides, what is gained, and what it costs.
const FIRST: Node =
    Row(&[(Part(1), C("plot:loss ratio")), (Part(1), C("plot:score")), (Part(1), C("plot:forgetting"))]);
/// What stands behind it.
const SECOND: Node = Row(&[
    (Part(1), C("plot:world-model loss")),
    (Part(1), C("plot:outside the data")),
    (Part(1), C("plot:interaction")),
]);
