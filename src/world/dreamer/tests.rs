mod forms;

use super::*;
use crate::data::space::Space;
use crate::world::latent::battery;
use crate::world::net::activation::Activation;

const UNITS: usize = 6;
const LATENTS: usize = 6;
const CLASSES: usize = 3;

fn dense(inputs: usize, outputs: usize, blocks: usize, seed: usize, last: bool) -> Dense {
    let value = |i: usize| ((i + 100 * seed) as f32 * 0.731 + 0.1).sin();
    let (norm, activation) = if last {
        (Norm::None, Activation::Identity)
    } else {
        (Norm::Rms { scale: (0..outputs).map(value).collect(), eps: 1e-4 }, Activation::Silu)
    };
    Dense {
        inputs,
        outputs,
        blocks,
        weight: (0..inputs / blocks * outputs).map(value).collect(),
        bias: (0..outputs).map(value).collect(),
        norm,
        activation,
    }
}

fn net(widths: [usize; 3], seed: usize) -> Stack {
    Stack::new(vec![dense(widths[0], widths[1], 1, seed, false), dense(widths[1], widths[2], 1, seed + 1, true)])
        .unwrap()
}

fn one(inputs: usize, outputs: usize, seed: usize) -> Stack {
    Stack::new(vec![dense(inputs, outputs, 1, seed, false)]).unwrap()
}

fn blocks() -> Cell {
    let gates = vec![dense(UNITS + 2 * 12, UNITS, 2, 20, false), dense(UNITS, 3 * UNITS, 2, 21, true)];
    Cell::Blocks {
        units: one(UNITS, 4, 22),
        latents: one(LATENTS, 4, 23),
        action: one(1, 4, 24),
        // The first layer's blocks say how often the hidden columns are there.
        gates: Stack::new(gates).unwrap(),
    }
}

fn normed() -> Cell {
    Cell::Normed { input: one(LATENTS + 1, 5, 30), gates: one(UNITS + 5, 3 * UNITS, 31) }
}

fn model(cell: Cell, start: Start) -> Dreamer {
    let reward = Reward::TwoHot(TwoHot { logits: net([UNITS + LATENTS, 5, 7], 8), stretched_last: true });
    Dreamer {
        action_dim: 1,
        classes: CLASSES,
        scale: None,
        heads: None,
        context: 3,
        unimix: 0.0,
        bounded_actions: true,
        symlog_in: true,
        symlog_out: true,
        certain: 1.0,
        start,
        encoder: one(2, 4, 1),
        posterior: net([UNITS + 4, 6, LATENTS], 2),
        cell,
        prior: net([UNITS, 6, LATENTS], 4),
        decoder: net([UNITS + LATENTS, 6, 2], 6),
        reward,
        goes_on: net([UNITS + LATENTS, 6, 1], 10),
    }
    .checked()
    .unwrap()
}

fn both() -> [Dreamer; 2] {
    [model(blocks(), Start::Zeros), model(normed(), Start::Learned(vec![0.3, -0.2, 0.1, 0.9, -0.7, 0.2]))]
}

/// Matrices of another height are multiplied in another order: single precision, sums of some ten terms of size 1.
fn near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5 * b.abs().max(1.0))
}

#[test]
fn rows_do_not_know_of_each_other() {
    for model in both() {
        battery::rows_are_apart(&model, 4.0, near);
        assert!(model.trainable().unwrap_err().contains("fit --model rssm"));
    }
}

#[test]
fn following_an_episode_is_filtering_it() {
    for model in both() {
        battery::following_is_filtering(&model, 4.0, near);
    }
}

#[test]
fn blocks_of_one_are_the_plain_map() {
    let plain = dense(4, 6, 1, 3, true);
    let x: Vec<f32> = (0..8).map(|i| (i as f32 * 0.9).sin()).collect();
    // Two blocks: the plain map whose other quarters are zeros.
    let halves = dense(4, 6, 2, 3, true);
    let at = |r: usize, c: usize| if r / 2 == c / 3 { halves.weight[(r / 2 * 2 + r % 2) * 3 + c % 3] } else { 0.0 };
    let full = Dense { weight: (0..24).map(|i| at(i / 6, i % 6)).collect(), blocks: 1, ..halves.clone() };
    let run = |dense: Dense| Stack::new(vec![dense]).unwrap().forward(&x);
    assert!(near(&run(halves), &run(full)));
    assert!(!near(&run(plain.clone()), &run(Dense { bias: vec![9.0; 6], ..plain })));
}

#[test]
fn inputs_and_outputs_are_taken_in_another_order() {
    let net = net([3, 5, 2], 40);
    let x = [0.3, -0.4, 0.9];
    let want = net.forward(&x);
    assert!(near(&net.clone().first_inputs_last(1).forward(&[-0.4, 0.9, 0.3]), &want));
    assert!(near(&net.clone().reordered(&[2, 0, 1], false).forward(&[0.9, 0.3, -0.4]), &want));
    assert!(near(&net.clone().reordered(&[1, 0], true).forward(&x), &[want[1], want[0]]));
    assert_eq!(net.clone().reordered(&[0, 0, 1], false), net, "no order");
}

#[test]
fn actions_beyond_their_bounds_are_taken_as_the_bounds() {
    let space = Space::unnamed("action", 1);
    let [model, _] = both();
    let after = |action: f32| {
        let mut state = model.begin(&battery::past(1, &space, 4.0));
        model.step(&mut state, &Actions::new(&space, vec![action]), Feedback::Mean).prediction.next_obs
    };
    assert_eq!(after(3.0), after(1.0));
    assert_ne!(after(0.5), after(1.0));
}

#[test]
fn draws_follow_the_prior() {
    let [_, model] = both();
    battery::draws_follow_the_prior(&model, CLASSES, |features| {
        let (units, latents) = model.apart(features);
        model.prior.forward(&model.carry_on(&units, &latents, &[0.5]))
    });
}

#[test]
fn networks_that_do_not_fit_are_named() {
    let wrong = |change: &dyn Fn(&mut Dreamer)| {
        let [mut model, _] = both();
        change(&mut model);
        model.checked().unwrap_err()
    };
    assert_eq!(wrong(&|m| m.decoder = net([UNITS, 6, 2], 7)), "the decoder's inputs are 6, the other networks need 12");
    assert!(wrong(&|m| m.classes = 4).contains("6 latents are no whole groups of 4 classes"));
    assert!(wrong(&|m| m.start = Start::Learned(vec![0.0])).contains("units of the beginning are 1"));
    assert!(wrong(&|m| m.action_dim = 2).contains("layer over the action"));
    let broken = Dense { bias: vec![0.0], ..dense(4, 6, 1, 3, true) };
    assert!(Stack::new(vec![broken]).unwrap_err().contains("not whole"));
    assert!(
        Stack::new(vec![dense(4, 6, 1, 3, true), dense(5, 6, 1, 3, true)]).unwrap_err().contains("layer 1 takes 5")
    );
    assert!(Stack::new(Vec::new()).is_err());
}
