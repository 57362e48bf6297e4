//! Ctrl-C and polite kills: the first one asks the job to end and keep its files whole, the second one ends the program at
//! once. The exit status is 128 and the number of the signal.

use std::process;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use crate::ground::task::Cancel;

/// Exit status of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Exit status after the last signal that came.
static STATUS: AtomicU8 = AtomicU8::new(INTERRUPTED);

/// Exit status of an interrupted program: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
pub fn status() -> u8 {
    STATUS.load(Ordering::SeqCst)
}

/// Calls `act` on a thread of its own at every Ctrl-C and polite kill. To be called once.
pub fn on_signal(mut act: impl FnMut() + Send + 'static) {
    let heard = move |status: u8| {
        STATUS.store(status, Ordering::SeqCst);
        act();
    };
    if let Err(e) = listen(heard) {
        log::warn!("a signal ends the program without tidying up: {e}");
    }
}

#[cfg(unix)]
fn listen(mut heard: impl FnMut(u8) + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let forever = move || signals.forever().for_each(|signal| heard(u8::try_from(128 + signal).unwrap_or(INTERRUPTED)));
    std::thread::Builder::new().name("signals".into()).spawn(forever).map(drop)
}

#[cfg(not(unix))]
fn listen(mut heard: impl FnMut(u8) + Send + 'static) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || heard(INTERRUPTED))
}

/// A cancel that Ctrl-C (and a polite kill) triggers. To be called once.
pub fn install() -> Cancel {
    let cancel = Cancel::default();
    let asked = AtomicU32::new(0);
    let handle = cancel.clone();
    on_signal(move || {
        handle.cancel();
        if asked.fetch_add(1, Ordering::Relaxed) > 0 {
            process::exit(i32::from(status()));
        }
    });
    cancel
}
