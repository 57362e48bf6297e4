//! What a worker answers, waited for under a time limit.

use std::io;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::Stdio;
#[cfg(unix)]
use std::thread;
use std::time::Duration;
#[cfg(unix)]
use std::time::Instant;

use super::frame::{self, Frame};

/// Bytes taken at once.
const CHUNK: usize = 1 << 16;

/// Frames as they come.
pub(super) struct Inbox {
    source: Source,
    /// What came and is no whole frame yet.
    bytes: Vec<u8>,
    /// The first frame was seen.
    greeted: bool,
}

/// What a wait brought.
pub(super) enum Came {
    /// A frame.
    Frame(Frame),
    /// Nothing, or not enough.
    Nothing,
    /// The end.
    End,
    /// What is no frame.
    Garbage,
}

impl Inbox {
    /// Of what `source` gives.
    pub(super) fn new(source: Source) -> Self {
        Self { source, bytes: Vec::new(), greeted: false }
    }

    /// Looks out for what comes, so long, before it sleeps: to be woken takes as long as a step of a small environment.
    pub(super) fn look_out(&mut self, keen: Duration) {
        self.source.keen = keen;
    }

    /// Waits for a frame, `most` at the longest for the next part of one.
    pub(super) fn wait(&mut self, most: Duration) -> Came {
        loop {
            match frame::take(&mut self.bytes, self.greeted) {
                Err(_) => return Came::Garbage,
                Ok(Some(frame)) => {
                    self.greeted = true;
                    return Came::Frame(frame);
                }
                Ok(None) => {}
            }
            match self.source.read(&mut self.bytes, most) {
                Ok(0) => return Came::End,
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Came::Nothing;
                }
                Err(_) => return Came::End,
            }
        }
    }
}

/// A socket, which can be read with a time limit: no thread stands between a worker and who waits for it.
#[cfg(unix)]
pub(super) struct Source {
    stream: UnixStream,
    limit: Duration,
    chunk: Vec<u8>,
    /// How long it looks out before it sleeps.
    keen: Duration,
    /// A read answers at once.
    at_once: bool,
}

#[cfg(unix)]
impl Source {
    /// One, and the end of it that a worker writes to.
    pub(super) fn new() -> io::Result<(Self, Stdio)> {
        let (stream, theirs) = UnixStream::pair()?;
        let chunk = vec![0; CHUNK];
        let source = Self { stream, limit: Duration::ZERO, chunk, keen: Duration::ZERO, at_once: false };
        Ok((source, std::os::fd::OwnedFd::from(theirs).into()))
    }

    /// What comes while it looks out; nothing where it comes later.
    fn seen(&mut self) -> io::Result<Option<usize>> {
        if self.keen.is_zero() {
            return Ok(None);
        }
        self.answer_at_once(true)?;
        let begun = Instant::now();
        loop {
            match io::Read::read(&mut self.stream, &mut self.chunk) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock && begun.elapsed() < self.keen => thread::yield_now(),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                other => return other.map(Some),
            }
        }
    }

    fn answer_at_once(&mut self, at_once: bool) -> io::Result<()> {
        if self.at_once != at_once {
            self.stream.set_nonblocking(at_once)?;
            self.at_once = at_once;
        }
        Ok(())
    }

    fn read(&mut self, into: &mut Vec<u8>, most: Duration) -> io::Result<usize> {
        let read = match self.seen()? {
            Some(read) => read,
            None => self.waited_for(most)?,
        };
        into.extend_from_slice(&self.chunk[..read]);
        Ok(read)
    }

    fn waited_for(&mut self, most: Duration) -> io::Result<usize> {
        self.answer_at_once(false)?;
        // No wait at all would mean for ever.
        let most = most.max(Duration::from_millis(1));
        if most != self.limit {
            self.stream.set_read_timeout(Some(most))?;
            self.limit = most;
        }
        io::Read::read(&mut self.stream, &mut self.chunk)
    }
}

/// A pipe, read by a thread.
#[cfg(not(unix))]
pub(super) struct Source {
    chunks: std::sync::mpsc::Receiver<Vec<u8>>,
    /// Not used: the thread looks out.
    keen: Duration,
}

#[cfg(not(unix))]
impl Source {
    /// One, and the end of it that a worker writes to.
    pub(super) fn new() -> io::Result<(Self, Stdio)> {
        let (mut ours, theirs) = io::pipe()?;
        let (sender, chunks) = std::sync::mpsc::sync_channel(4);
        std::thread::spawn(move || {
            let mut chunk = vec![0; CHUNK];
            while let Ok(n @ 1..) = io::Read::read(&mut ours, &mut chunk) {
                if sender.send(chunk[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok((Self { chunks, keen: Duration::ZERO }, theirs.into()))
    }

    fn read(&mut self, into: &mut Vec<u8>, most: Duration) -> io::Result<usize> {
        use std::sync::mpsc::RecvTimeoutError;
        match self.chunks.recv_timeout(most) {
            Ok(chunk) => {
                into.extend_from_slice(&chunk);
                Ok(chunk.len())
            }
            Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
            Err(RecvTimeoutError::Disconnected) => Ok(0),
        }
    }
}
