#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use hdf5_pure::{AttrValue, FileBuilder};
use tempfile::TempDir;

use super::*;
use crate::data::dataset::Dataset;
use crate::format::place::Place;
use crate::format::reader::tests::opened;
use crate::ground::fault::Fault;

const DICT: &str = r#"{\"type\": \"Dict\", \"subspaces\": {\"b\": {\"type\": \"Box\", \"dtype\": \"float64\", \"shape\": [2], \"low\": [-Infinity, 0.0], \"high\": [Infinity, 1.0]}, \"a\": {\"type\": \"Discrete\", \"dtype\": \"int64\", \"start\": 0, \"n\": 3}}}"#;

/// Episodes 0..n of `id + 1` steps with observations {a: [T+1], b: [T+1, 2]}.
fn folder(ids: &[u64], metadata: &str, change: impl Fn(u64, &mut hdf5_pure::GroupBuilder, &mut [u8])) -> TempDir {
    let dir = stored(FileBuilder::new(), ids, change);
    std::fs::write(dir.path().join("data").join(METADATA_FILE), metadata).expect("written");
    dir
}

/// The same without a description beside it.
fn stored(mut b: FileBuilder, ids: &[u64], change: impl Fn(u64, &mut hdf5_pure::GroupBuilder, &mut [u8])) -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    for &id in ids {
        let steps = id as usize + 1;
        let mut group = b.create_group(&format!("episode_{id}"));
        let mut last = vec![0u8; steps];
        last[steps - 1] = 1;
        // Of two attributes of one name the first is found.
        change(id, &mut group, &mut last);
        group.set_attr("total_steps", AttrValue::I64(steps as i64));
        let mut obs = group.create_group("observations");
        obs.create_dataset("b")
            .with_f64_data(&vec![0.5 + id as f64; 2 * (steps + 1)])
            .with_shape(&[steps as u64 + 1, 2]);
        obs.create_dataset("a").with_i64_data(&(0..=steps as i64).map(|i| i % 3).collect::<Vec<_>>());
        group.add_group(obs.finish());
        group.create_dataset("actions").with_f32_data(&vec![0.25; steps]).with_shape(&[steps as u64, 1]);
        group.create_dataset("rewards").with_f64_data(&vec![1.0; steps]);
        group.create_dataset("terminations").with_u8_data(&last);
        group.create_dataset("truncations").with_u8_data(&vec![0; steps]);
        b.add_group(group.finish());
    }
    std::fs::create_dir(dir.path().join("data")).expect("folder");
    b.write(dir.path().join("data").join(MAIN_FILE)).expect("written");
    dir
}

/// Minari before 0.5 wrote the description into the file (tried with a file of Minari 0.4.3).
#[test]
fn an_older_description_stands_in_the_attributes_of_the_file() {
    let text = |text: &str| AttrValue::String(text.to_owned());
    let described = |with_totals: bool| {
        let mut b = FileBuilder::new();
        if with_totals {
            b.set_attr("total_episodes", AttrValue::I64(2));
            b.set_attr("total_steps", AttrValue::I64(3));
        }
        b.set_attr("observation_space", text(&DICT.replace("\\\"", "\"")));
        b.set_attr("env_spec", text(r#"{"id": "Thing-v3", "max_episode_steps": 9}"#));
        b.set_attr("dataset_id", text("x-v0"));
        stored(b, &[0, 1], |_, _, _| {})
    };
    let data = open(&described(true)).expect("opens");
    assert_eq!((data.num_episodes(), data.num_steps()), (2, 3));
    assert_eq!((data.origin.env_id.as_deref(), data.origin.dataset_id.as_deref()), (Some("Thing-v3"), Some("x-v0")));
    assert_eq!(data.obs_space.names, ["a.0", "b.0", "b.1"]);
    assert!(data.origin.env_spec.is_some_and(|spec| spec.contains("max_episode_steps")));
    assert!(data.origin.rules.iter().any(|r| r.contains("as Minari before 0.5 wrote it")));
    let text = open(&described(false)).expect_err("no totals").to_string();
    assert!(text.contains("metadata.json is missing") && text.contains("attributes"), "{text}");
}

fn metadata(episodes: usize, steps: usize) -> String {
    format!(
        r#"{{"total_episodes": {episodes}, "total_steps": {steps}, "data_format": "hdf5", "dataset_id": "x/y-v0",
           "observation_space": "{DICT}", "env_spec": "{{\"id\": \"Thing-v3\", \"reward_threshold\": NaN}}"}}"#
    )
}

fn open(dir: &TempDir) -> Result<Dataset, Fault> {
    opened(&Minari, dir.path(), &Ctx::quiet())
}

#[test]
fn episodes_are_in_the_order_of_their_numbers_with_parts_side_by_side() {
    let ids: Vec<u64> = (0..12).collect();
    let dir = folder(&ids, &metadata(12, 78), |_, _, _| {});
    let data = open(&dir).expect("opens");
    assert_eq!(data.spans().iter().map(|s| s.id).collect::<Vec<_>>(), ids, "episode_10 comes after episode_9");
    assert_eq!(data.obs_space.names, ["a.0", "b.0", "b.1"]);
    assert_eq!((data.obs_space.bounds(0), data.obs_space.bounds(1)), (Some((0.0, 2.0)), None));
    assert_eq!(data.episode(10).obs_at(4), [1.0, 10.5, 10.5]);
    assert!(data.spans().iter().all(|s| s.terminated && !s.truncated && s.obs_rows == s.steps + 1));
    assert_eq!(data.origin.env_id.as_deref(), Some("Thing-v3"));
    assert_eq!(data.origin.warnings, Vec::<String>::new());
}

#[test]
fn totals_that_lie_are_a_warning_and_lost_episodes_an_error() {
    let data = open(&folder(&[0, 1], &metadata(40, 3), |_, _, _| {})).expect("opens");
    assert!(data.origin.warnings[0].contains("total_episodes 40, the file has 2"), "{:?}", data.origin.warnings);
    let text = open(&folder(&[0, 1], &metadata(3, 6), |_, _, _| {})).expect_err("lost").to_string();
    assert!(text.contains("'episode_2' is missing"), "{text}");
    assert!(text.contains("counts 3 episodes, 2 are there"), "{text}");
    let text = open(&folder(&[0, 2], &metadata(3, 9), |_, _, _| {})).expect_err("a gap").to_string();
    assert!(text.contains("'episode_1' is missing"), "{text}");
    let data = open(&folder(&[0, 2], &metadata(2, 4), |_, _, _| {})).expect("what is counted is there");
    assert_eq!(data.spans().iter().map(|s| s.id).collect::<Vec<_>>(), [0, 2]);
    assert!(data.origin.warnings[0].contains("leaves out 1 up to episode_2 (first: episode_1)"), "{:?}", data.origin);
}

#[test]
fn early_ends_and_lying_attributes_are_named() {
    let dir = folder(&[0, 1, 2, 3], &metadata(4, 10), |id, group, ends| match id {
        2 => group.set_attr("total_steps", AttrValue::I64(99)),
        3 => ends[1] = 1,
        _ => {}
    });
    let warnings = open(&dir).expect("opens").origin.warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("before their last step") && warnings[0].contains("episode_3"), "{warnings:?}");
    assert!(warnings[1].contains("total_steps") && warnings[1].contains("episode_2"), "{warnings:?}");
}

#[test]
fn arrays_that_do_not_fit_their_space_are_named() {
    let narrow =
        metadata(1, 1).replace("[2]", "[1]").replace("[-Infinity, 0.0]", "[0.0]").replace("[Infinity, 1.0]", "[1.0]");
    let text = open(&folder(&[0], &narrow, |_, _, _| {})).expect_err("refused").to_string();
    assert!(text.contains("'episode_0/observations/b' has 2 values a row, its space has 1"), "{text}");
    let text =
        open(&folder(&[0], &metadata(1, 1).replace("Discrete", "Graph"), |_, _, _| {})).expect_err("graph").to_string();
    assert!(text.contains("'observation_space'") && text.contains("'Graph'"), "{text}");
}

#[test]
fn other_storage_is_recognised_and_named() {
    let dir = tempfile::tempdir().expect("temporary folder");
    std::fs::write(dir.path().join(METADATA_FILE), r#"{"data_format": "zarr", "total_episodes": 1}"#).expect("written");
    assert!(Minari.probe(&Place::new(dir.path())));
    let text = open(&dir).expect_err("not read").to_string();
    assert!(text.contains("data_format 'zarr' is none of hdf5, arrow, parquet"), "{text}");
    std::fs::write(dir.path().join(METADATA_FILE), r#"{"data_format": "hdf5", "total_episodes": 1}"#).expect("written");
    let text = open(&dir).expect_err("nothing there").to_string();
    assert!(text.contains("main_data.hdf5 is missing"), "{text}");
    std::fs::write(dir.path().join(METADATA_FILE), r#"{"name": "something else"}"#).expect("written");
    assert!(!Minari.probe(&Place::new(dir.path())));
}

#[test]
fn text_is_left_out_with_a_rule() {
    let data = open(&folder(&[0], &metadata(1, 1).replace("Discrete", "Text"), |_, _, _| {})).expect("opens");
    assert_eq!(data.obs_space.names, ["b.0", "b.1"]);
    assert!(data.origin.rules.contains(&"observation a (text) is not read".to_owned()), "{:?}", data.origin.rules);
}

#[test]
fn no_more_is_kept_than_may_be_whatever_the_description_promises() {
    let ids: Vec<u64> = (0..12).collect();
    let dir = folder(&ids, &metadata(1, 1), |_, _, _| {});
    let numbers = 4 * 3 * (78 + 12) + 78 * (4 + 8);
    assert_eq!(
        Minari.open(&Place::new(dir.path()), &Ctx::quiet()).and_then(|e| e.bytes()).expect("counted"),
        Some(numbers),
        "no action space is described: counted"
    );
    let open = |memory| opened(&Minari, dir.path(), &Ctx::quiet().within(memory));
    assert_eq!(open(numbers).expect("fits").bytes(), numbers);
    let text = open(numbers - 1).expect_err("too large").to_string();
    assert!(text.contains("more than metadata.json says") && text.contains("--memory"), "{text}");
}

#[test]
fn what_is_stored_beside_the_steps_is_listed() {
    let dir = folder(&[0, 1], &metadata(2, 3), |_, group, _| {
        let mut infos = group.create_group("infos");
        infos.create_dataset("x_position").with_f64_data(&[0.0; 2]);
        group.add_group(infos.finish());
    });
    assert_eq!(open(&dir).expect("opens").origin.left_out().collect::<Vec<_>>(), ["infos"]);
    let plain = open(&folder(&[0], &metadata(1, 1), |_, _, _| {})).expect("opens");
    assert_eq!(plain.origin.left_out().count(), 0);
}
