use super::*;
use crate::data::dataset::Dataset;
use crate::format::arrays::tests::{Columns, compare, read, says};
use crate::format::npz::tests::{Array, write};

fn open(lengths: &[i64], change: impl FnOnce(&Columns, &mut Vec<Array>)) -> Result<Dataset, String> {
    let c = Columns::new();
    let mut all = c.arrays(["states", "actions", "rewards"]);
    all.push(Array::i64("traj_lengths", &[lengths.len()], lengths.iter().copied()));
    all.push(Array::new("images", "|u1", &[c.rows, 3, 2, 2], vec![1; c.rows * 12]));
    change(&c, &mut all);
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("train.npz");
    write(&path, &all);
    read(&Dppo, &path)
}

#[test]
fn episodes_are_as_long_as_the_file_says() {
    let data = open(&[4, 3, 5], |_, _| {}).expect("reads");
    compare(&data, false, true, false);
    assert!(data.spans().iter().all(|s| s.truncated) && says(&data, "images (images"), "{:?}", data.origin.rules);
    let ended = |c: &Columns, all: &mut Vec<Array>| all.push(Array::flags("terminals", c.rows, &c.terminated));
    compare(&open(&[4, 3, 5], ended).expect("reads"), false, true, true);
    let data = open(&[4, 3, 2], |_, _| {}).expect("reads");
    assert!(says(&data, "the last 3 of 12 rows belong to no episode"), "{:?}", data.origin.warnings);
}

#[test]
fn lengths_that_lie_are_told() {
    assert!(open(&[4, 30], |_, _| {}).expect_err("past").contains("an episode goes to row 34"));
    assert!(open(&[4, -1], |_, _| {}).expect_err("negative").contains("has -1 in row 1"));
    assert!(open(&[i64::MAX, i64::MAX], |_, _| {}).is_err());
    assert!(open(&[0, 0], |_, _| {}).expect_err("none").contains("the dataset is empty"));
}
