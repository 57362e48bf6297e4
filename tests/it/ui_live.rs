//! A run worth watching: what it tells while it goes on, runs one after the other, pinned curves, logs that others write, sessions.

use std::path::PathBuf;
use std::sync::Arc;

use oodscope::engine::job::{Body, JobId, JobSpec, Outcome, Slot, Told};
use oodscope::ground::task::Progress;
use oodscope::metrics::projection::Projection;
use oodscope::metrics::report::{Along, Cell, Role};
use oodscope::ui::app::App;
use oodscope::ui::panel::{coverage, imagination, runs, topup};
use oodscope::ui::session::Session;
use oodscope::ui::theme::Scheme;
use oodscope::ui::update::{Changed, Effect, Msg, update};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::support::app::event;
use super::ui_fixture as fixture;

fn app(size: (u16, u16)) -> App {
    let mut app = fixture::app_with(Scheme::Dark, size, fixture::all());
    app.reports.remove("topup");
    app.jobs.ended.clear();
    app.panel = topup::ID;
    app
}

fn press(app: &mut App, key: char) -> Vec<Effect> {
    update(app, Msg::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE)))
}

/// Starts a run under number `id`.
fn start(app: &mut App, id: u64) {
    let effects = press(app, 't');
    assert!(matches!(&effects[..], [Effect::Start(JobSpec::TopUp(_))]), "{effects:?}");
    update(app, Msg::JobStarted { slot: Slot::Train, id: JobId(id) });
}

fn told(app: &mut App, id: u64, told: Vec<Told>) {
    event(app, id, Body::Told(told));
}

fn learns(name: &'static str) -> Vec<Told> {
    (1..40).map(|i| Told::Number { name, step: 50 * i, value: 1.0 / i as f64 }).collect()
}

#[test]
fn a_number_of_the_plan_is_written() {
    let mut app = app((120, 40));
    let keys = |app: &mut App, codes: &[KeyCode]| {
        for code in codes {
            update(app, Msg::Key(KeyEvent::new(*code, KeyModifiers::NONE)));
        }
    };
    let of = |text: &str| text.chars().map(KeyCode::Char).collect::<Vec<_>>();
    press(&mut app, 'P');
    // A choice has no number: its digit shows a panel, as everywhere.
    keys(&mut app, &[vec![KeyCode::Down, KeyCode::Down], of("1.7x"), vec![KeyCode::Enter]].concat());
    assert!(app.message.as_ref().is_some_and(|m| m.contains("1.7x")), "{:?}", app.message);
    assert_eq!(app.open.topup.options.threshold, None);
    keys(&mut app, &[vec![KeyCode::Backspace, KeyCode::Enter, KeyCode::Down], of("15"), vec![KeyCode::Down]].concat());
    // Esc leaves the value, not the plan.
    keys(&mut app, &[of("9"), vec![KeyCode::Esc, KeyCode::Right]].concat());
    let o = &app.open.topup.options;
    assert_eq!((o.threshold, o.budget, o.probes), (Some(1.7), 0.15, 3));
    keys(&mut app, &[vec![KeyCode::Down], of("5"), vec![KeyCode::Enter, KeyCode::Esc]].concat());
    assert_eq!(app.open.topup.options.rounds, 5);
    assert!(app.over.is_none() && app.panel == topup::ID);
}

#[test]
fn what_a_run_tells_is_on_the_screen_whole_at_every_size() {
    for size in [(80, 24), (120, 40), (160, 45), (200, 60)] {
        let mut app = app(size);
        let density = Arc::make_mut(app.reports.get_mut("coverage").unwrap());
        density.maps[0].onto = Some(Arc::new(Projection::Columns(0, 2)));
        start(&mut app, 90);
        told(&mut app, 90, learns(oodscope::world::fit::LOSS));
        told(&mut app, 90, learns(oodscope::agent::learner::actor_critic::LOSS));
        let obs = (0..60).flat_map(|i| [(f32::from(i as u8) / 20.0).cos(), 0.0, f32::from(i as u8) / 10.0]).collect();
        told(&mut app, 90, vec![Told::Episode { dim: 3, obs: Arc::new(obs) }]);
        (0..300).for_each(|_| _ = update(&mut app, Msg::Tick));
        let decided = "check 3: R 2.15 > 1.62: collecting 200 steps";
        told(&mut app, 90, vec![Told::Said("evaluation before: return -985".into()), Told::Decided(decided.into())]);
        let progress = Progress { phase: "check 3: fine-tuning".into(), done: 30, total: 100, whole: Some(0.25) };
        event(&mut app, 90, Body::Progress(progress));
        let mut all = String::new();
        for _ in 0..6 {
            all += &fixture::screen_text(&app);
            press(&mut app, '.');
        }
        for word in [
            "World model as it trains",
            "Policy as it trains",
            "gradient step",
            "Log",
            "0:36",
            "25 %",
            "at most 1:48 left",
            "check 3: R 2.15 > 1.62: collecting 200",
        ] {
            assert!(all.contains(word), "{size:?}: '{word}' is missing\n{all}");
        }
        assert!(all.contains("Episodes as they come"), "{size:?}\n{all}");
        assert_eq!(app.live.paths.len(), 1);
        assert!((app.live.paths[0].x[20] - f64::from(1f32.cos())).abs() < 1e-6);
    }
}

#[test]
fn the_share_of_the_whole_never_goes_back_and_a_phase_has_its_own_rate() {
    let mut app = app((160, 45));
    start(&mut app, 90);
    let progress = |phase: &str, done, whole| Body::Progress(Progress { phase: phase.into(), done, total: 100, whole });
    event(&mut app, 90, progress("probing", 50, Some(0.3)));
    event(&mut app, 90, progress("probing", 0, Some(0.2)));
    let share = |app: &App| app.jobs.running[&Slot::Train].share();
    assert_eq!(share(&app), Some(0.3));
    event(&mut app, 90, progress("training", 0, None));
    assert_eq!(share(&app), Some(0.3));
    (0..50).for_each(|_| _ = update(&mut app, Msg::Tick));
    event(&mut app, 90, progress("training", 60, Some(0.5)));
    let running = &app.jobs.running[&Slot::Train];
    assert!((running.rate().unwrap() - 10.0).abs() < 0.5 && (running.left().unwrap() - 6.0).abs() < 0.1);
}

#[test]
fn a_second_run_does_not_erase_the_first() {
    let mut app = app((200, 60));
    start(&mut app, 90);
    event(&mut app, 90, Body::Report(Arc::new(fixture::topup(6))));
    told(&mut app, 90, learns(oodscope::agent::learner::actor_critic::LOSS));
    told(&mut app, 90, learns(oodscope::world::fit::LOSS));
    let result = PathBuf::from("runs/one/checkpoints/0006");
    let outcome = Outcome { summary: "done".into(), written: vec!["runs/one".into(), result.clone()] };
    event(&mut app, 90, Body::Done(outcome));
    let screen = fixture::screen_text(&app);
    assert!(screen.contains("result") && screen.contains("runs/one/checkpoints/0006"), "{screen}");
    app.looks.focus.insert(topup::ID, "control".into());
    assert_eq!(press(&mut app, 'c'), [Effect::Copy("runs/one/checkpoints/0006".into())]);
    app.message = None;
    start(&mut app, 91);
    assert!(app.sitting.result.is_none() && app.live.curves.is_empty());
    event(&mut app, 91, Body::Report(Arc::new(fixture::topup(3))));
    told(&mut app, 91, learns(oodscope::agent::learner::actor_critic::LOSS));
    told(&mut app, 91, learns(oodscope::world::fit::LOSS));
    // What a run measured and what it told have axes of their own.
    let report = app.reports["topup"].clone();
    let drawn = || report.series.iter().chain(&app.live.curves).chain(&app.sitting.past);
    for line in drawn() {
        let apart = drawn().find(|other| other.group == line.group && other.x_axis.label != line.x_axis.label);
        assert!(apart.is_none(), "{}: {:?} beside {:?}", line.group, apart.map(|a| &a.x_axis), line.x_axis);
    }
    let screen = fixture::screen_text(&app);
    assert!(screen.contains("run 1: loss ratio R"), "{screen}");
    assert_eq!(app.sitting.table.rows[0][0], Cell::Text("run 1".into()));
    assert!(app.sitting.past.iter().any(|s| s.label == "run 1: policy loss" && s.role == Role::Past));
    event(&mut app, 91, Body::Done(Outcome { summary: "done".into(), written: vec!["runs/two".into()] }));
    assert_eq!(app.sitting.table.rows.len(), 2);
    // A card of these is exported from what is there.
    app.looks.focus.insert(topup::ID, "table:sitting".into());
    let effects = press(&mut app, 'e');
    let [Effect::Start(JobSpec::Export(spec))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((spec.card.as_deref(), spec.reports[0].tables[0].rows.len()), (Some("table:sitting"), 2));
}

#[test]
fn what_a_job_that_was_replaced_tells_changes_nothing() {
    let mut app = app((120, 40));
    start(&mut app, 90);
    told(&mut app, 89, vec![Told::Said("late".into())]);
    assert!(app.live.log.is_empty());
    app.jobs.start((imagination::PANEL.spec)(&app.open).unwrap());
    update(&mut app, Msg::JobStarted { slot: Slot::Evaluate, id: JobId(95) });
    told(&mut app, 95, vec![Told::Said("no run".into())]);
    assert!(app.live.log.is_empty(), "only what trains is a run");
}

#[test]
fn pinned_curves_stay_through_new_reports_and_are_let_go_by_the_same_key() {
    let mut app = fixture::app_with(Scheme::Dark, (200, 60), fixture::all());
    app.panel = imagination::ID;
    app.looks.focus.insert(imagination::ID, "plot:error by horizon".into());
    let key = (imagination::ID, "plot:error by horizon".to_owned());
    press(&mut app, 'K');
    let pinned = app.looks.pins[&key].clone();
    assert!(!pinned.is_empty() && pinned.len() <= 4 && pinned.iter().all(|p| p.label.starts_with("pinned: ")));
    let mut other = fixture::imagination();
    for series in &mut other.series {
        series.y.iter_mut().for_each(|y| *y *= 2.0);
    }
    app.reports.insert("imagination".into(), Arc::new(other.clone()));
    let screen = fixture::screen_text(&app);
    assert!(screen.contains("pinned: "), "{screen}");
    // The new curves are pinned beside them, at most four in all.
    press(&mut app, 'K');
    assert!((pinned.len()..=4).contains(&app.looks.pins[&key].len()));
    let labels: std::collections::BTreeSet<_> = app.looks.pins[&key].iter().map(|p| &p.label).collect();
    assert_eq!(labels.len(), app.looks.pins[&key].len(), "each has a name of its own");
    press(&mut app, 'K');
    assert!(!app.looks.pins.contains_key(&key), "nothing is new: they are let go");
    // Over other axes they are not drawn.
    press(&mut app, 'K');
    other.series.iter_mut().for_each(|s| s.x_axis.label = "another".into());
    app.reports.insert("imagination".into(), Arc::new(other));
    assert!(!fixture::screen_text(&app).contains("pinned: "));
}

#[test]
fn what_another_program_writes_to_a_run_is_read_once_what_is_read_is_there() {
    let mut app = app((120, 40));
    let effects = update(&mut app, Msg::Changed(Changed::Runs));
    assert!(matches!(&effects[..], [Effect::Start(JobSpec::Runs(_))]), "{effects:?}");
    update(&mut app, Msg::JobStarted { slot: Slot::Runs, id: JobId(50) });
    assert!(update(&mut app, Msg::Changed(Changed::Runs)).is_empty() && app.follow.runs_wait);
    assert!(update(&mut app, Msg::Changed(Changed::Runs)).is_empty());
    let effects = event(&mut app, 50, Body::Done(Outcome::default()));
    assert!(effects.iter().any(|e| matches!(e, Effect::Start(JobSpec::Runs(_)))), "{effects:?}");
    update(&mut app, Msg::JobStarted { slot: Slot::Runs, id: JobId(51) });
    let effects = event(&mut app, 51, Body::Done(Outcome::default()));
    assert!(!effects.iter().any(|e| matches!(e, Effect::Start(JobSpec::Runs(_)))), "once: {effects:?}");
    assert_eq!(runs::ID.0, "runs");
}

#[test]
fn a_session_is_written_by_a_job_and_opens_what_was_open() {
    let mut app = app((160, 45));
    app.panel = coverage::ID;
    app.selection.axes = Some((Along::Dimension(0), Along::Dimension(2)));
    app.selection.episode = Some(4);
    let effects = update(&mut app, Msg::Key(KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL)));
    let [Effect::Start(JobSpec::Save(spec))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(spec.path, PathBuf::from("oodscope-session.toml"));
    let session = Session::read(&spec.path, &spec.text).unwrap();
    let (mut again, effects) =
        oodscope::ui::update::begin(session.open(), oodscope::ui::theme::Theme::new(Scheme::Dark));
    session.restore(&mut again);
    assert!(matches!(&effects[0], Effect::Start(JobSpec::Load(source)) if *source == app.open.source));
    assert_eq!((again.panel, &again.selection), (coverage::ID, &app.selection));
    // The map over those axes is asked for once the coverage is there.
    again.jobs.start((coverage::PANEL.spec)(&again.open).unwrap());
    update(&mut again, Msg::JobStarted { slot: Slot::Cover, id: JobId(3) });
    event(&mut again, 3, Body::Report(Arc::new(fixture::coverage_to_explore())));
    let map = again.jobs.queue.iter().find_map(|spec| match spec {
        JobSpec::Map(map) => Some((map.axes, map.episode)),
        _ => None,
    });
    assert_eq!(map, Some((Some((Along::Dimension(0), Along::Dimension(2))), Some(4))));
    // Where it lies is said.
    update(&mut app, Msg::JobStarted { slot: Slot::Export, id: JobId(60) });
    let summary = "wrote /a/oodscope-session.toml; oodscope open oodscope-session.toml opens it again".to_owned();
    event(&mut app, 60, Body::Done(Outcome::said(summary)));
    assert!(app.message.as_ref().is_some_and(|text| text.contains("/a/oodscope-session.toml")), "{:?}", app.message);
}
