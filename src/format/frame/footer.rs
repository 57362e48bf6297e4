//! A look at a Parquet file's footer before polars reads it. polars goes by the numbers of the fields, trusts their types
//! and makes room for as many items as a list says: where a type is wrong, that is any number, and the program ends there.
//!
//! The structs are those of `parquet.thrift` in apache/parquet-format.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use super::thrift::{EMPTY, Fields, Kind, Reader};

/// What a file ends with: the length of the footer before it, and this.
const MAGIC: &[u8; 4] = b"PAR1";

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
/// Smallest and largest value.
pub(super) const STATISTICS: Kind = Kind::Struct(&[
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
const FOOTER: Fields = &[
    (1, Kind::Number),
    (2, Kind::List(&SCHEMA_ELEMENT)),
    (3, Kind::Number),
    (4, Kind::List(&ROW_GROUP)),
    (5, Kind::List(&Kind::Struct(&[(1, Kind::Bytes), (2, Kind::Bytes)]))),
    (6, Kind::Bytes),
    (7, Kind::List(&Kind::Struct(&[(1, EMPTY), (2, EMPTY)]))),
];

/// True if the file ends in a footer whose fields have the types that they must have, and whose lists are no longer than it.
pub(super) fn plausible(file: &mut File) -> bool {
    read(file).is_some_and(|bytes| Reader::new(&bytes).walk(FOOTER, &mut |_, _| Some(())).is_some())
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
