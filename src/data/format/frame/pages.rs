//! A look at the sizes that the pages of a Parquet file state, before polars allocates what they say: a wrong one ends
//! the program there.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use super::VALUES_PER_BYTE;
use super::thrift::{INT, Reader, STOP, STRUCT};

/// Longest header: statistics of text can make it long, numbers never do.
const MAX_HEADER: u64 = 1 << 13;

/// True if the pages in `range` hold at most `values` values and unpack to sizes that can be.
pub(super) fn plausible(file: &mut File, range: Range<u64>, values: u64) -> bool {
    walk(file, range, values).is_some()
}

fn walk(file: &mut File, range: Range<u64>, values: u64) -> Option<()> {
    let length = file.metadata().ok()?.len();
    if range.start > range.end || range.end > length {
        return None;
    }
    let (mut at, mut left) = (range.start, values);
    let mut buffer = Vec::new();
    while at < range.end && left > 0 {
        buffer.clear();
        file.seek(SeekFrom::Start(at)).ok()?;
        file.take(MAX_HEADER.min(range.end - at)).read_to_end(&mut buffer).ok()?;
        let mut reader = Reader::new(&buffer);
        let header = reader.header()?;
        let packed = u64::try_from(header.packed).ok()?;
        let unpacked = u64::try_from(header.unpacked).ok()?;
        if unpacked > packed.max(1).saturating_mul(VALUES_PER_BYTE) {
            return None;
        }
        match header.dictionary {
            Some(entries) if u64::try_from(entries).ok()? > unpacked.max(1).saturating_mul(8) => return None,
            _ => left = left.checked_sub(u64::try_from(header.values.unwrap_or(0)).ok()?)?,
        }
        at = at.checked_add((buffer.len() - reader.left()) as u64)?.checked_add(packed)?;
    }
    (at <= range.end).then_some(())
}

/// The sizes in a page's header.
#[derive(Default)]
struct Header {
    unpacked: i64,
    packed: i64,
    /// Values of a data page.
    values: Option<i64>,
    /// Values of a dictionary page.
    dictionary: Option<i64>,
}

impl Reader<'_> {
    fn header(&mut self) -> Option<Header> {
        let mut header = Header::default();
        let mut id = 0;
        loop {
            let kind = self.field(&mut id)?;
            match (id, kind) {
                (_, STOP) => return Some(header),
                (2, INT) => header.unpacked = self.integer()?,
                (3, INT) => header.packed = self.integer()?,
                (5 | 8, STRUCT) => header.values = Some(self.first()?),
                (7, STRUCT) => header.dictionary = Some(self.first()?),
                _ => self.skip(kind)?,
            }
        }
    }

    /// Field 1 of a struct, its number of values; nothing may be negative in it.
    fn first(&mut self) -> Option<i64> {
        let (mut id, mut found) = (0, None);
        loop {
            match self.field(&mut id)? {
                STOP => return found,
                INT => {
                    let value = self.integer()?;
                    if value < 0 {
                        return None;
                    }
                    found = if id == 1 { Some(value) } else { found };
                }
                kind => self.skip(kind)?,
            }
        }
    }
}
