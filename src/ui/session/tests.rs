use std::fs;

use super::*;
use crate::engine::job::{ActingSpec, Only};
use crate::ui::theme::{Scheme, Theme};

fn app() -> App {
    let source = Source {
        only: Only { condition: Some("steps > 3".into()), ..keys::every_source().only },
        ..keys::every_source()
    };
    let mut app = App::new(OpenSpec::new(source, 7), PANELS[1].id, Theme::new(Scheme::Safe));
    app.open.topup.options.budget = 0.05;
    app.open.propagation = Propagation::TsInf;
    app.looks.zoom = true;
    app.looks.focus.insert(PANELS[1].id, "map:density".into());
    app.looks.sizes.insert(PANELS[1].id, [("map/0".to_owned(), vec![30, 50])].into());
    let look = CardLook { scale: Some(ScaleChoice::Log), smooth: 2, sort: Some((3, true)), ..CardLook::default() };
    *app.looks.card_mut(PANELS[2].id, "plot:error by horizon") = look;
    *app.looks.card_mut(PANELS[2].id, "notes") = CardLook::default();
    app.selection.axes = Some((Along::Dimension(1), Along::Return));
    app.selection.episode = Some(41);
    app.selection.at.insert("horizon".into(), 3.5);
    app.selection.window.insert("horizon".into(), (1.0, 9.0));
    app.selection.runs.insert("runs/a".into());
    app.follow.alarms = vec![Alarm::new(Gate::parse("useful_horizon<10").unwrap())];
    app
}

#[test]
fn what_was_open_is_open_again() {
    let app = app();
    let text = Session::of(&app).text().unwrap();
    let session = Session::read(Path::new(FILE), &text).unwrap();
    assert_eq!(session, Session::of(&app));
    let open = session.open();
    assert_eq!(open.propagation, Propagation::TsInf);
    assert_eq!(
        (&open.source, open.seed, &open.topup),
        (&app.open.source, 7, &{
            let mut topup = open.topup.clone();
            topup.options = app.open.topup.options.clone();
            topup
        })
    );
    let mut again = App::new(open, PANELS[0].id, app.theme);
    session.restore(&mut again);
    assert_eq!((again.panel, &again.selection, again.looks.zoom), (app.panel, &app.selection, true));
    assert_eq!((&again.looks.focus, &again.looks.sizes), (&app.looks.focus, &app.looks.sizes));
    assert_eq!(again.looks.card(PANELS[2].id, "plot:error by horizon").sort, Some((3, true)));
    assert_eq!(again.follow.alarms, app.follow.alarms);
    assert_eq!(session.theme.as_deref(), Some("safe"));
}

#[test]
fn what_is_wrong_in_it_is_named() {
    let text = Session::of(&app()).text().unwrap();
    let said = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is not in\n{text}");
        let refused = Session::read(Path::new("a/b.toml"), &text.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(refused.starts_with("a/b.toml: ") && refused.lines().count() == 1, "{refused}");
        refused
    };
    for (from, to, word) in [
        ("version = 1", "version = 2", "version 2; this program reads version 1"),
        ("version = 1", "", "no version"),
        ("seed = 7", "sed = 7", "`sed`"),
        ("rollouts =", "rolouts =", "'source.rolouts'"),
        ("sampled =", "smpled =", "'source.acting.smpled'"),
        ("dimension =", "dim =", "'source.only.within.dim'"),
        ("episode =", "epsode =", "`epsode`"),
        ("budget =", "bugdet =", "'topup.bugdet'"),
        ("panel = \"Coverage\"", "panel = \"Cover\"", "no panel 'Cover': there are Data, Coverage"),
        ("useful_horizon <", "useful_horizon", "useful_horizon"),
    ] {
        let refused = said(from, to);
        assert!(refused.contains(word), "{from} -> {to}: {refused}");
    }
    assert!(Session::read(Path::new("x"), "= 1").is_err());
}

#[test]
fn relative_paths_begin_at_the_folder_of_the_file() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("data.csv"), "").unwrap();
    let source = Source {
        dataset: "data.csv".into(),
        checkpoint: Some("runs/a".into()),
        rollouts: Some("/elsewhere/b".into()),
        policy: Some("py:module.function".into()),
        acting: ActingSpec { python: Some("venv/bin/python".into()), ..ActingSpec::default() },
        ..Source::default()
    };
    let of = |source: Source| {
        let app = App::new(OpenSpec::new(source, 0), PANELS[0].id, Theme::new(Scheme::Dark));
        let text = Session::of(&app).text().unwrap();
        Session::read(&root.path().join(FILE), &text).unwrap().open().source
    };
    let opened = of(source.clone());
    assert_eq!(opened.dataset, root.path().join("data.csv"));
    assert_eq!(opened.checkpoint, Some(root.path().join("runs/a")));
    assert_eq!(opened.rollouts, Some("/elsewhere/b".into()));
    assert_eq!(opened.policy, Some("py:module.function".into()), "no file");
    assert_eq!(opened.acting.python, Some(root.path().join("venv/bin/python")));
    let acting = ActingSpec { python: Some("python3".into()), ..ActingSpec::default() };
    let found = of(Source { acting, ..source.clone() }).acting.python;
    assert_eq!(found, Some("python3".into()), "the shell finds it");
    for dataset in ["hf://datasets/a/b", "D4RL/pen/cloned-v2"] {
        assert_eq!(of(Source { dataset: dataset.into(), ..source.clone() }).dataset, PathBuf::from(dataset));
    }
}
