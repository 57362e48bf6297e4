//! Ctrl-C: the first one asks the job to end and keep its files whole, the second one ends the program at once.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::ground::task::Cancel;

/// Exit status of an interrupted program.
pub const INTERRUPTED: u8 = 130;

/// A cancel that Ctrl-C (and a polite kill) triggers. To be called once.
pub fn install() -> Cancel {
    let cancel = Cancel::default();
    let asked = AtomicU32::new(0);
    let handle = cancel.clone();
    let installed = ctrlc::set_handler(move || {
        handle.cancel();
        if asked.fetch_add(1, Ordering::Relaxed) > 0 {
            process::exit(i32::from(INTERRUPTED));
        }
    });
    if let Err(e) = installed {
        log::warn!("Ctrl-C ends the program without tidying up: {e}");
    }
    cancel
}
