#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::{Space, SpaceKind};
use crate::format;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Twelve episodes of 1 to 12 steps; numbers that only survive bit for bit.
fn dataset(action_space: Space) -> Dataset {
    let mut parts = Parts::default();
    for id in 0..12u64 {
        let steps = id as usize + 1;
        let last = parts.spans.last();
        parts.spans.push(EpisodeSpan {
            id,
            first_step: last.map_or(0, |s: &EpisodeSpan| s.first_step + s.steps),
            steps,
            first_obs: last.map_or(0, |s: &EpisodeSpan| s.first_obs + s.obs_rows),
            obs_rows: steps + 1,
            terminated: id % 3 == 0,
            truncated: id % 3 == 1,
        });
        parts.obs.extend((0..2 * (steps + 1)).map(|i| 0.1f32 * i as f32 + id as f32 / 3.0));
        parts.rewards.extend((0..steps).map(|i| 0.1 * i as f64 - 1e-17));
        let discrete = action_space.is_discrete();
        let action = |i: usize| if discrete { (i % 3) as f32 } else { (i as f32 * 0.7).sin() };
        parts.actions.extend((0..steps * action_space.dim()).map(action));
    }
    let obs_space = Space {
        names: vec!["position.0".into(), "velocity.0".into()],
        kind: SpaceKind::Box { low: vec![-4.8, f32::NEG_INFINITY], high: vec![4.8, f32::INFINITY] },
    };
    Dataset::from_parts(Origin::default(), obs_space, action_space, parts).expect("parts fit")
}

fn about() -> MinariAbout {
    MinariAbout {
        dataset_id: "pendulum/topup-v0".into(),
        env_spec: Some(r#"{"id": "Thing-v1"}"#.into()),
        resets: (0..12).map(|i| Reset { seed: Some(i), options: vec![("x".into(), 0.5)] }).collect(),
        ..MinariAbout::default()
    }
}

#[test]
fn what_is_written_is_read_back_bit_for_bit() {
    let continuous =
        Space { kind: SpaceKind::Box { low: vec![-1.0; 2], high: vec![1.0; 2] }, ..Space::unnamed("action", 2) };
    let choices = Space { kind: SpaceKind::Discrete { n: 3, start: 0 }, ..Space::unnamed("action", 1) };
    for space in [continuous, choices] {
        let dir = tempfile::tempdir().expect("temporary folder");
        let folder = dir.path().join("topup-v0");
        let data = dataset(space);
        write_minari(&folder, &data, &about()).expect("written");
        for path in [folder.clone(), folder.join("data"), folder.join("data").join(MAIN_FILE)] {
            let back = format::open(&path, None, &Ctx::quiet()).expect("opens");
            assert_eq!(back.origin.warnings, Vec::<String>::new());
            assert_eq!(back.origin.env_id.as_deref(), Some("Thing-v1"));
            assert_eq!(back.origin.dataset_id.as_deref(), Some("pendulum/topup-v0"));
            assert_eq!(Dataset { origin: Origin::default(), ..back }, data);
        }
        let again = write_minari(&folder, &data, &about()).expect_err("exists").to_string();
        assert!(again.contains("exists already"), "{again}");
    }
}

#[test]
fn an_unknown_space_is_written_without_bounds() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let folder = dir.path().join("x");
    write_minari(&folder, &dataset(Space::unnamed("action", 1)), &about()).expect("written");
    let back = format::open(&folder, None, &Ctx::quiet()).expect("opens");
    assert_eq!(back.action_space.bounds(0), None);
    assert_eq!(back.obs_space.bounds(0), Some((-4.8, 4.8)));
}

#[test]
fn what_minari_cannot_hold_is_refused_before_writing() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let folder = dir.path().join("x");
    let refused = |data: &Dataset, about: &MinariAbout, word: &str| {
        let text = write_minari(&folder, data, about).expect_err(word).to_string();
        assert!(text.contains(word), "{text}");
        assert!(!folder.exists());
    };
    let data = dataset(Space::unnamed("action", 1));
    let mut short = data.clone();
    short.spans[3].obs_rows -= 1;
    refused(&short, &about(), "episode 3 has no final observation");
    let mut other = data.clone();
    other.next_obs = Some(vec![0.0; data.num_steps() * 2]);
    refused(&other, &about(), "next observations");
    refused(&data, &MinariAbout { dataset_id: "no version".into(), ..about() }, "'no version' is no Minari id");
    refused(&data, &MinariAbout { resets: vec![Reset::default()], ..about() }, "1 resets");
    let choices = Space { kind: SpaceKind::Discrete { n: 2, start: 0 }, ..Space::unnamed("action", 1) };
    let mut fraction = dataset(choices);
    fraction.actions[0] = 0.5;
    refused(&fraction, &about(), "which is no choice");
}

#[test]
fn ids_are_those_that_minari_accepts() {
    for id in ["a-v0", "pendulum/expert-v0", "D4RL/pen/cloned-v2", "my_set-with-dashes-v10"] {
        assert!(is_dataset_id(id), "{id}");
    }
    for id in ["", "a", "a-v", "a-vx", "/a-v0", "a//b-v0", "../a-v0", "a b-v0", "-v0", "x/-v0"] {
        assert!(!is_dataset_id(id), "{id}");
    }
}

#[test]
fn a_parquet_file_keeps_the_names_of_the_dimensions_and_the_environment() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.parquet");
    let mut data = dataset(Space { names: vec!["torque".into()], ..Space::unnamed("action", 1) });
    data.origin.env_id = Some("Thing-v1".into());
    writer("parquet").expect("there").whole(&path, &data, &MinariAbout::default()).expect("written");
    let back = format::open(&path, None, &Ctx::quiet()).expect("opens");
    assert_eq!((&back.obs_space.names, &back.action_space.names), (&data.obs_space.names, &data.action_space.names));
    assert_eq!(back.origin.env_id, data.origin.env_id);
    // A mapping chooses other columns, of which the names say nothing.
    std::fs::write(dir.path().join("x.parquet.toml"), "observation = ['obs_1', 'obs_0']").expect("written");
    let back = format::open(&path, None, &Ctx::quiet()).expect("opens");
    assert_eq!(back.obs_space.names, ["obs_1", "obs_0"]);
}

#[test]
fn episodes_that_come_a_few_at_a_time_are_written_as_if_they_came_at_once() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let data = dataset(Space::unnamed("action", 1));
    for writer in WRITERS {
        let path = |name: &str| dir.path().join(format!("{name}{}", writer.ending));
        let about = MinariAbout { resets: Vec::new(), ..about() };
        writer.whole(&path("whole"), &data, &about).expect("written");
        let parts = |take: Take<'_>| {
            let mut some = [0..5, 5..6, 6..12].into_iter().map(|part| data.subset(&part.collect::<Vec<_>>()));
            some.try_for_each(|part| take(&part))
        };
        (writer.write)(&path("parts"), &data, &about, &mut |take| parts(take)).expect("written");
        let read = |name: &str| {
            let read = format::open(&path(name), None, &Ctx::quiet()).expect("opens");
            Dataset { origin: Origin::default(), ..read }
        };
        assert!(read("whole") == read("parts"), "{}", writer.name);
        // What ends early leaves nothing behind.
        let stopped = (writer.write)(&path("stopped"), &data, &about, &mut |take| {
            parts(take).and(Err(Fault::at(Path::new("source"), "is cut")))
        });
        assert_eq!(stopped.expect_err("stopped").to_string(), "source: is cut");
        assert!(!path("stopped").exists());
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("folder").count(), 2 * WRITERS.len());
}

#[test]
fn next_observations_are_written_only_where_every_step_has_one() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.hdf5");
    let data = dataset(Space::unnamed("action", 1));
    let mut open = data.subset(&[1]);
    let rows = open.spans[0].steps;
    open.spans[0].obs_rows = rows;
    open.obs.truncate(rows * 2);
    let write = |parts: &[&Dataset]| {
        d4rl::write(&path, &data, &about(), &mut |take| parts.iter().try_for_each(|part| take(part))).expect("written");
        let read = format::open(&path, None, &Ctx::quiet()).expect("opens");
        read.spans().iter().filter(|s| s.obs_rows > s.steps).count()
    };
    assert_eq!(write(&[&data, &data]), 24);
    assert_eq!(write(&[&data, &open]), 0);
    assert_eq!(write(&[&open, &data]), 0);
}
