use super::*;
use crate::agent::policy::{Network, Output, Spread};
use crate::data::dataset::{Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::{Space, SpaceKind};
use crate::engine::spec::Source;
use crate::world::net::mlp::{Activation, Layer, Mlp};

/// Ten episodes of five steps whose observations are 1, 2, 3, …
fn opened() -> Opened {
    let span = |i: usize| EpisodeSpan {
        id: i as u64,
        first_step: i * 5,
        steps: 5,
        first_obs: i * 6,
        obs_rows: 6,
        terminated: false,
        truncated: true,
    };
    let parts = Parts {
        spans: (0..10).map(span).collect(),
        obs: (1..=60).map(|i| i as f32).collect(),
        actions: vec![0.0; 50],
        rewards: vec![0.0; 50],
        next_obs: None,
    };
    let space = Space { kind: SpaceKind::Box { low: vec![-1.0], high: vec![1.0] }, ..Space::unnamed("torque", 1) };
    let data = Dataset::from_parts(Origin::default(), Space::unnamed("angle", 1), space, parts).unwrap();
    Opened::new(Source::default(), Arc::new(data))
}

/// Actions `factor · obs`, between `bound`s.
fn linear(factor: f32, output: Output, bound: f32) -> Box<dyn Policy> {
    let layer = Layer { inputs: 1, outputs: 1, weight: vec![factor], bias: vec![0.0] };
    let net = Mlp::new(1, Activation::Relu, vec![layer]).unwrap();
    Box::new(Network::new(net, output, Spread::None, (vec![-bound], vec![bound])).unwrap())
}

#[test]
fn what_is_odd_is_said_once() {
    let opened = opened();
    let said = |policy: &dyn Policy| doubts(policy, &opened).join(" | ");
    assert_eq!(said(&*linear(0.01, Output::Clip, 1.0)), "");
    assert!(said(&*linear(1.0, Output::Clip, f32::INFINITY)).contains("outside the bounds"));
    assert!(said(&*linear(1000.0, Output::Tanh, 1.0)).contains("at their bounds in all"));
    let behind = |mean: f64, std: f64| {
        let statistics = Statistics { mean: vec![mean], std: vec![std], clip: Some(10.0) };
        Normalised::new(statistics, linear(0.01, Output::Clip, 1.0)).unwrap()
    };
    assert_eq!(said(&behind(30.0, 15.0)), "");
    assert!(said(&behind(500.0, 15.0)).contains("angle[0] by 3"), "{}", said(&behind(500.0, 15.0)));
    let folded = |mean: f32, std: f32| {
        let layer = Layer { inputs: 1, outputs: 2, weight: vec![0.01, 0.0], bias: vec![0.0, 0.0] };
        let net = Mlp::new(1, Activation::Relu, vec![layer]).unwrap();
        SquashedGaussian::new(net, Normalizer { mean: vec![mean], std: vec![std] }, vec![1.0], vec![0.0])
    };
    assert_eq!(said(&folded(0.0, 1.0)), "", "what acts on observations as they are has no statistics");
    assert_eq!(said(&folded(30.0, 15.0)), "");
    assert!(said(&folded(500.0, 15.0)).contains("angle[0] by 3"), "{}", said(&folded(500.0, 15.0)));
}
