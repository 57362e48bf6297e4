//! A lock file with the process id. The operating system holds the lock, so a process that dies leaves none behind;
//! the number in the file is for people.

use super::unwritable;
use crate::ground::fault::Fault;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often and after what time the lock is tried again.
const LOOKS: usize = 5;
const LOOK: Duration = Duration::from_millis(10);

/// The lock of a folder, given back when the value goes. The empty file stays: removing it would let a third process
/// lock a new file of the same name while a second one waits on the old.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of `folder`.
    pub(super) fn take(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join("lock");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| unwritable(&path, "write", &e))?;
        match patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let owner = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<u32>().ok());
                let who = owner.map_or("another process".to_string(), |pid| format!("process {pid}"));
                return Err(Fault::at(&path, format!("{who} writes to this run; stop it or wait for its end")));
            }
            // A file system without locks: the run is worth more than the guard.
            Err(TryLockError::Error(e)) => log::warn!("{}: no lock: {e}", path.display()),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(|e| unwritable(&path, "write", &e))?;
        Ok(Self { file })
    }
}

impl Lock {
    /// True if a process holds the lock of `folder`. Those who look share it for a moment, and see nobody in one another.
    pub(super) fn is_taken(folder: &Path) -> bool {
        let file = File::open(folder.join("lock"));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// Takes the lock, also where somebody looks at it just then.
fn patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOOKS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            other => return other,
        }
    }
    file.try_lock()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file closes, and with it the lock, right after; a number that is left behind does no harm.
        let _ = self.file.set_len(0);
    }
}
