//! `update`: a message changes the [`App`] and answers what is to be done outside of it.

mod act;
mod choice;
mod cursor;
mod export;
mod follow;
mod job;
mod map;
mod mouse;
mod over;
mod page;
pub(super) mod pair;
mod pin;
mod told;

use ratatui::crossterm::event::KeyEventKind;

use super::app::{App, OpenSpec, Over};
use super::bindings;
use super::card::{Card, Place};
use super::keymap::Key;
use super::palette::Found;
use super::panel::{PANELS, coverage, diagnosis, road};
use super::shown::shown;
use super::theme::Theme;
use crate::engine::job::JobSpec;

use super::msg::TICK;
pub use super::msg::{Changed, Effect, Msg};

/// The dashboard before anything is known, and what it asks for: the dataset is read, then its coverage computed, then,
/// with a checkpoint, imagination and diagnosis; last, what there is to compare with the data.
pub fn begin(open: OpenSpec, theme: Theme) -> (App, Vec<Effect>) {
    let mut app = App::new(open, PANELS[0].id, theme);
    app.jobs.queue = road(&app.open);
    let mut effects = vec![app.jobs.start(JobSpec::Load(app.open.source.clone()))];
    if let Some(experiment) = app.open.experiment.clone() {
        effects.push(app.jobs.start(JobSpec::Experiment(experiment)));
    }
    (app, effects)
}

/// Takes in one message.
pub fn update(app: &mut App, msg: Msg) -> Vec<Effect> {
    let mut effects = taken_in(app, msg);
    // Whatever moved the cursor, or changed the episode.
    effects.extend(diagnosis::follow(app));
    effects
}

fn taken_in(app: &mut App, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) if key.kind != KeyEventKind::Release => {
            if let Some(Over::Search(what, prompt, at)) = app.over.take_if(|over| matches!(over, Over::Search(..))) {
                return match over::key(app, (what, prompt, at), &key) {
                    over::Search::Goes => Vec::new(),
                    over::Search::Interrupted => vec![Effect::Interrupt],
                    over::Search::Found(Found::Action(action)) => act::act(app, action),
                    over::Search::Found(Found::Axis(side, along)) => coverage::along(app, side, along),
                };
            }
            if let Some(open) = app.filter.prompt.take() {
                return choice::key(app, open, &key);
            }
            if over::write_value(app, &key) {
                return Vec::new();
            }
            let place = shown(app).focused().map_or(Place::Everywhere, Card::place);
            match bindings::action(Key::of(&key), app.panel, place) {
                Some(action) => act::act(app, action),
                None => Vec::new(),
            }
        }
        Msg::Key(_) => Vec::new(),
        Msg::Paste(text) => {
            choice::paste(app, &text);
            Vec::new()
        }
        Msg::Mouse(event) => mouse::mouse(app, event),
        Msg::Resize(columns, rows) => {
            app.size = (columns, rows);
            Vec::new()
        }
        Msg::JobStarted { slot, id } => {
            if let Some(running) = app.jobs.running.get_mut(&slot) {
                running.id = Some(id);
            }
            Vec::new()
        }
        Msg::Engine(event) => job::news(app, event),
        Msg::Changed(changed) => follow::changed(app, changed),
        Msg::Tick => {
            app.tick = app.tick.wrapping_add(1);
            app.jobs.running.values_mut().filter(|job| !job.paused).for_each(|job| job.seconds += TICK);
            Vec::new()
        }
    }
}
