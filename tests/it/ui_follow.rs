//! Files that another program writes: what the screen does when they change.

use std::path::PathBuf;
use std::sync::Arc;

use oodscope::engine::job::{Body, Event, Failure, JobId, JobSpec, Outcome, Slot};
use oodscope::metrics::gate::Gate;
use oodscope::metrics::report::Report;
use oodscope::ui::app::App;
use oodscope::ui::panel::imagination;
use oodscope::ui::theme::Scheme;
use oodscope::ui::update::{Changed, Effect, Msg, update};

use super::ui_fixture as fixture;

fn app() -> App {
    fixture::app_with(Scheme::Dark, (200, 60), fixture::all())
}

fn event(app: &mut App, id: u64, body: Body) -> Vec<Effect> {
    update(app, Msg::Engine(Event { job: JobId(id), body }))
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

#[test]
fn a_new_checkpoint_is_measured_and_the_curve_of_the_one_before_stays() {
    let mut app = app();
    app.open.source.checkpoint = Some(checkpoint(1));
    app.panel = imagination::ID;
    let effects = opened(&mut app, 2, 80);
    assert!(matches!(&effects[..], [Effect::Start(JobSpec::Cover(_))]), "everything is measured anew: {effects:?}");
    assert!(app.jobs.queue.iter().any(|spec| spec.name() == "imagination"));
    // What was there is shown until its successor comes, with a curve and a point of the checkpoint before.
    assert_eq!(app.follow.past.len(), 1);
    assert_eq!(app.follow.useful.as_ref().map(|s| s.y.len()), Some(1));
    assert!(fixture::screen_text(&app).contains("before: 0001"));
    for n in 3..20 {
        opened(&mut app, n, 80 + n as u64);
    }
    assert_eq!(app.follow.past.len(), 8, "the latest of them");
    assert_eq!(app.follow.useful.as_ref().map(|s| s.y.len()), Some(18));
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
    app.follow.alarms = vec![(Gate::parse("useful_horizon<10").unwrap(), false)];
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
