//! Thrift's compact protocol, in which Parquet writes its footer and the headers of its pages: enough of it to walk over a
//! struct.

/// Deepest nesting of what is passed over.
const MAX_DEPTH: usize = 16;
/// Ends a struct.
pub(super) const STOP: u8 = 0;
/// A number of up to 32 bits.
pub(super) const INT: u8 = 5;
/// Bytes or text.
pub(super) const BINARY: u8 = 8;
/// Items of one type.
pub(super) const LIST: u8 = 9;
/// Fields up to a [`STOP`].
pub(super) const STRUCT: u8 = 12;

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

    /// The type of the next field, whose number is put into `id`; [`STOP`] at the end of the struct.
    pub fn field(&mut self, id: &mut i64) -> Option<u8> {
        let byte = self.byte()?;
        if byte == STOP {
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
    pub fn integer(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    /// The type and the number of the items of a list.
    pub fn list(&mut self) -> Option<(u8, u64)> {
        let byte = self.byte()?;
        let items = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
        // An item takes a byte at least; Parquet has no lists of flags.
        let fits = items <= self.rest.len() as u64 && (items == 0 || byte & 15 > 2);
        fits.then_some((byte & 15, items))
    }

    /// Passes over a value of the type `kind`.
    pub fn skip(&mut self, kind: u8) -> Option<()> {
        self.skip_within(kind, MAX_DEPTH)
    }

    fn skip_within(&mut self, kind: u8, depth: usize) -> Option<()> {
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
                (0..items).try_for_each(|_| self.skip_within(kind, depth))
            }
            STRUCT => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        STOP => return Some(()),
                        kind => self.skip_within(kind, depth)?,
                    }
                }
            }
            _ => None,
        }
    }
}
