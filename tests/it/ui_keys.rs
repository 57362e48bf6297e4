//! `update` by sequences of keys, clicks and news, without a terminal.

use std::sync::Arc;

use oodscope::engine::job::{
    Body, Control, Event, ExperimentSpec, Failure, JobId, JobSpec, MapSpec, Outcome, Schedule, Slot, Source,
};
use oodscope::ground::task::Progress;
use oodscope::metrics::report::{Along, Cell, HeatMap, Report};
use oodscope::ui::app::{App, Ended, OpenSpec, ScaleChoice};
use oodscope::ui::panel::{coverage, data, diagnosis, imagination};
use oodscope::ui::theme::{Scheme, Theme};
use oodscope::ui::update::{Effect, Msg, begin, update};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::support::app::{event, press, started};
use super::ui_fixture as fixture;

fn app() -> App {
    fixture::app_with(Scheme::Dark, (120, 40), fixture::all())
}

fn names(effects: &[Effect]) -> Vec<&'static str> {
    effects.iter().filter_map(|e| if let Effect::Start(spec) = e { Some(spec.name()) } else { None }).collect()
}

#[test]
fn the_opening_walks_the_road_one_job_at_a_time() {
    let (mut app, first) = begin(OpenSpec::new(fixture::source(true), 0), Theme::new(Scheme::Dark));
    assert_eq!(names(&first), ["load"]);
    let road = [
        (Slot::Load, "coverage"),
        (Slot::Cover, "imagination"),
        (Slot::Evaluate, "diagnosis"),
        (Slot::Evaluate, "comparison"),
        (Slot::Compare, "audit"),
    ];
    for (id, (slot, next)) in (1..).zip(road) {
        started(&mut app, slot, id);
        assert_eq!(names(&event(&mut app, id, Body::Done(Outcome::default()))), [next]);
    }
    started(&mut app, Slot::Audit, 9);
    assert!(event(&mut app, 9, Body::Done(Outcome::default())).is_empty());
    assert!(app.jobs.running.is_empty());
}

#[test]
fn without_a_checkpoint_the_road_leaves_out_imagination_alone() {
    let (mut app, _) = begin(OpenSpec::new(fixture::source(false), 0), Theme::new(Scheme::Dark));
    started(&mut app, Slot::Load, 1);
    assert_eq!(names(&event(&mut app, 1, Body::Done(Outcome::default()))), ["coverage"]);
    started(&mut app, Slot::Cover, 2);
    assert_eq!(names(&event(&mut app, 2, Body::Done(Outcome::default()))), ["diagnosis"]);
    started(&mut app, Slot::Evaluate, 3);
    assert_eq!(names(&event(&mut app, 3, Body::Done(Outcome::default()))), ["audit"]);
    started(&mut app, Slot::Audit, 4);
    assert!(event(&mut app, 4, Body::Done(Outcome::default())).is_empty());
    assert!(press(&mut app, "5 t").is_empty());
    assert!(app.message.as_deref().unwrap().contains("--checkpoint"));
}

/// The keys of panel 5 steer the experiment that is open, and never start a top-up in its place.
#[test]
fn an_experiment_is_paused_stopped_and_gone_on_with() {
    let experiment = Some(ExperimentSpec { plan: "plan.toml".into(), ..ExperimentSpec::default() });
    let open = OpenSpec { experiment, ..OpenSpec::new(fixture::source(true), 0) };
    let (mut app, first) = begin(open, Theme::new(Scheme::Dark));
    assert_eq!(names(&first), ["load", "experiment"]);
    started(&mut app, Slot::Load, 1);
    started(&mut app, Slot::Train, 2);
    assert!(press(&mut app, "5 t").is_empty());
    assert!(app.message.as_deref().unwrap().contains("x stops it"));
    assert!(press(&mut app, "Esc m r").is_empty());
    assert_eq!(press(&mut app, "Esc p"), [Effect::Control(JobId(2), Control::Pause)]);
    assert_eq!(
        press(&mut app, "p x"),
        [Effect::Control(JobId(2), Control::Resume), Effect::Control(JobId(2), Control::Stop)]
    );
    event(&mut app, 2, Body::Cancelled);
    assert_eq!(names(&press(&mut app, "t")), ["experiment"]);
}

#[test]
fn data_that_cannot_be_loaded_stop_the_road_and_are_told() {
    let (mut app, _) = begin(OpenSpec::new(fixture::source(true), 0), Theme::new(Scheme::Dark));
    started(&mut app, Slot::Load, 1);
    let failure = Failure { message: "main_data.hdf5: no key 'observations'".into(), panicked: false };
    assert!(event(&mut app, 1, Body::Failed(failure)).is_empty());
    assert!(app.jobs.queue.is_empty());
    assert!(app.message.as_deref().unwrap().contains("observations"));
    press(&mut app, "Esc");
    assert_eq!(app.message, None);
    assert_eq!(names(&press(&mut app, "r")), ["load"]);
    assert_eq!(app.jobs.queue.len(), 4);
}

#[test]
fn a_failed_coverage_does_not_keep_imagination_away() {
    let (mut app, _) = begin(OpenSpec::new(fixture::source(true), 0), Theme::new(Scheme::Dark));
    started(&mut app, Slot::Load, 1);
    event(&mut app, 1, Body::Done(Outcome::default()));
    started(&mut app, Slot::Cover, 2);
    let failure = Failure { message: "coverage: the worker panicked".into(), panicked: true };
    assert_eq!(names(&event(&mut app, 2, Body::Failed(failure))), ["imagination"]);
}

#[test]
fn late_news_of_a_replaced_job_change_nothing() {
    let mut app = app();
    press(&mut app, "2 r");
    started(&mut app, Slot::Cover, 20);
    press(&mut app, "r");
    started(&mut app, Slot::Cover, 21);
    let mut wrong = fixture::coverage();
    wrong.title = "stale".into();
    event(&mut app, 20, Body::Report(Arc::new(wrong)));
    event(&mut app, 20, Body::Progress(Progress { phase: "stale".into(), done: 1, total: 2, ..Progress::default() }));
    event(&mut app, 20, Body::Cancelled);
    assert_ne!(app.reports["coverage"].title, "stale");
    assert_eq!(app.jobs.running[&Slot::Cover].progress, None);
    event(&mut app, 21, Body::Done(Outcome::default()));
    assert_eq!(app.jobs.ended["coverage"], Ended::Done(String::new()));
}

#[test]
fn a_top_up_is_chosen_started_held_and_stopped_with_keys() {
    let mut app = app();
    press(&mut app, "5 m");
    assert_eq!(app.open.topup.options.schedule, Schedule::None);
    press(&mut app, "m m");
    let effects = press(&mut app, "t");
    assert!(
        matches!(&effects[..], [Effect::Start(JobSpec::TopUp(spec))] if spec.options.schedule == Schedule::Adaptive)
    );
    started(&mut app, Slot::Train, 7);
    press(&mut app, "m");
    assert_eq!(app.open.topup.options.schedule, Schedule::Adaptive, "settled while it runs");
    assert!(press(&mut app, "t").is_empty(), "a second start is refused");
    press(&mut app, "Esc");
    assert_eq!(press(&mut app, "p"), [Effect::Control(JobId(7), Control::Pause)]);
    assert_eq!(press(&mut app, "p"), [Effect::Control(JobId(7), Control::Resume)]);
    assert_eq!(press(&mut app, "x"), [Effect::Control(JobId(7), Control::Stop)]);
    event(&mut app, 7, Body::Cancelled);
    assert_eq!(app.jobs.ended["top-up"], Ended::Cancelled);
}

#[test]
fn a_control_can_be_chosen_where_the_run_that_it_is_of_is_named() {
    let mut app = app();
    let chosen = |app: &App| app.open.topup.options.schedule;
    press(&mut app, "5 m m m");
    assert_eq!(chosen(&app), Schedule::Adaptive);
    app.open.topup.yoked = Some("runs/a".into());
    press(&mut app, "m");
    assert_eq!(chosen(&app), Schedule::Yoked);
    let effects = press(&mut app, "t");
    assert!(matches!(&effects[..], [Effect::Start(JobSpec::TopUp(spec))] if spec.yoked.is_some()));
}

#[test]
fn the_cursor_is_shared_by_plots_over_the_same_axis() {
    let mut app = app();
    press(&mut app, "3 Right");
    let at = app.selection.at["horizon"];
    press(&mut app, "Right Right");
    assert!((app.selection.at["horizon"] - (at + 2.0)).abs() < 1e-9);
    press(&mut app, "End");
    assert!((app.selection.at["horizon"] - (50.0)).abs() < 1e-9);
    press(&mut app, "Home");
    assert!((app.selection.at["horizon"] - (0.0)).abs() < 1e-9);
    press(&mut app, "Esc");
    assert!(app.selection.at.is_empty());
}

#[test]
fn an_axis_is_stretched_around_the_cursor_and_never_beyond_the_data() {
    let mut app = app();
    press(&mut app, "3 Right +");
    let (lo, hi) = app.selection.window["horizon"];
    assert!((hi - lo - 25.0).abs() < 1e-9 && lo < 25.0 && 25.0 < hi);
    press(&mut app, "+ + + - - - - - - -");
    assert!(app.selection.window.is_empty());
    press(&mut app, "+ 0");
    assert!(app.selection.window.is_empty());
}

#[test]
fn focus_walks_over_all_cards_and_round() {
    let mut app = fixture::app_with(Scheme::Dark, (80, 24), fixture::all());
    let mut seen = Vec::new();
    for _ in 0..10 {
        press(&mut app, "Tab");
        seen.push(app.looks.focus[&data::ID].clone());
    }
    let mut all = seen.clone();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 7, "{seen:?}");
    assert_eq!(seen[0], seen[7]);
    press(&mut app, "S-Tab");
    assert_eq!(app.looks.focus[&data::ID], seen[8]);
}

#[test]
fn the_episode_keys_select_and_stop_at_the_ends() {
    let mut app = app();
    press(&mut app, "4 n n n b");
    assert_eq!(app.looks.card(diagnosis::ID, "table:episodes").row, Some(2));
    press(&mut app, "b b b b b");
    assert_eq!(app.looks.card(diagnosis::ID, "table:episodes").row, Some(0));
}

/// The label of the selected episode, and the titles of the cards that show it.
fn of_the_selected(app: &App) -> (String, String) {
    let report = app.report(diagnosis::ID).unwrap();
    let row = app.looks.card(diagnosis::ID, "table:episodes").row.unwrap();
    let label = match &report.tables[0].rows[row][0] {
        Cell::Count(n) => n.to_string(),
        other => panic!("{other:?}"),
    };
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(200, 60)).unwrap();
    let app = App { size: (200, 60), ..app.clone() };
    terminal.draw(|frame| oodscope::ui::view::view(&app, frame)).unwrap();
    (label, terminal.backend().to_string())
}

#[test]
fn verdict_strips_and_path_are_those_of_the_selected_episode() {
    let mut app = app();
    let mut seen = Vec::new();
    for keys in ["4 n", "n", "b", "n", "n"] {
        press(&mut app, keys);
        let (label, screen) = of_the_selected(&app);
        for words in [
            format!("Verdict · episode {label}"),
            format!("Episode {label} · strips"),
            format!("Episode {label} over the training states"),
            format!("verdict on {label}"),
            format!("━ episode {label}"),
        ] {
            assert!(screen.contains(&words), "'{words}' is missing in\n{screen}");
        }
        seen.push(label);
    }
    assert_eq!(seen[0], seen[2], "forth and back");
    // Another order keeps the episode, another report too.
    let before = of_the_selected(&app).0;
    app.looks.focus.insert(diagnosis::ID, "table:episodes".into());
    press(&mut app, "s s s S");
    assert_eq!(of_the_selected(&app).0, before);
    let mut turned = fixture::diagnosis();
    turned.tables[0].rows.reverse();
    app.jobs.start((diagnosis::PANEL.spec)(&app.open).unwrap());
    started(&mut app, Slot::Evaluate, 60);
    event(&mut app, 60, Body::Report(Arc::new(turned)));
    assert_eq!(of_the_selected(&app).0, before);
}

#[test]
fn what_does_not_fit_the_data_is_left_out_and_taken_up_again() {
    let (mut app, _) = begin(OpenSpec::new(fixture::source(true), 0), Theme::new(Scheme::Dark));
    started(&mut app, Slot::Load, 1);
    let message = "assets/pendulum-narrow: the world model takes observations of 3 dimensions, the dataset has 11";
    let failure = Failure { message: message.into(), panicked: false };
    let effects = event(&mut app, 1, Body::Failed(failure));
    let [Effect::Start(JobSpec::Load(source))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((source.checkpoint.clone(), source.dataset.clone()), (None, fixture::source(true).dataset));
    assert!(app.message.as_deref().unwrap().contains(message));
    started(&mut app, Slot::Load, 2);
    event(&mut app, 2, Body::Report(Arc::new(fixture::data())));
    assert_eq!(names(&event(&mut app, 2, Body::Done(Outcome::default()))), ["coverage"]);
    press(&mut app, "Esc 3");
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(120, 40)).unwrap();
    terminal.draw(|frame| oodscope::ui::view::view(&app, frame)).unwrap();
    let screen = terminal.backend().to_string();
    assert!(
        screen.contains("observations of 3")
            && screen.contains("dimensions, the dataset has 11")
            && screen.contains("✗ assets/pendulum-narrow"),
        "{screen}"
    );
    let effects = press(&mut app, "r");
    let [Effect::Start(JobSpec::Load(source))] = &effects[..] else { panic!("{effects:?}") };
    assert!(source.checkpoint.is_some() && app.open.refused.is_none(), "perhaps it was mended");
}

#[test]
fn a_top_up_that_cannot_act_says_so_before_it_is_asked_for() {
    let mut reports = fixture::all();
    reports.retain(|r| r.name != "topup");
    reports[0].refused = vec![("top-up", "Hopper-v5 is not built in".into())];
    let mut app = fixture::app_with(Scheme::Dark, (120, 40), reports);
    press(&mut app, "5");
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(120, 40)).unwrap();
    terminal.draw(|frame| oodscope::ui::view::view(&app, frame)).unwrap();
    let screen = terminal.backend().to_string();
    assert!(screen.contains("Hopper-v5 is not built in") && !screen.contains("t start"), "{screen}");
    assert!(press(&mut app, "t").is_empty());
    assert!(app.message.as_deref().unwrap().contains("Hopper-v5"));
}

#[test]
fn decades_are_not_offered_for_what_has_none() {
    let mut app = app();
    let scale = |app: &App, id: &str| app.looks.card(imagination::ID, id).scale;
    press(&mut app, "3");
    app.looks.focus.insert(imagination::ID, "plot:trace sin θ".into());
    press(&mut app, "y");
    assert_eq!(scale(&app, "plot:trace sin θ"), Some(ScaleChoice::Symlog), "a trace is below zero at times");
    press(&mut app, "y");
    assert_eq!(scale(&app, "plot:trace sin θ"), Some(ScaleChoice::Linear));
    app.looks.focus.insert(imagination::ID, "plot:disagreement by horizon".into());
    press(&mut app, "y");
    assert_eq!(scale(&app, "plot:disagreement by horizon"), Some(ScaleChoice::Log));
}

#[test]
fn an_episode_of_the_data_is_imagined() {
    let mut app = app();
    app.looks.focus.insert(data::ID, "table:episodes".into());
    press(&mut app, "Down Down Down");
    let effects = press(&mut app, "i");
    assert!(matches!(&effects[..], [Effect::Start(JobSpec::Imagine(spec))] if spec.episode == Some(3)), "{effects:?}");
    assert_eq!(app.panel, imagination::ID);
}

/// The source of the only job that was started, which looks for episodes.
fn looked_for(effects: &[Effect]) -> Source {
    let [Effect::Start(JobSpec::Choose(source))] = effects else { panic!("{effects:?}") };
    source.clone()
}

/// The answer to what was looked for: there are two such episodes.
fn found(app: &mut App, id: u64) -> Vec<Effect> {
    started(app, Slot::Episodes, id);
    let mut report = fixture::data();
    report.tables.iter_mut().filter(|t| t.key == "episodes").for_each(|t| t.rows.truncate(2));
    event(app, id, Body::Report(Arc::new(report)));
    event(app, id, Body::Done(Outcome::default()))
}

#[test]
fn a_condition_on_the_episodes_is_written_and_holds_for_all_panels_once_it_is_met() {
    let mut app = app();
    assert!(press(&mut app, "/ s t e p s Space < Space 9 9 q Left Left Backspace Right Right Backspace").is_empty());
    assert_eq!(app.filter.prompt.as_ref().map(|p| (p.text.as_str(), p.at)), Some(("steps < 9", 9)));
    assert_eq!(app.panel, data::ID, "letters are text while the line is open");
    let source = looked_for(&press(&mut app, "Enter"));
    assert_eq!(source.only.condition.as_deref(), Some("steps < 9"));
    assert!(app.open.source.only.is_everything(), "until the answer is there");
    let effects = found(&mut app, 40);
    assert_eq!(app.open.source.only, source.only);
    assert_eq!(data::episodes(&app).unwrap().rows.len(), 2);
    // What was measured of all episodes is gone, and asked for anew.
    assert!(!app.reports.contains_key("coverage") && !app.reports.contains_key("imagination"));
    let [Effect::Start(JobSpec::Cover(spec))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(spec.source.only, source.only);
    let waiting: Vec<_> = app.jobs.queue.iter().map(JobSpec::name).collect();
    assert_eq!(waiting, ["imagination", "diagnosis", "comparison"]);
    // What was written comes back with the arrow; an empty line takes everything back, and so does the key.
    press(&mut app, "1 / Backspace Esc");
    assert_eq!(app.open.source.only, source.only, "Esc changes nothing");
    press(&mut app, "/ Up");
    assert_eq!(app.filter.prompt.as_ref().map(|p| p.text.as_str()), Some("steps < 9"));
    press(&mut app, "Esc");
    let back = looked_for(&press(&mut app, "u"));
    assert!(back.only.is_everything());
    found(&mut app, 41);
    assert!(app.open.source.only.is_everything() && press(&mut app, "u").is_empty(), "nothing is left to take back");
}

#[test]
fn a_cell_of_the_map_chooses_the_episodes_that_pass_through_it() {
    let mut app = app();
    press(&mut app, "2");
    app.looks.focus.insert(coverage::ID, "map:density".into());
    press(&mut app, "Right");
    // Principal axes are no dimensions of the data.
    let report = Arc::make_mut(app.reports.get_mut("coverage").unwrap());
    (report.maps[0].x_axis.label, report.maps[0].y_axis.label) = ("PC1".into(), "PC2".into());
    assert!(press(&mut app, "Enter").is_empty() && app.message.is_some());
    press(&mut app, "Esc");
    let names = app.reports["data"].tables.iter().find(|t| t.key == "dimensions").unwrap().clone();
    let name = |i: usize| match &names.rows[i][0] {
        Cell::Text(name) => name.clone(),
        other => panic!("{other:?}"),
    };
    let report = Arc::make_mut(app.reports.get_mut("coverage").unwrap());
    (report.maps[0].x_axis.label, report.maps[0].y_axis.label) = (name(0), name(1));
    let source = looked_for(&press(&mut app, "Enter"));
    let [x, y] = &source.only.within[..] else { panic!("{:?}", source.only) };
    assert_eq!((x.dimension.as_str(), y.dimension.as_str()), (name(0).as_str(), name(1).as_str()));
    assert!(x.from < x.to && y.from < y.to);
}

#[test]
fn a_hole_leads_to_its_pair_and_an_episode_to_its_path() {
    let mut app = exploring();
    let report = Arc::make_mut(app.reports.get_mut("coverage").unwrap());
    let pairs = Arc::make_mut(report.pairs.as_mut().unwrap());
    let mark = |label: &str| oodscope::metrics::report::Mark { label: label.into(), x: (0.0, 1.0), y: (0.0, 1.0) };
    pairs.holes = vec![((0, 2), mark("1")), ((1, 2), mark("2"))];
    press(&mut app, "2");
    app.looks.focus.insert(coverage::ID, "table:holes".into());
    let effects = press(&mut app, "Down Enter");
    let [Effect::Start(JobSpec::Map(spec))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((spec.axes, spec.episode), (Some(dims(1, 2)), None));
    assert_eq!(app.looks.focus[&coverage::ID], "map:density");
    press(&mut app, "1");
    app.looks.focus.insert(data::ID, "table:episodes".into());
    let effects = press(&mut app, "Down Down Enter");
    let [Effect::Start(JobSpec::Map(spec))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((spec.axes, spec.episode, app.panel), (Some(dims(1, 2)), Some(2), coverage::ID));
}

#[test]
fn pages_turn_with_one_key_and_panes_are_resized_by_keys_and_mouse() {
    let mut app = fixture::app_with(Scheme::Dark, (80, 24), fixture::all());
    press(&mut app, "2");
    let mut seen = Vec::new();
    for key in [".", "PgDn", "2", ",", ",", ","] {
        press(&mut app, key);
        seen.push(app.looks.focus[&coverage::ID].clone());
    }
    assert_eq!(seen[0], seen[4], "{seen:?}");
    assert_ne!(seen[0], seen[1]);
    // The card beside the map grows at the map's cost, and has its own size again in the end.
    app.looks.focus.insert(coverage::ID, "stats".into());
    press(&mut app, ">");
    let sizes = |app: &App| app.looks.sizes.get(&coverage::ID).and_then(|s| s.values().next().cloned());
    let [map, beside] = sizes(&app).unwrap()[..] else { panic!("two parts") };
    press(&mut app, "> >");
    assert_eq!(sizes(&app), Some(vec![map - 8, beside + 8]));
    press(&mut app, "<");
    assert_eq!(sizes(&app), Some(vec![map - 4, beside + 4]));
    // A border is dragged to where the mouse is, and never over the other card.
    let mouse = |app: &mut App, kind, column, row| {
        update(app, Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    };
    mouse(&mut app, MouseEventKind::Down(MouseButton::Left), map - 4, 12);
    mouse(&mut app, MouseEventKind::Drag(MouseButton::Left), 30, 12);
    assert_eq!(sizes(&app), Some(vec![30, map + beside - 30]));
    mouse(&mut app, MouseEventKind::Drag(MouseButton::Left), 2, 12);
    assert_eq!(sizes(&app).map(|s| s[0]), Some(12));
    mouse(&mut app, MouseEventKind::Up(MouseButton::Left), 2, 12);
    press(&mut app, "|");
    assert_eq!(sizes(&app), None);
}

/// What is longer than its place is gone through first; what is whole turns the page at once.
#[test]
fn a_page_is_turned_at_the_end_of_what_is_longer() {
    let mut app = fixture::app_with(Scheme::Dark, (80, 24), fixture::all());
    press(&mut app, "4");
    let row = |app: &App| app.looks.card(diagnosis::ID, "table:episodes").row;
    press(&mut app, "PgDn");
    assert_eq!(row(&app), Some(9), "ten episodes, of which not all are shown");
    press(&mut app, "PgDn");
    assert_ne!(app.looks.focus.get(&diagnosis::ID).map(String::as_str), Some("table:episodes"), "the next page");
    press(&mut app, "PgUp");
    press(&mut app, "PgUp");
    assert!(matches!(row(&app), Some(0 | 9)), "{:?}", row(&app));
}

#[test]
fn the_page_of_alarms_answers_which_of_them_to_trust() {
    let mut app = fixture::app_with(Scheme::Dark, (160, 45), fixture::all());
    press(&mut app, "4");
    assert!(!fixture::screen_text(&app).lines().nth(2).unwrap().contains("Trust"));
    press(&mut app, ".");
    let text = fixture::screen_text(&app);
    assert!(text.lines().nth(2).unwrap().contains("Trust ensemble disagreement most: at its threshold"), "{text}");
}

#[test]
fn actions_are_found_by_their_letters() {
    let mut app = app();
    press(&mut app, ": l i g h t Enter");
    assert_eq!(app.theme.scheme, Scheme::Light);
    press(&mut app, ": x q z Enter");
    assert!(app.over.is_some(), "nothing has these letters: they wait to be mended");
    press(&mut app, "Esc : f i l t e r Enter");
    assert!(app.filter.prompt.is_some(), "by what it is called at the screen's foot");
    press(&mut app, "Esc");
    press(&mut app, ": d i a g n o Enter");
    assert_eq!(app.panel, diagnosis::ID);
}

#[test]
fn quitting_asks_only_where_a_run_would_be_stopped() {
    let mut app = app();
    press(&mut app, "5 t");
    started(&mut app, Slot::Train, 70);
    assert!(press(&mut app, "q").is_empty() && app.message.is_some());
    press(&mut app, "Esc 1");
    assert!(press(&mut app, "q").is_empty(), "asked anew after anything else");
    assert!(matches!(press(&mut app, "q")[..], [Effect::Quit]));
}

#[test]
fn a_condition_is_pasted_where_the_line_is_open() {
    let (mut app, _) = begin(OpenSpec::new(fixture::source(true), 0), Theme::new(Scheme::Dark));
    started(&mut app, Slot::Load, 1);
    event(&mut app, 1, Body::Done(Outcome::default()));
    update(&mut app, Msg::Paste("q".into()));
    assert_eq!(app.filter.prompt, None, "nothing is written where no line is open");
    press(&mut app, "/ x");
    update(&mut app, Msg::Paste(" > 1\u{7}0\nq".into()));
    assert_eq!(app.filter.prompt.map(|p| (p.text, p.at)), Some(("x > 10".into(), 6)));
}

#[test]
fn a_condition_that_is_not_understood_changes_nothing_and_waits_to_be_mended() {
    let mut app = app();
    let before = app.reports.clone();
    press(&mut app, "/ x Enter");
    started(&mut app, Slot::Episodes, 41);
    let failure = Failure { message: "no column is called 'x'".into(), panicked: false };
    assert!(event(&mut app, 41, Body::Failed(failure)).is_empty());
    assert!(app.message.as_deref().unwrap().contains("'x'"));
    assert!(app.open.source.only.is_everything());
    assert!(before.iter().all(|(name, report)| Arc::ptr_eq(&app.reports[name], report)));
    assert_eq!(app.filter.prompt.as_ref().map(|p| p.text.as_str()), Some("x"), "what was written waits to be mended");
    press(&mut app, "Esc");
    assert_eq!((app.filter.prompt.clone(), app.message.clone()), (None, None));
}

#[test]
fn exact_statistics_follow_where_a_sample_is_in_memory() {
    let (mut app, _) = begin(OpenSpec::new(fixture::source(false), 0), Theme::new(Scheme::Dark));
    started(&mut app, Slot::Load, 1);
    let mut data = Report::new("data", "Data");
    data.stat("held", "held of the whole", 20.0, "%", "a sample");
    event(&mut app, 1, Body::Report(Arc::new(data)));
    event(&mut app, 1, Body::Done(Outcome::default()));
    assert!(matches!(app.jobs.queue.back(), Some(JobSpec::Scan(_))), "{:?}", app.jobs.queue);
}

#[test]
fn data_read_again_are_audited_again_and_the_same_episodes_hold() {
    let mut app = app();
    app.open.source.only.condition = Some("steps < 9".into());
    let effects = press(&mut app, "1 r");
    let [Effect::Start(JobSpec::Load(source))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(source.only.condition.as_deref(), Some("steps < 9"));
    started(&mut app, Slot::Load, 50);
    assert!(press(&mut app, "/").is_empty() && app.filter.prompt.is_none(), "not while the data are read");
    event(&mut app, 50, Body::Done(Outcome::default()));
    assert!(app.jobs.queue.iter().map(JobSpec::name).any(|name| name == "audit"), "{:?}", app.jobs.queue);
}

#[test]
fn tables_sort_by_every_column_and_back() {
    let mut app = app();
    app.looks.focus.insert(data::ID, "table:dimensions".into());
    press(&mut app, "s S s");
    assert_eq!(app.looks.card(data::ID, "table:dimensions").sort, Some((1, true)));
    press(&mut app, "s s s s");
    assert_eq!(app.looks.card(data::ID, "table:dimensions").sort, None);
}

#[test]
fn what_is_at_the_cursor_can_be_copied() {
    let mut app = app();
    let copied = press(&mut app, "3 Home c");
    let [Effect::Copy(text)] = &copied[..] else { panic!("{copied:?}") };
    assert!(text.contains("copy last\t0"), "{text}");
    app.looks.focus.insert(data::ID, "table:dimensions".into());
    let copied = press(&mut app, "1 c");
    assert!(matches!(&copied[..], [Effect::Copy(text)] if text.starts_with("cos θ\t0.912")), "{copied:?}");
}

#[test]
fn escape_closes_one_thing_after_the_other_and_q_ends() {
    let mut app = app();
    app.message = Some("something".into());
    press(&mut app, "Enter ?");
    assert!(app.over.is_some() && app.looks.zoom);
    press(&mut app, "Esc");
    assert!(app.over.is_none() && app.message.is_some());
    press(&mut app, "Esc");
    assert!(app.message.is_none() && app.looks.zoom);
    press(&mut app, "Esc");
    assert!(!app.looks.zoom);
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
    let ctrl = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(update(&mut app, Msg::Key(ctrl)), [Effect::Interrupt]);
    press(&mut app, "/ q");
    assert_eq!(update(&mut app, Msg::Key(ctrl)), [Effect::Interrupt], "in the line for a condition as well");
}

#[test]
fn the_mouse_chooses_tabs_cards_and_places() {
    let mut app = app();
    let click = |app: &mut App, column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        update(app, Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    };
    click(&mut app, 14, 1);
    assert_eq!(app.panel, coverage::ID);
    click(&mut app, 30, 12);
    assert_eq!(app.looks.focus[&coverage::ID], "map:density");
    assert!(app.looks.card(coverage::ID, "map:density").cell.is_some());
    click(&mut app, 28, 1);
    click(&mut app, 40, 12);
    assert!(app.selection.at.contains_key("horizon"));
    for column in 0..130 {
        for row in 0..45 {
            click(&mut app, column, row);
        }
    }
}

#[test]
fn the_wheel_stretches_a_plot_around_the_mouse_and_scrolls_a_table() {
    let mut app = app();
    let wheel = |app: &mut App, kind, column, row| {
        update(app, Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    };
    press(&mut app, "3");
    wheel(&mut app, MouseEventKind::ScrollUp, 40, 14);
    let (lo, hi) = app.selection.window["horizon"];
    assert!(lo < app.selection.at["horizon"] && app.selection.at["horizon"] < hi && hi - lo < 30.0);
    wheel(&mut app, MouseEventKind::ScrollDown, 40, 14);
    press(&mut app, "4");
    wheel(&mut app, MouseEventKind::ScrollDown, 20, 6);
    assert_eq!(app.looks.card(diagnosis::ID, "table:episodes").row, Some(1));
}

#[test]
fn the_readme_can_be_given_every_key() {
    let table = oodscope::ui::bindings::markdown();
    for (_, binding) in oodscope::ui::bindings::bindings() {
        assert!(table.contains(binding.help), "{}", binding.help);
    }
    assert!(table.lines().all(|l| l.starts_with('|') && l.ends_with('|')));
}

/// Two dimensions as the axes of a map.
fn dims(x: usize, y: usize) -> (Along, Along) {
    (Along::Dimension(x), Along::Dimension(y))
}

/// All of the coverage's map.
fn whole_map(app: &App) -> &HeatMap {
    app.report(coverage::ID).unwrap().maps.iter().find(|m| m.key == "density").unwrap()
}

/// The map of the coverage panel as it is shown: its ranges, cells and states.
fn shown_map(app: &App) -> ((f64, f64), (f64, f64), f64) {
    let look = app.looks.card(coverage::ID, "map:density");
    let map = look.part.as_deref().unwrap_or(whole_map(app));
    assert_eq!(map.values.len(), map.width * map.height);
    (map.x_range, map.y_range, map.values.iter().sum())
}

fn exploring() -> App {
    let mut reports = fixture::all();
    reports.retain(|r| r.name != "coverage");
    reports.push(fixture::coverage_to_explore());
    let mut app = fixture::app_with(Scheme::Dark, (120, 40), reports);
    press(&mut app, "2");
    app
}

#[test]
fn a_map_is_gone_closer_to_moved_and_seen_whole_again() {
    let mut app = exploring();
    let whole = shown_map(&app);
    press(&mut app, "+");
    let (x, y, n) = shown_map(&app);
    assert!((x.1 - x.0 - 1.0).abs() < 1e-9 && (y.1 - y.0 - 8.0).abs() < 1e-9, "half of both axes: {x:?} {y:?}");
    assert!((n - 750.0).abs() < 150.0, "a quarter of 3000 evenly spread states: {n}");
    // The cursor begins in the middle; beyond the right end the map moves.
    press(&mut app, "l");
    for _ in 0..25 {
        press(&mut app, "l");
    }
    let moved = shown_map(&app);
    assert!(moved.0.0 > x.0 && (moved.0.1 - moved.0.0 - 1.0).abs() < 1e-9 && moved.1 == y, "{moved:?}");
    for _ in 0..40 {
        press(&mut app, "l");
    }
    assert!((shown_map(&app).0.1 - 1.0).abs() < 1e-9, "it stops at the end");
    press(&mut app, "- -");
    assert_eq!(shown_map(&app), whole);
    press(&mut app, "+ + + 0");
    assert_eq!(shown_map(&app), whole);
    press(&mut app, "+");
    update(&mut app, Msg::Engine(Event { job: JobId(99), body: Body::Started }));
    assert!(shown_map(&app) != whole);
}

#[test]
fn the_wheel_goes_closer_at_the_mouse_and_a_drag_moves_the_map() {
    let mut app = exploring();
    let whole = shown_map(&app);
    let mouse = |app: &mut App, kind, column, row| {
        update(app, Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    };
    for _ in 0..4 {
        mouse(&mut app, MouseEventKind::ScrollUp, 20, 10);
    }
    let near = shown_map(&app);
    assert!(near.0.1 - near.0.0 < 0.7 && near.0.0 < -0.6 + 0.3, "towards the left: {near:?}");
    mouse(&mut app, MouseEventKind::Down(MouseButton::Left), 30, 15);
    mouse(&mut app, MouseEventKind::Drag(MouseButton::Left), 25, 15);
    let dragged = shown_map(&app);
    assert!(dragged.0.0 > near.0.0 && dragged.1 == near.1, "the map follows the mouse to the left: {dragged:?}");
    for _ in 0..9 {
        mouse(&mut app, MouseEventKind::ScrollDown, 20, 10);
    }
    assert_eq!(shown_map(&app), whole);
}

#[test]
fn pairs_become_the_axes_of_the_map() {
    let mut app = exploring();
    let axes = |effects: &[Effect]| match effects {
        [Effect::Start(JobSpec::Map(spec))] => spec.axes,
        other => panic!("a map is asked for: {other:?}"),
    };
    assert_eq!(axes(&press(&mut app, "a")), Some(dims(0, 1)));
    assert_eq!(axes(&press(&mut app, "a")), Some(dims(0, 2)));
    assert_eq!(axes(&press(&mut app, "A A")[1..]), None, "the axes it came with");
    app.looks.focus.insert(coverage::ID, "pairs".into());
    press(&mut app, "j l");
    assert_eq!(axes(&press(&mut app, "Enter")), Some(dims(1, 2)));
    assert_eq!(app.looks.focus[&coverage::ID], "map:density");
    // The map that comes takes the place of the first; a new coverage takes both.
    let mut report = Report::new("map", "Map");
    report.maps.push(HeatMap { label: "other".into(), ..fixture::coverage().maps.remove(0) });
    started(&mut app, Slot::Map, 7);
    event(&mut app, 7, Body::Report(Arc::new(report)));
    assert_eq!(whole_map(&app).label, "other");
    let again = (coverage::PANEL.spec)(&app.open).unwrap();
    app.jobs.start(again);
    started(&mut app, Slot::Cover, 8);
    event(&mut app, 8, Body::Report(Arc::new(fixture::coverage())));
    assert_eq!(whole_map(&app).label, "Training states");
}

#[test]
fn the_end_of_a_job_beside_the_others_hurries_none_that_waits() {
    let mut app = app();
    app.jobs.queue.clear();
    app.jobs.start(JobSpec::Load(app.open.source.clone()));
    started(&mut app, Slot::Load, 40);
    app.jobs.queue.push_back((coverage::PANEL.spec)(&app.open).unwrap());
    press(&mut app, "E");
    started(&mut app, Slot::Export, 41);
    assert_eq!(event(&mut app, 41, Body::Done(Outcome::default())), [], "the data are still being read");
    // What runs in the same place as the next is not replaced.
    app.jobs.queue.clear();
    app.jobs.running.clear();
    app.jobs.start((imagination::PANEL.spec)(&app.open).unwrap());
    started(&mut app, Slot::Evaluate, 42);
    app.jobs.queue.push_back((diagnosis::PANEL.spec)(&app.open).unwrap());
    app.jobs.start(JobSpec::Map(MapSpec::default()));
    started(&mut app, Slot::Map, 43);
    assert_eq!(event(&mut app, 43, Body::Done(Outcome::default())), []);
    let next = event(&mut app, 42, Body::Done(Outcome::default()));
    assert!(matches!(&next[..], [Effect::Start(JobSpec::Diagnose(_))]), "{next:?}");
}
