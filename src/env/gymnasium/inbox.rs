//! What a worker answers, waited for under a time limit.

use std::io;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

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
}

#[cfg(unix)]
impl Source {
    /// One, and the end of it that a worker writes to.
    pub(super) fn new() -> io::Result<(Self, Stdio)> {
        let (stream, theirs) = UnixStream::pair()?;
        let chunk = vec![0; CHUNK];
        Ok((Self { stream, limit: Duration::ZERO, chunk }, std::os::fd::OwnedFd::from(theirs).into()))
    }

    fn read(&mut self, into: &mut Vec<u8>, most: Duration) -> io::Result<usize> {
        // No wait at all would mean for ever.
        let most = most.max(Duration::from_millis(1));
        if most != self.limit {
            self.stream.set_read_timeout(Some(most))?;
            self.limit = most;
        }
        let read = io::Read::read(&mut self.stream, &mut self.chunk)?;
        into.extend_from_slice(&self.chunk[..read]);
        Ok(read)
    }
}

/// A pipe, read by a thread.
#[cfg(not(unix))]
pub(super) struct Source {
    chunks: std::sync::mpsc::Receiver<Vec<u8>>,
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
        Ok((Self { chunks }, theirs.into()))
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
