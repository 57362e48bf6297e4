//! Screens: snapshots of every panel's text at three sizes and of the colours of three, and every panel at every size with
//! whole, empty, partial and broken reports.

use std::fmt::Write as _;
use std::sync::Arc;

use oodscope::engine::job::{Body, Event, JobId, JobSpec, Slot};
use oodscope::ground::task::Progress;
use oodscope::metrics::report::{Level, Report, Series};
use oodscope::ui::app::{App, Ended, OpenSpec};
use oodscope::ui::panel::{PANELS, coverage, diagnosis, imagination, topup};
use oodscope::ui::panel_id::PanelId;
use oodscope::ui::theme::{Depth, Scheme, Theme};
use oodscope::ui::update::{Effect, Msg, begin, update};
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

/// The text of `panel`.
fn said(app: &mut App, panel: PanelId) -> String {
    app.panel = panel;
    text(&screen(app))
}

/// The colours of a screen as text: a letter for each style, and what the letters are.
fn style_map(buf: &Buffer) -> String {
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain('Α'..='ω').collect();
    let mut styles = Vec::new();
    let mut map = String::new();
    for row in buf.content.chunks(usize::from(buf.area.width)) {
        for cell in row {
            let style = (cell.fg, cell.bg, cell.modifier);
            let at = styles.iter().position(|s| *s == style).unwrap_or(styles.len());
            if at == styles.len() {
                styles.push(style);
            }
            map.push(letters[at]);
        }
        map.push('\n');
    }
    for (letter, (fg, bg, modifier)) in letters.iter().zip(styles) {
        let more = if modifier.is_empty() { String::new() } else { format!(" {modifier:?}") };
        writeln!(map, "{letter} = {fg} on {bg}{more}").unwrap();
    }
    map
}

#[test]
fn every_panel_looks_as_it_did() {
    for panel in PANELS {
        for (w, h) in [(80, 24), (120, 40), (200, 60)] {
            let shot = |scheme: Scheme| {
                let mut app = fixture::app_with(scheme, (w, h), fixture::all());
                said(&mut app, panel.id)
            };
            let dark = shot(Scheme::Dark);
            assert_eq!(dark, shot(Scheme::Light), "schemes differ in colours alone");
            insta::assert_snapshot!(format!("{}_{w}x{h}", panel.id.0), dark);
        }
    }
}

#[test]
fn colours_are_as_they_were() {
    for (panel, scheme) in [(imagination::ID, Scheme::Dark), (diagnosis::ID, Scheme::Light), (topup::ID, Scheme::Safe)]
    {
        let mut app = fixture::app_with(scheme, (80, 24), fixture::all());
        app.panel = panel;
        insta::assert_snapshot!(format!("colours_{}_{}", panel.0, scheme.name()), style_map(&screen(&app)));
    }
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
        app.looks.focus.insert(coverage::ID, "pairs".into());
        press(&mut app, "jl");
        let pairs = screen(&app);
        for (name, buf) in [("near", near), ("pairs", pairs)] {
            insta::assert_snapshot!(format!("coverage_{name}_{w}x{h}"), text(&buf));
        }
    }
}

#[test]
fn screens_of_what_is_compared() {
    for (w, h) in [(80, 24), (120, 40), (200, 60)] {
        let mut app = fixture::app_with(Scheme::Dark, (w, h), fixture::all());
        app.looks.focus.insert(imagination::ID, "compared:stats".into());
        insta::assert_snapshot!(format!("compared_{w}x{h}"), said(&mut app, imagination::ID));
    }
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
    let empty = PANELS.iter().map(|panel| Report::new(panel.id.0, panel.title)).collect();
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
            for panel in PANELS {
                app.panel = panel.id;
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
        for panel in PANELS {
            app.panel = panel.id;
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
    for checkpoint in [false, true] {
        let opened = OpenSpec::new(fixture::source(checkpoint), 0);
        let (mut app, _) = begin(opened, Theme::new(Scheme::Dark));
        update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(1) });
        let progress = Progress { phase: "reading observations".into(), done: 43, total: 100, ..Progress::default() };
        update(&mut app, Msg::Engine(Event { job: JobId(1), body: Body::Progress(progress) }));
        let (first, others) = PANELS.split_first().unwrap();
        let reading = said(&mut app, first.id);
        assert!(reading.contains("Reading observations") && reading.contains("43 %"), "{reading}");
        for panel in others {
            let words = match ((panel.spec)(&app.open), panel.by_hand) {
                (None, _) => "--checkpoint PATH",
                (Some(_), Some(by_hand)) => by_hand,
                (Some(_), None) => "Waiting for load",
            };
            let got = said(&mut app, panel.id);
            assert!(got.contains(words) && got.contains(&panel.about[..20]), "{got}");
        }
    }
}

#[test]
fn every_panel_tells_how_its_job_ended() {
    for panel in PANELS {
        let (mut app, _) = begin(OpenSpec::new(fixture::source(true), 0), Theme::new(Scheme::Dark));
        (app.jobs.running, app.jobs.queue) = Default::default();
        let ends = [
            (Ended::Failed("out of memory".into()), "out of memory"),
            (Ended::Cancelled, "was stopped"),
            (Ended::Done(String::new()), "ended without a report"),
        ];
        for (how, words) in ends {
            app.jobs.ended.insert(panel.job, how);
            let got = said(&mut app, panel.id);
            assert!(got.contains(words) && got.contains("Press r"), "{got}");
        }
        let again = update(&mut app, Msg::Key(KeyEvent::new(KeyCode::Char('r'), KeyModifiers::NONE)));
        assert!(matches!(&again[..], [Effect::Start(spec)] if spec.name() == panel.job), "{again:?}");
    }
}

#[test]
fn every_panel_has_a_name_a_key_and_a_job_of_its_own() {
    let mut app = fixture::app_with(Scheme::Dark, (120, 40), fixture::all());
    for (i, panel) in PANELS.iter().enumerate() {
        for other in &PANELS[i + 1..] {
            assert!(panel.id != other.id && panel.title != other.title && panel.job != other.job, "{panel:?}");
        }
        let spec = (panel.spec)(&app.open).unwrap();
        assert_eq!(spec.name(), panel.job);
        for key in panel.shown_by.keys {
            update(&mut app, Msg::Key(KeyEvent::new(key.code, key.modifiers)));
            assert_eq!(app.panel, panel.id);
        }
        assert!(fixture::all().iter().any(|report| report.name == panel.id.0), "a report to test it with: {panel:?}");
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
    app.panel = coverage::ID;
    app.looks.focus.insert(coverage::ID, "plot:tomorrow".into());
    let got = text(&screen(&app));
    assert!(got.contains("Tomorrow") && got.contains("a metric of tomorrow"), "{got}");
}

#[test]
fn poor_terminals_get_a_picture_too() {
    for depth in [Depth::Indexed, Depth::Sixteen, Depth::Mono] {
        for ascii in [false, true] {
            let mut app = fixture::app_with(Scheme::Dark, (100, 30), Vec::new());
            app.theme = Theme { depth, ascii, ..app.theme };
            for (id, report) in (70..).zip(fixture::all()) {
                app.jobs.start(JobSpec::Load(fixture::source(true)));
                update(&mut app, Msg::JobStarted { slot: Slot::Load, id: JobId(id) });
                update(&mut app, Msg::Engine(Event { job: JobId(id), body: Body::Report(Arc::new(report)) }));
            }
            app.jobs.running.clear();
            for panel in PANELS {
                app.panel = panel.id;
                let buf = screen(&app);
                let plain = |c: &ratatui::buffer::Cell| c.symbol().is_ascii() && c.symbol() != "?";
                assert!(
                    !ascii || buf.content[..buf.content.len() - 100].iter().all(plain),
                    "but for the key of the help"
                );
                let words = text(&buf);
                assert!(!ascii || panel.id != coverage::ID || words.contains("theta_dot"), "{words}");
                let rgb = |c: &ratatui::style::Color| matches!(c, ratatui::style::Color::Rgb(..));
                assert!(buf.content.iter().all(|c| !rgb(&c.fg) && !rgb(&c.bg)));
            }
        }
    }
}

/// An error of the audit, a model that diverges, a run that was stopped: what needs action is red, on the tab and first.
#[test]
fn what_calls_for_action_is_seen_from_everywhere() {
    let mut reports = fixture::all();
    let audit = reports.iter_mut().find(|r| r.name == "audit").unwrap();
    audit.stats[0].value = 1.0;
    audit.stat("warnings", "warnings", 1.0, "", "findings that are likely to mislead").of(14, "rules");
    audit.tables[0].rows[0][0] = "error".into();
    audit.note(Level::Alarm, "1 error, 1 warning and 0 notes by 14 rules.");
    audit.note(Level::Alarm, "jumps: 2 jumps that no other step of the data resembles. Cut the episode.");
    let imagination = reports.iter_mut().find(|r| r.name == "imagination").unwrap();
    imagination.note(Level::Alarm, "Imagination diverges: at h = 50 its error is 20 std.");
    for (w, h) in [(80, 24), (120, 40), (200, 60)] {
        for scheme in [Scheme::Dark, Scheme::Light] {
            let mut app = fixture::app_with(scheme, (w, h), reports.clone());
            let alarm = app.theme.colors().alarm;
            app.panel = PANELS[0].id;
            let buf = screen(&app);
            let got = text(&buf);
            let lines: Vec<&str> = got.lines().collect();
            assert!(lines[0].contains("1 error") && lines[0].contains("1 warning"), "{got}");
            assert!(lines[1].contains("1 Data ▲") && lines[1].contains("3 Imagination ▲"), "{got}");
            assert!(lines[2].contains("▲ jumps: 2 jumps"), "{got}");
            let chip = buf.content[..usize::from(w)].iter().any(|c| c.bg == alarm);
            assert!(chip, "the chip of errors is red");
            let got = said(&mut app, imagination::ID);
            assert!(got.lines().nth(2).unwrap().contains("▲ Imagination diverges"), "{got}");
            if (w, h) == (120, 40) {
                let got = said(&mut app, PANELS[0].id);
                assert!(got.contains("Findings: 1 error, 1 note · 14 rules checked"), "{got}");
            }
        }
    }
}

#[test]
fn an_audit_without_findings_says_what_was_checked() {
    let mut reports = fixture::all();
    reports.iter_mut().filter(|r| r.name == "audit").for_each(|r| r.tables[0].rows.clear());
    let mut app = fixture::app_with(Scheme::Dark, (120, 40), reports);
    let got = said(&mut app, PANELS[0].id);
    assert!(got.contains("Findings: none · 14 rules checked") && got.contains("14 rules were checked"), "{got}");
    assert!(!got.contains("no rows"), "{got}");
}

/// A top-up that the report warns of ends in amber, one that it praises in green.
#[test]
fn an_end_to_be_warned_of_is_not_green() {
    for level in [Level::Good, Level::Warn] {
        let mut report = fixture::topup(12);
        report.note(level, "Top-up ended: stopped by the user.");
        let mut app = fixture::app_with(Scheme::Dark, (120, 40), vec![fixture::data(), report]);
        app.jobs.ended.insert("top-up", Ended::Done("Top-up ended: stopped by the user.".into()));
        app.panel = topup::ID;
        let buf = screen(&app);
        let colors = app.theme.colors();
        let wanted = if level == Level::Good { colors.good } else { colors.warn };
        let status = &buf.content[38 * 120..39 * 120];
        assert_eq!(status.iter().find(|c| c.symbol() != " ").unwrap().fg, wanted, "the line of the job");
        let got = text(&buf);
        assert!(got.contains(if level == Level::Good { "● done" } else { "● ended" }), "{got}");
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
        app.panel = imagination::ID;
        app.selection.at.insert("horizon".into(), 3.0);
        screen(&app);
    }
}
