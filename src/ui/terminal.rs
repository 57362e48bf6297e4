//! The terminal and the loop: one channel for input and the engine's news, at most one picture every 33 ms, none when
//! nothing happens.

mod clipboard;
mod guard;
mod pixels;
pub mod watch;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event as input;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};

use super::app::App;
use super::door::{End, EngineDoor, perform};
use super::msg::{self, Changed, Effect, Msg};
use super::update::update;
use super::view::view;
use crate::engine::job::Event;
use crate::picture::inline::Protocol;

pub use guard::restore;
use pixels::Pixels;
use watch::Watcher;

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

/// Shows the dashboard until the user ends it. `events` are the engine's news, `app` and `opening` what
/// [`begin`](super::update::begin) answered. What the app says that is watched is looked at.
///
/// Maps are shown in pixels by `pictures`, where one is named. The terminal is restored on every way out. A panic on another
/// thread leaves it alone.
///
/// # Errors
/// What the terminal could not do.
pub fn run(
    engine: &mut dyn EngineDoor,
    events: Receiver<Event>,
    pictures: Option<Protocol>,
    (app, opening): (&mut App, Vec<Effect>),
) -> io::Result<End> {
    let guard = guard::Guard::enter(pictures)?;
    let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let mut screen = Screen { terminal, pixels: pictures.map(Pixels::new) };
    let (sender, wakes) = sync_channel(1024);
    if let Some(watched) = &app.follow.watched {
        look(Watcher::new(watched), sender.clone())?;
    }
    listen(sender, events)?;
    let size = screen.terminal.size()?;
    app.size = (size.width, size.height);
    let result = turn(engine, &mut screen, &wakes, app, opening);
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

/// The terminal, and the pictures on it where it is to show some.
struct Screen {
    terminal: Terminal<CrosstermBackend<io::Stdout>>,
    pixels: Option<Pixels>,
}

fn turn(
    engine: &mut dyn EngineDoor,
    screen: &mut Screen,
    wakes: &Receiver<Wake>,
    app: &mut App,
    opening: Vec<Effect>,
) -> io::Result<End> {
    if let Some(end) = perform(engine, app, opening, &mut |effect| screen.outside(effect))? {
        return Ok(end);
    }
    let mut drawn = screen.draw(app)?;
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
                if let Some(end) = perform(engine, app, effects, &mut |effect| screen.outside(effect))? {
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
            drawn = screen.draw(app)?;
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

impl Screen {
    fn draw(&mut self, app: &App) -> io::Result<Instant> {
        execute!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let area = self.terminal.draw(|frame| view(app, frame))?.area;
        if let Some(pixels) = &mut self.pixels {
            pixels.show(app, (area.width, area.height), self.terminal.backend_mut())?;
        }
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Ok(Instant::now())
    }

    /// Lets the next picture be drawn whole. The terminal's own clearing asks it where its cursor is, and ends the program where
    /// no answer comes.
    fn repaint(&mut self) -> io::Result<()> {
        execute!(self.terminal.backend_mut(), Clear(ClearType::All))?;
        self.terminal.swap_buffers();
        Ok(())
    }

    /// Does what is the terminal's.
    fn outside(&mut self, effect: &Effect) -> io::Result<()> {
        match effect {
            Effect::Suspend => {
                guard::suspend()?;
                self.pixels.as_mut().into_iter().for_each(Pixels::forget);
                // Whatever the shell left on the screen is painted over.
                self.repaint()
            }
            Effect::Ring(why) => clipboard::ring(why, &mut io::stdout()),
            Effect::Copy(text) => clipboard::copy(text, &mut io::stdout()),
            _ => Ok(()),
        }
    }
}
