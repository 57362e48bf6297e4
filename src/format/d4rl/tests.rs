#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use hdf5_pure::{AttrValue, FileBuilder};
use tempfile::TempDir;

use super::*;
use crate::data::dataset::Dataset;
use crate::data::space::SpaceKind;
use crate::format::place::Place;
use crate::format::reader::tests::opened;
use crate::ground::fault::Fault;

/// Ten steps of two dimensions; an end at step 3 (terminal) and at step 7 (time limit).
fn file(change: impl FnOnce(&mut FileBuilder)) -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.hdf5");
    let mut b = FileBuilder::new();
    let obs: Vec<f32> = (0..20).map(|i| i as f32).collect();
    b.create_dataset("observations").with_f32_data(&obs).with_shape(&[10, 2]);
    b.create_dataset("rewards").with_f32_data(&[0.5; 10]);
    b.create_dataset("terminals").with_u8_data(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    change(&mut b);
    b.write(&path).expect("written");
    (dir, path)
}

fn open(path: &Path) -> Result<Dataset, Fault> {
    opened(&D4rl, path, &Ctx::quiet())
}

fn with_ends(b: &mut FileBuilder) {
    b.create_dataset("timeouts").with_u8_data(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn episodes_names_and_rules() {
    let (_dir, path) = file(|b| {
        with_ends(b);
        b.create_dataset("actions").with_f32_data(&[0.25; 10]);
    });
    assert!(D4rl.probe(&Place::new(&path)));
    let data = open(&path).expect("opens");
    let ends: Vec<_> = data.spans().iter().map(|s| (s.steps, s.obs_rows, s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(4, 4, true, false), (4, 4, false, true), (2, 2, false, false)]);
    assert_eq!(data.episode(1).obs_at(0), [8.0, 9.0]);
    assert_eq!(data.transitions(&[0, 1, 2]).len(), 7, "the last step of each episode has no next observation");
    assert_eq!(data.obs_space.names, ["obs[0]", "obs[1]"]);
    assert_eq!((data.origin.env_id, data.origin.warnings), (None, Vec::new()));
    assert!(data.origin.rules.iter().any(|r| r.contains("terminals | timeouts")));
    assert!(!data.action_space.is_discrete());
}

#[test]
fn choices_stay_one_column_and_the_environment_is_what_the_file_says() {
    let (_dir, path) = file(|b| {
        with_ends(b);
        b.create_dataset("actions").with_i64_data(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0]).with_shape(&[10, 1]);
        b.set_attr("env_name", AttrValue::String("CartPole-v1".into()));
    });
    let data = open(&path).expect("opens");
    assert_eq!(data.action_space.kind, SpaceKind::Discrete { n: 3, start: 0 });
    assert_eq!((data.action_dim(), data.episode(0).action_at(2)), (1, &[2.0f32][..]));
    assert_eq!(data.origin.env_id.as_deref(), Some("CartPole-v1"));
    assert!(data.origin.rules.iter().any(|r| r.contains("int64")));
}

#[test]
fn negative_integers_are_no_choices() {
    let (_dir, path) = file(|b| {
        b.create_dataset("actions").with_i32_data(&[-1, 0, 1, -1, 0, 1, -1, 0, 1, 0]);
    });
    assert_eq!(open(&path).expect("opens").action_space.kind, SpaceKind::Unknown);
}

#[test]
fn next_observations_that_jump_are_kept_and_counted() {
    let (_dir, path) = file(|b| {
        b.create_dataset("actions").with_f32_data(&[0.0; 10]);
        // No timeouts, and one row whose next observation is not the following one.
        let mut next: Vec<f32> = (2..22).map(|i| i as f32).collect();
        next[12] = -1.0;
        b.create_dataset("next_observations").with_f32_data(&next).with_shape(&[10, 2]);
    });
    let data = open(&path).expect("opens");
    let warnings = data.origin.warnings.join("; ");
    assert!(warnings.contains("timeouts") && warnings.contains("1 rows differ"), "{warnings}");
    assert!(warnings.contains("row 6"), "{warnings}");
    let e = data.episode(1);
    assert_eq!((e.next_obs_at(2), e.obs_at(3)), (Some(&[-1.0f32, 15.0][..]), &[14.0f32, 15.0][..]));
    assert_eq!(e.next_obs_at(5), Some(&[20.0f32, 21.0][..]), "the last row too");
}

#[test]
fn columns_that_do_not_fit_are_named_with_both_numbers() {
    let message = |change: fn(&mut FileBuilder)| {
        let (_dir, path) = file(change);
        open(&path).expect_err("refused").to_string()
    };
    let text = message(|b| {
        b.create_dataset("actions").with_f32_data(&[0.0; 9]);
    });
    assert!(text.contains("'actions' has 9 rows and 'observations' 10"), "{text}");
    let text = message(|b| {
        b.create_dataset("actions").with_f32_data(&[0.0; 10]);
        b.create_dataset("next_observations").with_f32_data(&[0.0; 30]).with_shape(&[10, 3]);
    });
    assert!(text.contains("'next_observations' has 3 values a row and 'observations' 2"), "{text}");
    let text = message(|b| {
        b.create_dataset("actions").with_f32_data(&[0.0; 10]);
        b.create_dataset("timeouts").with_f32_data(&[0.0; 20]).with_shape(&[10, 2]);
    });
    assert!(text.contains("'timeouts' has 2 values a row"), "{text}");
    let text = message(|_| {});
    assert!(text.contains("'actions' is missing"), "{text}");
}

#[test]
fn files_of_other_layouts_are_not_taken() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.hdf5");
    let mut b = FileBuilder::new();
    let mut demo = b.create_group("data");
    demo.create_dataset("actions").with_f32_data(&[0.0]);
    b.add_group(demo.finish());
    b.write(&path).expect("written");
    assert!(!D4rl.probe(&Place::new(&path)) && !D4rl.probe(&Place::new(dir.path())));
}

#[test]
fn pieces_are_put_end_to_end_in_the_order_of_their_numbers() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.hdf5");
    let write = |odd: usize| {
        let mut b = FileBuilder::new();
        let mut pieces = b.create_group("virtual");
        for id in (0..12u64).rev() {
            let width = if id as usize == odd { 2 } else { 1 };
            let mut piece = pieces.create_group(&id.to_string());
            piece
                .create_dataset("observations")
                .with_f32_data(&vec![id as f32; 2 * width])
                .with_shape(&[2, width as u64]);
            piece.create_dataset("actions").with_f32_data(&[0.0; 2]).with_shape(&[2, 1]);
            piece.create_dataset("rewards").with_f32_data(&[1.0; 2]).with_shape(&[2, 1]);
            piece.create_dataset("terminals").with_u8_data(&[u8::from(id == 5), 0]).with_shape(&[2, 1]);
            pieces.add_group(piece.finish());
        }
        b.add_group(pieces.finish());
        b.write(&path).expect("written");
    };
    write(99);
    assert!(D4rl.probe(&Place::new(&path)));
    let data = open(&path).expect("opens");
    assert_eq!(
        data.spans().iter().map(|s| s.steps).collect::<Vec<_>>(),
        [11, 13],
        "an episode runs on into the next piece"
    );
    assert_eq!(data.obs, (0..24).map(|i| (i / 2) as f32).collect::<Vec<_>>());
    assert!(data.origin.rules.iter().any(|r| r.contains("'virtual/0', 'virtual/1'")), "{:?}", data.origin.rules);
    write(7);
    let text = open(&path).expect_err("refused").to_string();
    assert!(text.contains("'virtual/7/observations' has 2 values a row and 'virtual/0/observations' 1"), "{text}");
}

#[test]
fn what_is_in_infos_is_named_and_a_goal_explains_timeouts() {
    let (_dir, path) = file(|b| {
        with_ends(b);
        b.create_dataset("actions").with_f32_data(&[0.0; 10]);
        let mut infos = b.create_group("infos");
        infos.create_dataset("goal").with_f32_data(&[0.0; 10]);
        infos.create_dataset("qpos").with_f32_data(&[0.0; 10]);
        b.add_group(infos.finish());
    });
    let rules = open(&path).expect("opens").origin.rules.join("; ");
    assert!(rules.contains("'infos/goal', 'infos/qpos' are not part of the observations"), "{rules}");
    assert!(rules.contains("may mean a reached goal"), "{rules}");
}

#[test]
fn arrays_that_are_not_read_are_listed() {
    let (_dir, path) = file(|b| {
        with_ends(b);
        b.create_dataset("actions").with_f32_data(&[0.25; 10]);
        b.create_dataset("costs").with_f32_data(&[1.0; 10]);
    });
    let data = open(&path).expect("opens");
    assert!(data.origin.rules.contains(&"not read: 'costs'".to_owned()), "{:?}", data.origin.rules);
}
