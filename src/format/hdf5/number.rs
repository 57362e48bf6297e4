//! Any stored number as f64: floats of 2, 4 and 8 bytes, integers, enumerations (h5py's bool) and bit fields, of
//! either byte order.

use hdf5_reader::error::{ByteOrder, Error};
use hdf5_reader::{Datatype, H5Type, VarLenKind};

use crate::ground::dtype::Dtype;

/// A number of any stored type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number(pub f64);

impl H5Type for Number {
    fn hdf5_type() -> Datatype {
        Datatype::FloatingPoint { size: 8, byte_order: ByteOrder::LittleEndian }
    }

    fn from_bytes(bytes: &[u8], dtype: &Datatype) -> Result<Self, Error> {
        let (number, big_endian) = element(dtype).ok_or_else(|| mismatch(dtype))?;
        number.read(bytes, big_endian).map(Self).ok_or_else(|| Error::InvalidData("an element is cut off".into()))
    }

    fn element_size(dtype: &Datatype) -> usize {
        element(dtype).map_or(0, |(number, _)| number.size())
    }

    fn decode_vec(raw: &[u8], dtype: &Datatype, count: usize) -> Option<Result<Vec<Self>, Error>> {
        let (number, big_endian) = element(dtype)?;
        Some(Ok(number.all(raw.get(..count.checked_mul(number.size())?)?, big_endian, Self)))
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
        element(dtype).filter(|_| is_whole(dtype)).map_or(0, |(number, _)| number.size())
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
    element(dtype).is_some()
}

/// True for integers and enumerations: the values are counts or choices, not measurements.
pub(super) fn is_whole(dtype: &Datatype) -> bool {
    matches!(dtype, Datatype::FixedPoint { .. } | Datatype::Enum { .. } | Datatype::Bitfield { .. })
}

/// How an element lies in the file and whether its highest byte comes first, where it is a number.
fn element(dtype: &Datatype) -> Option<(Dtype, bool)> {
    let (number, order) = match dtype {
        Datatype::FloatingPoint { size: 2, byte_order } => (Dtype::F16, byte_order),
        Datatype::FloatingPoint { size: 4, byte_order } => (Dtype::F32, byte_order),
        Datatype::FloatingPoint { size: 8, byte_order } => (Dtype::F64, byte_order),
        Datatype::FixedPoint { size: size @ (1 | 2 | 4 | 8), signed: true, byte_order } => {
            (Dtype::Int(*size), byte_order)
        }
        Datatype::FixedPoint { size: size @ (1 | 2 | 4 | 8), signed: false, byte_order } => {
            (Dtype::Uint(*size), byte_order)
        }
        Datatype::Bitfield { size: 1, byte_order } => (Dtype::Uint(1), byte_order),
        Datatype::Enum { base, .. } if matches!(**base, Datatype::FixedPoint { .. }) => return element(base),
        _ => return None,
    };
    Some((number, *order == ByteOrder::BigEndian))
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
    fn types_of_hdf5_are_decoded_and_flags_are_whole_numbers() {
        let float = |size, byte_order| Datatype::FloatingPoint { size, byte_order };
        let one = |bytes: &[u8], dtype: &Datatype| Number::from_bytes(bytes, dtype).expect("a number").0;
        assert_eq!(one(&0.1f64.to_be_bytes(), &float(8, ByteOrder::BigEndian)), 0.1);
        assert_eq!(one(&(-700i16).to_le_bytes(), &int(2, true, ByteOrder::LittleEndian)), -700.0);
        assert_eq!(one(&[200], &int(1, false, ByteOrder::LittleEndian)), 200.0);
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
