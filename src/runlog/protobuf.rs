//! Fields of protobuf messages, as far as event files need them.

/// A field's value by its wire type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'b> {
    /// A whole number of varying length.
    Varint(u64),
    /// Eight bytes.
    Eight([u8; 8]),
    /// A message, a text, or numbers one after the other.
    Bytes(&'b [u8]),
    /// Four bytes.
    Four([u8; 4]),
}

/// The fields of a message in their order: number and value. It ends with the message, or where what follows is no field.
#[derive(Debug, Clone)]
pub struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    /// Those of `message`.
    pub fn of(message: &'b [u8]) -> Self {
        Self { rest: message }
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = (u64, Value<'b>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = varint(&mut self.rest)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => Value::Eight(taken(&mut self.rest)?),
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).ok()?;
                let (bytes, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Four(taken(&mut self.rest)?),
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

fn taken<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*bytes)
}

/// The whole number at the beginning of `bytes`, which then begin after it.
pub fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (i, &byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *bytes = &bytes[i + 1..];
            return Some(value);
        }
    }
    None
}

/// The first whole number among `bytes`.
pub fn first_varint(mut bytes: &[u8]) -> Option<u64> {
    varint(&mut bytes)
}
