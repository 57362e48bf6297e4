//! A look at a Parquet file's footer before polars reads it. polars goes by the numbers of the fields and trusts their
//! types, and makes room for as many items as a list says: where a type is wrong, that number is anything, and the program
//! ends there.
//!
//! The structs are those of `parquet.thrift` in apache/parquet-format.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use super::thrift::{BINARY, LIST, Reader, STOP, STRUCT};

/// What a file ends with: the length of the footer before it, and this.
const MAGIC: &[u8; 4] = b"PAR1";

/// What a field must be.
enum Kind {
    Flag,
    Byte,
    Number,
    Bytes,
    List(&'static Kind),
    Struct(Fields),
}

/// The fields of a struct by their number. Others are passed over as their type says.
type Fields = &'static [(i64, Kind)];

/// A union of which only the choice counts.
const EMPTY: Kind = Kind::Struct(&[]);
const UNIT: Kind = Kind::Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]);
const TIME: Kind = Kind::Struct(&[(1, Kind::Flag), (2, UNIT)]);
const LOGICAL_TYPE: Kind = Kind::Struct(&[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Kind::Struct(&[(1, Kind::Number), (2, Kind::Number)])),
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, Kind::Struct(&[(1, Kind::Byte), (2, Kind::Flag)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
]);
const SCHEMA_ELEMENT: Kind = Kind::Struct(&[
    (1, Kind::Number),
    (2, Kind::Number),
    (3, Kind::Number),
    (4, Kind::Bytes),
    (5, Kind::Number),
    (6, Kind::Number),
    (7, Kind::Number),
    (8, Kind::Number),
    (9, Kind::Number),
    (10, LOGICAL_TYPE),
]);
const STATISTICS: Kind = Kind::Struct(&[
    (1, Kind::Bytes),
    (2, Kind::Bytes),
    (3, Kind::Number),
    (4, Kind::Number),
    (5, Kind::Bytes),
    (6, Kind::Bytes),
    (7, Kind::Flag),
    (8, Kind::Flag),
]);
const COLUMN: Kind = Kind::Struct(&[
    (1, Kind::Number),
    (2, Kind::List(&Kind::Number)),
    (3, Kind::List(&Kind::Bytes)),
    (4, Kind::Number),
    (5, Kind::Number),
    (6, Kind::Number),
    (7, Kind::Number),
    (9, Kind::Number),
    (10, Kind::Number),
    (11, Kind::Number),
    (12, STATISTICS),
    (14, Kind::Number),
    (15, Kind::Number),
]);
const COLUMN_CHUNK: Kind = Kind::Struct(&[
    (1, Kind::Bytes),
    (2, Kind::Number),
    (3, COLUMN),
    (4, Kind::Number),
    (5, Kind::Number),
    (6, Kind::Number),
    (7, Kind::Number),
]);
const SORTING: Kind = Kind::Struct(&[(1, Kind::Number), (2, Kind::Flag), (3, Kind::Flag)]);
const ROW_GROUP: Kind = Kind::Struct(&[
    (1, Kind::List(&COLUMN_CHUNK)),
    (2, Kind::Number),
    (3, Kind::Number),
    (4, Kind::List(&SORTING)),
    (5, Kind::Number),
    (6, Kind::Number),
    (7, Kind::Number),
]);
const FOOTER: Kind = Kind::Struct(&[
    (1, Kind::Number),
    (2, Kind::List(&SCHEMA_ELEMENT)),
    (3, Kind::Number),
    (4, Kind::List(&ROW_GROUP)),
    (5, Kind::List(&Kind::Struct(&[(1, Kind::Bytes), (2, Kind::Bytes)]))),
    (6, Kind::Bytes),
    (7, Kind::List(&Kind::Struct(&[(1, EMPTY), (2, EMPTY)]))),
]);

/// True if the file ends in a footer whose fields have the types that they must have, and whose lists are no longer than it.
pub(super) fn plausible(file: &mut File) -> bool {
    read(file).is_some_and(|bytes| pass(&mut Reader::new(&bytes), STRUCT, &FOOTER).is_some())
}

fn read(file: &mut File) -> Option<Vec<u8>> {
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

/// Passes over a value that says it is a `found` where a `wanted` must be.
fn pass(reader: &mut Reader<'_>, found: u8, wanted: &Kind) -> Option<()> {
    match (wanted, found) {
        (Kind::List(item), LIST) => {
            let (found, items) = reader.list()?;
            (0..items).try_for_each(|_| pass(reader, found, item))
        }
        (Kind::Struct(fields), STRUCT) => {
            let mut id = 0;
            loop {
                match (reader.field(&mut id)?, fields.iter().find(|(number, _)| *number == id)) {
                    (STOP, _) => return Some(()),
                    (found, Some((_, wanted))) => pass(reader, found, wanted)?,
                    (found, None) => reader.skip(found)?,
                }
            }
        }
        (Kind::Flag, 1 | 2) | (Kind::Byte, 3) | (Kind::Number, 4..=6) | (Kind::Bytes, BINARY) => reader.skip(found),
        _ => None,
    }
}
