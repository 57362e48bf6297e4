//! Panel 6 by keys: runs are marked, overlaid, opened; the list follows what is being written.

use std::sync::Arc;

use oodscope::engine::job::{Body, JobId, JobSpec, Outcome, RunsSpec, Slot};
use oodscope::ui::app::{App, Ended, OpenSpec};
use oodscope::ui::panel::runs;
use oodscope::ui::theme::{Scheme, Theme};
use oodscope::ui::update::{Effect, Msg, begin, update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::support::app::{event, press};
use super::ui_fixture as fixture;

fn app(size: (u16, u16)) -> App {
    let mut app = fixture::app_with(Scheme::Dark, size, fixture::all());
    app.panel = runs::ID;
    app
}

fn names(effects: &[Effect]) -> Vec<&'static str> {
    effects.iter().filter_map(|e| if let Effect::Start(spec) = e { Some(spec.name()) } else { None }).collect()
}

fn screen(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| oodscope::ui::view::view(app, frame)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn marked_runs_are_overlaid_and_without_marks_the_first_eight() {
    let mut app = app((200, 60));
    assert!(screen(&app).contains("score · 8 of 8 runs · metric 1 of 3, M next"), "{}", screen(&app));
    press(&mut app, "Space Down Down Space");
    assert_eq!(app.selection.runs.iter().collect::<Vec<_>>(), ["runs/a0", "runs/a2"]);
    let got = screen(&app);
    assert!(got.contains("score · 2 of 8 runs") && got.matches('●').count() >= 2, "{got}");
    assert!(got.contains("━ adaptive s0") && got.contains("━ adaptive s1") && !got.contains("━ fixed s0"), "{got}");
    press(&mut app, "Space Down");
    assert_eq!(app.selection.runs.len(), 1);
    // The next number of the same runs; then round.
    press(&mut app, "M");
    assert!(screen(&app).contains("R · 1 of 7 runs · metric 2 of 3"), "{}", screen(&app));
    press(&mut app, "M M");
    assert_eq!(app.selection.metric.as_deref(), Some("score"));
}

/// Of a number that the selected run has not those runs are shown that have it.
#[test]
fn runs_of_other_tasks_are_not_laid_over_one_another() {
    let mut report = fixture::runs();
    report.tables[0].rows[0][7] = "Hopper-v5".into();
    report.tables[0].rows[1][7] = "Hopper-v5".into();
    report.series.retain(|s| s.group != "R" || !(s.label == "adaptive s0" || s.label == "fixed s0"));
    let mut app = fixture::app_with(Scheme::Dark, (200, 60), vec![fixture::data(), report]);
    app.panel = runs::ID;
    assert!(screen(&app).contains("score · 2 of 8 runs"), "{}", screen(&app));
    press(&mut app, "M");
    assert!(screen(&app).contains("R · 5 of 5 runs"), "{}", screen(&app));
    press(&mut app, "Down Down M M");
    assert!(screen(&app).contains("score · 6 of 8 runs"), "{}", screen(&app));
}

#[test]
fn curves_keep_the_colours_of_their_runs() {
    let mut app = app((200, 60));
    app.looks.focus.insert(runs::ID, "plot:runs".into());
    app.looks.zoom = true;
    let theme = app.theme;
    let color_of = |app: &App, words: &str| {
        let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
        terminal.draw(|frame| oodscope::ui::view::view(app, frame)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let rows: Vec<String> =
            buffer.content.chunks(200).map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect();
        let (y, row) = rows.iter().enumerate().find(|(_, row)| row.contains(words)).unwrap();
        let x = row[..row.find(words).unwrap()].chars().count();
        buffer.content[y * 200 + x].fg
    };
    // The log of another tool has no R: those after it keep their colours.
    for _ in 0..2 {
        assert_eq!(color_of(&app, "━ adaptive s9"), theme.series(7));
        assert_eq!(color_of(&app, "━ fixed s2"), theme.series(5));
        app.selection.runs = ["runs/a0", "runs/a1", "runs/a2", "runs/a3", "runs/a4", "runs/a5", "runs/a6", "runs/a7"]
            .map(String::from)
            .into();
        press(&mut app, "M");
    }
}

#[test]
fn the_selected_runs_networks_are_opened_in_place() {
    let mut app = app((120, 40));
    for job in ["coverage", "imagination", "diagnosis", "comparison"] {
        app.jobs.ended.insert(job, Ended::Done(String::new()));
    }
    app.jobs.running.clear();
    press(&mut app, "Down");
    let effects = press(&mut app, "Enter");
    assert_eq!(names(&effects), ["coverage"]);
    let open = |app: &App| app.open.source.checkpoint.as_ref().unwrap().display().to_string();
    assert_eq!(open(&app), "runs/a1/checkpoints/0012");
    assert!(["coverage", "imagination", "diagnosis"].iter().all(|name| !app.reports.contains_key(*name)));
    assert!(app.reports.contains_key("runs") && app.reports.contains_key("data"));
    assert!(app.message.as_deref().unwrap().contains("--checkpoint assets/pendulum-narrow"));
    // What the run began with is one key away, and is computed.
    press(&mut app, "v");
    assert_eq!(open(&app), "runs/a1/checkpoints/0000");
    press(&mut app, "v");
    assert_eq!(open(&app), "runs/a1/checkpoints/0012");
    assert!(press(&mut app, "Enter").is_empty() && app.message.as_deref().unwrap().contains("open already"));
    // One without networks says so; z zooms and opens nothing.
    press(&mut app, "Down Down Down Down Down");
    assert!(press(&mut app, "Enter").is_empty() && app.message.as_deref().unwrap().contains("No networks"));
    assert!(press(&mut app, "z").is_empty() && app.looks.zoom);
}

#[test]
fn a_number_that_is_not_shown_is_asked_for() {
    let mut app = app((200, 60));
    app.looks.focus.insert(runs::ID, "table:metrics".into());
    press(&mut app, "Down Enter");
    assert_eq!(app.selection.metric.as_deref(), Some("R"));
    let effects = press(&mut app, "Down Down Enter");
    assert!(
        matches!(&effects[..], [Effect::Start(JobSpec::Runs(RunsSpec { metrics, .. }))] if *metrics == ["time/fps"])
    );
}

#[test]
fn the_opening_lists_the_runs_where_their_folder_is_there() {
    for has_runs in [false, true] {
        let open = OpenSpec { has_runs, ..OpenSpec::new(fixture::source(false), 0) };
        let (mut app, _) = begin(open, Theme::new(Scheme::Dark));
        let queued: Vec<_> = app.jobs.queue.iter().map(JobSpec::name).collect();
        assert_eq!(queued.contains(&"runs"), has_runs, "{queued:?}");
        app.size = (80, 24);
        app.panel = runs::ID;
        if has_runs {
            assert!(screen(&app).contains("Waiting for load"), "{}", screen(&app));
        } else {
            assert!(screen(&app).contains("Top-ups and experiments fill it"), "{}", screen(&app));
            assert_eq!(names(&press(&mut app, "r")), ["runs"]);
        }
    }
}

#[test]
fn the_list_follows_a_top_up_but_not_too_often() {
    let mut app = app((120, 40));
    press(&mut app, "5");
    assert_eq!(names(&press(&mut app, "t")), ["top-up"]);
    update(&mut app, Msg::JobStarted { slot: Slot::Train, id: JobId(7) });
    let report = |app: &mut App| event(app, 7, Body::Report(Arc::new(fixture::topup(3))));
    assert_eq!(names(&report(&mut app)), ["runs"]);
    update(&mut app, Msg::JobStarted { slot: Slot::Runs, id: JobId(8) });
    (0..40).for_each(|_| drop(update(&mut app, Msg::Tick)));
    assert!(report(&mut app).is_empty(), "it is being read");
    event(&mut app, 8, Body::Report(Arc::new(fixture::runs())));
    assert!(event(&mut app, 8, Body::Done(Outcome::default())).is_empty());
    assert_eq!(names(&report(&mut app)), ["runs"]);
    update(&mut app, Msg::JobStarted { slot: Slot::Runs, id: JobId(9) });
    event(&mut app, 9, Body::Done(Outcome::default()));
    assert!(report(&mut app).is_empty(), "it was read just now");
    // Its end is listed in any case.
    assert_eq!(names(&event(&mut app, 7, Body::Done(Outcome::default()))), ["runs"]);
}

/// The list is read while the opening goes on: its end starts nothing that waits for another job.
#[test]
fn the_end_of_the_list_does_not_hurry_the_opening() {
    let (mut app, _) = begin(OpenSpec::new(fixture::source(true), 0), Theme::new(Scheme::Dark));
    update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(1) });
    app.panel = runs::ID;
    assert_eq!(names(&press(&mut app, "r")), ["runs"]);
    update(&mut app, Msg::JobStarted { slot: Slot::Runs, id: JobId(2) });
    assert!(event(&mut app, 2, Body::Done(Outcome::default())).is_empty());
    assert_eq!(names(&event(&mut app, 1, Body::Done(Outcome::default()))), ["coverage"]);
}
