use super::*;
use crate::checkpoint::pickle::StorageRef;
use crate::ground::dtype::Dtype;

fn view(offset: u64, shape: &[u64], stride: &[u64]) -> TensorRef {
    let storage = StorageRef { key: "0".into(), dtype: Dtype::F32, len: 0 };
    TensorRef { storage, offset, shape: shape.to_vec(), stride: stride.to_vec() }
}

fn bytes(n: u8) -> Vec<u8> {
    (0..n).flat_map(|i| f32::from(i).to_le_bytes()).collect()
}

#[test]
fn strides_and_offsets() {
    let get = |t: &TensorRef| gather(&bytes(12), t, false);
    assert_eq!(get(&view(0, &[2, 3], &[3, 1])).unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(get(&view(1, &[3, 2], &[1, 3])).unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(get(&view(11, &[], &[])).unwrap(), [11.0]);
    assert_eq!(get(&view(5, &[3], &[0])).unwrap(), [5.0; 3]);
    assert!(get(&view(99, &[2, 0], &[1, 1])).unwrap().is_empty());
    assert_eq!(get(&view(0, &[2, 2, 2], &[6, 1, 2])).unwrap(), [0.0, 2.0, 1.0, 3.0, 6.0, 8.0, 7.0, 9.0]);
}

#[test]
fn nothing_beyond_the_storage() {
    let get = |t: &TensorRef| gather(&bytes(12), t, false).unwrap_err();
    assert!(get(&view(0, &[13], &[1])).contains("holds 12 numbers, the tensor reaches number 13"));
    assert!(get(&view(12, &[], &[])).contains("number 13"));
    assert!(get(&view(0, &[2, 2], &[11, 1])).contains("number 13"));
    assert!(get(&view(u64::MAX, &[2], &[1])).contains("beyond counting"));
    assert!(get(&view(0, &[3], &[u64::MAX])).contains("beyond counting"));
}

/// A torch archive of one tensor, with what the test changes.
fn archive(
    shape: &str,
    storage: Option<&[u8]>,
    byteorder: &[u8],
    method: zip::CompressionMethod,
) -> tempfile::NamedTempFile {
    use std::io::Write;
    let pickle = [
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQK\0",
        shape.as_bytes(),
        b"\x89ccollections\nOrderedDict\n)RtRs.",
    ]
    .concat();
    let f = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(f.reopen().unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let mut put = |name: &str, bytes: &[u8]| {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    };
    put("m/data.pkl", &pickle);
    put("m/byteorder", byteorder);
    if let Some(bytes) = storage {
        put("m/data/0", bytes);
    }
    zip.finish().unwrap();
    f
}

const STORED: zip::CompressionMethod = zip::CompressionMethod::Stored;

/// One tensor of two numbers.
fn two(storage: Option<&[u8]>, order: &[u8], method: zip::CompressionMethod) -> tempfile::NamedTempFile {
    archive("(K\x02t(K\x01t", storage, order, method)
}

#[test]
fn byte_orders_and_compression() {
    let little: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let big: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|v| v.to_be_bytes()).collect();
    for (bytes, order, method) in [
        (&little, &b"little"[..], STORED),
        (&big, b"big", STORED),
        (&little, b"little", zip::CompressionMethod::Deflated),
    ] {
        let f = two(Some(bytes), order, method);
        assert!(looks_like(f.path()));
        let file = open(f.path()).unwrap();
        assert_eq!(file.entries().unwrap(), [("w".to_owned(), vec![2], "float32".to_owned())]);
        assert_eq!(file.tensors().unwrap().map["w"], Tensor { shape: vec![2], values: vec![1.5, -2.0] });
    }
}

#[test]
fn missing_short_and_oversized() {
    let problem = |f: &tempfile::NamedTempFile| open(f.path()).and_then(TorchFile::tensors).unwrap_err().to_string();
    assert!(problem(&two(None, b"little", STORED)).contains("no entry 'data/0'"));
    let short = problem(&two(Some(&[0; 4]), b"little", STORED));
    assert!(short.contains("tensor 'w' of shape [2]") && short.contains("holds 1 numbers"), "{short}");
    // A million times a million numbers out of one, by strides of zero.
    let wide = archive("(J\0\0\x10\0J\0\0\x10\0t(K\0K\0t", Some(&[0; 8]), b"little", STORED);
    assert!(problem(&wide).contains("larger than the file could hold"));
}

/// Every cut and every changed byte of a good file: a value or a sentence.
#[test]
fn mutations_never_panic() {
    let f = two(Some(&[0; 8]), b"little", STORED);
    let good = std::fs::read(f.path()).unwrap();
    let attempt = |bytes: &[u8]| {
        std::fs::write(f.path(), bytes).unwrap();
        let _ = open(f.path()).and_then(TorchFile::tensors);
    };
    for i in 0..good.len() {
        attempt(&good[..i]);
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[i] ^= change;
            attempt(&bytes);
        }
    }
}
