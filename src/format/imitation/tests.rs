#![allow(clippy::float_cmp, reason = "copies")]

use super::*;
use crate::data::dataset::Dataset;
use crate::format::arrays::tests::{Columns, compare, episodes, read, says};
use crate::format::npz::tests::{Array, write};

fn rollouts(cuts: &[i64], terminal: &[usize]) -> Vec<Array> {
    let (c, all) = (Columns::new(), episodes());
    let obs: Vec<f32> = all.iter().flat_map(|e| e.obs.clone()).collect();
    let mut arrays = c.arrays(["spare", "acts", "rews"]);
    arrays.remove(0);
    arrays.push(Array::f32("obs", &[c.rows + 3, 2], obs));
    arrays.push(Array::i64("indices", &[cuts.len()], cuts.iter().copied()));
    arrays.push(Array::flags("terminal", 3, terminal));
    arrays.push(Array::objects("infos"));
    arrays
}

fn open(arrays: &[Array]) -> Result<Dataset, String> {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("rollouts.npz");
    write(&path, arrays);
    read(&Imitation, &path)
}

#[test]
fn observations_have_a_row_more_an_episode_and_infos_are_never_opened() {
    let data = open(&rollouts(&[4, 7], &[0, 2])).expect("reads");
    compare(&data, true, true, true);
    assert!(says(&data, "infos (holds Python objects") && says(&data, "imitation sets it also where a time limit"));
}

#[test]
fn cuts_that_do_not_fit_are_told() {
    assert!(open(&rollouts(&[7, 4], &[0])).expect_err("falls").contains("'indices' cuts at 4 after 7"));
    assert!(open(&rollouts(&[4, 70], &[0])).expect_err("past").contains("there are 12 actions"));
    assert!(open(&rollouts(&[4], &[0])).expect_err("few").contains("has 1 cuts, 'terminal' 3 episodes"));
    let mut short = rollouts(&[4, 7], &[0]);
    short.retain(|array| !array.is("obs"));
    short.push(Array::f32("obs", &[12, 2], vec![0.0; 24]));
    assert!(open(&short).expect_err("T rows").contains("12 actions in 3 episodes need one more an episode: 15"));
}

#[test]
fn the_real_librarys_file_is_read() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats/imitation.npz");
    let data = read(&Imitation, &path).expect("reads");
    assert!(data.num_episodes() > 1 && data.spans().iter().all(|s| s.obs_rows == s.steps + 1));
}
