//! Any stored number as f64: floats of 2, 4 and 8 bytes, integers, enumerations (h5py's bool) and bit fields, of
//! either byte order.

use half::f16;
use hdf5_reader::error::{ByteOrder, Error};
use hdf5_reader::{Datatype, H5Type, VarLenKind};

/// A number of any stored type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number(pub f64);

/// How one element is decoded.
type Decode = fn(&[u8]) -> f64;

impl H5Type for Number {
    fn hdf5_type() -> Datatype {
        Datatype::FloatingPoint { size: 8, byte_order: ByteOrder::LittleEndian }
    }

    fn from_bytes(bytes: &[u8], dtype: &Datatype) -> Result<Self, Error> {
        let (size, decode) = decoder(dtype).ok_or_else(|| mismatch(dtype))?;
        let element = bytes.get(..size).ok_or_else(|| Error::InvalidData("an element is cut off".into()))?;
        Ok(Self(decode(element)))
    }

    fn element_size(dtype: &Datatype) -> usize {
        decoder(dtype).map_or(0, |(size, _)| size)
    }

    fn decode_vec(raw: &[u8], dtype: &Datatype, count: usize) -> Option<Result<Vec<Self>, Error>> {
        let (size, decode) = decoder(dtype)?;
        let bytes = raw.get(..count.checked_mul(size)?)?;
        Some(Ok(bytes.chunks_exact(size).map(|b| Self(decode(b))).collect()))
    }
}

/// A truth value of any whole type: everything but 0 is true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Flag(pub bool);

impl H5Type for Flag {
    fn hdf5_type() -> Datatype {
        Datatype::FixedPoint { size: 1, signed: false, byte_order: ByteOrder::LittleEndian }
    }

    fn from_bytes(bytes: &[u8], dtype: &Datatype) -> Result<Self, Error> {
        let size = Self::element_size(dtype);
        let element = bytes.get(..size).filter(|_| size > 0).ok_or_else(|| mismatch(dtype))?;
        Ok(Self(element.iter().any(|&b| b != 0)))
    }

    fn element_size(dtype: &Datatype) -> usize {
        decoder(dtype).filter(|_| is_whole(dtype)).map_or(0, |(size, _)| size)
    }

    fn decode_vec(raw: &[u8], dtype: &Datatype, count: usize) -> Option<Result<Vec<Self>, Error>> {
        match Self::element_size(dtype) {
            0 => None,
            1 => Some(Ok(raw.get(..count)?.iter().map(|&b| Self(b != 0)).collect())),
            size => {
                let bytes = raw.get(..count.checked_mul(size)?)?;
                Some(Ok(bytes.chunks_exact(size).map(|b| Self(b.iter().any(|&b| b != 0))).collect()))
            }
        }
    }
}

fn mismatch(dtype: &Datatype) -> Error {
    Error::TypeMismatch { expected: "numbers".into(), actual: name(dtype) }
}

/// True if elements of this type can be read as numbers.
pub(super) fn is_numeric(dtype: &Datatype) -> bool {
    decoder(dtype).is_some()
}

/// True for integers and enumerations: the values are counts or choices, not measurements.
pub(super) fn is_whole(dtype: &Datatype) -> bool {
    matches!(dtype, Datatype::FixedPoint { .. } | Datatype::Enum { .. } | Datatype::Bitfield { .. })
}

/// Size of an element and its decoder, where it is a number.
fn decoder(dtype: &Datatype) -> Option<(usize, Decode)> {
    /// Both byte orders of one type.
    macro_rules! either {
        ($order:expr, $ty:ty, $widen:expr) => {{
            const SIZE: usize = size_of::<$ty>();
            let little: Decode = |b| $widen(<$ty>::from_le_bytes(b.first_chunk::<SIZE>().copied().unwrap_or_default()));
            let big: Decode = |b| $widen(<$ty>::from_be_bytes(b.first_chunk::<SIZE>().copied().unwrap_or_default()));
            Some((SIZE, if *$order == ByteOrder::LittleEndian { little } else { big }))
        }};
    }
    match dtype {
        Datatype::FloatingPoint { size, byte_order } => match size {
            2 => either!(byte_order, f16, f64::from),
            4 => either!(byte_order, f32, f64::from),
            8 => either!(byte_order, f64, |v: f64| v),
            _ => None,
        },
        Datatype::FixedPoint { size, signed, byte_order } => match (size, signed) {
            (1, true) => either!(byte_order, i8, f64::from),
            (1, false) => either!(byte_order, u8, f64::from),
            (2, true) => either!(byte_order, i16, f64::from),
            (2, false) => either!(byte_order, u16, f64::from),
            (4, true) => either!(byte_order, i32, f64::from),
            (4, false) => either!(byte_order, u32, f64::from),
            (8, true) => either!(byte_order, i64, |v: i64| v as f64),
            (8, false) => either!(byte_order, u64, |v: u64| v as f64),
            _ => None,
        },
        Datatype::Bitfield { size: 1, byte_order } => either!(byte_order, u8, f64::from),
        Datatype::Enum { base, .. } if matches!(**base, Datatype::FixedPoint { .. }) => decoder(base),
        _ => None,
    }
}

/// The type's name as NumPy users know it.
pub(super) fn name(dtype: &Datatype) -> String {
    match dtype {
        Datatype::FixedPoint { size, signed, .. } => {
            format!("{}int{}", if *signed { "" } else { "u" }, 8 * usize::from(*size))
        }
        Datatype::FloatingPoint { size, .. } => format!("float{}", 8 * usize::from(*size)),
        Datatype::Enum { members, .. } if members.len() == 2 => "bool".into(),
        Datatype::Enum { .. } => "enumeration".into(),
        Datatype::String { .. } => "strings".into(),
        Datatype::VarLen { kind: VarLenKind::String, .. } => "variable-length strings".into(),
        Datatype::VarLen { .. } => "variable-length arrays".into(),
        Datatype::Compound { .. } => "records".into(),
        Datatype::Array { .. } => "arrays".into(),
        Datatype::Opaque { .. } => "opaque bytes".into(),
        Datatype::Reference { .. } => "references".into(),
        Datatype::Bitfield { .. } => "bit field".into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    fn int(size: u8, signed: bool, byte_order: ByteOrder) -> Datatype {
        Datatype::FixedPoint { size, signed, byte_order }
    }

    #[test]
    fn every_numeric_type_is_decoded_in_both_byte_orders() {
        let float = |size, byte_order| Datatype::FloatingPoint { size, byte_order };
        let one = |bytes: &[u8], dtype: &Datatype| Number::from_bytes(bytes, dtype).expect("a number").0;
        for order in [ByteOrder::LittleEndian, ByteOrder::BigEndian] {
            let put = |mut le: Vec<u8>| {
                if order == ByteOrder::BigEndian {
                    le.reverse();
                }
                le
            };
            assert_eq!(one(&put(f16::from_f32(-1.5).to_le_bytes().into()), &float(2, order)), -1.5);
            assert_eq!(one(&put(0.1f32.to_le_bytes().into()), &float(4, order)), f64::from(0.1f32));
            assert_eq!(one(&put(0.1f64.to_le_bytes().into()), &float(8, order)), 0.1);
            assert_eq!(one(&put((-7i8).to_le_bytes().into()), &int(1, true, order)), -7.0);
            assert_eq!(one(&put(200u8.to_le_bytes().into()), &int(1, false, order)), 200.0);
            assert_eq!(one(&put((-700i16).to_le_bytes().into()), &int(2, true, order)), -700.0);
            assert_eq!(one(&put((-70_000i32).to_le_bytes().into()), &int(4, true, order)), -70_000.0);
            assert_eq!(one(&put((1u64 << 40).to_le_bytes().into()), &int(8, false, order)), (1u64 << 40) as f64);
        }
        let boolean = Datatype::Enum { base: Box::new(int(1, true, ByteOrder::LittleEndian)), members: Vec::new() };
        assert_eq!(one(&[1], &boolean), 1.0);
        let flags = Flag::decode_vec(&[0, 1, 0xff], &boolean, 3).expect("whole").expect("decoded");
        assert_eq!(flags, [Flag(false), Flag(true), Flag(true)]);
        let wide = int(4, true, ByteOrder::BigEndian);
        let flags = Flag::decode_vec(&[0, 0, 0, 0, 1, 0, 0, 0], &wide, 2).expect("whole").expect("decoded");
        assert_eq!(flags, [Flag(false), Flag(true)]);
        assert!(Flag::from_bytes(&[0; 8], &float(8, ByteOrder::LittleEndian)).is_err(), "floats have NaN");
    }

    #[test]
    fn what_is_no_number_is_named_and_short_bytes_are_an_error() {
        let opaque = Datatype::Opaque { size: 4, tag: String::new() };
        assert!(!is_numeric(&opaque));
        assert_eq!(name(&opaque), "opaque bytes");
        assert!(Number::from_bytes(&[0; 4], &opaque).is_err());
        assert!(Number::from_bytes(&[0], &int(4, true, ByteOrder::LittleEndian)).is_err());
        assert!(!is_numeric(&int(3, true, ByteOrder::LittleEndian)), "24-bit integers are not read");
    }
}
