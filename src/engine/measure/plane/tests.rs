use std::sync::Arc;

use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::{Space, SpaceKind};
use crate::engine::opened::Opened;
use crate::engine::spec::{FeatureSpec, Source};
use crate::ground::task::Ctx;

/// Two episodes of three steps: x counts up by two, rewards count up by one, actions are one of three.
fn opened() -> Opened {
    let span = |i: usize| EpisodeSpan {
        id: i as u64,
        first_step: 3 * i,
        steps: 3,
        first_obs: 3 * i,
        obs_rows: 3,
        terminated: false,
        truncated: true,
    };
    let parts = Parts {
        spans: vec![span(0), span(1)],
        obs: (0..12u8).map(f32::from).collect(),
        actions: vec![2.0, 0.0, 1.0, 0.0, 0.0, 2.0],
        rewards: (0..6u8).map(f64::from).collect(),
        next_obs: None,
    };
    let obs = Space { names: vec!["x".into(), "y".into()], kind: SpaceKind::Unknown };
    let actions = Space { names: vec!["move".into()], kind: SpaceKind::Discrete { n: 3, start: 0 } };
    Opened::new(Source::default(), Arc::new(Dataset::from_parts(Origin::default(), obs, actions, parts).unwrap()))
}

fn places(axes: (Along, Along)) -> Result<Vec<f32>, Fault> {
    let o = opened();
    let space = FeatureSpace::resolve(&FeatureSpec::default(), &o).unwrap();
    let rows = space.rows(&o.data, &[0, 1], &Ctx::quiet()).unwrap();
    Ok(Plane::resolve(Some(axes), &space, &rows, &o.data)?.places(&o.data, &rows))
}

#[test]
fn each_kind_of_axis_is_what_its_name_says() {
    let x = places((Along::Dimension(0), Along::Reward)).unwrap();
    assert_eq!(x, [0.0, 0.0, 2.0, 1.0, 4.0, 2.0, 6.0, 3.0, 8.0, 4.0, 10.0, 5.0]);
    // Returns 0 + 1 + 2 and 3 + 4 + 5; the third action of three as its own column.
    let x = places((Along::Return, Along::Action(2))).unwrap();
    assert_eq!(x, [3.0, 1.0, 3.0, 0.0, 3.0, 0.0, 12.0, 0.0, 12.0, 0.0, 12.0, 1.0]);
    // x and y move as one: the first axis is their sum in standard deviations over √2, the second is nothing.
    let x = places((Along::Principal(0), Along::Principal(1))).unwrap();
    let std = (35.0f64 / 12.0).sqrt() * 2.0;
    let first = |i: usize| (2.0 * i as f64 - 5.0) / std * 2.0f64.sqrt();
    for i in 0..6 {
        assert!((f64::from(x[2 * i]) - first(i)).abs() < 1e-5 && x[2 * i + 1].abs() < 1e-5, "{i}: {x:?}");
    }
}

#[test]
fn what_is_no_axis_is_refused() {
    assert!(places((Along::Dimension(2), Along::Reward)).is_err());
    assert!(places((Along::Action(3), Along::Reward)).is_err());
    assert!(places((Along::Reward, Along::Reward)).is_err());
}

#[test]
fn every_axis_is_offered_once_by_name() {
    let o = opened();
    let space = FeatureSpace::resolve(&FeatureSpec::default(), &o).unwrap();
    let names: Vec<String> = offered(&space, &o.data).into_iter().map(|(_, name)| name).collect();
    let actions = o.data.action_space.encoded_names();
    let wanted: Vec<&str> = ["x", "y"]
        .into_iter()
        .chain(actions.iter().map(String::as_str))
        .chain(["reward", "return", "PC1", "PC2"])
        .collect();
    assert_eq!(names, wanted);
}
