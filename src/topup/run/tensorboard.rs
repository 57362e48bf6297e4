//! The checks as TensorBoard reads them: a file of scalars that grows beside `metrics.jsonl`.
//!
//! Source of the format: `TensorFlow`'s record files (length, masked CRC-32C of it, bytes, masked CRC-32C of them) of `Event`
//! messages, written here field by field.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Reversed polynomial of CRC-32C (Castagnoli).
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// What TensorFlow adds to a rotated checksum, so that the checksum of a checksum is none.
const MASK: u32 = 0xa282_ead8;

/// A file of scalars.
#[derive(Debug)]
pub struct Scalars {
    file: File,
}

impl Scalars {
    /// Begins a file in `folder`, or goes on with the one that is there.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let known = files(folder)?.min();
        let fresh = known.is_none();
        let path = known.unwrap_or_else(|| folder.join(format!("events.out.tfevents.{}.oodscope", now().as_secs())));
        let mut scalars = Self { file: OpenOptions::new().create(true).append(true).open(path)? };
        if fresh {
            scalars.record(&field_bytes(3, b"brain.Event:2"))?;
        }
        Ok(scalars)
    }

    /// Begins anew: what was there is gone, because it is written again.
    ///
    /// # Errors
    /// Where it cannot be removed or written.
    pub fn anew(folder: &Path) -> io::Result<Self> {
        files(folder)?.try_for_each(std::fs::remove_file)?;
        Self::open(folder)
    }

    /// Adds numbers by name at `step`; what is no number is left out.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn add(&mut self, step: u64, values: &[(&str, f64)]) -> io::Result<()> {
        let mut summary = Vec::new();
        for (name, value) in values.iter().filter(|(_, value)| value.is_finite()) {
            let mut one = field_bytes(1, name.as_bytes());
            one.push(2 << 3 | 5);
            one.extend((*value as f32).to_le_bytes());
            summary.extend(field_bytes(1, &one));
        }
        let mut event = vec![2 << 3];
        event.extend(varint(step));
        event.extend(field_bytes(5, &summary));
        self.record(&event)
    }

    fn record(&mut self, event: &[u8]) -> io::Result<()> {
        let mut message = vec![1 << 3 | 1];
        message.extend(now().as_secs_f64().to_le_bytes());
        message.extend(event);
        let length = (message.len() as u64).to_le_bytes();
        let mut bytes = length.to_vec();
        bytes.extend(masked(&length).to_le_bytes());
        bytes.extend(&message);
        bytes.extend(masked(&message).to_le_bytes());
        self.file.write_all(&bytes)
    }
}

/// The files of scalars in a folder.
fn files(folder: &Path) -> io::Result<impl Iterator<Item = PathBuf>> {
    let all = std::fs::read_dir(folder)?.filter_map(|e| Some(e.ok()?.path()));
    let is_ours = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("events.out.tfevents."));
    Ok(all.filter(is_ours))
}

fn now() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field of bytes with its number and length.
fn field_bytes(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    field.extend(varint(bytes.len() as u64));
    field.extend(bytes);
    field
}

fn masked(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
        }
    }
    (!crc).rotate_right(15).wrapping_add(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, appendix B.4: 32 bytes of zeros have the checksum 0x8a9136aa, the digits 1 to 9 0xe3069283.
    #[test]
    fn the_checksum_is_castagnolis() {
        let unmasked = |bytes: &[u8]| masked(bytes).wrapping_sub(MASK).rotate_left(15);
        assert_eq!(unmasked(&[0; 32]), 0x8a91_36aa);
        assert_eq!(unmasked(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_file_is_gone_on_with_and_begins_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        Scalars::open(folder.path()).unwrap().add(1, &[("R", 2.5), ("none", f64::NAN)]).unwrap();
        Scalars::open(folder.path()).unwrap().add(300, &[("R", 1.0)]).unwrap();
        let found: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(found.len(), 1);
        let bytes = std::fs::read(found[0].path()).unwrap();
        let mut rest = &bytes[..];
        let mut lengths = Vec::new();
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            assert_eq!(rest[8..12], masked(&rest[..8]).to_le_bytes());
            assert_eq!(rest[12 + length..16 + length], masked(&rest[12..12 + length]).to_le_bytes());
            lengths.push(length);
            rest = &rest[16 + length..];
        }
        // Time 9, version 15; time 9, step 2 and 3, summary with one value 12.
        assert_eq!(lengths, [24, 9 + 2 + 12, 9 + 3 + 12]);
        drop(Scalars::anew(folder.path()).unwrap());
        let left: Vec<_> = files(folder.path()).unwrap().map(|f| std::fs::metadata(f).unwrap().len()).collect();
        assert_eq!(left, [16 + 24]);
    }
}
