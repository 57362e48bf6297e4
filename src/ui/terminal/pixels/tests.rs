use std::sync::Arc;

use ratatui::backend::CrosstermBackend;

use super::*;
use crate::engine::job::Source;
use crate::metrics::density::zoom::Zoom;
use crate::metrics::report::{HeatMap, Overlay, Report};
use crate::ui::app::{OpenSpec, Over};
use crate::ui::panel::{coverage, data};
use crate::ui::theme::{Depth, Scheme, Theme};

const SIZE: (u16, u16) = (120, 40);

/// The coverage panel with a map of a few states.
fn exploring() -> App {
    let theme = Theme::new(Scheme::Dark);
    let mut app = App::new(OpenSpec::new(Source::default(), 0), coverage::ID, theme);
    app.size = SIZE;
    let ranges = ((-1.0, 1.0), (-8.0, 8.0));
    let at = |i: u16| (f32::from(i % 40) / 20.0 - 1.0, f32::from(i % 23) / 2.0 - 6.0);
    let (x, y): (Vec<f32>, Vec<f32>) = (0..800).map(at).unzip();
    let fine = Zoom::new(&x, &y, ranges);
    let values = fine.view(ranges, 10, 10).counts.iter().map(|c| *c as f64).collect();
    let path = Overlay { label: "rollout".into(), joined: true, x: vec![-0.9, 0.9], y: vec![-7.0, 7.0], heat: None };
    let map = HeatMap {
        key: "density".into(),
        label: "Training states".into(),
        x_range: ranges.0,
        y_range: ranges.1,
        width: 10,
        height: 10,
        values,
        overlays: vec![path],
        fine: Some(Arc::new(fine)),
        ..HeatMap::default()
    };
    let report = Report { name: coverage::ID.0.into(), maps: vec![map], ..Report::default() };
    app.reports.insert(coverage::ID.0.into(), Arc::new(report));
    app.looks.focus.insert(coverage::ID, "map:density".into());
    app
}

fn written(pixels: &mut Pixels, app: &App, size: (u16, u16)) -> String {
    let mut out = Vec::new();
    pixels.show(app, size, &mut CrosstermBackend::new(&mut out)).expect("written");
    String::from_utf8(out).expect("letters")
}

fn counts(text: &str) -> (usize, usize) {
    (text.matches("a=T").count(), text.matches("a=d").count())
}

#[test]
fn a_map_is_sent_once_sent_again_when_it_changes_and_deleted_when_it_goes() {
    let mut app = exploring();
    let mut pixels = Pixels::new(Protocol::Kitty);
    let first = written(&mut pixels, &app, SIZE);
    assert_eq!(counts(&first), (1, 0));
    let mut place = None;
    pictures::each(&app, |plot, _| place = Some(plot));
    let place = place.expect("a map");
    assert!(first.contains(&format!("\x1b[{};{}H\x1b_Ga=T", place.y + 1, place.x + 1)), "at its place");
    assert!(first.contains(&format!("c={},r={}", place.width, place.height)), "as large as it");
    assert_eq!(written(&mut pixels, &app, SIZE), "", "nothing has changed");
    app.tick += 1;
    assert_eq!(written(&mut pixels, &app, SIZE), "", "the clock is not on the map");
    app.theme = Theme::new(Scheme::Light);
    assert_eq!(counts(&written(&mut pixels, &app, SIZE)), (1, 0), "one of the same number takes its place");
    app.looks.card_mut(coverage::ID, "map:density").scale = Some(crate::ui::look::ScaleChoice::Linear);
    assert_eq!(counts(&written(&mut pixels, &app, SIZE)), (1, 0), "other colours");
    app.panel = data::ID;
    assert_eq!(counts(&written(&mut pixels, &app, SIZE)), (0, 1), "another panel");
    assert_eq!(written(&mut pixels, &app, SIZE), "");
}

#[test]
fn what_lies_over_a_map_is_not_hidden_by_it() {
    type Change = fn(&mut App);
    let changes: [(&str, Change, Change); 4] = [
        ("help", |app| app.over = Some(Over::Keys(0)), |app| app.over = None),
        ("a message", |app| app.message = Some("no".into()), |app| app.message = None),
        ("a question", |app| app.quitting = true, |app| app.quitting = false),
        (
            "the cursor",
            |app| app.looks.card_mut(coverage::ID, "map:density").cell = Some((1, 1)),
            |app| app.looks.card_mut(coverage::ID, "map:density").cell = None,
        ),
    ];
    let mut app = exploring();
    let mut pixels = Pixels::new(Protocol::Kitty);
    written(&mut pixels, &app, SIZE);
    for (what, open, close) in changes {
        open(&mut app);
        assert_eq!(counts(&written(&mut pixels, &app, SIZE)), (0, 1), "{what}");
        close(&mut app);
        assert_eq!(counts(&written(&mut pixels, &app, SIZE)), (1, 0), "{what} is gone");
    }
    app.theme.depth = Depth::Sixteen;
    assert_eq!(counts(&written(&mut pixels, &app, SIZE)).1, 0, "a picture has colours of its own");
    app.theme.depth = Depth::Mono;
    assert_eq!(counts(&written(&mut pixels, &app, SIZE)), (0, 1), "no colours are wanted");
}

#[test]
fn a_new_size_takes_all_away_and_shows_them_where_they_are_now() {
    let mut app = exploring();
    let mut pixels = Pixels::new(Protocol::Kitty);
    written(&mut pixels, &app, SIZE);
    // The terminal is larger, the app does not know yet.
    assert_eq!(counts(&written(&mut pixels, &app, (160, 45))), (0, 1));
    app.size = (160, 45);
    assert_eq!(counts(&written(&mut pixels, &app, (160, 45))), (1, 0));
    pixels.forget();
    assert_eq!(counts(&written(&mut pixels, &app, (160, 45))), (1, 0), "after the shell was here");
    app.size = (30, 8);
    assert_eq!(counts(&written(&mut pixels, &app, (30, 8))), (0, 1), "too small for anything");
}

#[test]
fn a_picture_among_the_cells_goes_where_they_are_written_again() {
    for protocol in [Protocol::Iterm2, Protocol::Sixel] {
        let mut app = exploring();
        let mut pixels = Pixels::new(protocol);
        let first = written(&mut pixels, &app, SIZE);
        assert!(first.contains(if protocol == Protocol::Sixel { "\x1bP0;1;0q" } else { "\x1b]1337;File=" }));
        assert!(!first.contains('▀'), "the cells below are as they were");
        app.over = Some(Over::Keys(0));
        let then = written(&mut pixels, &app, SIZE);
        // As much of the frame as the picture covered, in its words.
        assert!(!then.contains("\x1b]1337") && !then.contains("\x1bP") && then.len() > 1000, "{protocol:?}");
        let mut place = None;
        app.over = None;
        pictures::each(&app, |plot, _| place = Some(plot));
        app.over = Some(Over::Keys(0));
        let place = place.expect("a map");
        assert!(then.contains(&format!("\x1b[{};{}H", place.y + 1, place.x + 1)), "from where it began: {protocol:?}");
        assert_eq!(written(&mut pixels, &app, SIZE), "");
        assert_eq!(pixels.protocol.clear(), b"\x1b[2J");
    }
}
