//! A file read in blocks: a header, a tree of names and the values of a short episode lie side by side in a file, and asking
//! the system for each of them takes longer than decoding them.
//!
//! A memory map would do the same, but ends the program where another one shortens the file.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_reader::error::{Error, Result};
use hdf5_reader::{FileStorage, Storage, StorageBuffer};

/// Bytes of a block.
const BLOCK: usize = 16 << 10;
/// What is larger is read by itself.
const SMALL: usize = BLOCK / 2;
/// Groups of blocks that threads take in turns.
const SHARDS: usize = 16;
/// Blocks that a group keeps.
const KEPT: usize = 2;

/// The blocks read last, the last one first.
type Shard = Vec<(u64, Arc<[u8]>)>;

/// A file and the blocks of it that were read last.
pub(super) struct Blocks {
    file: FileStorage,
    shards: [Mutex<Shard>; SHARDS],
}

impl Blocks {
    /// Opens `path`.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = FileStorage::from_file(File::open(path)?).map_err(io::Error::other)?;
        Ok(Self { file, shards: std::array::from_fn(|_| Mutex::default()) })
    }

    /// Block `number`, which is in the file.
    fn block(&self, number: u64) -> Result<Arc<[u8]>> {
        let shard = &self.shards[number as usize % SHARDS];
        let mut kept = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(held, _)| *held == number) {
            kept[..=at].rotate_right(1);
            return Ok(Arc::clone(&kept[0].1));
        }
        let start = number * BLOCK as u64;
        let len = (self.file.len() - start).min(BLOCK as u64) as usize;
        let block: Arc<[u8]> = Arc::from(&*self.file.read_range(start, len)?);
        kept.truncate(KEPT - 1);
        kept.insert(0, (number, Arc::clone(&block)));
        Ok(block)
    }
}

impl Storage for Blocks {
    fn len(&self) -> u64 {
        self.file.len()
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer> {
        let end = offset.checked_add(len as u64).ok_or(Error::OffsetOutOfBounds(offset))?;
        // The file says what is wrong with what it does not have.
        if len == 0 || len > SMALL || end > self.len() {
            return self.file.read_range(offset, len);
        }
        let (first, start) = (offset / BLOCK as u64, (offset % BLOCK as u64) as usize);
        let block = self.block(first)?;
        if start + len <= BLOCK {
            return StorageBuffer::from_shared(block, start, len);
        }
        let mut bytes = block[start..].to_vec();
        bytes.extend_from_slice(&self.block(first + 1)?[..len - bytes.len()]);
        Ok(StorageBuffer::from_vec(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_what_the_file_has() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x");
        let bytes: Vec<u8> = (0..5 * BLOCK + 77).map(|i| (i * 31 % 251) as u8).collect();
        std::fs::write(&path, &bytes).expect("written");
        let blocks = Blocks::open(&path).expect("opens");
        assert_eq!(blocks.len(), bytes.len() as u64);
        for len in [1, 100, SMALL, SMALL + 1, 2 * BLOCK, bytes.len()] {
            for at in (0..=bytes.len() - len).step_by(4099).chain([bytes.len() - len]) {
                let found = blocks.read_range(at as u64, len).expect("there");
                assert!(*found == bytes[at..at + len], "{len} bytes at {at}");
            }
        }
        for (at, len) in [(bytes.len(), 1), (bytes.len() - 10, 11), (usize::MAX, 2)] {
            assert!(blocks.read_range(at as u64, len).is_err(), "{len} bytes at {at}");
        }
    }
}
