//! A look at the sizes that an Arrow IPC file states, before polars allocates what they say.
//!
//! The layout is Arrow's `File.fbs` and `Message.fbs`: flatbuffer tables of which only a few fields are needed.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::{DAMAGED, VALUES_PER_BYTE};
use crate::ground::fault::Fault;

/// Deepest nesting and most fields of a schema: a deeper one would end the stack.
const MAX_DEPTH: usize = 16;
const MAX_FIELDS: usize = 100_000;
const MAGIC: &[u8; 6] = b"ARROW1";

/// Refuses a file whose stated sizes do not fit into it.
///
/// # Errors
/// If it is no Arrow IPC file, is cut off, or claims what cannot be there.
pub(super) fn check(path: &Path) -> Result<(), Fault> {
    let mut file = File::open(path).map_err(|e| Fault::at(path, format!("cannot be opened ({e})")))?;
    let bytes = file.metadata().map_or(0, |m| m.len());
    inspect(&mut file, bytes)
        .ok_or_else(|| Fault::at(path, format!("is no whole Arrow IPC file, or its sizes do not fit: {DAMAGED}")))
}

fn inspect(file: &mut File, bytes: u64) -> Option<()> {
    let tail = read(file, bytes.checked_sub(10)?, 10, bytes)?;
    let head = read(file, 0, 6, bytes)?;
    if head != MAGIC || tail.get(4..)? != MAGIC {
        return None;
    }
    let length = u64::from(u32::from_le_bytes(tail.get(..4)?.try_into().ok()?));
    let footer = read(file, bytes.checked_sub(10)?.checked_sub(length)?, length, bytes)?;
    let root = Table::root(&footer)?;
    let mut budget = MAX_FIELDS;
    fields(&root.table(1)?, 1, 0, &mut budget)?;
    if root.vector(2, 24).is_some_and(|dictionaries| !dictionaries.is_empty()) {
        return None;
    }
    for block in root.vector(3, 24).unwrap_or_default() {
        let (offset, head, body) = (unsigned(block, 0)?, unsigned_32(block, 8)?, unsigned(block, 16)?);
        let start = offset.checked_add(head)?;
        if start.checked_add(body)? > bytes {
            return None;
        }
        batch(file, offset, head, start, body, bytes)?;
    }
    Some(())
}

/// Counts the fields below field `index` of `table` and follows their children (field 5).
fn fields(table: &Table<'_>, index: usize, depth: usize, budget: &mut usize) -> Option<()> {
    let Some(list) = table.vector(index, 4) else { return Some(()) };
    if depth > MAX_DEPTH {
        return None;
    }
    for item in list {
        *budget = budget.checked_sub(1)?;
        let at = table.position(item)?;
        let child =
            Table { buffer: table.buffer, at: at.checked_add(u32::from_le_bytes(item.try_into().ok()?) as usize)? };
        fields(&child, 5, depth + 1, budget)?;
    }
    Some(())
}

/// One record batch: lengths of arrays, and buffers inside its body.
fn batch(file: &mut File, offset: u64, head: u64, start: u64, body: u64, bytes: u64) -> Option<()> {
    let raw = read(file, offset, head, bytes)?;
    // Older files have no continuation mark before the length.
    let skip = if raw.get(..4)? == [0xff; 4] { 8 } else { 4 };
    // The message says its length too, and room for it is taken at its word.
    if unsigned_32(&raw, skip - 4)? > head {
        return None;
    }
    let message = Table::root(raw.get(skip..)?)?;
    let batch = message.table(2)?;
    let limit = bytes.saturating_mul(VALUES_PER_BYTE);
    if batch.number(0)? > limit || batch.vector(1, 16)?.iter().any(|n| unsigned(n, 0).is_none_or(|n| n > limit)) {
        return None;
    }
    let packed = batch.table(3).is_some();
    for buffer in batch.vector(2, 16)? {
        let (at, length) = (unsigned(buffer, 0)?, unsigned(buffer, 8)?);
        if at.checked_add(length)? > body {
            return None;
        }
        if packed && length >= 8 {
            let prefix = read(file, start.checked_add(at)?, 8, bytes)?;
            let unpacked = i64::from_le_bytes(prefix.try_into().ok()?);
            if unpacked != -1 && u64::try_from(unpacked).ok()? > limit {
                return None;
            }
        }
    }
    Some(())
}

/// `length` bytes at `at`; nothing if the file is not that long.
fn read(file: &mut File, at: u64, length: u64, bytes: u64) -> Option<Vec<u8>> {
    if at.checked_add(length)? > bytes {
        return None;
    }
    let mut out = vec![0; length as usize];
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(&mut out).ok()?;
    Some(out)
}

/// A flatbuffer table: the fields are found through a list of offsets that lies before it.
struct Table<'b> {
    buffer: &'b [u8],
    at: usize,
}

impl<'b> Table<'b> {
    fn root(buffer: &'b [u8]) -> Option<Self> {
        Some(Self { buffer, at: unsigned_32(buffer, 0)? as usize })
    }

    /// Where field `index` lies, if the table has it.
    fn field(&self, index: usize) -> Option<usize> {
        let back = i32::from_le_bytes(self.buffer.get(self.at..self.at.checked_add(4)?)?.try_into().ok()?);
        let list = usize::try_from((self.at as i64).checked_sub(i64::from(back))?).ok()?;
        let short = |at: usize| -> Option<usize> {
            Some(usize::from(u16::from_le_bytes(self.buffer.get(at..at.checked_add(2)?)?.try_into().ok()?)))
        };
        let entry = 4 + 2 * index;
        if entry + 2 > short(list)? {
            return None;
        }
        match short(list + entry)? {
            0 => None,
            offset => self.at.checked_add(offset),
        }
    }

    fn table(&self, index: usize) -> Option<Self> {
        let field = self.field(index)?;
        let at = field.checked_add(unsigned_32(self.buffer, field)? as usize)?;
        Some(Self { buffer: self.buffer, at })
    }

    /// A number of 64 bits; 0 where it is left out.
    fn number(&self, index: usize) -> Option<u64> {
        self.field(index).map_or(Some(0), |at| unsigned(self.buffer, at))
    }

    /// The items of a list, `size` bytes each.
    fn vector(&self, index: usize, size: usize) -> Option<Vec<&'b [u8]>> {
        let field = self.field(index)?;
        let at = field.checked_add(unsigned_32(self.buffer, field)? as usize)?;
        let count = unsigned_32(self.buffer, at)? as usize;
        let items = self.buffer.get(at + 4..(at + 4).checked_add(count.checked_mul(size)?)?)?;
        Some(items.chunks_exact(size).collect())
    }

    /// Where `item` lies in the buffer.
    fn position(&self, item: &[u8]) -> Option<usize> {
        (item.as_ptr() as usize).checked_sub(self.buffer.as_ptr() as usize)
    }
}

/// A 64-bit number at `at`, which must not be negative.
fn unsigned(buffer: &[u8], at: usize) -> Option<u64> {
    u64::try_from(i64::from_le_bytes(buffer.get(at..at.checked_add(8)?)?.try_into().ok()?)).ok()
}

/// A 32-bit number at `at`, which must not be negative.
fn unsigned_32(buffer: &[u8], at: usize) -> Option<u64> {
    u64::try_from(i32::from_le_bytes(buffer.get(at..at.checked_add(4)?)?.try_into().ok()?)).ok()
}
