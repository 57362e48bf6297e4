use std::path::Path;

use super::*;
use crate::format::hdf5::Hdf5;

/// Written by hdf5plugin and h5py (`tests/reference/formats/make_filters.py`): every codec and shuffle over the same numbers.
#[test]
fn what_hdf5plugin_wrote_is_read_and_what_is_not_is_named_with_its_remedy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats/filters.hdf5");
    let file = Hdf5::open(&path).expect("opens");
    let keys = file.members("");
    assert!(keys.len() > 20, "{keys:?}");
    for key in keys {
        let column = file.column(&key).expect("numbers");
        match (key.starts_with("not_"), column.f64(&|_| Ok(()))) {
            (false, Ok(values)) => {
                let want = |i: usize| (((i * 7919) % 1000) as f64 / 16.0).floor() / 4.0;
                assert!(values.len() > 900 && (0..values.len()).all(|i| (values[i] - want(i)).abs() < 1e-12), "{key}");
            }
            (true, Err(e)) => {
                let text = e.to_string();
                assert!(text.contains("Blosc2") && text.contains("h5repack -f GZIP=4"), "{text}");
            }
            (_, other) => panic!("{key}: {other:?}"),
        }
    }
}

#[test]
fn every_cut_and_flip_of_a_chunk_ends_in_nothing_or_in_bytes() {
    let blosc = |data: &[u8]| blosc::inflate(data).map(|out| out.len());
    // A copied chunk, and one of blosclz: "ab", then 6 bytes from two back.
    let copied = [&[2, 1, COPIED_FLAG, 1, 3, 0, 0, 0, 3, 0, 0, 0, 19, 0, 0, 0][..], b"abc"].concat();
    assert_eq!(blosc(&copied), Some(3));
    let block = [1, b'a', b'b', 4 << 5, 1, 0, b'c'];
    let head = [2, 1, 16, 1, 9, 0, 0, 0, 9, 0, 0, 0, 31, 0, 0, 0, 20, 0, 0, 0, 7, 0, 0, 0];
    let whole = [&head[..], &block].concat();
    assert_eq!(blosc::inflate(&whole).as_deref(), Some(&b"ababababc"[..]));
    let filter = FilterDescription { id: 32008, name: None, client_data: vec![0, 4, 4, 0, 2] };
    for chunk in [copied, whole] {
        for at in 0..chunk.len() {
            let _ = (blosc(&chunk[..at]), bits::inflate(&filter, &chunk[..at]));
            for value in [0, 1, 0x7f, 0xff] {
                let mut flipped = chunk.clone();
                flipped[at] = value;
                let _ = (blosc(&flipped), bits::inflate(&filter, &flipped), zstd(&flipped, 100), zlib(&flipped, 100));
            }
        }
    }
}

const COPIED_FLAG: u8 = 2;

#[test]
fn shuffles_are_undone() {
    assert_eq!(bits::bytes_back(&[1, 3, 2, 4, 9], 2), [1, 2, 3, 4, 9]);
    // Eight one-byte elements of which the second has its lowest bit set.
    assert_eq!(bits::bits_back(&[2, 0, 0, 0, 0, 0, 0, 0], 1), [0, 1, 0, 0, 0, 0, 0, 0]);
}
