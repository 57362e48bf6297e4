//! NumPy's `.npz` archives of plain numbers, as the reference files are stored.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// One array widened to f64.
#[derive(Debug, Clone)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// Reads every array of the archive.
pub fn read(path: &Path) -> HashMap<String, Array> {
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut zip = zip::ZipArchive::new(file).expect("an npz is a zip archive");
    (0..zip.len())
        .map(|i| {
            let mut entry = zip.by_index(i).expect("entry of the archive");
            let name = entry.name().expect("entry names are text").trim_end_matches(".npy").to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("entry can be read");
            (name, parse(&bytes))
        })
        .collect()
}

/// Writes vectors of f64 as `numpy.savez` does.
pub fn write(path: &Path, arrays: &[(&str, &[f64])]) {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).expect("writable"));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, values) in arrays {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}\n", values.len());
        zip.start_file(format!("{name}.npy"), options).expect("writable");
        zip.write_all(b"\x93NUMPY\x01\x00").expect("writable");
        zip.write_all(&(header.len() as u16).to_le_bytes()).expect("writable");
        zip.write_all(header.as_bytes()).expect("writable");
        values.iter().for_each(|v| zip.write_all(&v.to_le_bytes()).expect("writable"));
    }
    zip.finish().expect("writable");
}

fn parse(bytes: &[u8]) -> Array {
    assert_eq!(&bytes[..6], b"\x93NUMPY");
    let (len, start) = if bytes[6] == 1 {
        (usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), 10)
    } else {
        (u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize, 12)
    };
    let header = std::str::from_utf8(&bytes[start..start + len]).expect("header is text");
    let field = |key: &str| header.split(&format!("'{key}': ")).nth(1).expect("header field");
    let descr = field("descr").trim_start_matches('\'').split('\'').next().expect("dtype").to_owned();
    let fortran = field("fortran_order").starts_with("True");
    let shape: Vec<usize> = field("shape")
        .trim_start_matches('(')
        .split(')')
        .next()
        .expect("shape")
        .split(',')
        .filter_map(|s| s.trim().parse().ok())
        .collect();
    let data = &bytes[start + len..];
    let values: Vec<f64> = match descr.as_str() {
        "<f8" => data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        "<f4" => data.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
        "<i8" => data.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
        "<i4" => data.as_chunks::<4>().0.iter().map(|b| f64::from(i32::from_le_bytes(*b))).collect(),
        "|b1" | "|u1" => data.iter().map(|&b| f64::from(b)).collect(),
        other => panic!("dtype {other} is not used by the reference files"),
    };
    let values = if fortran { row_major(&shape, &values) } else { values };
    Array { shape, values }
}

/// Column-major values of a matrix in row-major order.
fn row_major(shape: &[usize], values: &[f64]) -> Vec<f64> {
    let [rows, columns] = *shape else { panic!("only matrices are stored column by column, not {shape:?}") };
    (0..rows * columns).map(|i| values[(i % columns) * rows + i / columns]).collect()
}
