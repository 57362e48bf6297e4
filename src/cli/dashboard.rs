//! Opens the dashboard on an engine.

use std::process;
use std::sync::mpsc::sync_channel;

use super::headless::{self, Status};
use super::interrupt;
use crate::engine::Engine;
use crate::engine::job::{Control, JobId, JobSpec};
use crate::ground::fault::Fault;
use crate::ui::app::OpenSpec;
use crate::ui::panel_id::PanelId;
use crate::ui::terminal::{self, End, EngineDoor};
use crate::ui::theme::{Scheme, Theme};
use crate::ui::update;

/// News that may wait for the screen: enough for a burst of reports, too few to fill the memory.
const NEWS: usize = 256;

impl EngineDoor for Engine {
    fn start(&mut self, spec: JobSpec) -> JobId {
        Engine::start(self, spec)
    }

    fn control(&mut self, id: JobId, control: Control) {
        Engine::control(self, id, control);
    }
}

/// The theme of that name; the one that suits the terminal for "auto".
///
/// # Errors
/// A sentence with the names there are.
pub fn theme(name: &str) -> Result<Theme, String> {
    let scheme = match name {
        "auto" => None,
        other => Some(Scheme::named(other).ok_or("choose one of auto, dark, light, safe")?),
    };
    Ok(Theme::detect(scheme, &|name| std::env::var(name).ok()))
}

/// Shows the dashboard until the user ends it, beginning with `panel`, else with the first.
pub fn open(spec: OpenSpec, panel: Option<PanelId>, theme: Theme) -> Status {
    // Ctrl-C is a key here; a signal from elsewhere ends the program, and the terminal is given back first.
    interrupt::on_signal(|| {
        terminal::restore();
        process::exit(i32::from(interrupt::status()));
    });
    let (sender, events) = sync_channel(NEWS);
    let mut engine = Engine::new(sender);
    let (mut app, effects) = update::begin(spec, theme);
    app.panel = panel.unwrap_or(app.panel);
    match terminal::run(&mut engine, events, (app, effects)) {
        Ok(End::Quit) => Status::Good,
        Ok(End::Interrupt) => Status::Interrupted,
        Err(e) => headless::complain(&Fault::failed(format!(
            "the terminal cannot show the dashboard ({e}); oodscope report prints instead"
        ))),
    }
}
