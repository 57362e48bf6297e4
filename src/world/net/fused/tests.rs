use super::*;
use crate::ground::seed::stream;
use crate::world::net::init;
use crate::world::net::network::{Network, cpu, tensor, values};

/// Rows beyond one tile, two members.
const ROWS: usize = TILE + 37;

fn net() -> Mlp {
    init::mlp(2, &[3, 16, 8, 2], Activation::Relu, 1.0, &mut stream(0, "weights", 0))
}

#[test]
fn forward_and_gradients_are_autodiffs() {
    let (net, rng) = (net(), &mut stream(1, "rows", 0));
    let (x, towards) = (init::normal(ROWS * 3, rng), init::normal(2 * ROWS * 2, rng));
    let mut fused = FusedMlp::new(&net);
    let out = fused.forward(&x);
    assert_eq!(out, net.forward(&x));
    fused.backward(&towards);

    let device = cpu();
    let twin = Network::from_mlp(&net, &device);
    let input = tensor(x.clone(), [1, ROWS, 3], &device).require_grad();
    let loss = (twin.forward(input.clone()) * tensor(towards, [2, ROWS, 2], &device)).sum();
    let mut grads = loss.backward();
    let want = values(input.grad_remove(&mut grads).unwrap());
    let near = |a: &[f32], b: &[f32]| {
        assert_eq!(a.len(), b.len());
        // Sums of some hundred products of magnitude about 1, in another order.
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4), "{:?} {:?}", &a[..3], &b[..3]);
    };
    near(&fused.input_gradient(), &want);
    // A step of Adam goes by the sign of the gradient alone at first: weights show nothing that gradients do not.
    fused.descend(&x, 0.0);
    for (l, weight) in twin.weights().iter().enumerate() {
        let of = || fused.parts.iter().skip(l).step_by(fused.layers);
        let mine: Vec<f32> = of().flat_map(|p| p.weight.grad.iter().copied()).collect();
        near(&mine, &values(weight.grad(&grads).unwrap()));
    }
}

#[test]
fn training_goes_on_from_moments() {
    let (x, towards) = (vec![0.3; ROWS * 3], vec![0.1; 2 * ROWS * 2]);
    let step = |net: &mut FusedMlp| {
        net.forward(&x);
        net.backward(&towards);
        net.descend(&x, 1e-2);
    };
    let mut one = FusedMlp::new(&net());
    step(&mut one);
    let mut other = FusedMlp::new(&one.to_mlp()).with_moments(&one.moments()).unwrap();
    let mut fresh = FusedMlp::new(&one.to_mlp());
    for net in [&mut one, &mut other, &mut fresh] {
        step(net);
    }
    assert_eq!(one.to_mlp(), other.to_mlp());
    assert_ne!(one.to_mlp(), fresh.to_mlp());
    assert!(one.with_moments(&[1.0]).unwrap_err().contains("1 numbers"));
}

#[test]
fn a_share_of_the_way() {
    let mut a = FusedMlp::new(&net());
    let b = FusedMlp::new(&init::mlp(2, &[3, 16, 8, 2], Activation::Relu, 1.0, &mut stream(9, "weights", 0)));
    let (from, to) = (a.to_mlp(), b.to_mlp());
    a.toward(&b, 0.25);
    let got = a.to_mlp();
    let weights = |net: &Mlp| net.layers.iter().flat_map(|l| [&l.weight[..], &l.bias].concat()).collect::<Vec<_>>();
    for ((f, t), g) in weights(&from).iter().zip(weights(&to)).zip(weights(&got)) {
        assert!((g - (0.75 * f + 0.25 * t)).abs() < 1e-6);
    }
}

#[test]
fn the_function_stays_where_the_units_change() {
    let (net, x) = (net(), init::normal(5 * 3, &mut stream(2, "rows", 0)));
    let of = |mean: f32, std: f32| Normalizer { mean: vec![mean, -mean], std: vec![std, 2.0 * std] };
    let (from, to) = (of(0.0, 1.0), of(0.7, 3.0));
    // The third column is no feature and stays.
    let seen = |by: &Normalizer| {
        let row = |r: &[f32]| [by.apply(&r[..2]), r[2..].to_vec()].concat();
        x.chunks_exact(3).flat_map(row).collect::<Vec<f32>>()
    };
    let mut fused = FusedMlp::new(&net);
    let before = fused.forward(&seen(&from));
    fused.move_inputs(&from, &to);
    fused.scale_outputs(2.0);
    let after = fused.forward(&seen(&to));
    assert!(before.iter().zip(&after).all(|(b, a)| (2.0 * b - a).abs() < 1e-5), "{before:?} {after:?}");
}

#[test]
fn no_rows_are_no_work() {
    let mut net = FusedMlp::new(&net());
    assert!(net.forward(&[]).is_empty());
}
