//! Disagreement by one-step heads: what it is made of, that it leaves the model as it is, and that it knows where the data end.

use rand::RngExt;

use super::*;
use crate::world::imagine;
use crate::world::latent::bootstrap::{HeadsFit, Taught};
use crate::world::net::network::{Network, tensor, values};

/// From one state: the three heads by hand, in double precision, and the model without heads.
#[test]
fn members_spread_as_the_heads_do_around_what_the_model_says_itself() {
    let (with, space) = (headed(), Space::unnamed("action", 1));
    let without = Rssm { heads: None, ..with.clone() };
    let past = battery::past(2, &space, 1.0);
    let actions = Actions::new(&space, vec![0.3, -0.8]);
    let before = with.begin(&past);
    let features = with.features(&before).to_vec();
    let say = |model: &Rssm, feedback| {
        let mut state = model.begin(&past);
        (model.step(&mut state, &actions, feedback), state)
    };
    let (own, own_state) = say(&without, Feedback::Mean);
    let (said, state) = say(&with, Feedback::Mean);
    assert_eq!((&said.reward, &said.terminated, &state.obs), (&own.reward, &own.terminated, &own_state.obs));
    assert_eq!(with.features(&state), without.features(&own_state));
    let p = &said.prediction;
    assert_eq!((p.members, with.dims().members, with.draws(), without.dims().members), (3, 3, 1, 1));
    let heads = with.heads.as_ref().unwrap();
    let width = features.len() / 2;
    for r in 0..2 {
        let input: Vec<f64> = features[r * width..(r + 1) * width]
            .iter()
            .chain(&actions.stored()[r..=r])
            .map(|v| f64::from(*v))
            .collect();
        let by_hand: Vec<Vec<f64>> = (0..3).map(|e| head_by_hand(heads, e, &input)).collect();
        for c in 0..2 {
            let raw: Vec<f64> = by_hand
                .iter()
                .map(|out| out[c].signum() * out[c].abs().exp_m1() * f64::from(with.scale.std[c]))
                .collect();
            let mean = raw.iter().sum::<f64>() / 3.0;
            let of = |values: &[f32], e: usize| f64::from(values[(e * 2 + r) * 2 + c]);
            let whole = f64::from(own.prediction.next_obs[2 * r + c]);
            let change = f64::from(own.prediction.delta[2 * r + c]);
            for e in 0..3 {
                // Single precision of sums of some ten terms of size 1, stretched by at most the largest of the heads.
                let tolerance = 1e-5 * raw.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
                assert!((of(&p.next_obs, e) - whole - (raw[e] - mean)).abs() < tolerance, "{e} {r} {c}");
                assert!((of(&p.delta, e) - change - (raw[e] - mean)).abs() < tolerance, "{e} {r} {c}");
            }
            let told = (0..3).map(|e| of(&p.next_obs, e)).sum::<f64>() / 3.0;
            assert!((told - whole).abs() < 1e-6 * (1.0 + raw.iter().fold(whole.abs(), |most, v| most.max(v.abs()))));
        }
    }
    // A member that is asked for is shown, and the latents go on as they would have.
    let (_, shown) = say(&with, Feedback::Member(2));
    assert_eq!(shown.obs, p.next_obs[8..]);
    assert_eq!(with.features(&shown), with.features(&state));
    assert!(p.reward.as_ref().unwrap().chunks_exact(2).all(|each| each == &own.reward.as_ref().unwrap()[..]));
}

fn head_by_hand(heads: &Mlp, e: usize, input: &[f64]) -> Vec<f64> {
    let mut x = input.to_vec();
    for (l, layer) in heads.layers.iter().enumerate() {
        let (i, o) = (layer.inputs, layer.outputs);
        x = (0..o)
            .map(|c| {
                let sum: f64 = (0..i).map(|r| x[r] * f64::from(layer.weight[(e * i + r) * o + c])).sum();
                let v = sum + f64::from(layer.bias[e * o + c]);
                if l + 1 < heads.layers.len() { v / (1.0 + (-v).exp()) } else { v }
            })
            .collect();
    }
    x
}

#[test]
fn heads_that_do_not_fit_are_named() {
    let wrong = Rssm { heads: Some(net(&[UNITS, 6, 2], 7)), ..model() };
    assert_eq!(wrong.checked().unwrap_err(), "the heads' inputs are 5, the other networks need 12");
}

/// The model is the same to the bit, whether heads learn beside it or not; and they come out of a fit other than they went in.
#[test]
fn a_model_learns_the_same_with_heads_and_without() {
    let (train, validation) = (swings(4, 40, 0), swings(2, 40, 100));
    let fitted = |members| {
        let options = FitOptions { members, checks: 2, keep_last: true, ..options() };
        let mut model: Box<dyn WorldModel> = Box::new(fresh(&train, &options, &mut stream(1, "weights", 0)));
        let before = Rssm::known(&*model).unwrap().heads.clone();
        let mut rng = stream(1, "batches", 0);
        let mut draw = fit::uniform_rows(train.len(), &mut rng);
        let cx = Ctx::quiet();
        let curve = fit::train(&mut model, (&train, &validation), &options, &mut draw, &|_| {}, &cx).unwrap();
        (Rssm::known(&*model).unwrap().clone(), before, curve)
    };
    let ((bare, none, alone), (headed, before, beside)) = (fitted(1), fitted(4));
    assert!(none.is_none() && bare.heads.is_none());
    assert_eq!(Rssm { heads: None, ..headed.clone() }, bare);
    assert_eq!(beside.heldout, alone.heldout);
    let after = headed.heads.unwrap();
    assert_eq!(after.members, 4);
    assert!(before.is_some_and(|before| before != after));
}

/// One step against burn's gradients of the same weighted loss: Adam's first step is the sign of the gradient times the rate.
#[test]
fn heads_step_down_the_gradient_of_their_own_bootstrap() {
    let heads = headed().heads.unwrap();
    let (n, f, d) = (40, UNITS + GROUPS * CLASSES, 2);
    let value = |i: usize| (i as f32 * 0.917).sin();
    let (features, actions): (Vec<f32>, Vec<f32>) =
        ((0..n * f).map(value).collect(), (0..n).map(|i| value(i + 7)).collect());
    let targets: Vec<f32> = (0..n * d).map(|i| value(i + 31)).collect();
    let rows: Vec<usize> = (0..n).map(|i| i * 3 % n).collect();
    let mut fit = HeadsFit::new(&heads, n);
    let times: Vec<f32> =
        (0..3).flat_map(|e| rows.iter().map(move |r| (e, *r))).map(|(e, r)| fit.times(r)[e]).collect();
    fit.step(&Taught { features: &features, actions: &actions, targets: &targets, rows: &rows }, 1e-3);
    let device = crate::world::net::network::cpu();
    let network = Network::from_mlp(&heads, &device);
    let input = beside(&[(&features, f), (&actions, 1)]);
    let out = network.forward(tensor(input, [1, n, f + 1], &device));
    let error = (out - tensor(targets, [1, n, d], &device)).square().mul_scalar(0.5);
    let seen: Vec<f32> = times.chunks_exact(n).flat_map(|own| vec![own.iter().sum::<f32>(); n]).collect();
    let share: Vec<f32> = times.iter().zip(&seen).map(|(t, s)| t / s).collect();
    let loss = (error * tensor(share, [3, n, 1], &device)).sum();
    assert!((f64::from(values(loss.clone())[0]) / 3.0 - fit.lost).abs() < 1e-5, "{}", fit.lost);
    let grads = loss.backward();
    for ((l, layer), weight) in fit.heads().layers.iter().enumerate().zip(network.weights()) {
        let gradient = values(weight.grad(&grads).unwrap());
        for ((was, is), g) in heads.layers[l].weight.iter().zip(&layer.weight).zip(gradient) {
            // Where the gradient is no rounding error.
            if g.abs() > 1e-5 {
                assert!((is - was + 1e-3 * g.signum()).abs() < 1e-5, "{was} {is} {g}");
            }
        }
    }
}

/// Each transition is seen once in the mean, by each head another number of times, and as often when there are more of them.
#[test]
fn every_head_has_a_bootstrap_of_its_own() {
    let (n, heads) = (2000, headed().heads.unwrap());
    let fit = HeadsFit::new(&heads, n);
    let counts: Vec<f64> = (0..n).flat_map(|i| fit.times(i).iter().map(|v| f64::from(*v))).collect();
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let left_out = counts.iter().filter(|c| **c < 0.5).count() as f64 / counts.len() as f64;
    // Four standard errors of a Poisson number of mean 1, and of the share e⁻¹ that is never drawn.
    assert!((mean - 1.0).abs() < 4.0 / (counts.len() as f64).sqrt(), "{mean}");
    assert!((left_out - (-1.0f64).exp()).abs() < 4.0 * 0.5 / (counts.len() as f64).sqrt(), "{left_out}");
    assert!((0..n).filter(|i| (fit.times(*i)[0] - fit.times(*i)[1]).abs() > 0.5).count() > n / 3);
    let more = HeadsFit::new(&heads, n + 100);
    assert!((0..n).all(|i| fit.times(i) == more.times(i)));
}

/// Walks on a line, pushed by the action; `from` and `to` are walls.
fn walks(episodes: usize, seed: u64, (from, to): (f32, f32)) -> TransitionBatch {
    let mut rng = stream(seed, "walks", 0);
    let mut batch = TransitionBatch::empty(2, 1);
    for e in 0..episodes {
        let (mut x, mut y) = (from + (to - from) * rng.random::<f32>(), rng.random::<f32>() * 2.0 - 1.0);
        for t in 0..40 {
            let push = rng.random::<f32>() * 2.0 - 1.0;
            batch.obs.extend([x, y]);
            batch.action.push(push);
            batch.reward.push(x);
            batch.terminated.push(false);
            batch.truncated.push(false);
            batch.episode.push(e);
            batch.step.push(t);
            (x, y) = ((x + 0.1 * push).clamp(from, to), (y + 0.1 * (3.0 * x + push).sin()).clamp(-1.0, 1.0));
            batch.next_obs.extend([x, y]);
        }
    }
    batch
}

/// Data of x < 0 alone: states of the other half, a quarter of the whole away from the data at least, are told from those of the
/// half that was seen, which were held out.
#[test]
fn disagreement_is_larger_where_there_were_no_data() {
    let (train, inside) = (walks(40, 0, (-1.0, 0.0)), walks(10, 1, (-1.0, 0.0)));
    let outside = walks(10, 2, (0.5, 1.0));
    let options = FitOptions { members: 5, checks: 10, ..options() };
    let mut model: Box<dyn WorldModel> = Box::new(fresh(&train, &options, &mut stream(1, "weights", 0)));
    let mut rng = stream(1, "batches", 0);
    let mut draw = fit::uniform_rows(train.len(), &mut rng);
    fit::train(&mut model, (&train, &inside), &options, &mut draw, &|_| {}, &Ctx::quiet()).unwrap();
    let of = |batch: &TransitionBatch| imagine::one_step(&*model, batch, &Ctx::quiet()).unwrap().disagreement_scaled;
    let (near, far) = (of(&inside), of(&outside));
    let above = |f: &f32| near.iter().map(|n| if f > n { 1.0 } else { 0.0 }).sum::<f64>();
    let auc = far.iter().map(above).sum::<f64>() / (near.len() * far.len()) as f64;
    assert!(auc > 0.85, "{auc}");
}
