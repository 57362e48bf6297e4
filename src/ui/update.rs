//! `update`: a message changes the [`App`] and answers what is to be done outside of it.

mod act;
mod job;
mod map;
mod mouse;
mod prompt;

use ratatui::crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};

use super::app::App;
use super::keymap::{self, Key};
use super::layout;
use crate::engine::job::{Control, Event, JobId, JobSpec, Slot};

/// News for the app.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has so many columns and rows now.
    Resize(u16, u16),
    /// The engine gave the job that was asked for in `slot` its number.
    JobStarted {
        /// Where.
        slot: Slot,
        /// Its number.
        id: JobId,
    },
    /// A job has news.
    Engine(Event),
    /// Time goes on while a job runs.
    Tick,
}

/// What is to be done outside of the app.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a few a minute, and a spec is what an effect mostly is")]
pub enum Effect {
    /// Start a job; the answer is [`Msg::JobStarted`].
    Start(JobSpec),
    /// Steer the running job with this number.
    Control(JobId, Control),
    /// Put a text on the clipboard.
    Copy(String),
    /// End the program.
    Quit,
}

/// Takes in one message.
pub fn update(app: &mut App, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) if key.kind != KeyEventKind::Release => {
            if let Some(open) = app.prompt.take() {
                return prompt::key(app, open, &key);
            }
            let focus = layout::shown(app);
            let place = focus.cards.get(focus.focus).map_or(keymap::Place::Everywhere, super::card::Card::place);
            match keymap::action(Key::of(&key), app.panel, place) {
                Some(action) => act::act(app, action),
                None => Vec::new(),
            }
        }
        Msg::Key(_) => Vec::new(),
        Msg::Paste(text) => {
            prompt::paste(app, &text);
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
        Msg::Tick => {
            app.tick = app.tick.wrapping_add(1);
            Vec::new()
        }
    }
}
