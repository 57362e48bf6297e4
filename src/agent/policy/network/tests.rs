use super::*;
use crate::ground::seed::stream;
use crate::world::net::mlp::{Activation, Layer};

/// x -> relu(x) -> means 2x and the log deviation that is given, where there is one.
fn net(log_std: Option<f32>) -> Mlp {
    let first = Layer { inputs: 1, outputs: 1, weight: vec![1.0], bias: vec![0.0] };
    let last = match log_std {
        None => Layer { inputs: 1, outputs: 1, weight: vec![2.0], bias: vec![0.0] },
        Some(log_std) => Layer { inputs: 1, outputs: 2, weight: vec![2.0, 0.0], bias: vec![0.0, log_std] },
    };
    Mlp::new(1, Activation::Relu, vec![first, last]).unwrap()
}

fn bounds() -> (Vec<f32>, Vec<f32>) {
    (vec![-1.0], vec![3.0])
}

/// Deviation of what is drawn at x = 1 over many episodes.
fn deviation(policy: &Network) -> f32 {
    let mut states: Vec<PolicyState> = (0..4000).map(|i| policy.begin(stream(0, "arm", i))).collect();
    let drawn = policy.act(&[1.0; 4000], &mut states, Acting::Sampled);
    let mean = drawn.stored().iter().sum::<f32>() / 4000.0;
    (drawn.stored().iter().map(|a| (a - mean).powi(2)).sum::<f32>() / 4000.0).sqrt()
}

#[test]
fn means_become_actions_between_the_bounds() {
    let act = |output, x: f32| {
        let policy = Network::new(net(None), output, Spread::None, bounds()).unwrap();
        policy.act(&[x], &mut [policy.begin(stream(0, "arm", 0))], Acting::Greedy).stored()[0]
    };
    assert!((act(Output::Tanh, 0.5) - (1.0 + 2.0 * 1f32.tanh())).abs() < 1e-6);
    assert!((act(Output::TanhMean, 0.5) - (1.0 + 2.0 * 1f32.tanh())).abs() < 1e-6);
    assert_eq!((act(Output::Clip, 0.5), act(Output::Clip, 50.0)), (1.0, 3.0));
    let short = Network::new(net(None), Output::Tanh, Spread::None, bounds()).unwrap().with_most(0.25);
    let most = short.act(&[9.0], &mut [short.begin(stream(0, "arm", 0))], Acting::Greedy).stored()[0];
    assert!((most - (1.0 + 2.0 * 0.25f32.tanh())).abs() < 1e-6);
}

#[test]
fn every_spread_has_its_deviation() {
    let wide = (vec![f32::NEG_INFINITY], vec![f32::INFINITY]);
    for (spread, log_std, want) in [
        (Spread::None, None, 0.0),
        (Spread::Fixed(vec![0.5]), None, 0.5),
        (Spread::OfState(-5.0, 2.0), Some(0.5f32.ln()), 0.5),
        (Spread::OfState(-1.0, 2.0), Some(-9.0), (-1f32).exp()),
        (Spread::OfEpisode(vec![0.5]), None, 0.5),
    ] {
        let policy = Network::new(net(log_std), Output::Clip, spread.clone(), wide.clone()).unwrap();
        let got = deviation(&policy);
        assert!((got - want).abs() < 0.03, "{spread:?}: {got}");
    }
}

#[test]
fn the_noise_of_an_episode_stays_the_same() {
    let policy = Network::new(net(None), Output::Clip, Spread::OfEpisode(vec![0.5]), (vec![-9.0], vec![9.0])).unwrap();
    let mut states = [policy.begin(stream(0, "arm", 0))];
    let mut act = || policy.act(&[1.0], &mut states, Acting::Sampled).stored().to_vec();
    assert_eq!(act(), act());
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |output, spread, bounds| Network::new(net(None), output, spread, bounds).unwrap_err();
    assert!(refused(Output::Tanh, Spread::None, (vec![f32::NEG_INFINITY], vec![1.0])).contains("stretched"));
    assert!(refused(Output::Clip, Spread::OfState(-5.0, 2.0), bounds()).contains("1 outputs"));
    assert!(refused(Output::Clip, Spread::None, (vec![0.0; 2], vec![1.0; 2])).contains("2 dimensions"));
}
