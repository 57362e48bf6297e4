//! A worker process: started, spoken with under a time limit, and gone for certain when it is dropped.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::frame::{Frame, Message};
use super::inbox::{Came, Inbox, Source};
use super::python::Launch;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// How often a wait looks whether the work was cancelled.
const LOOK: Duration = Duration::from_millis(50);
/// How long a worker whose output ended has to end itself.
const LAST_BREATH: Duration = Duration::from_millis(500);
/// How long one has to close its environments once nobody speaks to it any more.
const FAREWELL: Duration = Duration::from_secs(3);
/// What is kept of its standard error.
const KEPT_LINES: usize = 20;
const KEPT_CHARS: usize = 300;
/// What a message shows of it.
const SHOWN_LINES: usize = 5;

/// A worker that runs.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    inbox: Inbox,
    said: Arc<Mutex<VecDeque<String>>>,
    /// Whom messages are about: the environment's id.
    name: String,
    /// It can be asked nothing more.
    pub broken: bool,
    /// It was ended and waited for: its number may be another's by now.
    gone: bool,
}

/// An error frame.
#[derive(Deserialize)]
struct Told {
    sentence: String,
    #[serde(default)]
    bad: bool,
    #[serde(default)]
    trace: Vec<String>,
}

impl Process {
    /// Starts a worker for `name`, which says later that it is ready ([`Process::ready`]).
    ///
    /// # Errors
    /// A sentence where there is no such program.
    pub(super) fn start(launch: &Launch, name: &str) -> Result<Self, Fault> {
        let [program, arguments @ ..] = launch.command.as_slice() else {
            return Err(Fault::bad("--worker-command is empty; name the program that starts a worker"));
        };
        let mut command = Command::new(program);
        let (source, output) = Source::new().map_err(|e| Fault::failed(format!("{name}: no way to a worker ({e})")))?;
        command.args(arguments).stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped());
        // Many workers with many threads each would be in each other's way.
        if std::env::var_os("OMP_NUM_THREADS").is_none() {
            command.env("OMP_NUM_THREADS", "1");
        }
        // Of a group of its own: an interrupt at the terminal is the program's to handle, and what it starts ends with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|e| {
            Fault::bad(format!("no Python: {} cannot be started ({e}); name one with --python", launch.chosen))
        })?;
        let said = Arc::default();
        if let Some(errors) = child.stderr.take() {
            let said = Arc::clone(&said);
            thread::spawn(move || listen(errors, &said));
        }
        let input = child.stdin.take();
        let inbox = Inbox::new(source);
        let mut process = Self { child, input, inbox, said, name: name.into(), broken: false, gone: false };
        if let Some(input) = &mut process.input {
            // Where it died already, waiting for it tells.
            let _ = input.write_all(launch.source.as_bytes()).and_then(|()| input.flush());
        }
        Ok(process)
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], or a sentence with its last words.
    pub(super) fn ready(&mut self, limit: Duration, cx: &Ctx) -> Result<(), Fault> {
        match self.receive("starting", limit, cx)?.kind {
            b'r' => Ok(()),
            _ => Err(self.garbage("starting")),
        }
    }

    /// Lets messages be about another environment from now on, with what went wrong before forgiven.
    pub(super) fn rename(&mut self, name: &str) {
        self.name = name.into();
        self.broken = self.gone;
    }

    /// Lets whoever waits for it look out for its answers, so many seconds, before it sleeps.
    pub(super) fn look_out(&mut self, seconds: f64) {
        self.inbox.look_out(Duration::from_secs_f64(seconds));
    }

    /// True where it can be asked for another environment.
    pub(super) fn serves(&self) -> bool {
        !self.gone
    }

    /// Sends a message.
    ///
    /// # Errors
    /// A sentence where it is gone.
    pub(super) fn send(&mut self, message: Message, doing: &str) -> Result<(), Fault> {
        let sent = self.input.as_mut().filter(|_| !self.broken).map(|input| message.send(input));
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(self.died(doing)),
            None => Err(Fault::failed(format!("{}: its Python worker has ended; begin anew", self.name))),
        }
    }

    /// Waits for a frame of one of `kinds`.
    ///
    /// # Errors
    /// [`Fault::Cancelled`], what the worker says went wrong, or that it died, is late or sends garbage, with its last words.
    pub(super) fn answer(&mut self, kind: u8, doing: &str, limit: Duration, cx: &Ctx) -> Result<Vec<u8>, Fault> {
        let frame = self.receive(doing, limit, cx)?;
        match frame.kind {
            found if found == kind => Ok(frame.payload),
            b'e' | b'o' => Err(self.told(&frame, doing)),
            _ => Err(self.garbage(doing)),
        }
    }

    fn receive(&mut self, doing: &str, limit: Duration, cx: &Ctx) -> Result<Frame, Fault> {
        let begun = Instant::now();
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            match self.inbox.wait(LOOK.min(left)) {
                Came::Frame(frame) => return Ok(frame),
                Came::Garbage => return Err(self.garbage(doing)),
                Came::End => return Err(self.died(doing)),
                Came::Nothing => {
                    if cx.check().is_err() {
                        self.kill();
                        return Err(Fault::Cancelled);
                    }
                    if left.is_zero() {
                        self.kill();
                        let (limit, last) = (limit.as_secs_f64(), self.last_words());
                        return Err(Fault::failed(format!(
                            "{}: its Python worker gave no answer within {limit} s ({doing}) and was ended{last}",
                            self.name
                        )));
                    }
                }
            }
        }
    }

    /// What an error frame says. After an exception the environment is in no known state.
    fn told(&mut self, frame: &Frame, doing: &str) -> Fault {
        let Ok(told) = serde_json::from_slice::<Told>(&frame.payload) else { return self.garbage(doing) };
        // Copies that were lost are there again.
        self.broken = frame.kind == b'e';
        if told.bad {
            return Fault::bad(format!("{}: {}", self.name, told.sentence));
        }
        let place = told.trace.iter().rev().map(|line| line.trim()).find(|line| line.starts_with("File \""));
        let place = place.map(|place| format!(" (at {})", place.trim_start_matches("File "))).unwrap_or_default();
        Fault::failed(format!("{}: {}{place}", self.name, told.sentence))
    }

    fn died(&mut self, doing: &str) -> Fault {
        let ended = self.ended(LAST_BREATH);
        self.kill();
        let how = match ended {
            Some(status) => how(status),
            None => "closed its output".into(),
        };
        Fault::failed(format!("{}: its Python worker {how} ({doing}){}", self.name, self.last_words()))
    }

    fn garbage(&mut self, doing: &str) -> Fault {
        self.kill();
        Fault::failed(format!(
            "{}: its Python worker answers garbage ({doing}) and was ended{}",
            self.name,
            self.last_words()
        ))
    }

    /// The end of its standard error, as the end of a sentence.
    fn last_words(&self) -> String {
        // What was written at the very end may still be on its way.
        thread::sleep(Duration::from_millis(30));
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = said.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        if shown.is_empty() { String::new() } else { format!("; its last words: {}", shown.join(" | ")) }
    }

    /// Waits for its end, `most` at the longest.
    fn ended(&mut self, most: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if begun.elapsed() < most => thread::sleep(Duration::from_millis(5)),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }

    /// Ends it with all that it started.
    pub(super) fn kill(&mut self) {
        self.broken = true;
        self.input = None;
        if std::mem::replace(&mut self.gone, true) {
            return;
        }
        #[cfg(unix)]
        {
            let group = format!("-{}", self.child.id());
            let quiet = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
            drop(quiet);
        }
        // Already gone is as good; waiting leaves no zombie.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Closes its input, at which it ends by itself.
    pub(super) fn dismiss(&mut self) {
        self.input = None;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.dismiss();
        if !self.broken {
            let _ = self.ended(FAREWELL);
        }
        // What it started, and did not close, is of its group.
        self.kill();
    }
}

fn how(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let hint = if signal == 9 { ", often because the memory ran out" } else { "" };
        return format!("was killed by signal {signal}{hint}");
    }
    status.code().map_or_else(|| "died".into(), |code| format!("ended with status {code}"))
}

/// Keeps the last lines of what is said.
fn listen(mut errors: impl Read, said: &Mutex<VecDeque<String>>) {
    let (mut chunk, mut line) = ([0; 4096], Vec::new());
    while let Ok(n @ 1..) = errors.read(&mut chunk) {
        for &byte in &chunk[..n] {
            match byte {
                b'\n' => {
                    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                    said.push_back(String::from_utf8_lossy(&line).into_owned());
                    if said.len() > KEPT_LINES {
                        said.pop_front();
                    }
                    line.clear();
                }
                _ if line.len() < KEPT_CHARS => line.push(byte),
                _ => {}
            }
        }
    }
    said.lock().unwrap_or_else(PoisonError::into_inner).push_back(String::from_utf8_lossy(&line).into_owned());
}
