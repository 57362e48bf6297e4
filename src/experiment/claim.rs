//! Who works on which cell, where processes of one or many machines share a folder of cells and nothing else.
//!
//! A claim is a file in the cell's folder: `claim-0001`, `claim-0002`, and so on. Each is created by one process only
//! (exclusive create, which NFS decides on its server too), none is ever renamed or deleted, and the newest one counts.
//! Its holder rewrites it every sixth of a lease. Whoever wants a cell whose newest claim is dead creates the next.
//!
//! What keeps two holders apart does not hang on clocks or caches: every question that matters is "can I create the
//! next file?". A holder that could not show a sign of life asks it before it goes on ([`Claim::lost`]), and again
//! before it writes down results ([`Claim::is_mine`]). Time only says when others may ask: once they saw the same
//! content for a whole lease by their own monotonic clock. The default lease leaves room for a reader that sees
//! everything a minute late.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::ground::fault::{Fault, printable};

mod holder;
mod process;
#[cfg(test)]
mod tests;

use holder::Holder;
use process::Process;

/// How long a claim may stand still before others may take its cell, where nothing else is asked for.
pub const LEASE: Duration = Duration::from_secs(90);
/// A lease is six beats.
const BEATS: u32 = 6;
/// Bytes of a claim file. Always the same, so that a beat overwrites all of the last one and needs no new room.
const WIDTH: usize = 1024;

/// How a cell stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody works on it: it can be taken.
    Free,
    /// This [`Claims`] holds it.
    Mine,
    /// Another process holds it.
    Held {
        /// The machine's name, safe to print; empty while the claim's file is only half there.
        host: String,
        /// The process's number on that machine; 0 while the claim's file is only half there.
        pid: u32,
    },
    /// A holder has called [`Claim::finish`]. Its results may be hidden by a network file system's cache for a minute.
    Finished,
}

/// What a claim file says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    process: Process,
    /// Tells holders in one process apart.
    token: u64,
    beat: u64,
    #[serde(default)]
    released: bool,
    #[serde(default)]
    finished: bool,
}

impl Record {
    /// None for what is half written.
    fn parse(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok()
    }
}

/// What a reader saw of a cell.
#[derive(Debug)]
struct Seen {
    generation: u64,
    content: Vec<u8>,
    at: Instant,
    silent: Duration,
}

/// Takes cells, and watches those of others. One value serves a whole process and all its threads.
///
/// A dead claim of this machine is mostly seen at once; one of another machine only by watching it, so whoever waits
/// for a cell asks at least once in a sixth of the lease. Asking less often counts as having looked away: it takes
/// longer.
#[derive(Debug)]
pub struct Claims {
    lease: Duration,
    me: Record,
    seen: Mutex<HashMap<PathBuf, Seen>>,
}

impl Claims {
    /// Claims with a lease, [`LEASE`] as a rule. All processes that share cells need the same. It must be longer than
    /// one and a half times the delay with which the file system may show changes; less than 60 ms is taken as 60 ms.
    pub fn new(lease: Duration) -> Self {
        let lease = lease.max(Duration::from_millis(60));
        let process = Process::this();
        let me = Record { process, token: rand::random(), beat: 0, released: false, finished: false };
        Self { lease, me, seen: Mutex::default() }
    }

    /// How long a claim may stand still.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// How the cell in `folder` stands, as far as this process has seen.
    ///
    /// # Errors
    /// If the folder or a claim in it cannot be read.
    pub fn state(&self, folder: &Path) -> Result<Standing, Fault> {
        self.look(folder).map(|(_, standing)| standing)
    }

    /// Takes the cell in `folder`; none if somebody holds it or has finished it. The folder must exist.
    ///
    /// What was seen of the cell's results before the call may be old: look again whether work is left.
    ///
    /// # Errors
    /// If the folder or a claim in it cannot be read, or no claim can be written.
    pub fn take(&self, folder: &Path) -> Result<Option<Claim>, Fault> {
        let (newest, standing) = self.look(folder)?;
        if standing == Standing::Free { Claim::begin(folder, newest, self) } else { Ok(None) }
    }

    /// The newest generation, 0 if there is none, and how the cell stands.
    fn look(&self, folder: &Path) -> Result<(u64, Standing), Fault> {
        let asked = Instant::now();
        let generation = newest(folder)?;
        if generation == 0 {
            return Ok((0, Standing::Free));
        }
        let content = content(folder, generation)?;
        let record = Record::parse(&content);
        let silent = self.silence(folder, generation, content, asked);
        let standing = match record {
            Some(record) if record.finished => Standing::Finished,
            Some(record) if record.released || record.process.is_gone(&self.me.process) => Standing::Free,
            _ if silent >= self.lease => Standing::Free,
            Some(record) if record.token == self.me.token => Standing::Mine,
            Some(record) => Standing::Held { host: printable(&record.process.host), pid: record.process.pid },
            None => Standing::Held { host: String::new(), pid: 0 },
        };
        Ok((generation, standing))
    }

    /// How long this generation has stood still before our eyes.
    fn silence(&self, folder: &Path, generation: u64, content: Vec<u8>, asked: Instant) -> Duration {
        let mut seen = locked(&self.seen);
        if let Some(known) = seen.get_mut(folder)
            && (known.generation, &known.content) == (generation, &content)
        {
            // A long gap may be a server that was away, or this machine asleep: the holder must have had the time to
            // beat while we looked.
            known.silent += asked.saturating_duration_since(known.at).min(self.lease / BEATS);
            known.at = known.at.max(asked);
            return known.silent;
        }
        seen.insert(folder.to_owned(), Seen { generation, content, at: Instant::now(), silent: Duration::ZERO });
        Duration::ZERO
    }
}

impl Default for Claims {
    fn default() -> Self {
        Self::new(LEASE)
    }
}

/// A panic elsewhere leaves nothing half done here.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn claim_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("claim-{generation:04}"))
}

fn unreadable(path: &Path, e: &io::Error) -> Fault {
    Fault::at(path, format!("cannot be read ({e}); check that it is there and that you may read it"))
}

/// The newest generation in `folder`, 0 if there is none.
fn newest(folder: &Path) -> Result<u64, Fault> {
    let mut listed = 0;
    for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
        let name = entry.map_err(|e| unreadable(folder, &e))?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_prefix("claim-"));
        // A number so large that it has no successor is none of ours.
        let number = digits.and_then(|digits| digits.parse::<u32>().ok()).map_or(0, u64::from);
        if number > listed && claim_path(folder, number).file_name() == Some(&name) {
            listed = number;
        }
    }
    // A listing may come from a cache: later ones are found by name.
    let mut next = listed + 1;
    loop {
        let path = claim_path(folder, next);
        match File::open(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(next - 1),
            // One that may not be read is there all the same.
            Err(e) if e.kind() != ErrorKind::PermissionDenied => return Err(unreadable(&path, &e)),
            _ => next += 1,
        }
    }
}

/// What a claim's file holds now: opened anew, because that is when NFS asks its server.
fn content(folder: &Path, generation: u64) -> Result<Vec<u8>, Fault> {
    let path = claim_path(folder, generation);
    let mut content = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(4 * WIDTH as u64).read_to_end(&mut content))
        .map_err(|e| unreadable(&path, &e))?;
    Ok(content)
}

/// A cell that this process works on. It is given back when the value goes.
#[derive(Debug)]
pub struct Claim {
    holder: Arc<Holder>,
    /// The thread that beats; it ends when its channel closes.
    beats: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

impl Claim {
    /// Tries to hold the generation after `newest`; none if another was faster.
    fn begin(folder: &Path, newest: u64, claims: &Claims) -> Result<Option<Self>, Fault> {
        let Some(holder) = Holder::begin(folder, newest, claims.lease, claims.me.clone())? else { return Ok(None) };
        let holder = Arc::new(holder);
        let mut claim = Self { holder: Arc::clone(&holder), beats: None };
        // The last holder may have finished and ended between our look at its claim and the one at its process.
        if newest > 0 && Record::parse(&content(folder, newest)?).is_some_and(|last| last.finished) {
            claim.finish();
            return Ok(None);
        }
        let (stop, stopped) = mpsc::channel();
        let (every, beating) = (claims.lease / BEATS, holder);
        let thread = thread::Builder::new().name("claim".into()).spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                beating.beat();
            }
        });
        let failed = |e| Fault::failed(format!("no thread could be started ({e}); run fewer cells at once"));
        claim.beats = Some((stop, thread.map_err(failed)?));
        Ok(Some(claim))
    }

    /// True once the cell is, or may be, another process's; it stays so. Work stops then, and its results are void.
    ///
    /// Cheap, and to be asked often; only after a pause of most of a lease (a stopped process, a hanging disk) it asks
    /// the file system and waits for the answer.
    pub fn lost(&self) -> bool {
        self.holder.is_lost()
    }

    /// True if this process is shown to hold the cell, and will for most of a lease: to be asked right before results
    /// are written down. Each call makes one small file, because only that is answered by no cache. False as well if
    /// the file system gives no answer; the log says why.
    #[must_use]
    pub fn is_mine(&self) -> bool {
        self.holder.is_mine()
    }

    /// Gives the cell back with work left: another process may take it at once.
    pub fn release(self) {
        self.holder.end(false);
    }

    /// Gives the cell back for good, once its results are written: nobody takes it again, whatever its cache shows.
    pub fn finish(self) {
        self.holder.end(true);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.holder.end(false);
        if let Some((stop, thread)) = self.beats.take() {
            drop(stop);
            // A panic of that thread was told already.
            let _ = thread.join();
        }
    }
}
