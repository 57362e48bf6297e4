#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use std::path::PathBuf;

use hdf5_pure::FileBuilder;
use tempfile::TempDir;

use super::*;
use crate::data::dataset::Dataset;
use crate::data::space::SpaceKind;
use crate::format;
use crate::format::reader::tests::opened;
use crate::ground::fault::Fault;
use std::path::Path;

fn file(fill: impl FnOnce(&mut FileBuilder)) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.h5");
    let mut b = FileBuilder::new();
    fill(&mut b);
    b.write(&path).expect("written");
    (dir, path)
}

/// `episodes` episodes of 3 steps with observations of two numbers.
fn buffer(b: &mut FileBuilder, promised: i64, ids: &[u64]) {
    head(b, promised);
    for &id in ids {
        let values: Vec<f32> = (0..6).map(|i| (10 * id as usize + i) as f32).collect();
        b.create_dataset(&format!("observations_{id}")).with_f32_data(&values).with_shape(&[3, 2]);
        rest(b, id, &[0.5; 3]);
    }
}

fn head(b: &mut FileBuilder, promised: i64) {
    b.create_dataset("columns")
        .with_ascii_strings(&["observations", "actions", "rewards", "terminated"])
        .expect("strings");
    b.create_dataset("num_episodes").with_i64_data(&[promised]).with_shape(&[]);
    b.create_dataset("version").with_ascii_strings(&["2.1"]).expect("strings").with_shape(&[]);
}

fn rest(b: &mut FileBuilder, id: u64, rewards: &[f32]) {
    b.create_dataset(&format!("actions_{id}")).with_f32_data(&[0.25; 3]).with_shape(&[3, 1]);
    b.create_dataset(&format!("rewards_{id}")).with_f32_data(rewards).with_shape(&[rewards.len() as u64, 1]);
    b.create_dataset(&format!("terminated_{id}")).with_u8_data(&[u8::from(id.is_multiple_of(2))]).with_shape(&[]);
}

fn open(path: &Path) -> Result<Dataset, Fault> {
    format::open(path, None, &Ctx::quiet())
}

fn refused(fill: impl FnOnce(&mut FileBuilder)) -> String {
    let (_dir, path) = file(fill);
    open(&path).expect_err("refused").to_string()
}

#[test]
fn episodes_are_in_the_order_of_their_numbers_and_without_a_last_observation() {
    let (_dir, path) = file(|b| buffer(b, 12, &(0..12).collect::<Vec<_>>()));
    let data = open(&path).expect("opens");
    assert_eq!((data.origin.format.as_str(), data.num_episodes(), data.num_steps()), ("d3rlpy", 12, 36));
    assert_eq!(data.episode(10).obs_at(1), [102.0, 103.0]);
    let ends: Vec<_> = data.spans()[..2].iter().map(|s| (s.steps, s.obs_rows, s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(3, 3, true, false), (3, 3, false, true)]);
    assert_eq!(data.transitions(&[0]).len(), 2);
    assert_eq!(data.obs_space.names, ["obs[0]", "obs[1]"]);
    assert_eq!(data.origin.warnings, Vec::<String>::new());
}

#[test]
fn tuples_are_side_by_side_and_images_left_out() {
    let (_dir, path) = file(|b| {
        head(b, 1);
        b.create_dataset("observations_0_0").with_f32_data(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).with_shape(&[3, 2]);
        b.create_dataset("observations_0_1").with_u8_data(&[0; 36]).with_shape(&[3, 1, 3, 4]);
        b.create_dataset("observations_0_2").with_f32_data(&[7.0, 8.0, 9.0]);
        rest(b, 0, &[0.5; 3]);
    });
    let data = open(&path).expect("opens");
    assert_eq!(data.obs_space.names, ["0.0", "0.1", "2"]);
    assert_eq!(data.episode(0).obs_at(1), [3.0, 4.0, 8.0]);
    assert!(data.origin.rules.iter().any(|r| r == "observation 1 (images of 1 x 3 x 4) is not read"));
}

#[test]
fn version_1_is_flat_and_ends_where_it_says() {
    let flat = |b: &mut FileBuilder, own: &str, flags: &[u8]| {
        b.create_dataset("observations").with_f32_data(&[0.0; 12]).with_shape(&[6, 2]);
        b.create_dataset("actions").with_i32_data(&[0, 1, 0, 1, 0, 3]);
        b.create_dataset("rewards").with_f32_data(&[1.0; 6]).with_shape(&[6, 1]);
        b.create_dataset("terminals").with_f32_data(&[0.0, 1.0, 0.0, 0.0, 0.0, 0.0]).with_shape(&[6, 1]);
        b.create_dataset(own).with_u8_data(flags);
    };
    let (_dir, path) = file(|b| flat(b, "episode_terminals", &[0, 1, 0, 1, 0, 1]));
    let data = open(&path).expect("opens");
    assert_eq!(data.origin.format, "d3rlpy");
    let ends: Vec<_> = data.spans().iter().map(|s| (s.steps, s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(2, true, false), (2, false, true), (2, false, true)]);
    assert_eq!(data.action_space.kind, SpaceKind::Discrete { n: 4, start: 0 });
    assert!(data.origin.rules[0].contains("episode_terminals") && data.origin.warnings.is_empty());
    let (_dir, path) = file(|b| flat(b, "timeouts", &[0, 1, 0, 1, 0, 1]));
    assert_eq!(open(&path).expect("opens").origin.format, "d4rl", "D4RL keeps its own");
    let (_dir, path) = file(|b| {
        flat(b, "discrete_action", &[1]);
        b.create_dataset("version").with_ascii_strings(&["1.0"]).expect("strings").with_shape(&[]);
    });
    let data = open(&path).expect("opens");
    assert_eq!(data.origin.format, "d3rlpy");
    assert!(data.origin.warnings[0].contains("no 'episode_terminals'"), "{:?}", data.origin.warnings);
}

#[test]
fn numbers_that_lie_are_warnings_and_lost_episodes_errors() {
    let (_dir, path) = file(|b| buffer(b, 40, &[0, 1]));
    assert!(open(&path).expect("opens").origin.warnings[0].contains("num_episodes says 40, the file has 2"));
    assert!(refused(|b| buffer(b, 3, &[0, 1])).contains("'actions_2' is missing"));
    assert!(refused(|b| buffer(b, 3, &[0, 2])).contains("'actions_1' is missing"));
    assert!(refused(|b| buffer(b, 0, &[])).contains("the dataset is empty"));
    let text = refused(|b| {
        b.create_dataset("columns").with_ascii_strings(&["observations"]).expect("strings");
        b.create_dataset("total_size").with_i64_data(&[1]);
    });
    assert!(text.contains("'version' is 2.0"), "{text}");
}

#[test]
fn arrays_that_do_not_fit_are_named() {
    let with = |fill: &dyn Fn(&mut FileBuilder)| {
        refused(|b| {
            head(b, 1);
            fill(b);
        })
    };
    let text = with(&|b| rest(b, 0, &[0.5; 3]));
    assert!(text.contains("'observations_0' is missing"), "{text}");
    let text = with(&|b| {
        b.create_dataset("observations_0").with_f32_data(&[0.0; 3]);
        rest(b, 0, &[0.5; 2]);
    });
    assert!(text.contains("'rewards_0' has 2 rows, 'actions_0' has 3"), "{text}");
    let text = with(&|b| {
        b.create_dataset("observations_0").with_u8_data(&[0; 48]).with_shape(&[3, 1, 4, 4]);
        rest(b, 0, &[0.5; 3]);
    });
    assert!(text.contains("no numbers to read, only (images of 1 x 4 x 4)"), "{text}");
    let text = with(&|b| {
        b.create_dataset("observations_0").with_f32_data(&[0.0; 3]);
        b.create_dataset("actions_0").with_f32_data(&[0.0; 3]);
        b.create_dataset("rewards_0").with_f32_data(&[0.0; 3]);
        b.create_dataset("terminated_0").with_u8_data(&[0; 3]);
    });
    assert!(text.contains("'terminated_0' is not one number"), "{text}");
}

#[test]
fn every_prefix_of_a_file_ends_in_a_sentence() {
    let (dir, path) = file(|b| buffer(b, 2, &[0, 1]));
    let bytes = std::fs::read(&path).expect("bytes");
    let cut = dir.path().join("cut.h5");
    for end in (0..bytes.len()).step_by((bytes.len() / 150).max(1)) {
        std::fs::write(&cut, &bytes[..end]).expect("written");
        let _ = open(&cut).map_err(|e| assert!(e.to_string().contains("cut.h5")));
        let _ = opened(&D3rlpy, &cut, &Ctx::quiet());
    }
}

#[test]
fn what_is_not_read_is_listed_once() {
    let (_dir, path) = file(|b| {
        buffer(b, 2, &[0, 1]);
        (0..2).for_each(|id| _ = b.create_dataset(&format!("costs_{id}")).with_f32_data(&[0.0; 3]));
    });
    let data = format::open(&path, None, &Ctx::quiet()).expect("opens");
    assert_eq!(data.origin.left_out().collect::<Vec<_>>(), ["costs_0"]);
}
