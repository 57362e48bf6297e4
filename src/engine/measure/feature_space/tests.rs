#![expect(clippy::float_cmp, reason = "small whole numbers are exact")]

use super::*;
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::SpaceKind;
use crate::engine::spec::Source;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::{Activation, Layer, Mlp};
use crate::world::net::normalizer::Normalizer;

/// Two episodes of three steps; the second observation of the second one is no number.
fn dataset(actions: Space) -> Dataset {
    let span = |i: usize| EpisodeSpan {
        id: i as u64,
        first_step: 3 * i,
        steps: 3,
        first_obs: 4 * i,
        obs_rows: 4,
        terminated: false,
        truncated: true,
    };
    let mut obs: Vec<f32> = (0..16u8).map(f32::from).collect();
    obs[10] = f32::NAN;
    let parts = Parts {
        spans: vec![span(0), span(1)],
        obs,
        actions: vec![2.0, 3.0, 2.0, 4.0, 2.0, 3.0],
        rewards: vec![0.0; 6],
        next_obs: None,
    };
    let space = Space { names: vec!["x".into(), "ẋ".into()], kind: SpaceKind::Unknown };
    Dataset::from_parts(Origin::default(), space, actions, parts).unwrap()
}

/// Hidden units relu(x), relu(-a); the first elite is the second of two members, whose units are doubled.
fn model() -> Ensemble {
    let hidden = Layer {
        inputs: 3,
        outputs: 2,
        weight: vec![1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 2.0, 0.0, 0.0, 0.0, 0.0, -2.0],
        bias: vec![0.0; 4],
    };
    let last = Layer { inputs: 2, outputs: 2, weight: vec![0.0; 8], bias: vec![0.0; 4] };
    Ensemble {
        obs_dim: 2,
        action_dim: 1,
        learned_reward: false,
        learned_termination: false,
        deterministic: true,
        net: Mlp::new(2, Activation::Relu, vec![hidden, last]).unwrap(),
        input: Normalizer::identity(3),
        target: Normalizer::identity(2),
        min_logvar: vec![],
        max_logvar: vec![],
        elites: vec![1],
        absolute: Vec::new(),
        seen: Vec::new(),
    }
}

fn opened(actions: Space, model: Option<Ensemble>) -> Opened {
    let data = Arc::new(dataset(actions));
    let checkpoint = model.map(|m| Arc::new(Checkpoint { world_model: Some(Box::new(m)), ..Checkpoint::default() }));
    Opened { checkpoint, ..Opened::new(Source::default(), data) }
}

fn force() -> Space {
    Space { names: vec!["force".into()], kind: SpaceKind::Unknown }
}

fn spec(base: Base, dims: &[&str]) -> FeatureSpec {
    FeatureSpec { base, dims: dims.iter().map(|d| (*d).into()).collect(), ..FeatureSpec::default() }
}

fn rows(spec: &FeatureSpec, opened: &Opened) -> (Vec<String>, FeatureRows) {
    let space = FeatureSpace::resolve(spec, opened).unwrap();
    let rows = space.rows(&opened.data, &[0, 1], &Ctx::quiet()).unwrap();
    (space.names().to_vec(), rows)
}

#[test]
fn observations_are_the_datasets_states_and_know_their_steps() {
    let o = opened(force(), None);
    let (names, found) = rows(&FeatureSpec::default(), &o);
    assert_eq!(names, ["x", "ẋ"]);
    assert_eq!((found.rows.clone(), found.owner.clone()), o.data.states(&[0, 1]));
    assert_eq!(found.step, [0, 1, 2, 0, 2]);
    let space = FeatureSpace::resolve(&FeatureSpec::default(), &o).unwrap();
    let aligned = space.of_episode(&o.data, 1, &Ctx::quiet()).unwrap();
    assert_eq!(aligned.len(), 6, "a row for every step");
    assert!(aligned[2].is_nan() && aligned[3].is_nan() && aligned[4] == 12.0);
}

#[test]
fn dimensions_are_chosen_by_name_or_number() {
    let o = opened(force(), None);
    let (names, found) = rows(&spec(Base::ObservationAction, &["2", "ẋ"]), &o);
    assert_eq!(names, ["ẋ", "force"]);
    assert_eq!(found.rows[..4], [1.0, 2.0, 3.0, 3.0]);
    let what = FeatureSpace::resolve(&spec(Base::Observation, &["x"]), &o).unwrap();
    assert_eq!(what.choice().what, "observation dimensions chosen of 2");
    let sentence = |s: &FeatureSpec| FeatureSpace::resolve(s, &o).unwrap_err().to_string();
    let unknown = sentence(&spec(Base::ObservationAction, &["y"]));
    assert_eq!(unknown, "there is no dimension 'y': choose numbers or names of 0 x, 1 ẋ, 2 force");
    assert!(sentence(&spec(Base::Observation, &["2"])).contains("no dimension '2'"));
    let bad = FeatureSpec { pca: Some(0.0), ..FeatureSpec::default() };
    assert!(sentence(&bad).contains("above 0 and at most 1"));
}

#[test]
fn choices_become_a_column_each() {
    let kind = SpaceKind::Discrete { n: 3, start: 2 };
    let o = opened(Space { names: vec!["push".into()], kind }, None);
    let (names, found) = rows(&spec(Base::ObservationAction, &[]), &o);
    assert_eq!(names, ["x", "ẋ", "push=2", "push=3", "push=4"]);
    assert_eq!(found.rows[..10], [0.0, 1.0, 1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 1.0, 0.0]);
}

#[test]
fn a_latent_is_the_first_elite_members_last_hidden_layer() {
    let o = opened(force(), Some(model()));
    let (names, found) = rows(&spec(Base::Latent, &[]), &o);
    assert_eq!(names, ["latent[0]", "latent[1]"]);
    assert_eq!(found.rows, [0.0, 0.0, 4.0, 0.0, 8.0, 0.0, 16.0, 0.0, 24.0, 0.0]);
    assert_eq!(found.step, [0, 1, 2, 0, 2], "relu hides no number that is none");
    let sentence = |o: &Opened| FeatureSpace::resolve(&spec(Base::Latent, &[]), o).unwrap_err().to_string();
    assert!(sentence(&opened(force(), None)).contains("no checkpoint is named"));
    let mut linear = model();
    linear.net.layers.truncate(1);
    assert!(sentence(&opened(force(), Some(linear))).contains("single linear layer"));
    let mut empty = opened(force(), Some(model()));
    empty.checkpoint = Some(Arc::new(Checkpoint::default()));
    assert!(sentence(&empty).contains("holds none"));
}

#[test]
fn rows_are_thinned_to_so_many_numbers() {
    let mut rows =
        FeatureRows { rows: (0..20u8).map(f32::from).collect(), owner: (0..10).collect(), step: (10..20).collect() };
    assert!(!rows.thin(20));
    assert!(rows.thin(9));
    assert_eq!((rows.rows.len(), rows.owner.len(), rows.step.len()), (8, 4, 4));
    for (i, (owner, step)) in rows.owner.iter().zip(&rows.step).enumerate() {
        assert_eq!((owner + 10, 2.0 * *owner as f32), (*step, rows.rows[2 * i]));
    }
}
