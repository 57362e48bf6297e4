//! What comes to the app, and what it asks for.

use std::path::PathBuf;

use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use crate::engine::job::{Control, Event, JobId, JobSpec, Slot};

/// News for the app.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has so many columns and rows now.
    Resize(u16, u16),
    /// The engine gave the job that was asked for in `slot` its number.
    JobStarted {
        /// Where.
        slot: Slot,
        /// Its number.
        id: JobId,
    },
    /// A job has news.
    Engine(Event),
    /// A file that is watched has changed.
    Changed(Changed),
    /// [`TICK`] seconds have passed while a job runs.
    Tick,
}

/// What has changed on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The dataset.
    Dataset,
    /// The rollouts.
    Rollouts,
    /// The checkpoint, or a newer one that lies here.
    Checkpoint(PathBuf),
    /// A run in the folder of runs.
    Runs,
}

/// Seconds between two of [`Msg::Tick`].
pub const TICK: f64 = 0.12;

/// What is to be done outside of the app.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a few a minute, and a spec is what an effect mostly is")]
pub enum Effect {
    /// Start a job; the answer is [`Msg::JobStarted`].
    Start(JobSpec),
    /// Steer the running job with this number.
    Control(JobId, Control),
    /// Ring the terminal's bell, and tell the desktop why.
    Ring(String),
    /// Put a text on the clipboard.
    Copy(String),
    /// Hand the terminal to the shell until the program is called back.
    Suspend,
    /// End the program.
    Quit,
    /// End the program as a signal would.
    Interrupt,
}
