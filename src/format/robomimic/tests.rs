#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use std::path::PathBuf;

use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use tempfile::TempDir;

use super::*;
use crate::data::dataset::Dataset;
use crate::data::space::SpaceKind;
use crate::format;
use crate::format::reader::tests::opened;
use crate::ground::fault::Fault;
use std::path::Path;

/// Which arrays a demo gets.
#[derive(Clone, Copy)]
struct Plan {
    next: bool,
    rewards: bool,
    obs: bool,
}

const FULL: Plan = Plan { next: true, rewards: true, obs: true };

/// A demo of `steps` steps: `b` counts from `10 * id`, `a` is one number, `cam` are images.
fn demo(data: &mut GroupBuilder, id: u64, steps: usize, plan: Plan) {
    let n = steps as u64;
    let mut g = data.create_group(&format!("demo_{id}"));
    g.set_attr("num_samples", AttrValue::I64(steps as i64));
    g.create_dataset("actions").with_f64_data(&vec![0.25; 2 * steps]).with_shape(&[n, 2]);
    g.create_dataset("states").with_f64_data(&vec![7.0; steps]).with_shape(&[n, 1]);
    if plan.rewards {
        g.create_dataset("rewards").with_f64_data(&vec![0.5; steps]);
    }
    let mut dones = vec![0i64; steps];
    dones[steps - 1] = i64::from(id.is_multiple_of(2));
    g.create_dataset("dones").with_i64_data(&dones);
    for (name, shift) in [("obs", 0), ("next_obs", 1)] {
        if !plan.obs || (shift == 1 && !plan.next) {
            continue;
        }
        let mut obs = g.create_group(name);
        let values: Vec<f32> = (0..2 * steps).map(|i| (10 * id as usize + i + 2 * shift) as f32).collect();
        obs.create_dataset("b").with_f32_data(&values).with_shape(&[n, 2]);
        obs.create_dataset("a").with_f32_data(&vec![1.0; steps]);
        obs.create_dataset("cam").with_u8_data(&vec![9; steps * 12]).with_shape(&[n, 2, 2, 3]);
        g.add_group(obs.finish());
    }
    data.add_group(g.finish());
}

fn file(total: i64, fill: impl FnOnce(&mut GroupBuilder)) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.hdf5");
    let mut b = FileBuilder::new();
    let mut data = b.create_group("data");
    data.set_attr("total", AttrValue::I64(total));
    data.set_attr("env_args", AttrValue::String("{\n \"env_name\": \"Lift\", \"type\": 1}".into()));
    fill(&mut data);
    b.add_group(data.finish());
    let mut mask = b.create_group("mask");
    mask.create_dataset("train").with_ascii_strings(&["demo_0", "demo_1"]).expect("strings");
    b.add_group(mask.finish());
    b.write(&path).expect("written");
    (dir, path)
}

fn open(path: &Path) -> Result<Dataset, Fault> {
    format::open(path, None, &Ctx::quiet())
}

fn refused(total: i64, fill: impl FnOnce(&mut GroupBuilder)) -> String {
    let (_dir, path) = file(total, fill);
    open(&path).expect_err("refused").to_string()
}

#[test]
fn demos_are_in_the_order_of_their_numbers_with_parts_side_by_side() {
    let (_dir, path) = file(36, |data| (0..12).for_each(|id| demo(data, id, 3, FULL)));
    let data = open(&path).expect("opens");
    assert_eq!(data.origin.format, "robomimic");
    assert_eq!(data.spans().iter().map(|s| s.id).collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
    assert_eq!(data.obs_space.names, ["a", "b.0", "b.1"]);
    assert_eq!(
        (data.episode(10).obs_at(0), data.episode(10).obs_at(3)),
        (&[1.0, 100.0, 101.0][..], &[1.0, 106.0, 107.0][..])
    );
    let ends: Vec<_> = data.spans()[..2].iter().map(|s| (s.obs_rows, s.terminated, s.truncated)).collect();
    assert_eq!(ends, [(4, true, false), (4, false, true)]);
    assert_eq!((data.origin.env_id.as_deref(), data.next_obs.is_none()), (Some("Lift"), true));
    assert_eq!(data.origin.warnings, Vec::<String>::new());
    let rules = data.origin.rules.join("; ");
    for words in
        ["cam (images of 2 x 2 x 3) is not read", "train (2 demos)", "a, b side by side, in alphabetical order"]
    {
        assert!(rules.contains(words), "{rules}");
    }
}

#[test]
fn without_rewards_next_observations_or_observations_rules_say_so() {
    let (_dir, path) = file(3, |data| demo(data, 1, 3, Plan { next: false, rewards: false, obs: true }));
    let data = open(&path).expect("robosuite counts from 1");
    assert_eq!((data.spans()[0].obs_rows, &data.rewards[..]), (3, &[0.0; 3][..]));
    let rules = data.origin.rules.join("; ");
    assert!(rules.contains("every reward is 0") && rules.contains("no next_obs"), "{rules}");
    let (_dir, path) = file(3, |data| demo(data, 0, 3, Plan { obs: false, ..FULL }));
    let data = open(&path).expect("states stand in");
    assert_eq!((data.obs_space.names.clone(), data.episode(0).obs_at(0)), (vec!["states".to_owned()], &[7.0f32][..]));
    assert!(data.origin.rules.iter().any(|r| r.contains("simulator's 'states'")));
}

#[test]
fn whatever_is_there_is_read_and_what_the_file_says_otherwise_is_a_warning() {
    let warned = |total: i64, fill: &dyn Fn(&mut GroupBuilder)| -> (usize, String) {
        let (_dir, path) = file(total, fill);
        let data = open(&path).expect("opens");
        (data.num_episodes(), data.origin.warnings.join("; "))
    };
    let (n, said) = warned(9, &|data| {
        (0..3).for_each(|id| demo(data, id, 3, FULL));
        let empty = data.create_group("demo_3");
        data.add_group(empty.finish());
    });
    assert_eq!((n, said.as_str()), (3, "1 demos without a step are left out (first: demo_3)"));
    let (n, said) = warned(100, &|data| (0..3).for_each(|id| demo(data, id, 3, FULL)));
    assert!(n == 3 && said.contains("total says 100 steps, the demos that are there have 9"), "{said}");
    let (n, said) = warned(6, &|data| [0, 2].into_iter().for_each(|id| demo(data, id, 3, FULL)));
    assert!(n == 2 && said.contains("leaves out 1 up to demo_2 (first: demo_1)") && !said.contains("total"), "{said}");
    let (n, said) = warned(9, &|data| [0, 3, 7].into_iter().for_each(|id| demo(data, id, 3, FULL)));
    assert!(n == 3 && said.contains("leaves out 5 up to demo_7 (first: demo_1)"), "{said}");
    assert!(said.contains("mask/train names 1 demo of which no group is in the file: 'demo_1'"), "{said}");
    let (_, said) = warned(6, &|data| [1, 2].into_iter().for_each(|id| demo(data, id, 3, FULL)));
    assert!(!said.contains("numbering"), "robosuite counts from 1: {said}");
}

#[test]
fn masks_that_overlap_are_told() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.hdf5");
    let mut b = FileBuilder::new();
    let mut data = b.create_group("data");
    (0..4).for_each(|id| demo(&mut data, id, 3, FULL));
    b.add_group(data.finish());
    let mut mask = b.create_group("mask");
    for (key, names) in [
        ("train", &["demo_0", "demo_1"][..]),
        ("valid", &["demo_1", "demo_2"]),
        ("50_percent_train", &["demo_0"]),
        ("50_percent_valid", &["demo_2"]),
    ] {
        mask.create_dataset(key).with_ascii_strings(names).expect("strings");
    }
    b.add_group(mask.finish());
    b.write(&path).expect("written");
    let warnings = open(&path).expect("opens").origin.warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("1 demo is in mask/train and in mask/valid, which overlap"), "{warnings:?}");
    assert!(warnings[0].contains("'demo_1'"), "{warnings:?}");
}

#[test]
fn a_folder_of_files_is_one_dataset() {
    let dir = tempfile::tempdir().expect("temporary folder");
    for (name, ids) in [("task_10.hdf5", 0..2u64), ("task_9.hdf5", 0..3)] {
        let (_own, path) = file(3 * (ids.end - ids.start) as i64, |data| ids.for_each(|id| demo(data, id, 3, FULL)));
        std::fs::copy(path, dir.path().join(name)).expect("copied");
    }
    let data = open(dir.path()).expect("opens");
    assert_eq!(data.spans().iter().map(|s| s.id).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    // task_9 comes before task_10: its third demo is the third episode.
    assert_eq!(data.episode(2).obs_at(0)[1], 20.0);
    assert!(data.origin.rules.iter().any(|r| r.contains("2 files are one dataset")), "{:?}", data.origin.rules);
    assert!(data.origin.warnings.is_empty(), "{:?}", data.origin.warnings);
    crate::format::reader::tests::agree(
        &data,
        &*Robomimic.open(&Place::new(dir.path()), &Ctx::quiet()).expect("opens"),
    );
}

#[cfg(unix)]
#[test]
fn a_file_of_a_folder_that_is_a_link_out_of_it_is_not_followed() {
    let (_own, path) = file(3, |data| demo(data, 0, 3, FULL));
    let dir = tempfile::tempdir().expect("temporary folder");
    std::fs::copy(&path, dir.path().join("a.hdf5")).expect("copied");
    assert_eq!(open(dir.path()).expect("opens").num_episodes(), 1);
    std::os::unix::fs::symlink(&path, dir.path().join("b.hdf5")).expect("linked");
    let text = opened(&Robomimic, dir.path(), &Ctx::quiet()).expect_err("refused").to_string();
    assert!(text.contains("b.hdf5") && text.contains("link out of its folder"), "{text}");
}

#[test]
fn a_mapping_chooses_the_arrays() {
    let (_dir, path) = file(6, |data| (0..2).for_each(|id| demo(data, id, 3, FULL)));
    let map = path.with_extension("hdf5.toml");
    std::fs::write(&map, "observation = [\"b\"]\naction = \"states\"").expect("written");
    let data = open(&path).expect("opens");
    assert_eq!((data.obs_space.names.join(" "), data.action_dim()), ("b.0 b.1".into(), 1));
    assert_eq!(data.spans()[0].obs_rows, 4);
    assert!(data.origin.rules.iter().any(|r| r == "not read: actions"), "{:?}", data.origin.rules);
    std::fs::write(&map, "observation = [\"states\", \"a\"]").expect("written");
    assert_eq!(open(&path).expect("of two groups").episode(0).obs_at(2), [7.0, 1.0]);
    std::fs::write(&map, "episode = \"a\"").expect("written");
    assert!(open(&path).expect_err("fixed").to_string().contains("'episode' cannot be chosen in a robomimic dataset"));
}

#[test]
fn demos_that_do_not_fit_are_named_with_both_numbers() {
    let text = refused(6, |data| {
        demo(data, 0, 3, FULL);
        demo(data, 1, 3, Plan { rewards: false, ..FULL });
    });
    assert!(text.contains("'data/demo_1/rewards' is missing"), "{text}");
    let text = refused(6, |data| {
        demo(data, 0, 3, Plan { rewards: false, ..FULL });
        demo(data, 1, 3, FULL);
    });
    assert!(text.contains("'data/demo_1/rewards' is there, and the first demo has none"), "{text}");
    let text = refused(2, |data| {
        let mut g = data.create_group("demo_0");
        g.create_dataset("actions").with_f32_data(&[0.0; 2]);
        let mut obs = g.create_group("obs");
        obs.create_dataset("x").with_f32_data(&[0.0; 3]);
        g.add_group(obs.finish());
        data.add_group(g.finish());
    });
    assert!(text.contains("'data/demo_0/obs/x' has 3 rows, 'data/demo_0/actions' has 2"), "{text}");
    let text = refused(1, |data| {
        let mut g = data.create_group("demo_0");
        g.create_dataset("actions").with_f32_data(&[0.0]);
        let mut obs = g.create_group("obs");
        obs.create_dataset("cam").with_u8_data(&[0; 12]).with_shape(&[1, 2, 2, 3]);
        obs.create_dataset("words").with_ascii_strings(&["a"]).expect("strings");
        g.add_group(obs.finish());
        data.add_group(g.finish());
    });
    assert!(text.contains("no numbers to read (it has cam (images of 2 x 2 x 3), words (strings))"), "{text}");
    let text = refused(1, |data| {
        let mut g = data.create_group("demo_0");
        g.create_dataset("actions").with_f32_data(&[0.0]);
        data.add_group(g.finish());
    });
    assert!(text.contains("'data/demo_0/obs' holds no numbers to read (it has nothing)"), "{text}");
    let text = refused(0, |_| {});
    assert!(text.contains("the dataset is empty"), "{text}");
}

#[test]
fn a_demo_that_is_done_early_goes_on_and_whole_actions_are_choices() {
    let (_dir, path) = file(3, |data| {
        let mut g = data.create_group("demo_0");
        g.set_attr("num_samples", AttrValue::I64(3));
        g.create_dataset("actions").with_i64_data(&[0, 2, 1]);
        g.create_dataset("dones").with_i64_data(&[0, 1, 1]);
        let mut obs = g.create_group("obs");
        obs.create_dataset("flat").with_f32_data(&[0.0; 6]).with_shape(&[3, 2]);
        g.add_group(obs.finish());
        data.add_group(g.finish());
    });
    let data = open(&path).expect("opens");
    assert_eq!((data.num_steps(), data.action_space.kind.clone()), (3, SpaceKind::Discrete { n: 3, start: 0 }));
    let told = data.origin.warnings.join("; ");
    assert!(told.contains("1 demos have 'dones' set before their last step"), "{told}");
    assert_eq!(data.obs_space.names, ["flat.0", "flat.1"]);
}

#[test]
fn every_prefix_of_a_file_ends_in_a_sentence() {
    let (dir, path) = file(2, |data| demo(data, 0, 2, FULL));
    let bytes = std::fs::read(&path).expect("bytes");
    let cut = dir.path().join("cut.hdf5");
    for end in (0..bytes.len()).step_by((bytes.len() / 150).max(1)) {
        std::fs::write(&cut, &bytes[..end]).expect("written");
        let _ = open(&cut).map_err(|e| assert!(e.to_string().contains("cut.hdf5")));
        let _ = opened(&Robomimic, &cut, &Ctx::quiet());
    }
}
