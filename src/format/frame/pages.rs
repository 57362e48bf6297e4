//! A look at the sizes that the pages of a Parquet file state, before polars allocates what they say: a wrong one ends
//! the program there.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use super::VALUES_PER_BYTE;
use super::footer::STATISTICS;
use super::thrift::{EMPTY, Fields, Kind, Place, Reader};

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
        let header = Header::read(&mut reader)?;
        if header.unpacked > header.packed.max(1).saturating_mul(VALUES_PER_BYTE) {
            return None;
        }
        match header.page {
            Page::Dictionary(entries) if entries > header.unpacked.max(1).saturating_mul(8) => return None,
            Page::Dictionary(_) => {}
            Page::Values(values) => left = left.checked_sub(values)?,
        }
        at = at.checked_add((buffer.len() - reader.left()) as u64)?.checked_add(header.packed)?;
    }
    (at <= range.end).then_some(())
}

/// Header of a page of values, of a dictionary, and of a page of values in the second way.
const HEADER: Fields = &[
    (1, Kind::Number),
    (2, Kind::Number),
    (3, Kind::Number),
    (4, Kind::Number),
    (5, Kind::Struct(&[(1, Kind::Number), (2, Kind::Number), (3, Kind::Number), (4, Kind::Number), (5, STATISTICS)])),
    (6, EMPTY),
    (7, Kind::Struct(&[(1, Kind::Number), (2, Kind::Number), (3, Kind::Flag)])),
    (
        8,
        Kind::Struct(&[
            (1, Kind::Number),
            (2, Kind::Number),
            (3, Kind::Number),
            (4, Kind::Number),
            (5, Kind::Number),
            (6, Kind::Number),
            (7, Kind::Flag),
            (8, STATISTICS),
        ]),
    ),
];

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    /// So many values.
    Values(u64),
    /// So many entries.
    Dictionary(u64),
}

/// The sizes in a page's header, in bytes.
struct Header {
    unpacked: u64,
    packed: u64,
    page: Page,
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (mut kind, mut unpacked, mut packed) = (None, None, None);
        let (mut values, mut entries, mut values2) = (None, None, None);
        reader.walk(HEADER, &mut |place: Place, number| {
            let size = u64::try_from(i32::try_from(number).ok()?).ok();
            match place {
                (0, 1) => kind = size,
                (0, 2) => unpacked = size,
                (0, 3) => packed = size,
                (5, 1) => values = size,
                (7, 1) => entries = size,
                (8, 1) => values2 = size,
                // A checksum.
                (0, 4) => return Some(()),
                _ => {}
            }
            size.map(|_| ())
        })?;
        let page = match kind? {
            0 => Page::Values(values?),
            2 => Page::Dictionary(entries?),
            3 => Page::Values(values2?),
            _ => return None,
        };
        Some(Self { unpacked: unpacked?, packed: packed?, page })
    }
}
