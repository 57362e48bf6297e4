//! The dashboard without a terminal: a small engine answers every job at once, keys are pressed, the screen is looked at.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use oodscope::engine::Engine;
use oodscope::engine::job::{Body, Control, Event, Failure, JobId, JobSpec, Outcome, Source};
use oodscope::ground::fault::Fault;
use oodscope::ground::task::{Cancel, Progress};
use oodscope::picture::raster;
use oodscope::picture::scene::Scene;
use oodscope::ui::app::{App, OpenSpec};
use oodscope::ui::door::EngineDoor;
use oodscope::ui::offscreen::{Stage, keys, screen};
use oodscope::ui::panel::{PANELS, coverage, topup};
use oodscope::ui::theme::{Scheme, Theme};
use oodscope::ui::update::{Msg, begin, update};

use super::ui_fixture as fixture;

/// Answers every job at once; `fails` names the job that fails, and why; `holds` the one that never ends.
struct Instant {
    events: SyncSender<Event>,
    started: Vec<&'static str>,
    fails: Option<(&'static str, String)>,
    holds: Option<&'static str>,
}

impl EngineDoor for Instant {
    fn start(&mut self, spec: JobSpec) -> JobId {
        self.started.push(spec.name());
        let job = JobId(self.started.len() as u64);
        let say = |body| self.events.send(Event { job, body }).unwrap();
        say(Body::Started);
        say(Body::Progress(Progress { phase: "at work".into(), done: 1, total: 2, ..Progress::default() }));
        if self.holds == Some(spec.name()) {
            return job;
        }
        // What is left out is not asked for again.
        if let Some((_, message)) = self.fails.take_if(|(name, _)| *name == spec.name()) {
            say(Body::Failed(Failure { message, panicked: false }));
        } else {
            let report = match spec {
                JobSpec::Load(_) => fixture::data(),
                JobSpec::Cover(_) => fixture::coverage(),
                JobSpec::Imagine(_) => fixture::imagination(),
                JobSpec::Diagnose(_) => fixture::diagnosis(),
                JobSpec::TopUp(_) => fixture::topup(12),
                _ => fixture::audit(),
            };
            say(Body::Report(Arc::new(report)));
            say(Body::Done(Outcome::said(format!("{} is done", spec.name()))));
        }
        job
    }

    fn control(&mut self, _: JobId, _: Control) {}
}

fn instant() -> (Instant, Receiver<Event>) {
    let (events, news) = sync_channel(1024);
    (Instant { events, started: Vec::new(), fails: None, holds: None }, news)
}

fn opening(size: (u16, u16)) -> (App, Vec<oodscope::ui::update::Effect>) {
    let (mut app, effects) = begin(OpenSpec::new(fixture::source(true), 0), Theme::new(Scheme::Dark));
    app.size = size;
    (app, effects)
}

fn play(engine: &mut Instant, news: &Receiver<Event>, keys: &str) -> Result<App, Fault> {
    let (cancel, keys) = (Cancel::default(), keys::parse(keys).unwrap());
    let mut stage = Stage { engine, events: news, cancel: &cancel, heard: &mut |_| {} };
    stage.play(opening((160, 45)), &keys)
}

#[test]
fn everything_has_ended_before_the_picture_and_before_each_key() {
    let (mut engine, news) = instant();
    let app = play(&mut engine, &news, "").unwrap();
    assert_eq!(engine.started, ["load", "coverage", "imagination", "diagnosis", "comparison", "audit"]);
    assert!(app.jobs.running.is_empty() && app.jobs.queue.is_empty() && app.tick == 0);
    let text = screen(&app).text();
    assert!(text.contains("oodscope") && text.contains("Episodes") && text.lines().count() == 45, "{text}");

    let (mut engine, news) = instant();
    let app = play(&mut engine, &news, "5t2<Tab>").unwrap();
    assert!(engine.started.contains(&"top-up"));
    assert!(app.panel == coverage::ID && app.report(topup::ID).is_some(), "the top-up ended before the next key");
}

#[test]
fn keys_after_the_one_that_quits_are_not_pressed() {
    for quit in ["q", "<C-c>"] {
        let (mut engine, news) = instant();
        let app = play(&mut engine, &news, &format!("3{quit}2r")).unwrap();
        assert_eq!(app.panel, oodscope::ui::panel::imagination::ID);
        assert_eq!(engine.started.len(), 6);
    }
}

#[test]
fn a_job_that_the_picture_needs_and_fails_is_one_sentence() {
    let why = "data.hdf5: there are no observations; name them with --map".to_string();
    let refused = |job: &'static str, keys: &str| {
        let (mut engine, news) = instant();
        engine.fails = Some((job, why.clone()));
        play(&mut engine, &news, keys)
    };
    let told = |got: Result<App, Fault>| assert_eq!(got.map(|_| ()), Err(Fault::Bad(why.clone())));
    told(refused("load", ""));
    told(refused("coverage", "2"));
    told(refused("top-up", "5t1"));
    // Of another panel's failure the screen tells, until Esc.
    let app = refused("diagnosis", "2").unwrap();
    let text = screen(&app).text();
    assert!(text.contains("✗") && text.contains("there are no observations"), "{text}");
    let text = screen(&refused("diagnosis", "2<Esc>").unwrap()).text();
    assert!(text.contains("✗") && !text.contains("there are no observations"), "{text}");
}

#[test]
fn what_does_not_fit_is_left_out_and_the_screen_says_so() {
    let (mut engine, news) = instant();
    let path = fixture::source(true).checkpoint.unwrap().display().to_string();
    engine.fails = Some(("load", format!("{path}: the world model wants 4 numbers and the dataset has 3")));
    let app = play(&mut engine, &news, "").unwrap();
    assert_eq!(engine.started, ["load", "load", "coverage", "diagnosis", "audit"]);
    let text = screen(&app).text();
    assert!(text.contains("opened without what does not fit") && text.contains("wants 4 numbers"), "{text}");
}

#[test]
fn a_cancel_ends_the_wait() {
    let (mut engine, news) = instant();
    engine.holds = Some("coverage");
    let (cancel, seen) = (Cancel::default(), std::cell::Cell::new(0));
    let mut heard = |event: &Event| {
        seen.set(seen.get() + 1);
        if matches!(event.body, Body::Progress(_)) && event.job == JobId(2) {
            cancel.cancel();
        }
    };
    let mut stage = Stage { engine: &mut engine, events: &news, cancel: &cancel, heard: &mut heard };
    assert_eq!(stage.play(opening((80, 24)), &[]).map(|_| ()), Err(Fault::Cancelled));
    assert!(seen.get() >= 4, "all news are heard");
}

/// Every character of every page of every panel of the demo has a shape or an outline.
/// The demo with all its jobs done.
fn demo(rollouts: bool) -> App {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = Source {
        dataset: root.join("datasets/pendulum/narrow-v0"),
        checkpoint: Some(root.join("assets/pendulum-narrow")),
        rollouts: rollouts.then(|| root.join("datasets/pendulum/mixed-v0")),
        ..Source::default()
    };
    let (sender, events) = sync_channel(256);
    let (mut engine, cancel) = (Engine::new(sender), Cancel::default());
    let (mut app, effects) = begin(OpenSpec::new(source, 0), Theme::new(Scheme::Dark));
    app.size = (120, 40);
    let mut stage = Stage { engine: &mut engine, events: &events, cancel: &cancel, heard: &mut |_| {} };
    stage.play((app, effects), &[]).unwrap()
}

/// Words of a screen that have the sign of a cut, each with the words around it. An interval's stands between two numbers.
fn cut(text: &str) -> Vec<String> {
    let is_number = |word: &str| {
        word.trim_start_matches('(').trim_end_matches(['%', ',', ';', ')']).replace('−', "-").parse::<f64>().is_ok()
    };
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let around = lines.flat_map(|words| {
        let around = (0..words.len()).map(|i| words[i.saturating_sub(1)..words.len().min(i + 2)].join(" "));
        words.iter().zip(around).filter(|(word, _)| word.contains('…')).map(|(_, all)| all).collect::<Vec<_>>()
    });
    around
        .filter(|all| !matches!(all.split(' ').collect::<Vec<_>>()[..], [a, "…", b] if is_number(a) && is_number(b)))
        .collect()
}

/// Where there is room no label is cut; on the smallest usual screen few are.
#[test]
fn labels_of_the_demo_are_whole() {
    let mut app = demo(false);
    for (size, most) in [((80, 24), 10), ((160, 45), 0), ((200, 60), 0)] {
        app.size = size;
        let mut found = Vec::new();
        for panel in PANELS {
            app.show(panel.id);
            for _ in 0..8 {
                // The folder that the test lies in is no part of the screen.
                let text = screen(&app).text();
                let cards: String = text.lines().skip(2).take(usize::from(size.1) - 4).collect::<Vec<_>>().join("\n");
                found.extend(cut(&cards).into_iter().map(|word| format!("{}: {word}", panel.title)));
                update(&mut app, Msg::Key(keys::parse(".").unwrap()[0]));
            }
        }
        found.sort();
        found.dedup();
        assert!(found.len() <= most, "{size:?}: {found:?}");
    }
}

#[test]
fn the_demo_is_drawn_without_a_box() {
    let mut app = demo(true);
    let tab = keys::parse("<Tab>").unwrap()[0];
    let mut seen = std::collections::HashSet::new();
    let mut look = |app: &App, what: &str| {
        let cells = screen(app);
        if !seen.insert(cells.text()) {
            return false;
        }
        let (_, missing) = raster::png(&Scene::of(&cells)).unwrap();
        assert!(missing.is_empty(), "{what}: the fonts under assets/fonts lack {missing:?}\n{}", cells.text());
        true
    };
    for panel in PANELS {
        app.show(panel.id);
        let mut new = 0;
        for _ in 0..40 {
            new += usize::from(look(&app, panel.title));
            update(&mut app, Msg::Key(tab));
        }
        assert!(new > 0, "{}", panel.title);
    }
    let letters: Vec<char> = ('\u{a1}'..='\u{ff}').collect();
    for some in letters.chunks(40) {
        app.message = Some(format!("{} stay what they are", some.iter().collect::<String>()));
        look(&app, "Latin-1");
    }
    app.message = None;
    app.over = Some(oodscope::ui::app::Over::Keys(0));
    look(&app, "help");
}
