#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use std::io::Write as _;

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::ground::fault::Fault;

/// One array to write.
#[derive(Clone)]
pub struct Array {
    key: String,
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Array {
    pub fn new(key: &str, descr: &str, shape: &[usize], bytes: Vec<u8>) -> Self {
        Self { key: key.into(), descr: descr.into(), fortran: false, shape: shape.to_vec(), bytes }
    }

    pub fn f32(key: &str, shape: &[usize], values: impl IntoIterator<Item = f32>) -> Self {
        Self::new(key, "<f4", shape, values.into_iter().flat_map(f32::to_le_bytes).collect())
    }

    pub fn i64(key: &str, shape: &[usize], values: impl IntoIterator<Item = i64>) -> Self {
        Self::new(key, "<i8", shape, values.into_iter().flat_map(i64::to_le_bytes).collect())
    }

    /// `rows` truth values that hold in the rows `at`.
    pub fn flags(key: &str, rows: usize, at: &[usize]) -> Self {
        Self::new(key, "|b1", &[rows], (0..rows).map(|row| u8::from(at.contains(&row))).collect())
    }

    pub fn is(&self, key: &str) -> bool {
        self.key == key
    }

    pub fn objects(key: &str) -> Self {
        Self::new(key, "|O", &[2], b"\x80\x04cos\nsystem\n".to_vec())
    }

    fn file(&self) -> Vec<u8> {
        let sizes = self.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ") + ",";
        let sizes = if self.shape.is_empty() { "" } else { &sizes };
        let order = if self.fortran { "True" } else { "False" };
        npy(&format!("{{'descr': '{}', 'fortran_order': {order}, 'shape': ({sizes}), }}\n", self.descr), &self.bytes)
    }
}

/// A `.npy` file with this header.
fn npy(header: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = header::MAGIC.to_vec();
    file.extend([1, 0]);
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

/// Writes an archive as `numpy.savez_compressed` does.
pub fn write(path: &Path, arrays: &[Array]) {
    write_entries(path, &entries(arrays), CompressionMethod::Deflated);
}

/// As `numpy.savez` does.
pub fn write_stored(path: &Path, arrays: &[Array]) {
    write_entries(path, &entries(arrays), CompressionMethod::Stored);
}

/// As `numpy.save` does, a file an array.
pub fn write_apart(folder: &Path, arrays: &[Array]) {
    for array in arrays {
        std::fs::write(folder.join(format!("{}{SUFFIX}", array.key)), array.file()).expect("written");
    }
}

fn entries(arrays: &[Array]) -> Vec<(String, Vec<u8>)> {
    arrays.iter().map(|a| (format!("{}.npy", a.key), a.file())).collect()
}

fn write_entries(path: &Path, entries: &[(String, Vec<u8>)], method: CompressionMethod) {
    let mut zip = ZipWriter::new(File::create(path).expect("created"));
    for (name, bytes) in entries {
        zip.start_file(name.as_str(), SimpleFileOptions::default().compression_method(method)).expect("started");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("finished");
}

/// `open` on every prefix of the file at `path`, in at most about 200 steps: an error or a dataset, never a panic.
pub fn sweep(path: &Path, open: impl Fn(&Path)) {
    let bytes = std::fs::read(path).expect("read");
    for end in (0..bytes.len()).step_by(bytes.len() / 200 + 1) {
        std::fs::write(path, &bytes[..end]).expect("written");
        open(path);
    }
}

fn one(array: Array) -> (TempDir, Npz) {
    let dir = tempfile::tempdir().expect("temporary folder");
    write(&dir.path().join("x.npz"), &[array]);
    let file = Npz::open(&dir.path().join("x.npz")).expect("opens");
    (dir, file)
}

fn values(array: Array) -> Result<Vec<f64>, String> {
    let (_dir, file) = one(array);
    file.column("x").and_then(|c| c.f64(&|_| Ok(()))).map_err(|e| e.to_string())
}

/// The message about a file with these bytes.
fn problem(name: &str, bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    let read = |file: Npz| file.column(file.keys().next().unwrap_or("x")).map(|c| c.shape());
    Npz::open(&path).and_then(read).expect_err("is refused").to_string()
}

#[test]
fn every_type_of_number_and_both_byte_orders_are_read() {
    let le: [(&str, Vec<u8>, [f64; 2]); 11] = [
        ("|b1", vec![0, 1], [0.0, 1.0]),
        ("|i1", vec![255, 2], [-1.0, 2.0]),
        ("|u1", vec![255, 2], [255.0, 2.0]),
        ("<i2", [(-300i16).to_le_bytes(), 5i16.to_le_bytes()].concat(), [-300.0, 5.0]),
        ("<u2", [60_000u16.to_le_bytes(), 5u16.to_le_bytes()].concat(), [60_000.0, 5.0]),
        ("<i4", [(-70_000i32).to_le_bytes(), 5i32.to_le_bytes()].concat(), [-70_000.0, 5.0]),
        ("<u4", [4_000_000_000u32.to_le_bytes(), 5u32.to_le_bytes()].concat(), [4e9, 5.0]),
        ("<i8", [(-5i64).to_le_bytes(), 7i64.to_le_bytes()].concat(), [-5.0, 7.0]),
        ("<u8", [5u64.to_le_bytes(), 7u64.to_le_bytes()].concat(), [5.0, 7.0]),
        ("<f2", vec![0x00, 0x3e, 0x00, 0xc0], [1.5, -2.0]),
        ("<f8", [0.25f64.to_le_bytes(), (-1e300f64).to_le_bytes()].concat(), [0.25, -1e300]),
    ];
    for (descr, bytes, want) in le {
        let size = bytes.len() / 2;
        let turned: Vec<u8> = bytes.chunks(size).flat_map(|b| b.iter().rev().copied()).collect();
        assert_eq!(values(Array::new("x", &descr.replace('<', ">"), &[2], turned)).unwrap(), want, "{descr} turned");
        assert_eq!(values(Array::new("x", descr, &[2], bytes)).unwrap(), want, "{descr}");
    }
}

#[test]
fn fortran_order_is_turned_for_two_dimensions_and_refused_for_more() {
    let columns = Array { fortran: true, ..Array::f32("x", &[3, 2], [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]) };
    assert_eq!(values(columns).unwrap(), [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    let more = Array { fortran: true, ..Array::f32("x", &[1, 1, 2], [1.0, 2.0]) };
    assert!(values(more).unwrap_err().contains("'x' has 3 dimensions in Fortran order"));
}

#[test]
fn objects_text_complex_numbers_and_records_are_refused_by_name() {
    for (descr, why) in [
        ("|O", "'x' holds Python objects, which are never unpickled; save it as numbers"),
        ("<U3", "'x' holds text (<U3)"),
        ("|S8", "holds text"),
        ("<c8", "holds <c8, real numbers"),
        ("<M8[ns]", "holds <M8[ns]"),
        ("<f16", "holds <f16"),
    ] {
        let problem = values(Array::new("x", descr, &[2], vec![0; 16])).unwrap_err();
        assert!(problem.contains(why) && problem.contains("x.npz"), "{problem}");
    }
    assert!(values(Array::f32("x", &[], [1.0])).unwrap_err().contains("is a single value"));
}

#[test]
fn lies_about_shape_and_size_are_refused_before_anything_is_allocated() {
    let declared = |shape: &str| {
        problem("x.npy", &npy(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"), &[0; 64]))
    };
    assert!(
        declared("(1000000000000000, 3)").contains("declares 1000000000000000 x 3 values of float32, 64 bytes follow")
    );
    assert!(declared("(18446744073709551615, 18446744073709551615)").contains("declares"));
    assert!(declared("(15,)").contains("declares 15 values"));
    assert!(problem("x.npy", &npy("__import__('os').system('true')", &[])).contains("nothing of it is evaluated"));
    assert!(problem("x.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}").contains("has a header of 4294967295 bytes"));
    assert!(problem("x.npy", b"\x93NUMPY\x09\x00\xff\xff{}").contains("version 9"));
    assert!(problem("x.npz", b"not a zip").contains("not a NumPy file"));
    assert!(problem("x.npz", b"PK\x03\x04 and no more").contains("damaged or cut short"));
    let (_dir, empty) = one(Array::f32("x", &[0, 1_000_000_000_000], []));
    let column = empty.column("x").expect("no values");
    assert_eq!((column.rows(), column.width()), (0, 0), "nothing bounds them");
}

#[test]
fn a_bomb_is_refused_where_its_directory_lies_and_where_it_does_not() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("bomb.npz");
    write(&path, &[Array::new("x", "|u1", &[1 << 22], vec![0; 1 << 22])]);
    let honest = Npz::open(&path).expect("opens").column("x").expect("fits").f32(&|_| Ok(()));
    assert_eq!(honest.expect("is read").len(), 1 << 22);
    let mut bytes = std::fs::read(&path).expect("read");
    // Unpacked size in the directory: 24 bytes into its record.
    let at = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").expect("a directory") + 24;
    bytes[at..at + 4].copy_from_slice(&0xf000_0000u32.to_le_bytes());
    assert!(problem("bomb.npz", &bytes).contains("claims to unpack from"), "{}", problem("bomb.npz", &bytes));
}

#[test]
fn entries_that_lead_out_and_doubled_or_missing_names_are_refused() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.npz");
    for name in ["../x.npy", "/etc/x.npy", "a/../../x.npy", "..\\x.npy", "C:x.npy"] {
        write_entries(&path, &[(name.into(), vec![1])], CompressionMethod::Stored);
        let problem = Npz::open(&path).err().expect("is refused").to_string();
        assert!(problem.contains("leads out of the archive"), "{name}: {problem}");
    }
    write(&path, &[Array::f32("dyn/deter", &[1], [1.0]), Array::f32("b", &[1], [1.0])]);
    let file = Npz::open(&path).expect("folders inside are fine");
    let problem = file.column("x").err().expect("is missing").to_string();
    assert!(problem.contains("'x' is missing; the file has 'dyn/deter', 'b'"), "{problem}");
}

#[test]
fn damage_is_found_by_the_checksum_and_every_prefix_ends_in_an_error() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.npz");
    let entry = ("x.npy".to_owned(), Array::f32("x", &[50, 2], (0..100).map(|i| i as f32)).file());
    write_entries(&path, &[entry], CompressionMethod::Stored);
    let mut bytes = std::fs::read(&path).expect("read");
    bytes[200] ^= 0x10;
    std::fs::write(&path, &bytes).expect("written");
    let read = |path: &Path| Npz::open(path)?.column("x")?.f32(&|_| Ok(()));
    assert!(read(&path).expect_err("is damaged").to_string().contains("'x' cannot be read"));
    sweep(&path, |path| assert!(read(path).is_err()));
}

#[test]
fn a_cancel_stops_a_read() {
    let (_dir, file) = one(Array::f32("x", &[4], [0.0; 4]));
    let stopped = file.column("x").expect("found").f32(&|_| Err(crate::ground::task::Cancelled));
    assert!(matches!(stopped, Err(Fault::Cancelled)));
}
