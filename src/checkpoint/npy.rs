//! NumPy's `.npy` files of plain numbers, as normalisers are stored.

use std::io::Read;
use std::path::Path;

use zip::ZipArchive;

use super::tensors::read_bounded;
use crate::ground::dtype::Dtype;
use crate::ground::fault::Fault;

/// Longest file that is read.
const MAX_FILE: u64 = 4 << 20;

/// The numbers of the array at `path`, whatever its shape, in file order.
///
/// # Errors
/// [`Fault`] for what is no such file, whose header lies, or whose numbers are not plain.
pub fn read(path: &Path) -> Result<Vec<f64>, Fault> {
    let bytes = read_bounded(path, MAX_FILE)?;
    parse(&bytes).map_err(|e| Fault::at(path, e))
}

/// The numbers of the arrays `names` in the `.npz` archive at `path`.
///
/// # Errors
/// [`Fault`] for what is no such archive, or lacks one of them.
pub fn read_npz<const N: usize>(path: &Path, names: [&str; N]) -> Result<[Vec<f64>; N], Fault> {
    let bad = |e: String| Fault::at(path, e);
    let file = std::fs::File::open(path).map_err(|e| Fault::io(path, "reading", &e))?;
    let mut archive = ZipArchive::new(file).map_err(|e| bad(format!("not an .npz archive ({e})")))?;
    let mut out = [const { Vec::new() }; N];
    for (name, slot) in names.iter().zip(&mut out) {
        let entry = archive.by_name(&format!("{name}.npy")).map_err(|_| bad(format!("no array '{name}'")))?;
        let mut bytes = Vec::new();
        entry.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| bad(format!("'{name}' cannot be read: {e}")))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(bad(format!("'{name}' is longer than {MAX_FILE} bytes")));
        }
        *slot = parse(&bytes).map_err(|e| bad(format!("'{name}': {e}")))?;
    }
    Ok(out)
}

fn parse(bytes: &[u8]) -> Result<Vec<f64>, String> {
    let no = || "not an .npy file, or cut short".to_string();
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(no)?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(no)?;
    let (len, rest) = if version[0] == 1 {
        let (len, rest) = rest.split_first_chunk::<2>().ok_or_else(no)?;
        (usize::from(u16::from_le_bytes(*len)), rest)
    } else {
        let (len, rest) = rest.split_first_chunk::<4>().ok_or_else(no)?;
        (u32::from_le_bytes(*len) as usize, rest)
    };
    let (header, data) = rest.split_at_checked(len).ok_or_else(no)?;
    let header = std::str::from_utf8(header).map_err(|_| no())?;
    let field = |key: &str| {
        header.split_once(key).map(|(_, v)| v.trim_start()).ok_or_else(|| format!("no {key} in the header"))
    };
    let descr = field("'descr':")?.split('\'').nth(1).ok_or("the dtype is not that of plain numbers")?;
    let dtype = match descr.trim_start_matches(['<', '>', '|', '=']) {
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        "i4" => Dtype::Int(4),
        "i8" => Dtype::Int(8),
        _ => return Err(format!("dtype '{descr}' is not read; save it as float32")),
    };
    let shape = field("'shape':")?.strip_prefix('(').and_then(|s| s.split_once(')')).ok_or("the shape is no tuple")?.0;
    let count = shape
        .split(',')
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .try_fold(1usize, |n, s| n.checked_mul(s.parse().ok()?))
        .and_then(|n| n.checked_mul(dtype.size()));
    if count != Some(data.len()) {
        return Err(format!("the header declares shape ({shape}), {} bytes of data follow", data.len()));
    }
    Ok(dtype.all(data, descr.starts_with('>'), |v| v))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    #[test]
    fn numbers_of_both_byte_orders() {
        assert_eq!(
            parse(&npy("<f4", "(1, 2)", &[1f32.to_le_bytes(), 2f32.to_le_bytes()].concat())).unwrap(),
            [1.0, 2.0]
        );
        assert_eq!(parse(&npy(">f8", "(1,)", &3f64.to_be_bytes())).unwrap(), [3.0]);
        assert_eq!(parse(&npy("<i8", "()", &7i64.to_le_bytes())).unwrap(), [7.0]);
    }

    #[test]
    fn lies_are_sentences() {
        assert!(
            parse(&npy("<f4", "(99999999999, 99999999999)", &[0; 4])).unwrap_err().contains("4 bytes of data follow")
        );
        assert!(parse(&npy("|O", "(1,)", &[0; 8])).unwrap_err().contains("'|O'"));
        assert!(parse(b"\x93NUMPY\x01\x00\xff\xff{}").unwrap_err().contains("cut short"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&bytes);
            let _ = parse(&[b"\x93NUMPY\x01\x00", &bytes[..]].concat());
        }
    }
}
