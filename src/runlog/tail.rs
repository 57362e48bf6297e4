//! One file of a log, read as far as it was written.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::csv::Csv;
use super::event;
use super::json_lines::JsonLines;
use super::kind::Kind;
use super::scalars::Scalars;
use super::tfrecord::{self, Next};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;
/// A record of more bytes holds no numbers (a graph, a profile) and is passed over.
const LONG: u64 = 1 << 28;
/// Bytes at the beginning by which a file is known again.
const HEAD: usize = 4096;

/// Where a file was when it was looked at: length, time of the last change, number.
type Stamp = (u64, Option<SystemTime>, u64);

/// A file, and how much of it was taken in.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    reader: Reader,
    at: u64,
    head: Vec<u8>,
    seen: Option<Stamp>,
    damaged: Option<String>,
    /// Seconds since 1970 of the first event.
    pub started: Option<f64>,
}

#[derive(Debug)]
enum Reader {
    Events,
    Lines(JsonLines),
    Table(Csv),
}

/// What came of looking at a file again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// It is as it was.
    Nothing,
    /// It has grown.
    New,
    /// It is another file, or was written anew.
    Replaced,
}

impl Tail {
    /// The file `path` of kind `kind`, of which nothing was read.
    pub fn new(path: &Path, kind: Kind, steps: &'static [&'static str], prefix: String) -> Self {
        let reader = match kind {
            Kind::Events => Reader::Events,
            Kind::Lines => Reader::Lines(JsonLines::new(steps, prefix)),
            Kind::Table => Reader::Table(Csv::new(steps, prefix)),
        };
        Self { path: path.to_owned(), reader, at: 0, head: Vec::new(), seen: None, damaged: None, started: None }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Name of what counts its steps, where the file names it.
    pub fn step_name(&self) -> Option<&str> {
        match &self.reader {
            Reader::Events => None,
            Reader::Lines(lines) => lines.step_name.as_deref(),
            Reader::Table(table) => table.step_name(),
        }
    }

    /// What could not be read, in a sentence with the file and the place.
    pub fn trouble(&self) -> Option<String> {
        let why = match &self.reader {
            Reader::Events => self.damaged.as_ref(),
            Reader::Lines(lines) => lines.trouble.as_ref(),
            Reader::Table(table) => table.trouble.as_ref(),
        };
        why.map(|why| Fault::at(&self.path, why).to_string())
    }

    /// When the file was changed last, as far as it was looked at.
    pub fn changed(&self) -> Option<SystemTime> {
        self.seen.and_then(|(_, changed, _)| changed)
    }

    /// Takes in what is new.
    ///
    /// # Errors
    /// [`Fault`] where the file cannot be read, or cancelled.
    pub fn take_in(&mut self, out: &mut Scalars, cx: &Ctx) -> Result<Took, Fault> {
        let wrong = |e: std::io::Error| Fault::io(&self.path, "reading", &e);
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Took::Replaced),
            Err(e) => return Err(wrong(e)),
        };
        let meta = file.metadata().map_err(wrong)?;
        let stamp = (meta.len(), meta.modified().ok(), number(&meta));
        if self.seen == Some(stamp) {
            return Ok(Took::Nothing);
        }
        if meta.len() < self.at || self.seen.is_some_and(|seen| seen.2 != stamp.2) || !self.begins_so(&mut file) {
            return Ok(Took::Replaced);
        }
        file.seek(SeekFrom::Start(self.at)).map_err(wrong)?;
        let from = self.at;
        let rest = self.read(file, meta.len(), out, cx)?;
        match &mut self.reader {
            Reader::Events => {}
            Reader::Lines(lines) => lines.end(&rest, out),
            Reader::Table(table) => table.end(&rest, out),
        }
        self.seen = Some(stamp);
        Ok(if self.at > from || !rest.is_empty() { Took::New } else { Took::Nothing })
    }

    /// Reads on from where `file` stands; answers what is not whole at its end.
    fn read(&mut self, mut file: File, length: u64, out: &mut Scalars, cx: &Ctx) -> Result<Vec<u8>, Fault> {
        let mut bytes: Vec<u8> = Vec::new();
        loop {
            cx.step(self.at, length)?;
            let got = Read::take(&mut file, CHUNK as u64).read_to_end(&mut bytes);
            let got = got.map_err(|e| Fault::io(&self.path, "reading", &e))?;
            if got == 0 {
                return Ok(bytes);
            }
            let (used, over) = self.take(&bytes, out);
            if self.head.len() < HEAD && self.at == self.head.len() as u64 {
                self.head.extend(&bytes[..used.min(HEAD - self.head.len())]);
            }
            bytes.drain(..used);
            self.at += used as u64;
            if over > LONG {
                if self.at + over > length {
                    return Ok(Vec::new());
                }
                bytes.clear();
                self.at += over;
                file.seek(SeekFrom::Start(self.at)).map_err(|e| Fault::io(&self.path, "reading", &e))?;
            }
        }
    }

    /// Takes in what is whole of `bytes`; answers how many bytes that is, and how many the record after it has.
    fn take(&mut self, bytes: &[u8], out: &mut Scalars) -> (usize, u64) {
        match &mut self.reader {
            Reader::Lines(lines) => (lines.take(bytes, out), 0),
            Reader::Table(table) => (table.take(bytes, out), 0),
            Reader::Events => {
                let mut used = 0;
                self.damaged = None;
                loop {
                    match tfrecord::next(&bytes[used..]) {
                        Next::Record(message, length) => {
                            let time = event::take(message, out);
                            self.started = self.started.or(time);
                            used += length;
                        }
                        Next::Half(whole) => return (used, whole),
                        Next::Damaged => {
                            let at = self.at + used as u64;
                            let why = format!("the record at byte {at} is damaged; it and what follows are left out");
                            self.damaged = Some(why);
                            return (used, 0);
                        }
                    }
                }
            }
        }
    }

    /// True where `file` begins with what was read of it at first.
    fn begins_so(&self, file: &mut File) -> bool {
        let mut head = vec![0; self.head.len()];
        file.read_exact(&mut head).is_ok() && head == self.head
    }
}

#[cfg(unix)]
fn number(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}
