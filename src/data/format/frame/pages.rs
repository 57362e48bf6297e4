//! A look at the sizes that the footer and the pages of a Parquet file state, before polars allocates what they say: a
//! wrong one ends the program there.
//!
//! The footer and a page's header are structs in Thrift's compact protocol, of which only the sizes are needed.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use super::VALUES_PER_BYTE;

/// Longest header: statistics of text can make it long, numbers never do.
const MAX_HEADER: u64 = 1 << 13;
/// Deepest nesting inside a header or the footer.
const MAX_DEPTH: usize = 16;
/// What a file ends with: the length of the footer before it, and this.
const MAGIC: &[u8; 4] = b"PAR1";
/// Ends a struct.
const STOP: u8 = 0;

/// True if the lists in the footer are no longer than the footer.
pub(super) fn plausible_footer(file: &mut File) -> bool {
    footer(file).is_some_and(|bytes| Reader { rest: &bytes }.skip(12, 0).is_some())
}

fn footer(file: &mut File) -> Option<Vec<u8>> {
    let length = file.metadata().ok()?.len();
    let mut end = [0; 8];
    file.seek(SeekFrom::Start(length.checked_sub(8)?)).ok()?;
    file.read_exact(&mut end).ok()?;
    let (size, magic) = end.split_at(4);
    let size = u64::from(u32::from_le_bytes(size.try_into().ok()?));
    file.seek(SeekFrom::Start((length - 8).checked_sub(size).filter(|_| magic == MAGIC)?)).ok()?;
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

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
        let mut reader = Reader { rest: &buffer };
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
        at = at.checked_add((buffer.len() - reader.rest.len()) as u64)?.checked_add(packed)?;
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

/// Reads Thrift's compact protocol from the front.
struct Reader<'b> {
    rest: &'b [u8],
}

impl Reader<'_> {
    fn header(&mut self) -> Option<Header> {
        let mut header = Header::default();
        let mut id = 0;
        loop {
            let kind = self.field(&mut id)?;
            match (id, kind) {
                (_, STOP) => return Some(header),
                (2, 5) => header.unpacked = self.integer()?,
                (3, 5) => header.packed = self.integer()?,
                (5 | 8, 12) => header.values = Some(self.first()?),
                (7, 12) => header.dictionary = Some(self.first()?),
                _ => self.skip(kind, 0)?,
            }
        }
    }

    /// Field 1 of a struct, its number of values; nothing may be negative in it.
    fn first(&mut self) -> Option<i64> {
        let (mut id, mut found) = (0, None);
        loop {
            match self.field(&mut id)? {
                STOP => return found,
                5 => {
                    let value = self.integer()?;
                    if value < 0 {
                        return None;
                    }
                    found = if id == 1 { Some(value) } else { found };
                }
                kind => self.skip(kind, 0)?,
            }
        }
    }

    /// The type of the next field, whose number is put into `id`; [`STOP`] at the end of the struct.
    fn field(&mut self, id: &mut i64) -> Option<u8> {
        let byte = self.byte()?;
        if byte == STOP {
            return Some(STOP);
        }
        *id = if byte >> 4 == 0 { self.integer()? } else { *id + i64::from(byte >> 4) };
        Some(byte & 15)
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn integer(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => {
                let byte = self.byte()?;
                let items = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                // An item takes a byte at least, flags too.
                let items = (items <= self.rest.len() as u64).then_some(items)?;
                (0..items).try_for_each(|_| if byte & 15 <= 2 { self.pass(1) } else { self.skip(byte & 15, depth + 1) })
            }
            12 => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        STOP => return Some(()),
                        kind => self.skip(kind, depth + 1)?,
                    }
                }
            }
            _ => None,
        }
    }
}
