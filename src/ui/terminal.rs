//! The terminal and the loop: one channel for input and the engine's news, at most one picture every 33 ms, none when
//! nothing happens.

mod clipboard;
mod guard;
pub mod watch;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event as input;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};

use super::app::App;
use super::door::{End, EngineDoor, perform};
use super::msg::{self, Changed, Effect, Msg};
use super::update::update;
use super::view::view;
use crate::engine::job::Event;

pub use guard::restore;
use watch::{Watched, Watcher};

/// Least time between two pictures while jobs have news.
const FRAME: Duration = Duration::from_millis(33);
/// The same after a key: nobody waits for an answer.
const ANSWER: Duration = Duration::from_millis(2);
/// Pace of the spinner while a job runs.
const TICK: Duration = Duration::from_millis((1000.0 * msg::TICK) as u64);

enum Wake {
    Changed(Changed),
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
pub fn run(
    engine: &mut dyn EngineDoor,
    events: Receiver<Event>,
    watched: &Watched,
    opening: (App, Vec<Effect>),
) -> io::Result<End> {
    let guard = guard::Guard::enter()?;
    let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let (sender, wakes) = sync_channel(1024);
    if *watched != Watched::default() {
        look(Watcher::new(watched), sender.clone())?;
    }
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

/// Starts the thread that looks at the watched files; it ends with the process, or with the loop at the first change after it.
fn look(mut watcher: Watcher, sender: SyncSender<Wake>) -> io::Result<()> {
    let forever = move || {
        loop {
            std::thread::sleep(watch::LOOK);
            if watcher.look(Instant::now()).into_iter().any(|changed| sender.send(Wake::Changed(changed)).is_err()) {
                break;
            }
        }
    };
    std::thread::Builder::new().name("watch".into()).spawn(forever).map(drop)
}

type Screen = Terminal<CrosstermBackend<io::Stdout>>;

fn turn(
    engine: &mut dyn EngineDoor,
    terminal: &mut Screen,
    wakes: &Receiver<Wake>,
    app: &mut App,
    opening: Vec<Effect>,
) -> io::Result<End> {
    if let Some(end) = perform(engine, app, opening, &mut |effect| outside(terminal, effect))? {
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
                Wake::Changed(changed) => (Some(Msg::Changed(changed)), FRAME),
                Wake::Input(event) => (translate(&event), ANSWER),
            };
            if let Some(msg) = msg {
                let effects = update(app, msg);
                if let Some(end) = perform(engine, app, effects, &mut |effect| outside(terminal, effect))? {
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

/// Does what is the terminal's.
fn outside(terminal: &mut Screen, effect: &Effect) -> io::Result<()> {
    match effect {
        Effect::Suspend => {
            guard::suspend()?;
            // Whatever the shell left on the screen is painted over.
            terminal.clear()
        }
        Effect::Ring(why) => clipboard::ring(why, &mut io::stdout()),
        Effect::Copy(text) => clipboard::copy(text, &mut io::stdout()),
        _ => Ok(()),
    }
}
