//! The checks as TensorBoard reads them: a file of scalars that grows beside `metrics.jsonl`.
//!
//! Source of the format: `TensorFlow`'s record files of `Event` messages, written here field by field; [`crate::runlog`] reads them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::runlog::tfrecord::framed;

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
        self.file.write_all(&framed(&message))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::task::Ctx;
    use crate::runlog::{Curve, Followed};

    #[test]
    fn a_file_is_gone_on_with_and_begins_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        Scalars::open(folder.path()).unwrap().add(1, &[("R", 2.5), ("none", f64::NAN)]).unwrap();
        Scalars::open(folder.path()).unwrap().add(300, &[("R", 1.0)]).unwrap();
        let found: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(found.len(), 1);
        // Frame 16, time 9, version 15; time 9, step 2 and 3, summary with one value 12.
        let length = std::fs::metadata(found[0].path()).unwrap().len();
        assert_eq!(length, 3 * 16 + 24 + (9 + 2 + 12) + (9 + 3 + 12));
        let mut read = Followed::of(folder.path());
        assert!(read.take_in(&Ctx::quiet()).unwrap());
        let ratio = Curve { x: vec![1.0, 300.0], y: vec![2.5, 1.0] };
        assert_eq!(read.iter().collect::<Vec<_>>(), [("R", &ratio)]);
        drop(Scalars::anew(folder.path()).unwrap());
        let left: Vec<_> = files(folder.path()).unwrap().map(|f| std::fs::metadata(f).unwrap().len()).collect();
        assert_eq!(left, [16 + 24]);
    }
}
