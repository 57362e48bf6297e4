//! How numbers lie in files, whatever the format: the one decoder of raw elements.

use half::{bf16, f16};

/// Does something with the numbers that lie in some bytes, whatever they are: an iterator over f64 of known length, so that
/// what takes them can be vectorised.
macro_rules! elements {
    ($dtype:expr, $bytes:expr, $big_endian:expr, |$numbers:pat_param| $then:expr) => {
        match $dtype {
            Dtype::F16 => elements!(@ f16, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::Bf16 => elements!(@ bf16, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::F32 => elements!(@ f32, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::F64 => elements!(@ f64, |v: f64| v, $bytes, $big_endian, $numbers, $then),
            Dtype::Int(1) => elements!(@ i8, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::Int(2) => elements!(@ i16, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::Int(4) => elements!(@ i32, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::Int(_) => elements!(@ i64, |v: i64| v as f64, $bytes, $big_endian, $numbers, $then),
            Dtype::Uint(1) => elements!(@ u8, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::Uint(2) => elements!(@ u16, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::Uint(4) => elements!(@ u32, f64::from, $bytes, $big_endian, $numbers, $then),
            Dtype::Uint(_) => elements!(@ u64, |v: u64| v as f64, $bytes, $big_endian, $numbers, $then),
            Dtype::Bool => elements!(@ u8, |v: u8| f64::from(u8::from(v != 0)), $bytes, $big_endian, $numbers, $then),
        }
    };
    (@ $number:ty, $widen:expr, $bytes:expr, $big_endian:expr, $numbers:pat_param, $then:expr) => {{
        let (chunks, _) = $bytes.as_chunks::<{ size_of::<$number>() }>();
        if $big_endian {
            let $numbers = chunks.iter().map(|b| $widen(<$number>::from_be_bytes(*b)));
            $then
        } else {
            let $numbers = chunks.iter().map(|b| $widen(<$number>::from_le_bytes(*b)));
            $then
        }
    }};
}

/// What the numbers in a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// IEEE half precision.
    F16,
    /// The upper half of an [`Dtype::F32`].
    Bf16,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
    /// Signed integer of so many bytes.
    Int(u8),
    /// Unsigned integer of so many bytes.
    Uint(u8),
    /// One byte, 0 or 1.
    Bool,
}

impl Dtype {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
            Self::Int(n) | Self::Uint(n) => usize::from(n),
            Self::Bool => 1,
        }
    }

    /// Name as people write it (`float32`).
    pub fn name(self) -> String {
        match self {
            Self::F16 => "float16".into(),
            Self::Bf16 => "bfloat16".into(),
            Self::F32 => "float32".into(),
            Self::F64 => "float64".into(),
            Self::Int(n) => format!("int{}", u32::from(n) * 8),
            Self::Uint(n) => format!("uint{}", u32::from(n) * 8),
            Self::Bool => "bool".into(),
        }
    }

    /// The number whose bytes begin `bytes`; `None` if there are too few.
    pub fn read(self, bytes: &[u8], big_endian: bool) -> Option<f64> {
        let one = bytes.get(..self.size())?;
        elements!(self, one, big_endian, |mut numbers| numbers.next())
    }

    /// The elements in `bytes`, which holds whole ones, as `from` makes them.
    pub fn all<T>(self, bytes: &[u8], big_endian: bool, from: impl Fn(f64) -> T) -> Vec<T> {
        let mut out = Vec::new();
        self.decode(bytes, big_endian, &mut out, from);
        out
    }

    /// Appends the elements in `bytes`, which holds whole ones.
    pub fn decode<T>(self, bytes: &[u8], big_endian: bool, out: &mut Vec<T>, from: impl Fn(f64) -> T) {
        elements!(self, bytes, big_endian, |numbers| out.extend(numbers.map(&from)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    #[test]
    fn every_type_is_decoded_in_both_byte_orders() {
        let cases: [(Dtype, Vec<u8>, f64); 12] = [
            (Dtype::F16, f16::from_f32(-1.5).to_le_bytes().into(), -1.5),
            (Dtype::Bf16, bf16::from_f32(-2.5).to_le_bytes().into(), -2.5),
            (Dtype::F32, 0.1f32.to_le_bytes().into(), f64::from(0.1f32)),
            (Dtype::F64, 0.1f64.to_le_bytes().into(), 0.1),
            (Dtype::Int(1), (-7i8).to_le_bytes().into(), -7.0),
            (Dtype::Int(2), (-700i16).to_le_bytes().into(), -700.0),
            (Dtype::Int(4), (-70_000i32).to_le_bytes().into(), -70_000.0),
            (Dtype::Int(8), (-(1i64 << 40)).to_le_bytes().into(), -((1i64 << 40) as f64)),
            (Dtype::Uint(1), vec![200], 200.0),
            (Dtype::Uint(2), 60_000u16.to_le_bytes().into(), 60_000.0),
            (Dtype::Uint(4), u32::MAX.to_le_bytes().into(), f64::from(u32::MAX)),
            (Dtype::Uint(8), (1u64 << 40).to_le_bytes().into(), (1u64 << 40) as f64),
        ];
        for (dtype, little, value) in cases {
            let big: Vec<u8> = little.iter().rev().copied().collect();
            assert_eq!(dtype.read(&little, false), Some(value), "{dtype:?}");
            assert_eq!(dtype.read(&big, true), Some(value), "{dtype:?}");
            assert_eq!(dtype.read(&little[1..], false), None, "{dtype:?} cut short");
            let (mut many, twice) = (Vec::new(), [little.clone(), little].concat());
            dtype.decode(&twice, false, &mut many, |v| v);
            assert_eq!(many, [value, value], "{dtype:?}");
        }
        assert_eq!(Dtype::Bool.read(&[2], false), Some(1.0));
    }
}
