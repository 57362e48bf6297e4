//! Before and after a top-up, by keys.

use std::sync::Arc;

use oodscope::engine::job::{Body, Control, JobId, JobSpec, Outcome, Schedule, Slot, WORSE_OFF};
use oodscope::metrics::report::{Level, Report};
use oodscope::ui::app::{App, Ended};
use oodscope::ui::theme::Scheme;
use oodscope::ui::update::Effect;

use super::support::app::{event, press, started};
use super::ui_fixture as fixture;

/// Names of the jobs that are started, and the checkpoint that they are given.
fn asked(effects: &[Effect]) -> Vec<(&'static str, String)> {
    let source = |spec: &JobSpec| match spec {
        JobSpec::Cover(spec) => spec.source.clone(),
        JobSpec::Imagine(spec) => spec.source.clone(),
        JobSpec::Diagnose(spec) => spec.source.clone(),
        JobSpec::Compare(spec) => spec.source.clone(),
        other => panic!("{}", other.name()),
    };
    let of = |e: &Effect| match e {
        Effect::Start(spec) => Some((spec.name(), source(spec).checkpoint?.display().to_string())),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

/// An app on panel 5 whose panels are filled, and whose top-up ended with `notes`.
fn ended(notes: &[&str]) -> App {
    let mut app = fixture::app_with(Scheme::Dark, (200, 40), fixture::all());
    for job in ["coverage", "imagination", "diagnosis", "comparison"] {
        app.jobs.ended.insert(job, Ended::Done(String::new()));
    }
    press(&mut app, "5 t");
    started(&mut app, Slot::Train, 7);
    let mut report = fixture::topup(12);
    for text in notes {
        report.note(Level::Warn, *text);
    }
    event(&mut app, 7, Body::Report(Arc::new(report)));
    let written = ["runs/a", "runs/a/checkpoints/0009", "runs/a/episodes"].map(Into::into).to_vec();
    event(&mut app, 7, Body::Done(Outcome { summary: "ended".into(), written }));
    app
}

fn checkpoint(app: &App) -> String {
    app.open.source.checkpoint.as_ref().unwrap().display().to_string()
}

fn footer(app: &App) -> String {
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| oodscope::ui::view::view(app, frame)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn one_key_turns_the_panels_to_the_networks_after_and_back() {
    let mut app = ended(&[]);
    assert!(footer(&app).contains("before/after") && footer(&app).contains("before  "), "{}", footer(&app));
    app.open.source.policy = Some("py:f".into());
    // The first time everything is asked for, one job after the other; the dataset is not read again.
    let after = || "runs/a/checkpoints/0009".to_string();
    assert_eq!(asked(&press(&mut app, "v")), [("coverage", after())]);
    assert_eq!(app.open.source.policy, None, "the checkpoint has its own");
    assert!(["coverage", "imagination", "diagnosis", "compare"].iter().all(|name| !app.reports.contains_key(*name)));
    assert!(app.reports.contains_key("data") && app.reports.contains_key("topup"));
    for (id, (slot, report, next)) in (20..).zip([
        (Slot::Cover, fixture::coverage(), "imagination"),
        (Slot::Evaluate, fixture::imagination(), "diagnosis"),
        (Slot::Evaluate, fixture::diagnosis(), "comparison"),
    ]) {
        started(&mut app, slot, id);
        event(&mut app, id, Body::Report(Arc::new(Report { title: "after".into(), ..report })));
        assert_eq!(asked(&event(&mut app, id, Body::Done(Outcome::default()))), [(next, after())]);
    }
    assert_eq!(app.reports["coverage"].title, "after");
    // Back at once, without computing: only what had not ended is stopped.
    started(&mut app, Slot::Compare, 30);
    assert_eq!(press(&mut app, "v"), [Effect::Control(JobId(30), Control::Stop)]);
    assert_eq!(checkpoint(&app), "runs/a/checkpoints/0000");
    assert_ne!(app.reports["coverage"].title, "after");
    event(&mut app, 30, Body::Report(Arc::new(Report { title: "late".into(), ..fixture::compare() })));
    assert_ne!(app.reports["compare"].title, "late", "late news change nothing");
    // And forth: what had ended is there, what had not is asked for.
    assert_eq!(asked(&press(&mut app, "v")), [("comparison", after())]);
    assert_eq!(app.reports["diagnosis"].title, "after");
    assert!(footer(&app).contains("  ·  after"), "{}", footer(&app));
}

#[test]
fn a_top_up_that_made_something_worse_is_rolled_back_by_one_key() {
    let mut app = ended(&[&format!("{WORSE_OFF}the mean return fell by 9 ± 3 s.e.")]);
    assert!(footer(&app).contains("roll back"));
    press(&mut app, "v");
    assert!(footer(&app).contains("roll back"));
    press(&mut app, "R");
    assert_eq!(checkpoint(&app), "runs/a/checkpoints/0000");
    assert!(app.message.as_deref().unwrap().contains("--checkpoint runs/a/checkpoints/0000"));
    assert!(["coverage", "imagination", "diagnosis", "compare"].iter().all(|name| app.reports.contains_key(*name)));
    press(&mut app, "5");
    app.message = None;
    assert!(!footer(&app).contains("roll back"), "it is done");
    // The next top-up starts from there, and the pair of the last one is gone.
    let effects = press(&mut app, "t");
    assert!(matches!(&effects[..], [Effect::Start(JobSpec::TopUp(spec))]
        if spec.source.checkpoint.as_deref() == Some("runs/a/checkpoints/0000".as_ref())));
    assert!(app.pair.is_none() && press(&mut app, "v u").is_empty());
    assert!(!footer(&app).contains("before/after"));
}

#[test]
fn nothing_is_offered_after_a_top_up_that_changed_nothing_and_an_adaptive_one_can_be_controlled() {
    let mut app = ended(&[]);
    assert!(!footer(&app).contains("roll back"), "nothing became worse");
    assert_eq!(app.open.topup.yoked.as_deref(), Some("runs/a".as_ref()));
    press(&mut app, "m");
    assert_eq!(app.open.topup.options.schedule, Schedule::Yoked);
    press(&mut app, "t");
    started(&mut app, Slot::Train, 8);
    let written = ["runs/b", "runs/b/checkpoints/0000"].map(Into::into).to_vec();
    event(&mut app, 8, Body::Done(Outcome { summary: "ended".into(), written }));
    assert!(app.pair.is_none() && press(&mut app, "v").is_empty());
    assert_eq!(app.open.topup.yoked.as_deref(), Some("runs/a".as_ref()), "a control is no run to be controlled");
}
