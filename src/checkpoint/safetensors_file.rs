//! safetensors files: an eight-byte length, a JSON header, then the numbers.
//!
//! The header is checked here rather than by the `safetensors` crate, which lets duplicate names pass and whose errors
//! name no tensor. Writing is the crate's.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::de::{MapAccess, Visitor};
use serde_json::Value;

use super::tensors::{Tensor, Tensors};
use crate::ground::dtype::Dtype;
use crate::ground::fault::Fault;

/// Longest header that is read: room for a hundred thousand tensors.
const MAX_HEADER: u64 = 16 << 20;

/// Where one tensor lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name as in the header.
    pub name: String,
    /// What the numbers are.
    pub dtype: Dtype,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    begin: u64,
    end: u64,
}

/// True if `path` begins as such a file does: a plausible length and an opening brace.
pub fn looks_like(path: &Path) -> bool {
    let mut head = [0u8; 9];
    let read = File::open(path).and_then(|mut f| f.read_exact(&mut head));
    read.is_ok() && head[8] == b'{' && head[4..8] == [0; 4]
}

/// Names, shapes and dtypes, without reading a number.
///
/// # Errors
/// [`Fault`] for a header that is no header or lies.
pub fn entries(path: &Path) -> Result<Vec<Entry>, Fault> {
    let io = |e: &std::io::Error| Fault::io(path, "reading", e);
    let mut file = File::open(path).map_err(|e| io(&e))?;
    Ok(header(path, &mut file)?.0)
}

/// Reads every tensor.
///
/// # Errors
/// [`Fault`] for a header that is no header or lies, and for dtypes that are not plain numbers.
pub fn read(path: &Path) -> Result<Tensors, Fault> {
    let io = |e: &std::io::Error| Fault::io(path, "reading", e);
    let mut file = File::open(path).map_err(|e| io(&e))?;
    let (entries, data) = header(path, &mut file)?;
    let mut map = BTreeMap::new();
    for e in entries {
        // The header's check has shown that so many bytes are in the file.
        let mut bytes = vec![0; (e.end - e.begin) as usize];
        file.seek(SeekFrom::Start(data + e.begin)).map_err(|e| io(&e))?;
        file.read_exact(&mut bytes).map_err(|e| io(&e))?;
        let values = e.dtype.all(&bytes, false, |v| v as f32);
        map.insert(e.name, Tensor { shape: e.shape, values });
    }
    Ok(Tensors { path: path.to_path_buf(), map })
}

/// The checked entries, and where the numbers begin.
fn header(path: &Path, file: &mut File) -> Result<(Vec<Entry>, u64), Fault> {
    let bad = |problem: String| Fault::at(path, problem);
    let io = |e: &std::io::Error| Fault::io(path, "reading", e);
    let file_len = file.metadata().map_err(|e| io(&e))?.len();
    let mut len = [0u8; 8];
    file.read_exact(&mut len).map_err(|_| bad(format!("not a safetensors file: only {file_len} bytes long")))?;
    let len = u64::from_le_bytes(len);
    if len > MAX_HEADER || len > file_len - 8 {
        return Err(bad(format!(
            "not a safetensors file, or cut short: it says that its header takes {len} bytes, the file has {file_len} \
             (limit {MAX_HEADER})"
        )));
    }
    let mut json = vec![0; len as usize];
    file.read_exact(&mut json).map_err(|e| io(&e))?;
    let parsed: Header =
        serde_json::from_slice(&json).map_err(|e| bad(format!("the safetensors header cannot be read: {e}")))?;
    let data_len = file_len - 8 - len;
    let mut entries = Vec::with_capacity(parsed.0.len());
    for (name, value) in parsed.0 {
        entries.push(entry(name, &value, data_len).map_err(bad)?);
    }
    layout(&mut entries, data_len).map_err(bad)?;
    Ok((entries, 8 + len))
}

/// One checked line of the header.
fn entry(name: String, value: &Value, data_len: u64) -> Result<Entry, String> {
    if name.chars().any(char::is_control) {
        return Err(format!("the name of tensor '{}' holds control characters", name.escape_debug()));
    }
    let text = value["dtype"].as_str().ok_or_else(|| format!("tensor '{name}' has no dtype"))?;
    let dtype = dtype(text).ok_or_else(|| {
        format!("tensor '{name}' has dtype '{text}', which is not read; save it as F32, F16, BF16 or F64")
    })?;
    let shape: Option<Vec<u64>> = value["shape"].as_array().and_then(|a| a.iter().map(Value::as_u64).collect());
    let shape = shape.ok_or_else(|| format!("tensor '{name}': the shape is no list of lengths"))?;
    let offsets: Option<Vec<u64>> =
        value["data_offsets"].as_array().and_then(|a| a.iter().map(Value::as_u64).collect());
    let Some([begin, end]) = offsets.as_deref() else {
        return Err(format!("tensor '{name}': data_offsets are no two positions"));
    };
    let (begin, end) = (*begin, *end);
    if begin > end {
        return Err(format!("tensor '{name}' begins at byte {begin} and ends before it, at {end}"));
    }
    if end > data_len {
        return Err(format!(
            "tensor '{name}' ends at byte {end}, the file has {data_len} bytes of data; it was cut short"
        ));
    }
    let needs = shape.iter().try_fold(dtype.size() as u64, |n, &d| n.checked_mul(d));
    if needs != Some(end - begin) {
        return Err(format!(
            "tensor '{name}' of shape {shape:?} needs {} bytes, the file gives it {}",
            needs.map_or("too many".into(), |n| n.to_string()),
            end - begin
        ));
    }
    Ok(Entry { name, dtype, shape: shape.iter().map(|&d| d as usize).collect(), begin, end })
}

/// The format wants every byte of the data to belong to exactly one tensor.
fn layout(entries: &mut [Entry], data_len: u64) -> Result<(), String> {
    entries.sort_by_key(|e| (e.begin, e.end));
    for pair in entries.windows(2) {
        if pair[1].begin < pair[0].end {
            return Err(format!("the bytes of tensors '{}' and '{}' overlap", pair[0].name, pair[1].name));
        }
    }
    let used: u64 = entries.iter().map(|e| e.end - e.begin).sum();
    if used != data_len {
        return Err(format!("the header speaks for {used} bytes of data, the file has {data_len}"));
    }
    Ok(())
}

fn dtype(name: &str) -> Option<Dtype> {
    Some(match name {
        "F16" => Dtype::F16,
        "BF16" => Dtype::Bf16,
        "F32" => Dtype::F32,
        "F64" => Dtype::F64,
        "I8" => Dtype::Int(1),
        "I16" => Dtype::Int(2),
        "I32" => Dtype::Int(4),
        "I64" => Dtype::Int(8),
        "U8" => Dtype::Uint(1),
        "U16" => Dtype::Uint(2),
        "U32" => Dtype::Uint(4),
        "U64" => Dtype::Uint(8),
        "BOOL" => Dtype::Bool,
        _ => return None,
    })
}

/// The header's lines in file order; a name that comes twice is an error, `__metadata__` is passed over.
struct Header(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Header {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Lines;
        impl<'de> Visitor<'de> for Lines {
            type Value = Header;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut seen = std::collections::HashSet::new();
                let mut lines = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if !seen.insert(name.clone()) {
                        return Err(serde::de::Error::custom(format!("tensor '{name}' appears twice")));
                    }
                    if name != "__metadata__" {
                        lines.push((name, value));
                    }
                }
                Ok(Header(lines))
            }
        }
        d.deserialize_map(Lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(header: &str, data: &[u8]) -> tempfile::NamedTempFile {
        let f = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(data);
        std::fs::write(f.path(), bytes).unwrap();
        f
    }

    fn error(header: &str, data: &[u8]) -> String {
        read(file(header, data).path()).unwrap_err().to_string()
    }

    #[test]
    fn lies_are_named() {
        let one = |dtype: &str, shape: &str, from: u64, to: u64| {
            format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}}}"#)
        };
        assert!(error(&one("F32", "[2]", 0, 12), &[0; 8]).contains("'w' ends at byte 12"));
        assert!(error(&one("F32", "[2]", 8, 0), &[0; 8]).contains("'w' begins at byte 8"));
        assert!(error(&one("F32", "[3]", 0, 8), &[0; 8]).contains("needs 12 bytes"));
        assert!(error(&one("F32", "[4611686018427387904,16]", 0, 8), &[0; 8]).contains("'w'"));
        assert!(error(&one("F32", "[-1]", 0, 8), &[0; 8]).contains("'w'"));
        assert!(error(&one("Q7", "[2]", 0, 8), &[0; 8]).contains("Q7"));
        assert!(error(&one("F32", "[1]", 0, 4), &[0; 8]).contains("speaks for 4 bytes"));
        let twice = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
        assert!(error(twice, &[0; 8]).contains("'a' appears twice"));
        let over = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
        assert!(error(over, &[0; 8]).contains("'a' and 'b' overlap"));
    }

    #[test]
    fn control_characters_stay_out_of_messages() {
        let evil = r#"{"\u001b[31mw":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        assert!(!error(evil, &[0; 4]).contains('\u{1b}'));
        let evil = r#"{"\u001b[31mw":1,"\u001b[31mw":2}"#;
        assert!(!error(evil, &[]).contains('\u{1b}'));
    }

    proptest! {
        /// Whatever the bytes, the answer is a value or a sentence.
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let f = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(f.path(), &bytes).unwrap();
            let _ = read(f.path());
        }

        /// What the crate writes, we read.
        #[test]
        fn agrees_with_the_crate(values in proptest::collection::vec(any::<f32>(), 1..50)) {
            use safetensors::tensor::{Dtype, TensorView, serialize};
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            let view = TensorView::new(Dtype::F32, vec![values.len()], &bytes).unwrap();
            let f = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(f.path(), serialize([("w", view)], None).unwrap()).unwrap();
            let got = read(f.path()).unwrap();
            prop_assert!(got.map["w"].values.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits() || b.is_nan()));
        }
    }
}
