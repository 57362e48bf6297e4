//! The side of a claim that keeps it: beats, and asks whether it still counts.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{BEATS, Record, WIDTH, claim_path, locked, newest};
use crate::ground::fault::{Fault, printable};
use crate::ground::save::unwritable;

/// What the thread that beats and the one that works share.
#[derive(Debug)]
pub(super) struct Holder {
    folder: PathBuf,
    lease: Duration,
    /// When the last good sign of life was begun: no reader can have seen it before.
    alive: Mutex<Instant>,
    lost: AtomicBool,
    /// Held while the file is written, so that a beat never overwrites a last word.
    pub(super) now: Mutex<Now>,
}

#[derive(Debug)]
pub(super) struct Now {
    pub(super) generation: u64,
    record: Record,
    ended: bool,
    pub(super) warned: bool,
}

impl Holder {
    /// Tries to create the generation after `newest`; none if another process was faster.
    pub(super) fn begin(folder: &Path, newest: u64, lease: Duration, record: Record) -> Result<Option<Self>, Fault> {
        let holder = Self {
            folder: folder.to_owned(),
            lease,
            alive: Mutex::new(Instant::now()),
            lost: AtomicBool::new(false),
            now: Mutex::new(Now { generation: newest, record, ended: false, warned: false }),
        };
        let mut now = locked(&holder.now);
        if !holder.advance(&mut now)? {
            return Ok(None);
        }
        holder.write(&mut now)?;
        drop(now);
        Ok(Some(holder))
    }

    /// As [`super::Claim::lost`].
    pub(super) fn is_lost(&self) -> bool {
        if !self.has_lost() && self.is_due() {
            let mut now = locked(&self.now);
            // The beating thread may have done it meanwhile. If this fails, it leaves its mark.
            if self.is_due() {
                self.renew(&mut now);
            }
        }
        self.has_lost()
    }

    /// As [`super::Claim::is_mine`].
    pub(super) fn is_mine(&self) -> bool {
        let mut now = locked(&self.now);
        self.renew(&mut now)
    }

    fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Time since the last sign of life that others can see.
    fn age(&self) -> Duration {
        locked(&self.alive).elapsed()
    }

    /// True once another process could soon find this claim dead: one beat before it may.
    fn is_due(&self) -> bool {
        self.age() >= self.lease * (BEATS - 1) / BEATS
    }

    /// Creates the next generation: the one question that no cache answers. False if another process has done so.
    fn advance(&self, now: &mut Now) -> Result<bool, Fault> {
        let begun = Instant::now();
        let path = claim_path(&self.folder, now.generation + 1);
        match File::create_new(&path) {
            Ok(_) => {
                now.generation += 1;
                *locked(&self.alive) = begun;
                Ok(true)
            }
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                self.lost.store(true, Ordering::Release);
                Ok(false)
            }
            Err(e) => Err(unwritable(&path, &e)),
        }
    }

    /// Writes the newest state into the own file: opened by name, so that a folder that vanished is noticed.
    fn write(&self, now: &mut Now) -> Result<(), Fault> {
        let begun = Instant::now();
        now.record.beat += 1;
        let path = claim_path(&self.folder, now.generation);
        let text = serde_json::to_string(&now.record).map_err(|e| unwritable(&path, &e))?;
        let text = format!("{text:<width$}\n", width = WIDTH - 1);
        OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_data()))
            .map_err(|e| unwritable(&path, &e))?;
        *locked(&self.alive) = begun;
        Ok(())
    }

    /// True if this process is shown to hold the cell, now and for a lease to come.
    fn renew(&self, now: &mut Now) -> bool {
        if self.has_lost() {
            return false;
        }
        match self.advance(now) {
            Ok(taken) => {
                if taken {
                    // An empty file holds as well.
                    self.warn(self.write(now), now);
                }
                taken
            }
            Err(why) => {
                self.warn(Err(why), now);
                // Nobody can be asked, and others may take the cell any moment.
                self.lost.fetch_or(self.is_due(), Ordering::AcqRel);
                false
            }
        }
    }

    /// One sign of life, and a look whether another process has taken the cell.
    pub(super) fn beat(&self) {
        let mut now = locked(&self.now);
        if now.ended || self.has_lost() {
            return;
        }
        // After two missed beats, a reader that sees us late might take the next one for silence.
        if self.age() >= self.lease / 3 {
            self.renew(&mut now);
            return;
        }
        let done = self.write(&mut now).and_then(|()| newest(&self.folder)).map(|newest| {
            self.lost.fetch_or(newest > now.generation, Ordering::AcqRel);
        });
        self.warn(done, &mut now);
    }

    /// Tells of the first failure only: the next beat may do better, and a full disk would fill the log.
    fn warn(&self, done: Result<(), Fault>, now: &mut Now) {
        if let Err(why) = done
            && !std::mem::replace(&mut now.warned, true)
        {
            let folder = printable(&self.folder.display().to_string());
            log::warn!("{folder}: the claim on this cell may run out: {why}");
        }
    }

    /// The last word of this claim.
    pub(super) fn end(&self, finished: bool) {
        let mut now = locked(&self.now);
        let over = std::mem::replace(&mut now.ended, true) || self.has_lost();
        if over || self.is_due() && !self.renew(&mut now) {
            return;
        }
        (now.record.released, now.record.finished) = (true, finished);
        self.warn(self.write(&mut now), &mut now);
    }
}
