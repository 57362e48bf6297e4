//! Opens the dashboard on an engine.

use std::path::PathBuf;
use std::sync::mpsc::sync_channel;

use super::config::Settings;
use super::headless::{self, Status};
use super::{interrupt, kept};
use crate::engine::Engine;
use crate::engine::job::{Control, JobId, JobSpec, RunsSpec};
use crate::engine::newest;
use crate::ground::fault::Fault;
use crate::metrics::gate::Gate;
use crate::picture::inline::Protocol;
use crate::ui::app::{Alarm, OpenSpec, Watched};
use crate::ui::door::{End, EngineDoor};
use crate::ui::kept::Kept;
use crate::ui::panel_id::PanelId;
use crate::ui::session::Session;
use crate::ui::terminal;
use crate::ui::theme::Theme;
use crate::ui::update;

/// News that may wait for the screen: enough for a burst of reports, too few to fill the memory.
pub const NEWS: usize = 256;

impl EngineDoor for Engine {
    fn start(&mut self, spec: JobSpec) -> JobId {
        Engine::start(self, spec)
    }

    fn control(&mut self, id: JobId, control: Control) {
        Engine::control(self, id, control);
    }
}

/// How the dashboard is opened.
#[derive(Debug)]
pub struct Opening {
    /// What is opened.
    pub spec: OpenSpec,
    /// The panel that is shown first; the first if none is named.
    pub panel: Option<PanelId>,
    /// Colours.
    pub theme: Theme,
    /// How maps are shown in pixels, where they are.
    pub pixels: Option<Protocol>,
    /// Follow the files that are open.
    pub watch: bool,
    /// What the bell rings for.
    pub alarms: Vec<Gate>,
    /// Folder of runs; where runs are written to if none is named.
    pub runs: Option<PathBuf>,
    /// How everything was looked at.
    pub session: Option<Session>,
}

/// With the folder of runs that it opens beside the data: the experiment's, else where top-ups write to.
fn with_runs(spec: OpenSpec, named: Option<PathBuf>) -> OpenSpec {
    let own = spec.experiment.as_ref().and_then(|experiment| experiment.out.clone());
    let folder = named.or(own).unwrap_or_else(|| spec.topup.out.clone());
    OpenSpec { has_runs: folder.is_dir(), runs: RunsSpec { folder, ..spec.runs }, ..spec }
}

impl Opening {
    /// Opened as the settings say, nothing followed.
    pub fn with(mut spec: OpenSpec, settings: Settings) -> Self {
        let Settings { config, theme, pixels } = settings;
        spec.source.memory = spec.source.memory.or(config.memory);
        Self { spec, panel: None, theme, pixels, watch: false, alarms: Vec::new(), runs: None, session: None }
    }

    /// Shows the dashboard until the user ends it.
    pub fn show(mut self) -> Status {
        // Ctrl-C is a key here; a signal from elsewhere ends the program, and the terminal is given back first.
        interrupt::on_signal(|| {
            terminal::restore();
            std::process::exit(i32::from(interrupt::status()));
        });
        let (sender, events) = sync_channel(NEWS);
        let mut engine = Engine::new(sender);
        self.spec = with_runs(self.spec, self.runs.take());
        let watched = self.watch.then(|| self.watched());
        let (mut app, effects) = update::begin(self.spec, self.theme);
        let before = kept::read();
        before.clone().put(&mut app);
        app.panel = self.panel.unwrap_or(app.panel);
        app.follow.alarms = self.alarms.into_iter().map(Alarm::new).collect();
        app.follow.watched = watched;
        if let Some(session) = &self.session {
            session.restore(&mut app);
        }
        let ended = terminal::run(&mut engine, events, self.pixels, (&mut app, effects));
        let mut now = Kept::of(&app);
        if self.session.is_some() {
            // How a session's cards are looked at is the session's.
            now.sizes.clone_from(&before.sizes);
        }
        kept::write(&now, &before);
        match ended {
            Ok(End::Quit) => Status::Good,
            Ok(End::Interrupt) => Status::Interrupted,
            Err(e) => headless::complain(&Fault::failed(format!(
                "the terminal cannot show the dashboard ({e}); oodscope report prints instead"
            ))),
        }
    }

    /// What is watched; of a run that writes one checkpoint after the other the newest is opened.
    fn watched(&mut self) -> Watched {
        let source = &mut self.spec.source;
        let watched = Watched {
            dataset: Some(source.dataset.clone()).filter(|path| path.exists()),
            checkpoint: source.checkpoint.clone(),
            rollouts: source.rollouts.clone(),
            runs: Some(self.spec.runs.folder.clone()),
        };
        source.checkpoint = source.checkpoint.as_deref().map(newest);
        watched
    }
}
