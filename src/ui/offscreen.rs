//! The dashboard without a terminal: it is opened, keys are pressed, each once nothing runs any more, and what would be on
//! the screen is answered as cells.

mod copied;
pub mod keys;

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::app::{App, Ended};
use super::door::{End, EngineDoor, perform};
use super::msg::{Effect, Msg};
use super::panel::{PANELS, panel};
use super::update::update;
use super::view;
use crate::engine::job::{Body, Event};
use crate::ground::fault::Fault;
use crate::ground::task::Cancel;
use crate::picture::cells::Cells;

pub use super::layout::LEAST;

/// Longest time until a cancel is seen.
const PATIENCE: Duration = Duration::from_millis(50);

/// Where the jobs run, and who watches.
pub struct Stage<'a> {
    /// What starts them.
    pub engine: &'a mut dyn EngineDoor,
    /// Their news.
    pub events: &'a Receiver<Event>,
    /// Ends everything.
    pub cancel: &'a Cancel,
    /// Hears every piece of news.
    pub heard: &'a mut dyn FnMut(&Event),
}

/// A job that ended badly: name and sentence.
type Failed = (&'static str, String);

impl Stage<'_> {
    /// Opens what [`begin`](super::update::begin) answered and presses `keys` one after the other, each once no job runs and
    /// none waits. A key that ends the program ends the sequence.
    ///
    /// What a job of another panel could not do stays on the screen, as the dashboard tells it; so does what was left out
    /// because it does not fit the dataset.
    ///
    /// # Errors
    /// The sentence of a job that failed: the one that reads the dataset, one that fills the panel that is shown, or one that
    /// a key started. [`Fault::Cancelled`] where it was cancelled.
    pub fn play(&mut self, opening: (App, Vec<Effect>), keys: &[KeyEvent]) -> Result<App, Fault> {
        let (mut app, effects) = opening;
        let (mut end, mut failed) = self.settle(&mut app, effects)?;
        refuse(&failed, |name| name == PANELS[0].job)?;
        for key in keys {
            if end.is_some() {
                break;
            }
            let effects = update(&mut app, Msg::Key(*key));
            let more;
            (end, more) = self.settle(&mut app, effects)?;
            refuse(&more, |_| true)?;
        }
        let shown = panel(app.panel).job_in(&app.open);
        failed.retain(|(name, why)| app.jobs.ended.get(name) == Some(&Ended::Failed(why.clone())));
        refuse(&failed, |name| name == shown)?;
        Ok(app)
    }

    /// Does what `update` asked for, and takes in news until nothing is at work; how the dashboard would have ended, and
    /// which jobs ended badly.
    fn settle(&mut self, app: &mut App, effects: Vec<Effect>) -> Result<(Option<End>, Vec<Failed>), Fault> {
        let mut failed = Vec::new();
        let mut end = self.perform(app, effects)?;
        while end.is_none() && is_at_work(app) {
            let event = match self.events.recv_timeout(PATIENCE) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) if !self.cancel.is_cancelled() => continue,
                Err(RecvTimeoutError::Timeout) => return Err(Fault::Cancelled),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Fault::failed("the jobs went away before they ended; run it again"));
                }
            };
            if self.cancel.is_cancelled() {
                return Err(Fault::Cancelled);
            }
            (self.heard)(&event);
            let slot = app.jobs.slot_of(event.job).filter(|_| matches!(event.body, Body::Failed(_)));
            let name = slot.and_then(|slot| app.jobs.running.get(&slot)).map(|running| running.name);
            let effects = update(app, Msg::Engine(event));
            if let Some((name, Some(Ended::Failed(why)))) = name.map(|name| (name, app.jobs.ended.get(name))) {
                failed.push((name, why.clone()));
            }
            end = self.perform(app, effects)?;
        }
        Ok((end, failed))
    }

    /// There is no clipboard.
    fn perform(&mut self, app: &mut App, effects: Vec<Effect>) -> Result<Option<End>, Fault> {
        perform(self.engine, app, effects, &mut |_| Ok(())).map_err(|e| Fault::failed(e.to_string()))
    }
}

/// True while there is news to wait for: a job that is held has none until a key lets it go on.
fn is_at_work(app: &App) -> bool {
    app.jobs.running.values().any(|running| !running.paused)
}

/// The first sentence of a job that is `meant`, as bad input: what was asked for cannot be shown.
fn refuse(failed: &[Failed], meant: impl Fn(&str) -> bool) -> Result<(), Fault> {
    failed.iter().find(|(name, _)| meant(name)).map_or(Ok(()), |(_, why)| Err(Fault::bad(why)))
}

/// What is on the screen of the app's size.
pub fn screen(app: &App) -> Cells {
    let mut buf = Buffer::empty(Rect::new(0, 0, app.size.0, app.size.1));
    view::draw(app, &mut buf);
    copied::cells(&buf, app.theme)
}
