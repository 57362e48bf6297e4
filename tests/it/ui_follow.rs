//! Files that another program writes: what the screen does when they change.

use std::path::PathBuf;
use std::sync::Arc;

use oodscope::engine::job::{Body, Control, Failure, JobId, JobSpec, Outcome, Slot};
use oodscope::metrics::gate::Gate;
use oodscope::metrics::report::Report;
use oodscope::ui::app::{Alarm, App, Following};
use oodscope::ui::panel::imagination;
use oodscope::ui::theme::Scheme;
use oodscope::ui::update::{Changed, Effect, Msg, update};

use ratatui::crossterm::event::KeyCode;

use super::support::app::event;
use super::ui_fixture as fixture;

fn app() -> App {
    let mut app = fixture::app_with(Scheme::Dark, (200, 60), fixture::all());
    app.follow = Following::default();
    app
}

fn checkpoint(n: usize) -> PathBuf {
    format!("runs/a/checkpoints/{n:04}").into()
}

/// A new checkpoint is there, and opened under number `id`.
fn opened(app: &mut App, n: usize, id: u64) -> Vec<Effect> {
    let effects = update(app, Msg::Changed(Changed::Checkpoint(checkpoint(n))));
    let [Effect::Start(JobSpec::Reopen(source))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(source.checkpoint, Some(checkpoint(n)));
    update(app, Msg::JobStarted { slot: Slot::Load, id: JobId(id) });
    event(app, id, Body::Done(Outcome::default()))
}

/// The imagination of the open checkpoint is reported.
fn imagined(app: &mut App, useful: f64) {
    app.jobs.start((imagination::PANEL.spec)(&app.open).unwrap());
    update(app, Msg::JobStarted { slot: Slot::Evaluate, id: JobId(70) });
    let mut report = fixture::imagination();
    report.stats.retain(|stat| stat.key != "useful_horizon");
    report.stat("useful_horizon", "useful horizon", useful, "steps", "Steps.");
    event(app, 70, Body::Report(Arc::new(report)));
}

fn past(app: &App) -> Vec<String> {
    app.follow.past(app.open.source.checkpoint.as_deref()).map(|curve| curve.label.clone()).collect()
}

fn useful(app: &App) -> Vec<f64> {
    app.follow.useful.as_ref().map(|curve| curve.y.clone()).unwrap_or_default()
}

#[test]
fn a_new_checkpoint_is_measured_and_the_curve_of_the_one_before_stays() {
    let mut app = app();
    app.open.source.checkpoint = Some(checkpoint(1));
    app.panel = imagination::ID;
    imagined(&mut app, 1.0);
    assert!(past(&app).is_empty());
    let effects = opened(&mut app, 2, 80);
    let [Effect::Control(JobId(70), Control::Stop), Effect::Start(JobSpec::Imagine(_))] = &effects[..] else {
        panic!("what is not of it is stopped, and everything is measured anew, what is looked at first: {effects:?}");
    };
    assert!(app.jobs.queue.iter().any(|spec| spec.name() == "coverage"));
    // What was there is shown until its successor comes.
    assert_eq!((past(&app), useful(&app)), (vec!["before: 0001".into()], vec![]));
    imagined(&mut app, 2.0);
    assert_eq!((past(&app), useful(&app)), (vec!["before: 0001".into()], vec![1.0, 2.0]));
    assert!(fixture::screen_text(&app).contains("before: 0001"));
    app.looks.focus.insert(imagination::ID, "plot:followed".into());
    let screen = fixture::screen_text(&app);
    assert!(screen.contains("checkpoint by checkpoint"), "{screen}");
    app.looks.focus.clear();
    for n in 3..20 {
        opened(&mut app, n, 80 + n as u64);
        imagined(&mut app, n as f64);
        // It reports again and again while it measures.
        imagined(&mut app, n as f64);
    }
    let labels: Vec<String> = (11..19).rev().map(|n| format!("before: {n:04}")).collect();
    assert_eq!(past(&app), labels, "the latest of them");
    assert_eq!(useful(&app), (1..20).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn a_curve_bears_the_name_of_the_checkpoint_that_it_was_measured_of() {
    let mut app = app();
    app.open.source.checkpoint = Some(checkpoint(1));
    imagined(&mut app, 1.0);
    // Faster than they are measured.
    for n in 2..5 {
        opened(&mut app, n, 80 + n as u64);
    }
    assert_eq!(past(&app), ["before: 0001"]);
    imagined(&mut app, 4.0);
    assert_eq!((past(&app), useful(&app)), (vec!["before: 0001".into()], vec![1.0, 4.0]));
    // The same file, written again.
    opened(&mut app, 4, 90);
    assert_eq!(past(&app), ["before: 0004", "before: 0001"]);
    imagined(&mut app, 5.0);
    assert_eq!(past(&app), ["before: 0004 (1)", "before: 0001"]);
    assert_eq!(useful(&app), [1.0, 4.0, 5.0]);
}

#[test]
fn a_new_dataset_is_audited_and_nothing_of_the_one_before_goes_on() {
    let mut app = app();
    app.jobs.start(JobSpec::Audit(app.open.source.clone()));
    update(&mut app, Msg::JobStarted { slot: Slot::Audit, id: JobId(60) });
    update(&mut app, Msg::Changed(Changed::Dataset));
    update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(61) });
    let effects = event(&mut app, 61, Body::Done(Outcome::default()));
    assert!(matches!(&effects[0], Effect::Control(JobId(60), Control::Stop)), "{effects:?}");
    assert_eq!(app.jobs.queue.iter().filter(|spec| spec.name() == "audit").count(), 1);
}

#[test]
fn what_is_read_again_by_hand_takes_no_change_with_it() {
    let mut app = app();
    app.open.source.checkpoint = Some(checkpoint(1));
    update(&mut app, Msg::Changed(Changed::Checkpoint(checkpoint(2))));
    let effects = update(&mut app, Msg::Key(KeyCode::Char('r').into()));
    let [Effect::Start(JobSpec::Load(source))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(source.checkpoint, Some(checkpoint(1)));
    update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(81) });
    let effects = event(&mut app, 81, Body::Done(Outcome::default()));
    assert_eq!(app.open.source.checkpoint, Some(checkpoint(1)), "what is open is what was read");
    assert!(matches!(&effects[..], [Effect::Start(JobSpec::Reopen(_))]), "then the other: {effects:?}");
}

#[test]
fn what_is_half_written_is_no_error_and_changes_nothing() {
    let mut app = app();
    app.open.source.checkpoint = Some(checkpoint(1));
    let before = app.reports.clone();
    update(&mut app, Msg::Changed(Changed::Checkpoint(checkpoint(2))));
    update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(81) });
    let failure = Failure { message: "runs/a/checkpoints/0002: the file ends early".into(), panicked: false };
    assert!(event(&mut app, 81, Body::Failed(failure)).is_empty());
    assert_eq!((app.message.clone(), app.open.source.checkpoint.clone()), (None, Some(checkpoint(1))));
    assert!(before.iter().all(|(name, report)| Arc::ptr_eq(&app.reports[name], report)));
}

#[test]
fn changes_while_something_is_opened_wait_and_are_opened_together() {
    let mut app = app();
    let effects = update(&mut app, Msg::Changed(Changed::Dataset));
    assert!(matches!(&effects[..], [Effect::Start(JobSpec::Load(_))]), "{effects:?}");
    update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(82) });
    for changed in [Changed::Dataset, Changed::Checkpoint(checkpoint(4)), Changed::Checkpoint(checkpoint(5))] {
        assert!(update(&mut app, Msg::Changed(changed)).is_empty());
    }
    let effects = event(&mut app, 82, Body::Done(Outcome::default()));
    let [Effect::Start(JobSpec::Load(source))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(source.checkpoint, Some(checkpoint(5)), "the newest, once");
}

#[test]
fn an_alarm_rings_when_it_begins_to_hold() {
    let mut app = app();
    app.follow.alarms = vec![Alarm::new(Gate::parse("useful_horizon<10").unwrap())];
    let mut tell = |useful: f64| {
        app.jobs.start((imagination::PANEL.spec)(&app.open).unwrap());
        update(&mut app, Msg::JobStarted { slot: Slot::Evaluate, id: JobId(90) });
        let mut report = Report::new("imagination", "Imagination");
        report.stat("useful_horizon", "useful horizon", useful, "steps", "Steps.");
        event(&mut app, 90, Body::Report(Arc::new(report)))
    };
    assert!(tell(20.0).is_empty());
    assert!(matches!(&tell(7.0)[..], [Effect::Ring(why)] if why.contains("useful_horizon < 10")));
    assert!(tell(6.0).is_empty(), "it rings once");
    assert!(tell(30.0).is_empty());
    assert_eq!(tell(5.0).len(), 1, "and again after it was quiet");
}

#[test]
fn an_alarm_that_means_no_number_is_told_once() {
    let mut app = app();
    app.follow.alarms =
        ["useful_horizn<10", "coverage.cells>0"].map(|gate| Alarm::new(Gate::parse(gate).unwrap())).into();
    let audited = |app: &mut App, id: u64| {
        app.message = None;
        app.jobs.start(JobSpec::Audit(app.open.source.clone()));
        update(app, Msg::JobStarted { slot: Slot::Audit, id: JobId(id) });
        event(app, id, Body::Done(Outcome::default()));
        app.message.clone()
    };
    let told = audited(&mut app, 90).unwrap();
    assert!(told.contains("no number is called 'useful_horizn': do you mean useful_horizon"), "{told}");
    assert_eq!(audited(&mut app, 91), None);
}
