//! The terminal and the loop: one channel for input and the engine's news, at most one picture every 33 ms, none when
//! nothing happens.

mod clipboard;
mod guard;

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event as input;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};

use super::app::App;
use super::msg::{Effect, Msg};
use super::update::update;
use super::view::view;
use crate::engine::job::{Control, Event, JobId, JobSpec};

pub use guard::restore;

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

/// Least time between two pictures while jobs have news.
const FRAME: Duration = Duration::from_millis(33);
/// The same after a key: nobody waits for an answer.
const ANSWER: Duration = Duration::from_millis(2);
/// Pace of the spinner while a job runs.
const TICK: Duration = Duration::from_millis(120);

enum Wake {
    Input(input::Event),
    Engine(Event),
    Broken(io::Error),
}

/// Shows the dashboard until the user ends it. `events` are the engine's news, `opening` what [`begin`](super::update::begin) answered.
///
/// The terminal is restored on every way out. A panic on another thread leaves it alone.
///
/// # Errors
/// What the terminal could not do.
pub fn run(engine: &mut dyn EngineDoor, events: Receiver<Event>, opening: (App, Vec<Effect>)) -> io::Result<End> {
    let guard = guard::Guard::enter()?;
    let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let (sender, wakes) = sync_channel(1024);
    listen(sender, events)?;
    let (mut app, effects) = opening;
    let size = terminal.size()?;
    app.size = (size.width, size.height);
    let result = turn(engine, &mut terminal, &wakes, &mut app, effects);
    drop(guard);
    result
}

/// Starts the two threads that feed the loop. The reader of the keyboard blocks for good and ends with the process;
/// the engine's forwarder ends with the loop or with the engine.
fn listen(sender: SyncSender<Wake>, events: Receiver<Event>) -> io::Result<()> {
    let engine = sender.clone();
    std::thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            let wake = match input::read() {
                Ok(event) => Wake::Input(event),
                Err(e) => Wake::Broken(e),
            };
            let last = matches!(wake, Wake::Broken(_));
            if sender.send(wake).is_err() || last {
                break;
            }
        }
    })?;
    std::thread::Builder::new().name("news".into()).spawn(move || {
        for event in events {
            if engine.send(Wake::Engine(event)).is_err() {
                break;
            }
        }
    })?;
    Ok(())
}

type Screen = Terminal<CrosstermBackend<io::Stdout>>;

fn turn(
    engine: &mut dyn EngineDoor,
    terminal: &mut Screen,
    wakes: &Receiver<Wake>,
    app: &mut App,
    opening: Vec<Effect>,
) -> io::Result<End> {
    if let Some(end) = perform(engine, app, opening)? {
        return Ok(end);
    }
    let mut drawn = draw(terminal, app)?;
    let mut ticked = Instant::now();
    let mut due: Option<Instant> = None;
    loop {
        let busy = !app.jobs.running.is_empty();
        let deadline = match (due, busy) {
            (Some(due), _) => Some(due),
            (None, true) => Some(ticked + TICK),
            (None, false) => None,
        };
        let first = match deadline {
            Some(at) => match wakes.recv_timeout(at.saturating_duration_since(Instant::now())) {
                Ok(wake) => Some(wake),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(End::Quit),
            },
            None => match wakes.recv() {
                Ok(wake) => Some(wake),
                Err(_) => return Ok(End::Quit),
            },
        };
        for wake in first.into_iter().chain(std::iter::from_fn(|| wakes.try_recv().ok()).take(256)) {
            let (msg, pause) = match wake {
                Wake::Broken(e) => return Err(e),
                Wake::Engine(event) => (Some(Msg::Engine(event)), FRAME),
                Wake::Input(event) => (translate(&event), ANSWER),
            };
            if let Some(msg) = msg {
                let effects = update(app, msg);
                if let Some(end) = perform(engine, app, effects)? {
                    return Ok(end);
                }
                let at = drawn + pause;
                due = Some(due.map_or(at, |d| d.min(at)));
            }
        }
        let now = Instant::now();
        if busy && now >= ticked + TICK {
            ticked = now;
            update(app, Msg::Tick);
            due = Some(due.unwrap_or(now));
        }
        if due.is_some_and(|at| now >= at) {
            drawn = draw(terminal, app)?;
            due = None;
        }
    }
}

fn translate(event: &input::Event) -> Option<Msg> {
    match *event {
        input::Event::Paste(ref text) => Some(Msg::Paste(text.clone())),
        input::Event::Key(key) => Some(Msg::Key(key)),
        input::Event::Mouse(mouse) if mouse.kind != input::MouseEventKind::Moved => Some(Msg::Mouse(mouse)),
        input::Event::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        _ => None,
    }
}

fn draw(terminal: &mut Screen, app: &App) -> io::Result<Instant> {
    execute!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
    terminal.draw(|frame| view(app, frame))?;
    execute!(terminal.backend_mut(), EndSynchronizedUpdate)?;
    Ok(Instant::now())
}

/// Does what `update` asked for; how the program ends, where it does.
fn perform(engine: &mut dyn EngineDoor, app: &mut App, effects: Vec<Effect>) -> io::Result<Option<End>> {
    let mut open = VecDeque::from(effects);
    while let Some(effect) = open.pop_front() {
        match effect {
            Effect::Quit => return Ok(Some(End::Quit)),
            Effect::Interrupt => return Ok(Some(End::Interrupt)),
            Effect::Copy(text) => clipboard::copy(&text, &mut io::stdout())?,
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
