#![allow(clippy::float_cmp, reason = "copies")]

use std::fs;

use polars_core::prelude::{Column, IntoColumn as _, StructChunked};
use tempfile::TempDir;

use super::super::super::Format as _;
use super::super::super::frame::tests::{lists, write_arrow, write_parquet};
use super::super::Minari;
use super::*;
use crate::data::dataset::Dataset;
use crate::data::space::SpaceKind;
use crate::format::place::Place;
use crate::format::reader::tests::opened;
use crate::ground::fault::Fault;

const SPACE: &str = r#"{\"type\": \"Dict\", \"subspaces\": {
    \"b\": {\"type\": \"Box\", \"dtype\": \"float64\", \"shape\": [2], \"low\": [-1.0, 0.0], \"high\": [1.0, Infinity]},
    \"a\": {\"type\": \"Tuple\", \"subspaces\": [{\"type\": \"Discrete\", \"dtype\": \"int64\", \"start\": 0, \"n\": 9}]}}}"#;
const ACTIONS: &str = r#"{\"type\": \"Discrete\", \"dtype\": \"int64\", \"start\": 0, \"n\": 2}"#;

fn metadata(format: &str, episodes: usize, steps: usize) -> String {
    let text = format!(
        r#"{{"total_episodes": {episodes}, "total_steps": {steps}, "data_format": "{format}", "observation_space": "{SPACE}",
           "action_space": "{ACTIONS}"}}"#
    );
    text.replace('\n', " ")
}

/// T+1 rows of an episode of `steps` steps, columns by name.
fn rows(steps: usize) -> Vec<Column> {
    let n = steps + 1;
    let flags = |at: usize| (0..n).map(|t| t == at).collect::<Vec<bool>>();
    let place = Column::new("0".into(), (0..n as i64).collect::<Vec<_>>());
    let parts = [
        lists("b", &vec![0.25; 2 * n], 2, true),
        StructChunked::from_columns("a".into(), n, &[place]).expect("a struct").into_column(),
    ];
    vec![
        StructChunked::from_columns("observations".into(), n, &parts).expect("a struct").into_column(),
        Column::new("actions".into(), vec![1i64; n]),
        Column::new("rewards".into(), vec![0.5; n]),
        Column::new("terminations".into(), flags(steps - 1)),
        Column::new("truncations".into(), flags(n)),
        Column::new("infos".into(), vec!["not read"; n]),
    ]
}

/// Episodes 0..n of `id + 1` steps each.
fn folder(format: &str, ids: &[u64], change: impl Fn(u64, Vec<Column>) -> Vec<Column>) -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(dir.path().join("data")).expect("folder");
    for &id in ids {
        let episode = dir.path().join("data").join(id.to_string());
        fs::create_dir_all(&episode).expect("folder");
        let columns = change(id, rows(id as usize + 1));
        let file = episode.join(format!("part-0.{format}"));
        if format == "arrow" {
            write_arrow(&file, columns);
        } else {
            write_parquet(&file, columns);
        }
        let said = format!(r#"{{"id": {id}, "total_steps": {}, "seed": NaN}}"#, id + 1);
        fs::write(episode.join(METADATA_FILE), said).expect("written");
    }
    let steps = ids.iter().map(|id| *id as usize + 1).sum();
    fs::write(dir.path().join("data").join(METADATA_FILE), metadata(format, ids.len(), steps)).expect("written");
    dir
}

fn open(dir: &TempDir) -> Result<Dataset, Fault> {
    opened(&Minari, dir.path(), &Ctx::quiet())
}

fn failure(dir: &TempDir) -> String {
    open(dir).expect_err("refused").to_string()
}

#[test]
fn both_storages_are_read_in_the_order_of_numbers_without_the_padding() {
    let ids: Vec<u64> = (0..12).collect();
    for format in ["arrow", "parquet"] {
        let dir = folder(format, &ids, |_, c| c);
        assert!(Minari.probe(&Place::new(dir.path())));
        let data = open(&dir).expect("opens");
        assert_eq!(data.spans().iter().map(|s| (s.id, s.steps)).collect::<Vec<_>>()[10], (10, 11));
        assert_eq!(data.obs_space.names, ["a.0.0", "b.0", "b.1"]);
        assert_eq!((data.obs_space.bounds(0), data.obs_space.bounds(1)), (Some((0.0, 8.0)), Some((-1.0, 1.0))));
        assert_eq!(data.action_space.kind, SpaceKind::Discrete { n: 2, start: 0 });
        assert_eq!((data.episode(3).obs_at(4), data.num_steps()), (&[4.0, 0.25, 0.25][..], 78));
        assert!(data.spans().iter().all(|s| s.terminated && !s.truncated && s.obs_rows == s.steps + 1));
        assert_eq!(data.origin.warnings, Vec::<String>::new());
    }
}

#[test]
fn lost_episodes_and_wrong_totals_are_told_as_for_hdf5() {
    let dir = folder("arrow", &[0, 1], |_, c| c);
    let describe = |text: String| fs::write(dir.path().join("data").join(METADATA_FILE), text).expect("written");
    describe(metadata("arrow", 40, 3));
    assert!(open(&dir).expect("opens").origin.warnings[0].contains("total_episodes 40"));
    describe(metadata("arrow", 3, 6));
    assert!(failure(&dir).contains("episode folder '2' is missing"), "{}", failure(&dir));
    describe(metadata("arrow", 2, 3));
    fs::remove_file(dir.path().join("data/1/part-0.arrow")).expect("removed");
    assert!(failure(&dir).contains("part-0.arrow: is missing"), "{}", failure(&dir));
    fs::remove_dir_all(dir.path().join("data/0")).expect("removed");
    assert!(failure(&dir).contains("episode folder '0' is missing"), "{}", failure(&dir));
    assert!(failure(&folder("parquet", &[], |_, c| c)).contains("the dataset is empty"));
}

#[test]
fn columns_that_do_not_fit_are_named() {
    let without = |name: &str| {
        let name = name.to_owned();
        move |_: u64, c: Vec<Column>| c.into_iter().filter(|c| c.name().as_str() != name).collect::<Vec<_>>()
    };
    for format in ["arrow", "parquet"] {
        let text = failure(&folder(format, &[0], without("rewards")));
        assert!(text.contains("'rewards' is missing; the file has"), "{text}");
        let plain = |_: u64, mut c: Vec<Column>| {
            c[0] = Column::new("observations".into(), [1.0, 2.0]);
            c
        };
        assert!(failure(&folder(format, &[0], plain)).contains("'observations.a.0' is missing"));
    }
    let short = folder("arrow", &[1], |_, c| c.iter().map(|c| c.slice(0, 2)).collect());
    fs::rename(short.path().join("data/1"), short.path().join("data/0")).expect("moved");
    assert!(failure(&short).contains("'observations' has 2 rows for as many steps, Minari needs one more"));
    let lying = folder("arrow", &[2], |_, c| c);
    fs::rename(lying.path().join("data/2"), lying.path().join("data/0")).expect("moved");
    fs::write(lying.path().join("data/0").join(METADATA_FILE), r#"{"total_steps": 9}"#).expect("written");
    let warnings = open(&lying).expect("opens").origin.warnings;
    assert!(warnings[0].contains("total_steps"), "{warnings:?}");
}

#[test]
fn every_prefix_of_an_episode_ends_in_an_error() {
    for format in ["arrow", "parquet"] {
        let dir = folder(format, &[0], |_, c| c);
        let path = dir.path().join("data/0").join(format!("part-0.{format}"));
        let whole = fs::read(&path).expect("written");
        for cut in (0..whole.len()).step_by(whole.len().div_ceil(100)) {
            fs::write(&path, &whole[..cut]).expect("cut");
            assert!(open(&dir).is_err(), "cut at {cut}");
        }
    }
}
