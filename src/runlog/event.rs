//! `Event` messages of `TensorBoard`: numbers under tags at a step. Pictures, texts, histograms and graphs are passed over.

use half::{bf16, f16};

use super::protobuf::{Fields, Value, first_varint};
use super::scalars::Scalars;

/// Fields of `Event`, `Summary`, `Summary.Value`, `SessionLog`, `TensorProto` and `TensorShapeProto`.
const EVENT: (u64, u64, u64, u64) = (1, 2, 5, 7);
const SUMMARY_VALUE: u64 = 1;
const VALUE: (u64, u64, u64) = (1, 2, 8);
const SESSION_START: u64 = 1;
const TENSOR: (u64, u64, u64) = (1, 2, 4);

/// Takes in one event; answers its time in seconds since 1970.
pub fn take(message: &[u8], out: &mut Scalars) -> Option<f64> {
    let (mut time, mut step, mut summary, mut begins) = (None, 0, None, false);
    for (field, value) in Fields::of(message) {
        match value {
            Value::Eight(bytes) if field == EVENT.0 => time = Some(f64::from_le_bytes(bytes)),
            // The int64 of a negative step.
            Value::Varint(v) if field == EVENT.1 => step = v.cast_signed(),
            Value::Bytes(bytes) if field == EVENT.2 => summary = Some(bytes),
            Value::Bytes(bytes) if field == EVENT.3 => {
                begins = Fields::of(bytes).next() == Some((1, Value::Varint(SESSION_START)));
            }
            _ => {}
        }
    }
    let step = step as f64;
    if begins {
        out.begins(step);
    }
    for (_, value) in Fields::of(summary.unwrap_or_default()).filter(|(field, _)| *field == SUMMARY_VALUE) {
        if let Value::Bytes(bytes) = value
            && let Some((tag, number)) = named(bytes)
        {
            out.push(tag, step, number);
        }
    }
    time.filter(|t| *t > 0.0)
}

/// Tag and number of a `Summary.Value`; nothing where it is no number.
fn named(message: &[u8]) -> Option<(&str, f64)> {
    let (mut tag, mut number) = (None, None);
    for (field, value) in Fields::of(message) {
        match value {
            Value::Bytes(bytes) if field == VALUE.0 => tag = std::str::from_utf8(bytes).ok(),
            Value::Four(bytes) if field == VALUE.1 => number = Some(f64::from(f32::from_le_bytes(bytes))),
            Value::Bytes(bytes) if field == VALUE.2 => number = tensor(bytes),
            _ => {}
        }
    }
    Some((tag.filter(|t| !t.is_empty())?, number?))
}

/// The number in a `TensorProto` that holds one.
fn tensor(message: &[u8]) -> Option<f64> {
    let (mut dtype, mut content, mut values, mut one) = (0, None, None, true);
    for (field, value) in Fields::of(message) {
        match value {
            Value::Varint(v) if field == TENSOR.0 => dtype = v,
            Value::Bytes(shape) if field == TENSOR.1 => one = holds_one(shape),
            Value::Bytes(bytes) if field == TENSOR.2 => content = Some(bytes),
            // What is repeated stands packed or field by field.
            other if field >= 5 => values = values.or(Some((field, other))),
            _ => {}
        }
    }
    let packed = content.filter(|bytes| !bytes.is_empty());
    let number = packed.map_or_else(|| repeated(dtype, values?), |bytes| little_endian(dtype, bytes));
    number.filter(|_| one)
}

/// True for a shape without dimensions, or of ones.
fn holds_one(shape: &[u8]) -> bool {
    let is_one = |(field, size)| field == 1 && size == Value::Varint(1);
    Fields::of(shape).all(|(field, value)| match value {
        Value::Bytes(dim) if field == 2 => Fields::of(dim).any(is_one),
        _ => true,
    })
}

/// A number of `TensorFlow`'s type `dtype` as its bytes stand in memory.
fn little_endian(dtype: u64, bytes: &[u8]) -> Option<f64> {
    Some(match (dtype, bytes) {
        (1, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
        (3, &[a, b, c, d]) => f64::from(i32::from_le_bytes([a, b, c, d])),
        (22, &[a, b, c, d]) => f64::from(u32::from_le_bytes([a, b, c, d])),
        (2, bytes) => f64::from_le_bytes(bytes.try_into().ok()?),
        (9, bytes) => i64::from_le_bytes(bytes.try_into().ok()?) as f64,
        (23, bytes) => u64::from_le_bytes(bytes.try_into().ok()?) as f64,
        (4 | 10, &[a]) => f64::from(a),
        (6, &[a]) => f64::from(a.cast_signed()),
        (5, &[a, b]) => f64::from(i16::from_le_bytes([a, b])),
        (17, &[a, b]) => f64::from(u16::from_le_bytes([a, b])),
        (14, &[a, b]) => f64::from(bf16::from_le_bytes([a, b])),
        (19, &[a, b]) => f64::from(f16::from_le_bytes([a, b])),
        _ => return None,
    })
}

/// The first number of a repeated field.
fn repeated(dtype: u64, (field, value): (u64, Value<'_>)) -> Option<f64> {
    let whole = || match value {
        Value::Varint(v) => Some(v),
        Value::Bytes(bytes) => first_varint(bytes),
        _ => None,
    };
    Some(match (field, value) {
        (5, Value::Four(bytes)) => f64::from(f32::from_le_bytes(bytes)),
        (5, Value::Bytes(bytes)) => f64::from(f32::from_le_bytes(*bytes.first_chunk()?)),
        (6, Value::Eight(bytes)) => f64::from_le_bytes(bytes),
        (6, Value::Bytes(bytes)) => f64::from_le_bytes(*bytes.first_chunk()?),
        (7 | 10 | 11, _) => whole()?.cast_signed() as f64,
        // The bits of half a float in a whole number.
        (13, _) if dtype == 14 => f64::from(bf16::from_bits(whole()? as u16)),
        (13, _) => f64::from(f16::from_bits(whole()? as u16)),
        (16 | 17, _) => whole()? as f64,
        _ => return None,
    })
}
