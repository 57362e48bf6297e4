//! Screens: snapshots of every panel at three sizes and two themes, and every panel at every size with whole, empty,
//! partial and broken reports.

use std::sync::Arc;

use oodscope::engine::job::{Body, Event, JobId, Slot};
use oodscope::ground::task::Progress;
use oodscope::metrics::report::{Report, Series};
use oodscope::ui::app::{App, OpenSpec, Panel};
use oodscope::ui::theme::{Depth, Scheme, Theme};
use oodscope::ui::update::{Msg, update};
use oodscope::ui::view::view;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::ui_fixture as fixture;

fn screen(app: &App) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| view(app, frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buf: &Buffer) -> String {
    let width = usize::from(buf.area.width.max(1));
    let row = |cells: &[ratatui::buffer::Cell]| {
        cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_string()
    };
    buf.content.chunks(width).map(row).collect::<Vec<_>>().join("\n")
}

/// A number that changes when any colour on the screen does (FNV-1a over the cells' styles).
fn colours(buf: &Buffer) -> u64 {
    let words = buf.content.iter().map(|c| format!("{:?}{:?}{:?}", c.fg, c.bg, c.modifier));
    words
        .flat_map(String::into_bytes)
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

fn snapshots(panel: Panel, name: &str) {
    for (w, h) in [(80, 24), (120, 40), (200, 60)] {
        for scheme in [Scheme::Dark, Scheme::Light] {
            let mut app = fixture::app_with(scheme, (w, h), fixture::all());
            app.panel = panel;
            let buf = screen(&app);
            let shot = format!("{}\ncolours {:016x}", text(&buf), colours(&buf));
            insta::assert_snapshot!(format!("{name}_{w}x{h}_{}", scheme.name()), shot);
        }
    }
}

#[test]
fn data_screens() {
    snapshots(Panel::Data, "data");
}

#[test]
fn coverage_screens() {
    snapshots(Panel::Coverage, "coverage");
}

/// A map gone closer to, and the maps of all pairs with one of them selected.
#[test]
fn screens_of_a_map_that_is_explored() {
    let press = |app: &mut App, keys: &str| {
        for c in keys.chars() {
            update(app, Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    };
    for (w, h) in [(80, 24), (120, 40)] {
        let mut app = fixture::app_with(Scheme::Dark, (w, h), vec![fixture::data(), fixture::coverage_to_explore()]);
        press(&mut app, "2l++llllll");
        let near = screen(&app);
        app.looks.focus.insert(Panel::Coverage, "pairs".into());
        press(&mut app, "jl");
        let pairs = screen(&app);
        for (name, buf) in [("near", near), ("pairs", pairs)] {
            let shot = format!("{}\ncolours {:016x}", text(&buf), colours(&buf));
            insta::assert_snapshot!(format!("coverage_{name}_{w}x{h}"), shot);
        }
    }
}

#[test]
fn imagination_screens() {
    snapshots(Panel::Imagination, "imagination");
}

#[test]
fn screens_of_what_is_compared() {
    for (w, h) in [(80, 24), (120, 40), (200, 60)] {
        let mut app = fixture::app_with(Scheme::Dark, (w, h), fixture::all());
        app.panel = Panel::Imagination;
        app.looks.focus.insert(Panel::Imagination, "compared:stats".into());
        let buf = screen(&app);
        insta::assert_snapshot!(format!("compared_{w}x{h}"), format!("{}\ncolours {:016x}", text(&buf), colours(&buf)));
    }
}

#[test]
fn diagnosis_screens() {
    snapshots(Panel::Diagnosis, "diagnosis");
}

#[test]
fn topup_screens() {
    snapshots(Panel::TopUp, "topup");
}

/// The reports with every number of the given kind replaced.
fn spoiled(with: f64) -> Vec<Report> {
    let mut all = fixture::all();
    for r in &mut all {
        r.stats.iter_mut().for_each(|s| s.value = with);
        r.series.iter_mut().for_each(|s| s.y.iter_mut().for_each(|v| *v = with));
        r.maps.iter_mut().for_each(|m| m.values.iter_mut().for_each(|v| *v = with));
        r.histograms.iter_mut().for_each(|h| h.counts.iter_mut().for_each(|v| *v = with));
        r.scatters.iter_mut().for_each(|s| s.x.iter_mut().for_each(|v| *v = with));
    }
    all
}

/// The reports with all arrays cut to unequal lengths.
fn ragged() -> Vec<Report> {
    let mut all = fixture::all();
    for r in &mut all {
        for (i, s) in r.series.iter_mut().enumerate() {
            s.y.truncate(i % 3);
            s.band = Some((vec![], vec![1.0]));
        }
        r.maps.iter_mut().for_each(|m| m.values.truncate(7));
        r.maps.iter_mut().flat_map(|m| &mut m.overlays).for_each(|o| o.y.truncate(3));
        r.histograms.iter_mut().for_each(|h| h.edges.truncate(1));
        r.tables.iter_mut().for_each(|t| t.rows.iter_mut().for_each(|row| row.truncate(1)));
        r.scatters.iter_mut().for_each(|s| s.y.truncate(2));
    }
    all
}

#[test]
fn every_panel_survives_every_size_whatever_the_reports_hold() {
    let empty = ["data", "coverage", "imagination", "diagnosis", "topup"].map(|n| Report::new(n, n)).to_vec();
    let kinds = [
        fixture::all(),
        vec![],
        empty,
        ragged(),
        spoiled(f64::NAN),
        spoiled(f64::INFINITY),
        spoiled(0.0),
        spoiled(-1e300),
    ];
    for reports in kinds {
        for size in [(1, 1), (59, 16), (60, 16), (60, 20), (80, 24), (200, 60)] {
            let mut app = fixture::app_with(Scheme::Dark, size, reports.clone());
            app.selection.at.insert("step".into(), 40.0);
            app.selection.at.insert("horizon".into(), 10.0);
            for panel in Panel::ALL {
                app.panel = panel;
                for zoom in [false, true] {
                    app.looks.zoom = zoom;
                    screen(&app);
                }
            }
        }
    }
}

#[test]
fn every_card_of_every_panel_can_be_zoomed_and_walked_on() {
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    for size in [(80, 24), (200, 60)] {
        let mut app = fixture::app_with(Scheme::Safe, size, fixture::all());
        for panel in Panel::ALL {
            app.panel = panel;
            app.looks.zoom = true;
            for _ in 0..12 {
                for code in [
                    KeyCode::Tab,
                    KeyCode::Right,
                    KeyCode::Down,
                    KeyCode::Char('y'),
                    KeyCode::Char('+'),
                    KeyCode::Char('c'),
                ] {
                    update(&mut app, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
                    screen(&app);
                }
            }
        }
    }
}

#[test]
fn an_empty_panel_says_what_is_happening_or_what_to_do() {
    let (mut app, _) = App::new(OpenSpec::new(fixture::source(false), Theme::new(Scheme::Dark)));
    update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(1) });
    let progress = Progress { phase: "reading observations".into(), done: 43, total: 100 };
    update(&mut app, Msg::Engine(Event { job: JobId(1), body: Body::Progress(progress) }));
    let mut said = |panel: Panel| {
        app.panel = panel;
        text(&screen(&app))
    };
    assert!(said(Panel::Data).contains("Reading observations") && said(Panel::Data).contains("43 %"));
    assert!(said(Panel::Coverage).contains("Waiting for load"));
    for panel in [Panel::Imagination, Panel::Diagnosis, Panel::TopUp] {
        assert!(said(panel).contains("--checkpoint PATH"), "{}", said(panel));
    }
}

#[test]
fn a_terminal_that_is_too_small_is_told_the_size() {
    let app = fixture::app_with(Scheme::Dark, (50, 10), fixture::all());
    let got = text(&screen(&app)).replace('\n', " ");
    assert!(got.contains("needs 60 × 16") && got.contains("has 50 × 10"), "{got}");
}

#[test]
fn items_nobody_knows_are_shown_all_the_same() {
    let mut report = fixture::coverage();
    report.series.push(Series {
        key: "novel".into(),
        label: "a metric of tomorrow".into(),
        group: "tomorrow".into(),
        x: vec![0.0, 1.0, 2.0],
        y: vec![1.0, 4.0, 2.0],
        ..Series::default()
    });
    let mut app = fixture::app_with(Scheme::Dark, (120, 40), vec![report]);
    app.panel = Panel::Coverage;
    app.looks.focus.insert(Panel::Coverage, "plot:tomorrow".into());
    let got = text(&screen(&app));
    assert!(got.contains("Tomorrow") && got.contains("a metric of tomorrow"), "{got}");
}

#[test]
fn poor_terminals_get_a_picture_too() {
    for depth in [Depth::Indexed, Depth::Sixteen, Depth::Mono] {
        for ascii in [false, true] {
            let mut app = fixture::app_with(Scheme::Dark, (100, 30), fixture::all());
            app.theme = Theme { depth, ascii, ..app.theme };
            for panel in Panel::ALL {
                app.panel = panel;
                let buf = screen(&app);
                assert!(!ascii || buf.content.iter().all(|c| c.symbol().is_ascii()));
                let rgb = |c: &ratatui::style::Color| matches!(c, ratatui::style::Color::Rgb(..));
                assert!(buf.content.iter().all(|c| !rgb(&c.fg) && !rgb(&c.bg)));
            }
        }
    }
}

#[test]
fn control_characters_never_reach_the_screen() {
    let mut report = fixture::data();
    report.tables[0].rows[0][0] = oodscope::metrics::report::Cell::from("\x1b[31mred\x07\r\n");
    report.notes[0].text = "a\x1b]52;c;eA==\x07note".into();
    let app = fixture::app_with(Scheme::Dark, (120, 40), vec![report]);
    assert!(screen(&app).content.iter().all(|c| !c.symbol().chars().any(char::is_control)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_curve_at_any_size_is_drawn(
        y in prop::collection::vec(prop::num::f64::ANY, 0..60),
        x in prop::collection::vec(prop::num::f64::ANY, 0..60),
        w in 1u16..140,
        h in 1u16..50,
        log: bool,
    ) {
        let mut report = fixture::imagination();
        for s in &mut report.series {
            s.y.clone_from(&y);
            s.x.clone_from(&x);
            s.y_axis.log = log;
            s.band = Some((y.clone(), x.clone()));
        }
        for s in &mut report.scatters {
            s.y.clone_from(&y);
            s.x.clone_from(&x);
        }
        let mut app = fixture::app_with(Scheme::Light, (w, h), vec![]);
        app.jobs.ended.clear();
        app.reports.insert("imagination".into(), Arc::new(report));
        app.panel = Panel::Imagination;
        app.selection.at.insert("horizon".into(), 3.0);
        screen(&app);
    }
}
