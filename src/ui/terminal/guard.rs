//! Takes the terminal and gives it back exactly once, whatever happens.

use std::io::{self, Write as _, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use ratatui::crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::crossterm::{cursor, execute};

use crate::picture::inline::Protocol;

/// True while the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// The thread that took it.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// How pictures are shown, where they are.
static PICTURES: OnceLock<Protocol> = OnceLock::new();

/// The terminal while the dashboard is up; dropping it gives the terminal back.
pub struct Guard(());

impl Guard {
    /// Raw mode, alternate screen, mouse and bracketed paste on, cursor hidden. Pictures are taken away when it is given back.
    pub fn enter(pictures: Option<Protocol>) -> io::Result<Self> {
        hook();
        if let Some(protocol) = pictures {
            PICTURES.get_or_init(|| protocol);
        }
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        *OWNER.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
        let guard = Self(());
        show()?;
        Ok(guard)
    }
}

fn show() -> io::Result<()> {
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, cursor::Hide)
}

/// Gives the terminal back and stops the program as Ctrl-Z does elsewhere; answers once it is called back and the terminal is
/// taken again.
pub fn suspend() -> io::Result<()> {
    restore();
    stop()?;
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    show()
}

#[cfg(unix)]
fn stop() -> io::Result<()> {
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
}

#[cfg(not(unix))]
fn stop() -> io::Result<()> {
    Ok(())
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back if it is taken; a second call does nothing. For signal handlers that end the process.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        if let Some(protocol) = PICTURES.get() {
            let _ = stdout().write_all(protocol.clear());
        }
        // Each undone on its own: one that fails does not keep the others from being undone.
        let _ = execute!(stdout(), DisableBracketedPaste);
        let _ = execute!(stdout(), DisableMouseCapture);
        let _ = execute!(stdout(), LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// Before a panic of the owning thread is printed the terminal is given back. A worker's panic prints nothing: it
/// reaches the screen as its job's failure, and the picture stays whole.
fn hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let owner = *OWNER.lock().unwrap_or_else(PoisonError::into_inner);
            if !TAKEN.load(Ordering::SeqCst) {
                before(info);
            } else if owner == Some(thread::current().id()) {
                restore();
                before(info);
            } else {
                log::error!("a worker panicked: {info}");
            }
        }));
    });
}
