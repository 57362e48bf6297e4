use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::format::arrays::tests::{Columns, Value, compare, hdf5, read, says};

/// Numbers as they lie in a ring of `size` rows: the row `first` of the ring is the oldest.
fn turned(values: &[f32], width: usize, size: usize, first: usize) -> Value {
    let mut all = vec![-99.0; size * width];
    for (row, values) in values.chunks_exact(width).enumerate() {
        let at = (first + row) % size;
        all[at * width..(at + 1) * width].copy_from_slice(values);
    }
    Value::F32(all, vec![size as u64, width as u64])
}

fn buffer(size: usize, first: usize) -> Vec<(String, Value)> {
    let c = Columns::new();
    let flags = |at: &[usize]| -> Vec<f32> { (0..c.rows).map(|row| f32::from(u8::from(at.contains(&row)))).collect() };
    let part = |key: &str, values: &[f32], width| (format!("_meta/{key}"), turned(values, width, size, first));
    vec![
        part("obs", &c.obs, 2),
        part("obs_next", &c.next, 2),
        part("act", &c.actions, 1),
        part("rew", &c.rewards, 1),
        part("terminated", &flags(&c.terminated), 1),
        part("truncated", &flags(&c.truncated), 1),
        part("done", &flags(&c.ends()), 1),
        ("_meta/info/TimeLimit.truncated".to_owned(), Value::Whole(vec![0; size])),
    ]
}

fn file(values: &[(String, Value)], attributes: &[(&str, i64)]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("buffer.hdf5");
    hdf5(&path, values, attributes);
    (dir, path)
}

#[test]
fn only_rows_that_are_used_are_read() {
    for name in ["_insertion_idx", "_index"] {
        let (_dir, path) = file(&buffer(20, 0), &[("_size", 12), (name, 12), ("maxsize", 20)]);
        let data = read(&Tianshou, &path).expect("reads");
        compare(&data, true, true, true);
        assert!(says(&data, "12 are used") && says(&data, "info/TimeLimit.truncated"), "{:?}", data.origin.rules);
        assert!(data.origin.warnings.is_empty(), "{:?}", data.origin.warnings);
    }
}

#[test]
fn a_ring_that_came_round_begins_with_its_oldest_row() {
    let (_dir, path) = file(&buffer(12, 5), &[("_size", 12), ("_index", 5), ("maxsize", 12)]);
    compare(&read(&Tianshou, &path).expect("reads"), true, true, true);
}

#[test]
fn buffers_of_several_environments_are_streams_of_their_own() {
    // The first environment has four rows of six, the second came round: its oldest row is the last of its eight.
    let c = Columns::new();
    let place = |row: usize| if row < 4 { row } else { 6 + (row - 4 + 7) % 8 };
    let put = |values: &[f32], width: usize| {
        let mut all = vec![-99.0; 14 * width];
        for (row, values) in values.chunks_exact(width).enumerate() {
            all[place(row) * width..(place(row) + 1) * width].copy_from_slice(values);
        }
        Value::F32(all, vec![14, width as u64])
    };
    let flags = |at: &[usize]| -> Vec<f32> { (0..c.rows).map(|row| f32::from(u8::from(at.contains(&row)))).collect() };
    let values = vec![
        ("_meta/obs".to_owned(), put(&c.obs, 2)),
        ("_meta/act".to_owned(), put(&c.actions, 1)),
        ("_meta/rew".to_owned(), put(&c.rewards, 1)),
        ("_meta/terminated".to_owned(), put(&flags(&c.terminated), 1)),
        ("_meta/truncated".to_owned(), put(&flags(&c.truncated), 1)),
        ("_lengths".to_owned(), Value::Whole(vec![4, 8])),
        ("_offset".to_owned(), Value::Whole(vec![0, 6])),
        ("last_index".to_owned(), Value::Whole(vec![3, 12])),
    ];
    let (_dir, path) = file(&values, &[("_size", 0), ("_index", 0), ("maxsize", 14)]);
    compare(&read(&Tianshou, &path).expect("reads"), false, true, true);
}

#[test]
fn sizes_that_lie_are_told() {
    let (_dir, path) = file(&buffer(12, 0), &[("_size", 13), ("maxsize", 12)]);
    assert!(read(&Tianshou, &path).expect_err("too many").contains("'_size' speaks of more than the 12 rows"));
    let (_dir, path) = file(&buffer(12, 0), &[]);
    let data = read(&Tianshou, &path).expect("reads");
    assert!(says(&data, "no attribute '_size' says"), "{:?}", data.origin);
    let (_dir, path) = file(&buffer(12, 0), &[("_size", 0), ("maxsize", 12)]);
    assert!(read(&Tianshou, &path).expect_err("empty").contains("the dataset is empty"));
}
