//! Thrift's compact protocol, in which Parquet writes its footer and the headers of its pages: enough of it to walk over a
//! struct.

/// Deepest nesting of fields that are not known.
const MAX_DEPTH: usize = 16;
/// Ends a struct.
const STOP: u8 = 0;
/// Bytes or text.
const BINARY: u8 = 8;
/// Items of one type.
const LIST: u8 = 9;
/// Fields up to a [`STOP`].
const STRUCT: u8 = 12;

/// What a value must be.
pub(super) enum Kind {
    Flag,
    Byte,
    Number,
    Bytes,
    List(&'static Kind),
    Struct(Fields),
}

/// The fields of a struct by their number. Others are passed over as their type says.
pub(super) type Fields = &'static [(i64, Kind)];

/// A struct without fields: of a union of them only the choice counts.
pub(super) const EMPTY: Kind = Kind::Struct(&[]);

/// Where a number stands: the field that its struct is, 0 for the outermost, and its own field.
pub(super) type Place = (i64, i64);

/// Reads Thrift's compact protocol from the front.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read yet.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Passes over the outermost struct and tells of every number in it. Nothing if a value is cut off, is not what it must
    /// be, or was refused.
    pub fn walk(&mut self, fields: Fields, tell: &mut dyn FnMut(Place, i64) -> Option<()>) -> Option<()> {
        self.fields(fields, 0, tell)
    }

    fn fields(&mut self, fields: Fields, own: i64, tell: &mut dyn FnMut(Place, i64) -> Option<()>) -> Option<()> {
        let mut id = 0;
        loop {
            match (self.field(&mut id)?, fields.iter().find(|(number, _)| *number == id)) {
                (STOP, _) => return Some(()),
                (found, Some((_, wanted))) => self.value(found, wanted, (own, id), tell)?,
                (found, None) => self.skip(found, MAX_DEPTH)?,
            }
        }
    }

    /// Passes over a value that says it is a `found` where a `wanted` must be.
    fn value(
        &mut self,
        found: u8,
        wanted: &Kind,
        place: Place,
        tell: &mut dyn FnMut(Place, i64) -> Option<()>,
    ) -> Option<()> {
        match (wanted, found) {
            (Kind::List(item), LIST) => {
                let (found, items) = self.list()?;
                (0..items).try_for_each(|_| self.value(found, item, place, tell))
            }
            (Kind::Struct(fields), STRUCT) => self.fields(fields, place.1, tell),
            (Kind::Number, 4..=6) => {
                let number = self.integer()?;
                tell(place, number)
            }
            (Kind::Flag, 1 | 2) | (Kind::Byte, 3) | (Kind::Bytes, BINARY) => self.skip(found, 1),
            _ => None,
        }
    }

    /// The type of the next field, whose number is put into `id`; [`STOP`] at the end of the struct.
    fn field(&mut self, id: &mut i64) -> Option<u8> {
        let byte = self.byte()?;
        if byte & 15 == STOP {
            return Some(STOP);
        }
        let number = if byte >> 4 == 0 { self.integer()? } else { *id + i64::from(byte >> 4) };
        *id = i16::try_from(number).ok()?.into();
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

    /// A signed number.
    fn integer(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    /// The type and the number of the items of a list.
    fn list(&mut self) -> Option<(u8, u64)> {
        let byte = self.byte()?;
        let items = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
        // An item takes a byte at least; Parquet has no lists of flags.
        let fits = items <= self.rest.len() as u64 && (items == 0 || byte & 15 > 2);
        fits.then_some((byte & 15, items))
    }

    /// Passes over a value of the type `kind`, nested at most `depth` deep.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.pass(8),
            BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            LIST => {
                let (kind, items) = self.list()?;
                (0..items).try_for_each(|_| self.skip(kind, depth))
            }
            STRUCT => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        STOP => return Some(()),
                        kind => self.skip(kind, depth)?,
                    }
                }
            }
            _ => None,
        }
    }
}
