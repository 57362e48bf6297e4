//! Axes, layers and paths of the coverage's map, by keys.

use std::sync::Arc;

use oodscope::engine::job::{Body, Event, JobId, JobSpec, Slot};
use oodscope::metrics::density::means::Means;
use oodscope::metrics::density::zoom::Zoom;
use oodscope::metrics::report::{Along, Cells, Colours, HeatMap, Layer, Overlay, Report};
use oodscope::ui::app::{App, Over};
use oodscope::ui::panel::coverage;
use oodscope::ui::theme::Scheme;
use oodscope::ui::update::{Effect, Msg, update};

use super::support::app::press;
use super::ui_fixture::{self as fixture, screen_text};

fn layers() -> Vec<Layer> {
    let ranges = ((-1.0, 1.0), (-8.0, 8.0));
    let (x, y) = ([-0.5f32, 0.5, 0.51], [0.1f32, 0.1, 0.2]);
    let layer = |key: &str, short: &str, sign, cells| Layer {
        key: key.into(),
        label: format!("The {short}"),
        short: short.into(),
        unit: format!("{short} of a cell"),
        sign,
        cells,
    };
    vec![
        layer("rollouts", "rollout states", "", Cells::Counts(Arc::new(Zoom::new(&x, &y, ranges)))),
        layer(
            "novelty",
            "novelty",
            "x threshold",
            Cells::Means(Arc::new(Means::new(&x, &y, &[0.5, 1.0, 2.0], ranges))),
        ),
    ]
}

/// The coverage panel with layers, and axes to choose from.
fn exploring(size: (u16, u16)) -> App {
    let mut reports = fixture::all();
    reports.retain(|r| r.name != "coverage");
    let mut coverage = fixture::coverage_to_explore();
    let names = ["cos θ", "sin θ", "θ̇"].into_iter().enumerate().map(|(i, n)| (Along::Dimension(i), n.to_owned()));
    let others = [(Along::Reward, "reward"), (Along::Return, "return"), (Along::Principal(0), "PC1")];
    let map = &mut coverage.maps[0];
    map.offered = Arc::new(names.chain(others.map(|(along, name)| (along, name.to_owned()))).collect());
    map.layers = Arc::new(layers());
    reports.push(coverage);
    let mut app = fixture::app_with(Scheme::Dark, size, reports);
    press(&mut app, "2");
    app
}

fn axes(effects: &[Effect]) -> Option<(Along, Along)> {
    match effects {
        [Effect::Start(JobSpec::Map(spec))] => spec.axes,
        other => panic!("a map is asked for: {other:?}"),
    }
}

#[test]
fn axes_are_chosen_by_name() {
    let mut app = exploring((120, 40));
    press(&mut app, "X");
    assert!(matches!(app.over, Some(Over::Search(..))));
    let seen = screen_text(&app);
    assert!(seen.contains("cos θ") && seen.contains("return") && seen.contains("of the episode"), "{seen}");
    assert_eq!(axes(&press(&mut app, "r e t Enter")), Some((Along::Return, Along::Principal(1))));
    assert!(app.over.is_none());
    assert_eq!(axes(&press(&mut app, "Y r e w Enter")), Some((Along::Return, Along::Reward)));
    // What lies on the other axis changes places with it.
    assert_eq!(axes(&press(&mut app, "X r e w Enter")), Some((Along::Reward, Along::Return)));
    assert_eq!(press(&mut app, "X Esc"), []);
    assert_eq!(press(&mut app, "X z z z Enter"), [], "nothing has these letters");
    assert_eq!(app.looks.focus[&coverage::ID], "map:density");
}

#[test]
fn layers_are_turned_through_and_the_read_out_knows_all_of_them() {
    let mut app = exploring((160, 45));
    let plain = screen_text(&app);
    press(&mut app, "o");
    let rollouts = screen_text(&app);
    assert!(rollouts.contains("The rollout states") && rollouts.contains("rollout states of a cell"), "{rollouts}");
    press(&mut app, "o");
    assert!(screen_text(&app).contains("novelty of a cell"));
    // In a cell where two of the three states are.
    let look = app.looks.card_mut(coverage::ID, "map:density");
    look.cell = Some((30, 20));
    let seen = screen_text(&app);
    assert!(seen.contains("2 rollout states") && seen.contains("novelty 1.5 x threshold"), "{seen}");
    app.looks.card_mut(coverage::ID, "map:density").cell = None;
    press(&mut app, "o");
    assert_eq!(screen_text(&app), plain, "after the last comes the first");
    press(&mut app, "O");
    assert!(screen_text(&app).contains("novelty of a cell"));
}

#[test]
fn a_part_that_is_looked_at_stays_when_more_is_known_of_the_same_map() {
    let mut app = exploring((120, 40));
    press(&mut app, "+ l");
    let look = app.looks.card(coverage::ID, "map:density");
    let part = look.part.clone().expect("a part");
    let mut send = |map: HeatMap| {
        let mut report = Report::new("map", "Map");
        report.maps.push(map);
        app.jobs.start((coverage::PANEL.spec)(&app.open).unwrap());
        update(&mut app, Msg::JobStarted { slot: Slot::Cover, id: JobId(5) });
        update(&mut app, Msg::Engine(Event { job: JobId(5), body: Body::Report(Arc::new(report)) }));
        app.looks.card(coverage::ID, "map:density")
    };
    let whole = fixture::coverage_to_explore().maps.remove(0);
    let more: Vec<Layer> = layers().into_iter().chain(layers().pop()).collect();
    let now = send(HeatMap { layers: Arc::new(more), ..whole.clone() });
    let kept = now.part.expect("the same part");
    assert_eq!((kept.x_range, kept.y_range, now.cell), (part.x_range, part.y_range, look.cell));
    assert_eq!(kept.layers.len(), 3);
    let now = send(HeatMap { x_range: (-3.0, 3.0), ..whole });
    assert_eq!((now.part, now.cell), (None, None), "of other places nothing stays");
}

#[test]
fn one_path_is_seen_alone_and_all_again() {
    let mut app = exploring((120, 40));
    app.looks.focus.insert(coverage::ID, "map:density".into());
    let report = Arc::make_mut(app.reports.get_mut("coverage").unwrap());
    let path = |label: &str, at: f64| oodscope::metrics::report::Overlay {
        label: label.into(),
        joined: true,
        x: vec![at, at + 0.2],
        y: vec![0.0, 1.0],
        heat: Some(vec![0.5, 2.0]),
    };
    report.maps[0].overlays = vec![path("rollout 3", -0.5), path("rollout 7", 0.5)];
    press(&mut app, "d");
    assert!(screen_text(&app).contains("rollout 3"));
    press(&mut app, "d");
    let seen = screen_text(&app);
    assert!(seen.contains("rollout 7") && !seen.contains("rollout 3"), "{seen}");
    press(&mut app, "d");
    assert_eq!(app.looks.card(coverage::ID, "map:density").solo, None);
}

#[test]
fn all_pairs_are_one_key_away_and_back() {
    let mut app = exploring((80, 24));
    press(&mut app, "m");
    assert_eq!(app.looks.focus[&coverage::ID], "pairs");
    assert!(screen_text(&app).contains("All pairs of dimensions"));
    press(&mut app, "m");
    assert_eq!(app.looks.focus[&coverage::ID], "map:density");
}

/// The map that `e` writes, with the name of its card.
fn exported(effects: &[Effect]) -> (HeatMap, String) {
    let [Effect::Start(JobSpec::Export(spec))] = effects else { panic!("a card is written: {effects:?}") };
    let card = spec.card.clone().expect("a card");
    assert_eq!(card, format!("map:{}", spec.reports[0].maps[0].key), "the card is in the report");
    (spec.reports[0].maps[0].clone(), card)
}

#[test]
fn a_map_is_written_as_it_is_looked_at() {
    let mut app = exploring((120, 40));
    app.looks.focus.insert(coverage::ID, "map:density".into());
    let path = |label: &str| Overlay { label: label.into(), joined: true, x: vec![0.1], y: vec![0.2], heat: None };
    let report = Arc::make_mut(app.reports.get_mut("coverage").unwrap());
    report.maps[0].overlays = vec![path("rollout 3"), path("rollout 7")];
    let whole = report.maps[0].clone();

    let (map, card) = exported(&press(&mut app, "e"));
    assert_eq!((card.as_str(), &map.values, map.colours), ("map:density", &whole.values, Colours::Decades));
    assert_eq!((map.overlays.len(), map.marks.len()), (2, 1));

    let (map, card) = exported(&press(&mut app, "o y e"));
    let (_, _, rollouts) = whole.layers[0].view((whole.x_range, whole.y_range), whole.width, whole.height);
    assert_eq!((card.as_str(), &map.values), ("map:density-rollouts", &rollouts));
    assert_eq!((map.unit.as_str(), map.label.as_str()), ("rollout states of a cell", "The rollout states"));
    assert_eq!(map.colours, Colours::Counts, "y made even steps of the decades");

    // What is not known of a mean is no number.
    let (map, _) = exported(&press(&mut app, "o e"));
    assert_eq!(map.colours, Colours::Steps);
    assert_eq!((map.key.as_str(), map.values.iter().filter(|v| v.is_finite()).count()), ("density-novelty", 2));

    let (map, card) = exported(&press(&mut app, "o + d d e"));
    assert_eq!(card, "map:density-part-rollout 7");
    let part = app.looks.card(coverage::ID, "map:density").part.unwrap();
    assert_eq!((map.x_range, map.y_range, &map.values), (part.x_range, part.y_range, &part.values));
    assert_eq!(map.overlays.iter().map(|o| o.label.as_str()).collect::<Vec<_>>(), ["rollout 7"]);
    assert!(map.label.contains("· rollout 7"), "{}", map.label);
}

#[test]
fn a_cell_of_the_map_leads_to_its_episodes_before_any_card_was_asked_for() {
    let mut app = exploring((120, 40));
    app.looks.card_mut(coverage::ID, "map:density").cell = Some((3, 4));
    let effects = press(&mut app, "Enter");
    let asked = matches!(&effects[..], [Effect::Start(JobSpec::Choose(_))]);
    assert!(!app.looks.zoom && (asked || app.message.is_some()), "{effects:?}");
}
