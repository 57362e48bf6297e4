//! Every episode that was acted in, one after the other as they ended: what cost interaction is here before anything else is
//! done with it.
//!
//! A record is a line of JSON ([`Head`]), the numbers as it counts them (little-endian), and the first eight bytes of the
//! SHA-256 of both. A file that a dying process left ends in half a record: it is cut off, the whole ones are read.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::unwritable;
use crate::env::recorded::Recording;
use crate::ground::fault::Fault;

/// Name of the file in a run directory.
pub const FILE: &str = "episodes.log";
/// Time between two syncs: what the process wrote survives it, and a power cut takes no more than this.
const SYNC_EVERY: Duration = Duration::from_millis(500);
/// Longest line of a head, and most numbers of one record.
const MAX_HEAD: u64 = 4096;
const MAX_NUMBERS: usize = 1 << 30;

/// What is said of an episode before its numbers.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    purpose: String,
    seed: u64,
    steps: usize,
    obs: usize,
    actions: usize,
    terminated: bool,
    truncated: bool,
}

/// The file, open for more.
#[derive(Debug)]
pub struct EpisodeLog {
    file: File,
    path: PathBuf,
    synced: Instant,
}

impl EpisodeLog {
    /// Opens the log of the run in `folder`, and what is in it.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read or written.
    pub fn open(folder: &Path) -> Result<(Self, Vec<Recording>), Fault> {
        let path = folder.join(FILE);
        let io = |e: io::Error| unwritable(&path, "write", &e);
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(io)?;
        let (known, whole) = read(&file).map_err(|e| Fault::io(&path, "reading", &e))?;
        let len = file.metadata().map_err(io)?.len();
        if whole < len {
            log::warn!("{}: the last {} bytes are no whole episode and are cut off", path.display(), len - whole);
            file.set_len(whole).map_err(io)?;
        }
        Ok((Self { file, path: path.clone(), synced: Instant::now() }, known))
    }

    /// Adds a finished episode.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written; what was there before stays.
    pub fn append(&mut self, episode: &Recording) -> Result<(), Fault> {
        let whole = self.file.metadata().map_err(|e| self.unwritten(&e))?.len();
        let written = self.file.write_all(&record(episode)).and_then(|()| {
            if self.synced.elapsed() < SYNC_EVERY {
                return Ok(());
            }
            self.synced = Instant::now();
            self.file.sync_data()
        });
        written.map_err(|e| {
            // A full disk must not leave half a record between two whole ones.
            let _ = self.file.set_len(whole);
            self.unwritten(&e)
        })
    }

    /// Makes what was added safe against a power cut.
    ///
    /// # Errors
    /// [`Fault`] where the disk refuses.
    pub fn sync(&mut self) -> Result<(), Fault> {
        self.synced = Instant::now();
        self.file.sync_data().map_err(|e| self.unwritten(&e))
    }

    fn unwritten(&self, e: &io::Error) -> Fault {
        unwritable(&self.path, "write", e)
    }
}

fn record(episode: &Recording) -> Vec<u8> {
    let head = Head {
        purpose: episode.purpose.clone(),
        seed: episode.seed,
        steps: episode.rewards.len(),
        obs: episode.obs.len(),
        actions: episode.actions.len(),
        terminated: episode.terminated,
        truncated: episode.truncated,
    };
    let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend(episode.obs.iter().chain(&episode.actions).flat_map(|v| v.to_le_bytes()));
    bytes.extend(episode.rewards.iter().flat_map(|v| v.to_le_bytes()));
    let sum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&sum[..8]);
    bytes
}

/// The whole records from the beginning of `file`, and the bytes that they take.
fn read(file: &File) -> io::Result<(Vec<Recording>, u64)> {
    let (mut reader, mut all, mut whole) = (BufReader::new(file), Vec::new(), 0);
    while let Some((recording, bytes)) = next(&mut reader)? {
        all.push(recording);
        whole += bytes;
    }
    Ok((all, whole))
}

/// The next record and its bytes; nothing where no whole one follows.
fn next(reader: &mut impl BufRead) -> io::Result<Option<(Recording, u64)>> {
    let mut bytes = Vec::new();
    reader.by_ref().take(MAX_HEAD).read_until(b'\n', &mut bytes)?;
    let Ok(head) = serde_json::from_slice::<Head>(&bytes) else { return Ok(None) };
    let total = [head.obs, head.actions, head.steps].into_iter().try_fold(0usize, usize::checked_add);
    if total.is_none_or(|n| n > MAX_NUMBERS) {
        return Ok(None);
    }
    let (floats, begin) = (head.obs + head.actions, bytes.len());
    let len = 4 * floats + 8 * head.steps;
    reader.by_ref().take(len as u64 + 8).read_to_end(&mut bytes)?;
    if bytes.len() < begin + len + 8 || Sha256::digest(&bytes[..begin + len])[..8] != bytes[begin + len..] {
        return Ok(None);
    }
    let body = &bytes[begin..begin + len];
    let float = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    let double = |b: &[u8]| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
    let obs = body[..4 * head.obs].chunks_exact(4).map(float).collect();
    let actions = body[4 * head.obs..4 * floats].chunks_exact(4).map(float).collect();
    let rewards = body[4 * floats..].chunks_exact(8).map(double).collect();
    let Head { purpose, seed, terminated, truncated, .. } = head;
    Ok(Some((Recording { purpose, seed, obs, actions, rewards, terminated, truncated }, bytes.len() as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(seed: u64, steps: usize) -> Recording {
        let row = |n: usize| (0..n).map(|i| i as f32 + 0.1).collect::<Vec<f32>>();
        let rewards = (0..steps).map(|i| -(i as f64) / 3.0).collect();
        let purpose = "probe \"3\"\n".into();
        Recording {
            purpose,
            seed,
            obs: row(3 * (steps + 1)),
            actions: row(steps),
            rewards,
            terminated: true,
            truncated: false,
        }
    }

    #[test]
    fn what_was_added_is_read_again_whatever_follows_it() {
        let folder = tempfile::tempdir().unwrap();
        let all = [episode(u64::MAX, 5), episode(1, 1), episode(2, 40)];
        {
            let (mut log, known) = EpisodeLog::open(folder.path()).unwrap();
            assert!(known.is_empty());
            for episode in &all {
                log.append(episode).unwrap();
            }
            log.sync().unwrap();
        }
        let path = folder.path().join(FILE);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(EpisodeLog::open(folder.path()).unwrap().1, all);
        // Killed at any moment, or written over: the whole ones before are there, and more can be added behind them.
        let second = record(&all[0]).len();
        for cut in [second, second + 1, second + 60, bytes.len() - 1] {
            let mut damaged = bytes[..cut].to_vec();
            damaged.extend_from_slice(if cut == second { b"" } else { b"\xff" });
            std::fs::write(&path, &damaged).unwrap();
            let (mut log, known) = EpisodeLog::open(folder.path()).unwrap();
            assert_eq!(known, all[..known.len()]);
            assert_eq!(known.len(), if cut > second + 60 { 2 } else { 1 });
            log.append(&all[2]).unwrap();
            assert_eq!(EpisodeLog::open(folder.path()).unwrap().1.last(), Some(&all[2]));
        }
    }
}
