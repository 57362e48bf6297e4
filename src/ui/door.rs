//! The way from `update`'s effects to the engine, with a terminal or without one.

use std::collections::VecDeque;
use std::io;

use super::app::App;
use super::msg::{Effect, Msg};
use super::update::update;
use crate::engine::job::{Control, JobId, JobSpec};

/// What the dashboard asks of the engine.
pub trait EngineDoor {
    /// Starts a job; a running one of the same slot is replaced.
    fn start(&mut self, spec: JobSpec) -> JobId;
    /// Steers a running job.
    fn control(&mut self, id: JobId, control: Control);
}

/// How the user ended the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By the key for it.
    Quit,
    /// By Ctrl-C.
    Interrupt,
}

/// Does what `update` asked for; how the program ends, where it does. `outside` does what is the terminal's: its
/// clipboard, its bell, the way to the shell.
///
/// # Errors
/// What `outside` could not do.
pub fn perform(
    engine: &mut dyn EngineDoor,
    app: &mut App,
    effects: Vec<Effect>,
    outside: &mut dyn FnMut(&Effect) -> io::Result<()>,
) -> io::Result<Option<End>> {
    let mut open = VecDeque::from(effects);
    while let Some(effect) = open.pop_front() {
        match effect {
            Effect::Quit => return Ok(Some(End::Quit)),
            Effect::Interrupt => return Ok(Some(End::Interrupt)),
            Effect::Copy(_) | Effect::Ring(_) | Effect::Suspend => outside(&effect)?,
            Effect::Control(id, control) => engine.control(id, control),
            Effect::Start(spec) => {
                let slot = spec.slot();
                let id = engine.start(spec);
                open.extend(update(app, Msg::JobStarted { slot, id }));
            }
        }
    }
    Ok(None)
}
