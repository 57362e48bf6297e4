//! Imagining from the step under the cursor of panel 4, and the ways to an episode's step.

use std::sync::Arc;

use oodscope::engine::job::{Body, Failure, JobId, JobSpec, Outcome, Slot, TraceSpec};
use oodscope::metrics::report::Report;
use oodscope::ui::app::App;
use oodscope::ui::panel::{coverage, diagnosis, imagination};
use oodscope::ui::theme::Scheme;
use oodscope::ui::update::{Effect, Msg, update};
use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::support::app::{event, press};
use super::ui_fixture::{self as fixture, screen_text};

fn app_of(size: (u16, u16)) -> App {
    fixture::app_with(Scheme::Dark, size, fixture::all())
}

fn app() -> App {
    app_of((120, 40))
}

/// The rollouts that were asked for.
fn traces(effects: &[Effect]) -> Vec<&TraceSpec> {
    effects.iter().filter_map(|e| if let Effect::Start(JobSpec::Trace(spec)) = e { Some(spec) } else { None }).collect()
}

/// The job that was asked for last runs under `id` and reports.
fn answered(app: &mut App, id: u64, report: Report) {
    update(app, Msg::JobStarted { slot: Slot::Trace, id: JobId(id) });
    event(app, id, Body::Report(Arc::new(report)));
    event(app, id, Body::Done(Outcome::default()));
}

#[test]
fn the_start_follows_the_cursor_until_it_is_held() {
    let mut app = app();
    let effects = press(&mut app, "4 i");
    let [spec] = traces(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((spec.of_data, spec.episode, spec.horizon), (true, 0, 50));
    assert_eq!(spec.source, app.open.source);
    // Ten steps before the first alarm of the fixture's strips.
    let detail = &app.report(diagnosis::ID).unwrap().details[0];
    let alarms = detail.series.iter().filter(|s| s.has_threshold()).filter_map(|s| s.y.iter().position(|v| *v >= 1.0));
    let first = alarms.min().unwrap();
    assert_eq!(spec.step, first - 10);
    assert!(screen_text(&app).contains("Episode 0 · imagining"));
    answered(&mut app, 50, fixture::trace("0", spec.step));
    let shown = screen_text(&app);
    let heading = format!("imagined from step {} · ", spec.step);
    for words in [heading.as_str(), "of 5 dimensions", "━ imagined", "leaves at step"] {
        assert!(shown.contains(words), "'{words}' is missing in\n{shown}");
    }
    assert!(shown.contains(&format!("Episode 0 imagined from step {} over 50", spec.step)), "in the verdict\n{shown}");
    // The next step: the older answer dies.
    let effects = press(&mut app, "Right");
    assert_eq!(traces(&effects)[0].step, spec.step + 1);
    event(&mut app, 50, Body::Report(Arc::new(fixture::trace("0", 3))));
    assert!(screen_text(&app).contains(&format!("imagined from step {} ", spec.step)), "the last one stays until then");
    answered(&mut app, 51, fixture::trace("0", spec.step + 1));
    assert!(screen_text(&app).contains(&format!("imagined from step {} ", spec.step + 1)));
    // Held, the curves can be read.
    assert!(press(&mut app, "i Right Right Right").is_empty());
    assert!(screen_text(&app).contains(&format!("imagined from step {}, held", spec.step + 1)));
    let effects = press(&mut app, "i");
    assert_eq!(traces(&effects)[0].step, spec.step + 4, "from the cursor again");
    // One thing after the other is closed.
    press(&mut app, "Esc");
    assert!(app.selection.tracing.is_none() && app.selection.at.contains_key("step"));
    assert!(!screen_text(&app).contains("━ imagined"));
    assert!(press(&mut app, "Right Left").is_empty(), "nothing follows any more");
    press(&mut app, "Esc");
    assert!(!app.selection.at.contains_key("step"));
}

#[test]
fn the_last_step_has_nothing_to_imagine_and_the_one_before_is_taken() {
    let mut app = app();
    let effects = press(&mut app, "4 i End");
    assert_eq!(traces(&effects).last().unwrap().step, 198, "of 200 steps");
    assert!((app.selection.at["step"] - 199.0).abs() < 1e-9);
    let (column, row) = (40, 30);
    let click =
        MouseEvent { kind: MouseEventKind::Down(MouseButton::Left), column, row, modifiers: KeyModifiers::NONE };
    let effects = update(&mut app, Msg::Mouse(click));
    assert_eq!(traces(&effects).len(), 1, "the mouse moves it as well: {effects:?}");
    assert!(update(&mut app, Msg::Resize(80, 24)).is_empty(), "a resize changes nothing");
}

#[test]
fn another_episode_is_imagined_anew_and_never_shows_the_curves_of_the_one_before() {
    let mut app = app();
    press(&mut app, "4 i");
    answered(&mut app, 50, fixture::trace("0", 30));
    let effects = press(&mut app, "n");
    assert_eq!(traces(&effects)[0].episode, 3);
    let shown = screen_text(&app);
    assert!(shown.contains("Episode 3 · imagining") && !shown.contains("━ imagined"), "{shown}");
    answered(&mut app, 51, fixture::trace("3", 30));
    assert!(screen_text(&app).contains("━ imagined"));
    assert_eq!(traces(&press(&mut app, "b")).len(), 1);
    // On another panel nothing is asked for; back on this one it is.
    press(&mut app, "i 1");
    app.selection.tracing.as_mut().unwrap().held = None;
    app.selection.at.insert("step".into(), 77.0);
    assert!(traces(&press(&mut app, "2 3")).is_empty());
    assert_eq!(traces(&press(&mut app, "4"))[0].step, 77);
}

#[test]
fn what_is_measured_anew_is_imagined_anew() {
    let mut app = app();
    press(&mut app, "4 i");
    answered(&mut app, 50, fixture::trace("0", 30));
    // Fewer episodes: the curves go with the diagnosis, and come with the next.
    let press_all = "/ s t e p s < 9 9 Enter";
    assert!(traces(&press(&mut app, press_all)).is_empty());
    update(&mut app, Msg::JobStarted { slot: Slot::Episodes, id: JobId(60) });
    event(&mut app, 60, Body::Report(Arc::new(fixture::data())));
    event(&mut app, 60, Body::Done(Outcome::default()));
    assert!(!app.reports.contains_key("trace") && app.report(diagnosis::ID).is_none());
    app.jobs.start((diagnosis::PANEL.spec)(&app.open).unwrap());
    update(&mut app, Msg::JobStarted { slot: Slot::Evaluate, id: JobId(61) });
    assert!(
        traces(&event(&mut app, 61, Body::Report(Arc::new(fixture::diagnosis())))).is_empty(),
        "it is not done yet"
    );
    let effects = event(&mut app, 61, Body::Done(Outcome::default()));
    assert_eq!(traces(&effects)[0].source.only, app.open.source.only, "{effects:?}");
    answered(&mut app, 62, fixture::trace("0", 30));
    // The same once more, as where what is watched has changed.
    app.jobs.start((diagnosis::PANEL.spec)(&app.open).unwrap());
    update(&mut app, Msg::JobStarted { slot: Slot::Evaluate, id: JobId(63) });
    event(&mut app, 63, Body::Report(Arc::new(fixture::diagnosis())));
    assert_eq!(traces(&event(&mut app, 63, Body::Done(Outcome::default()))).len(), 1);
    assert!(!screen_text(&app).contains("━ imagined"), "what was shown is of what was there before");
}

#[test]
fn a_job_of_the_opening_is_not_hurried_and_a_failure_is_one_sentence() {
    let mut app = app();
    app.jobs.start((coverage::PANEL.spec)(&app.open).unwrap());
    app.jobs.queue.push_back((imagination::PANEL.spec)(&app.open).unwrap());
    press(&mut app, "4 i");
    answered(&mut app, 50, fixture::trace("0", 30));
    assert_eq!(app.jobs.queue.len(), 1, "it waits for the coverage");
    press(&mut app, "Right");
    update(&mut app, Msg::JobStarted { slot: Slot::Trace, id: JobId(51) });
    let message = "episode 0 cannot be imagined from step 33: it can be from steps 0 to 20";
    event(&mut app, 51, Body::Failed(Failure { message: message.into(), panicked: false }));
    assert_eq!(app.message.as_deref(), Some(message));
    assert!(!screen_text(&app).contains("━ imagined"));
    assert_eq!(traces(&press(&mut app, "Left")).len(), 1);
    assert_eq!(app.message, None, "of this step it is not true");
}

#[test]
fn without_a_world_model_or_an_episode_a_sentence_says_what_is_missing() {
    let mut app = app();
    app.open.source.checkpoint = None;
    assert!(press(&mut app, "4 i").is_empty());
    assert!(app.message.as_deref().unwrap().contains("--checkpoint") && app.selection.tracing.is_none());
    let mut app = fixture::app_with(Scheme::Dark, (120, 40), vec![fixture::data()]);
    assert!(press(&mut app, "4 i").is_empty());
    assert!(app.message.is_some());
    let mut app = app_of((120, 40));
    let details = Arc::make_mut(&mut Arc::make_mut(app.reports.get_mut("diagnosis").unwrap()).details);
    for detail in details.iter_mut() {
        detail.series.clear();
    }
    assert!(press(&mut app, "4 i").is_empty());
    assert!(app.message.as_deref().unwrap().contains("No steps of episode 0 are kept"), "{:?}", app.message);
}

#[test]
fn lanes_are_gone_closer_to_and_go_with_the_cursor() {
    let mut app = app();
    press(&mut app, "4 i + +");
    answered(&mut app, 50, fixture::trace("0", 30));
    let (lo, hi) = app.selection.window["step"];
    assert!(hi - lo < 60.0 && (lo..=hi).contains(&app.selection.at["step"]), "{lo} to {hi}");
    press(&mut app, "End");
    let (lo, hi) = app.selection.window["step"];
    let at = app.selection.at["step"];
    assert!((lo..=hi).contains(&at) && (at - 200.0).abs() < 1e-9, "{lo} to {hi}: {at}");
    press(&mut app, "0");
    assert!(app.selection.window.is_empty());
}

#[test]
fn the_readout_holds_every_lane() {
    let mut app = app();
    press(&mut app, "4 i");
    answered(&mut app, 50, fixture::trace("0", 30));
    app.selection.at.insert("step".into(), 40.0);
    let effects = press(&mut app, "c");
    let copied = effects.iter().find_map(|e| if let Effect::Copy(text) = e { Some(text.as_str()) } else { None });
    let copied = copied.unwrap();
    assert!(copied.starts_with("step 40\nnovelty\t") && copied.contains("\nreward\t"), "{copied}");
    assert_eq!(copied.matches("\timagined ").count(), 5, "{copied}");
}

#[test]
fn the_dimension_that_is_selected_among_the_errors_comes_first() {
    let mut app = app_of((80, 24));
    press(&mut app, "4 i");
    answered(&mut app, 50, fixture::trace("0", 30));
    let named = |app: &App, name: &str| screen_text(app).lines().any(|line| line.trim_start().starts_with(name));
    assert!(named(&app, "θ̇ ") && !named(&app, "cos θ "), "the worst has room\n{}", screen_text(&app));
    app.looks.card_mut(imagination::ID, "table:dimensions").row = Some(2);
    assert!(named(&app, "cos θ ") && !named(&app, "θ̇ "), "{}", screen_text(&app));
}

#[test]
fn a_point_of_the_cloud_leads_to_its_episode() {
    let mut app = app();
    let cloud = app.report(imagination::ID).unwrap().scatters[0].clone();
    press(&mut app, "3");
    app.looks.focus.insert(imagination::ID, "scatter:error_vs_novelty".into());
    press(&mut app, "Right");
    let row = |app: &App| app.looks.card(imagination::ID, "scatter:error_vs_novelty").row.unwrap();
    let highest = cloud.y.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    assert_eq!(row(&app), highest, "the worst to begin with");
    press(&mut app, "Left");
    assert_ne!(row(&app), highest);
    assert!(cloud.x[row(&app)] <= cloud.x[highest]);
    let copied = press(&mut app, "c");
    assert!(matches!(&copied[..], [Effect::Copy(text)] if text.starts_with("episode ")), "{copied:?}");
    // An episode that is diagnosed: its strips at that step.
    let known = (0..cloud.places.len()).find(|i| cloud.places[*i].episode == 3).unwrap();
    app.looks.card_mut(imagination::ID, "scatter:error_vs_novelty").row = Some(known);
    assert!(press(&mut app, "Enter").is_empty());
    assert_eq!((app.panel, app.looks.focus[&diagnosis::ID].as_str()), (diagnosis::ID, "lanes"));
    assert_eq!(app.selection.at["step"], cloud.places[known].step as f64);
    assert_eq!(diagnosis::selected_episode(&app).as_deref(), Some("3"));
    // One that is not: imagined from there.
    let other = (0..cloud.places.len()).find(|i| cloud.places[*i].episode == 31).unwrap();
    press(&mut app, "3");
    app.looks.card_mut(imagination::ID, "scatter:error_vs_novelty").row = Some(other);
    let effects = press(&mut app, "Enter");
    let [Effect::Start(JobSpec::Imagine(spec))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((spec.episode, spec.step), (Some(31), Some(cloud.places[other].step)));
    press(&mut app, "Esc Esc");
    assert_eq!(app.looks.card(imagination::ID, "scatter:error_vs_novelty").row, None);
}

/// The path over panel 2's map bears the cursor's step where it is of the episode that the step is of.
#[test]
fn the_step_is_marked_on_both_maps() {
    let mut app = app_of((200, 60));
    press(&mut app, "4");
    app.selection.at.insert("step".into(), 50.0);
    assert!(screen_text(&app).contains('◆'));
    press(&mut app, "2");
    assert!(!screen_text(&app).contains('◆'), "the path there is of the rollouts");
    app.selection.episode = Some(0);
    assert!(screen_text(&app).contains('◆'));
    app.selection.episode = Some(4);
    assert!(!screen_text(&app).contains('◆'), "another episode");
}

#[test]
fn screens_of_what_is_imagined_from_the_cursor() {
    for (w, h) in [(80, 24), (120, 40), (160, 45), (200, 60)] {
        let mut app = app_of((w, h));
        press(&mut app, "4 i");
        answered(&mut app, 50, fixture::trace("0", 30));
        app.selection.at.insert("step".into(), 30.0);
        insta::assert_snapshot!(format!("diagnosis_imagined_{w}x{h}"), screen_text(&app));
        press(&mut app, "z");
        assert!(screen_text(&app).contains("5 of 5 dimensions") || h == 24, "zoomed all have room");
    }
}

#[test]
fn every_size_is_survived_whatever_is_imagined() {
    let spoil = |with: f64| {
        let mut r = fixture::trace("0", 30);
        r.series.iter_mut().for_each(|s| s.y.iter_mut().for_each(|v| *v = with));
        r
    };
    let mut ragged = fixture::trace("0", 30);
    ragged.series.iter_mut().enumerate().for_each(|(i, s)| s.y.truncate(i));
    let kinds = [
        fixture::trace("0", 199),
        spoil(f64::NAN),
        spoil(f64::INFINITY),
        spoil(1e300),
        spoil(0.0),
        ragged,
        Report::new("trace", ""),
    ];
    for report in kinds {
        for size in [(1, 1), (59, 16), (60, 16), (60, 20), (80, 24), (80, 50), (200, 60)] {
            let mut app = app_of(size);
            press(&mut app, "4 i");
            answered(&mut app, 50, report.clone());
            for zoom in [false, true] {
                app.looks.zoom = zoom;
                screen_text(&app);
            }
            press(&mut app, "+ + Right c i Left End Home - - -");
            screen_text(&app);
        }
    }
}
