//! `oodscope open`: a session that was saved, and what is wrong with one.

use std::fs;

use oodscope::engine::job::Source;
use oodscope::ui::app::{App, OpenSpec};
use oodscope::ui::panel::PANELS;
use oodscope::ui::session::Session;
use oodscope::ui::theme::{Scheme, Theme};

use crate::support::program::{at, oodscope, pendulum, run, text};

/// A session of a dataset, in a folder of its own.
fn saved(name: &str, dataset: &str) -> String {
    let source = Source { dataset: dataset.into(), ..Source::default() };
    let app = App::new(OpenSpec::new(source, 0), PANELS[0].id, Theme::new(Scheme::Dark));
    let file = at(name).join("session.toml");
    fs::create_dir_all(at(name)).unwrap();
    fs::write(&file, Session::of(&app).text().unwrap()).unwrap();
    text(&file).to_owned()
}

#[test]
fn a_session_elsewhere_names_its_dataset_from_its_own_folder() {
    let session = saved("pendulum", "narrow-v0");
    pendulum();
    // Where there is no terminal the report is printed, as without a sub-command.
    let said = run(&["open", &session]);
    let plain = run(&[text(pendulum())]);
    assert_eq!(said.good(), plain.good());
    assert!(!at("state").exists(), "only the dashboard keeps anything");
}

#[test]
fn what_is_wrong_is_one_sentence() {
    run(&["open", "nowhere.toml"]).refuses(&["nowhere.toml", "cannot be read"]);
    let session = saved("lost", "no_such_dataset");
    run(&["open", &session]).refuses(&["no_such_dataset", "session.toml"]);
    let text = fs::read_to_string(&session).unwrap();
    fs::write(&session, text.replace("dataset =", "datset = 1\ndataset =")).unwrap();
    run(&["open", &session]).refuses(&["session.toml", "'source.datset'"]);
    fs::write(&session, text.replace("version = 1", "version = 9")).unwrap();
    run(&["open", &session]).refuses(&["version 9", "version 1"]);
    fs::write(&session, "").unwrap();
    run(&["open", &session]).refuses(&["no session"]);
    let said = oodscope(&["open"]).output().unwrap();
    assert_eq!(said.status.code(), Some(2));
}
