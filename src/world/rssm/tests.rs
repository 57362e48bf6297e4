mod by_hand;
mod heads;

use super::*;
use crate::data::space::Space;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::world::fit::{self, FitCurve, ModelKind};
use crate::world::latent::battery;
use crate::world::latent::stretches::Table;
use crate::world::net::mlp::Layer;

const UNITS: usize = 5;
const GROUPS: usize = 2;
const CLASSES: usize = 3;

fn net(widths: &[usize], seed: usize) -> Mlp {
    let value = |i: usize| ((i + 100 * seed) as f32 * 0.731 + 0.1).sin();
    let layer = |w: &[usize]| Layer {
        inputs: w[0],
        outputs: w[1],
        weight: (0..w[0] * w[1]).map(value).collect(),
        bias: (0..w[1]).map(value).collect(),
    };
    Mlp::new(1, ACTIVATION, widths.windows(2).map(layer).collect()).unwrap()
}

fn model() -> Rssm {
    let latents = GROUPS * CLASSES;
    let layer = |inputs, seed| net(&[inputs, 3 * UNITS], seed).layers.remove(0);
    Rssm {
        action_dim: 1,
        groups: GROUPS,
        classes: CLASSES,
        context: 3,
        unimix: 0.0,
        on_arrival: false,
        scale: Normalizer::identity(2),
        encoder: net(&[2, 6, 4], 1),
        posterior: net(&[UNITS + 4, 6, latents], 2),
        input: net(&[latents + 1, 7], 3),
        cell: GruCell::new(layer(7, 4), layer(UNITS, 5)).unwrap(),
        prior: net(&[UNITS, 6, latents], 6),
        decoder: net(&[UNITS + latents, 6, 2], 7),
        reward: net(&[UNITS + latents, 6, 1], 8),
        goes_on: net(&[UNITS + latents, 6, 1], 9),
        heads: None,
    }
    .checked()
    .unwrap()
}

/// The same with three heads of weights of their own, scaled.
fn headed() -> Rssm {
    let heads: Vec<Mlp> = (0..3).map(|e| net(&[UNITS + GROUPS * CLASSES + 1, 6, 2], 10 + e)).collect();
    let layers = (0..2).map(|l| Layer {
        inputs: heads[0].layers[l].inputs,
        outputs: heads[0].layers[l].outputs,
        weight: heads.iter().flat_map(|head| head.layers[l].weight.clone()).collect(),
        bias: heads.iter().flat_map(|head| head.layers[l].bias.clone()).collect(),
    });
    let heads = Some(Mlp::new(3, ACTIVATION, layers.collect()).unwrap());
    let scale = Normalizer { mean: vec![0.3, -0.2], std: vec![0.5, 2.0] };
    Rssm { scale, heads, ..model() }.checked().unwrap()
}

#[test]
fn symlog_is_undone_and_keeps_the_sign() {
    for x in [-1e6_f32, -3.0, -1e-7, 0.0, 1e-7, 0.5, 40.0, 1e6] {
        assert!((symexp(symlog(x)) - x).abs() <= 2e-6 * x.abs(), "{x}");
    }
    assert!((symlog(-std::f32::consts::E + 1.0) + 1.0).abs() < 1e-6);
}

/// Matrices of another height are multiplied in another order: single precision, sums of some ten terms of size 1.
fn near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn rows_do_not_know_of_each_other() {
    battery::rows_are_apart(&model(), 1.0, near);
    battery::rows_are_apart(&headed(), 1.0, near);
}

#[test]
fn following_an_episode_is_filtering_it() {
    battery::following_is_filtering(&model(), 1.0, near);
    battery::following_is_filtering(&headed(), 1.0, near);
}

/// Told at every look, and in sum with the parts' weights what the step lost.
#[test]
fn the_loss_is_told_part_by_part() {
    let value = |i: usize| (i as f32 * 0.37).sin();
    let n = 80;
    let batch = TransitionBatch {
        obs: (0..2 * n).map(value).collect(),
        action: (0..n).map(value).collect(),
        reward: (0..n).map(value).collect(),
        next_obs: (2..2 * n + 2).map(value).collect(),
        terminated: vec![false; n],
        truncated: vec![false; n],
        episode: vec![0; n],
        step: (0..n).collect(),
        ..TransitionBatch::empty(2, 1)
    };
    let options = FitOptions { hidden: 8, layers: 1, check_every: 2, checks: 3, batch: 4, ..FitOptions::default() };
    let mut model: Box<dyn WorldModel> = Box::new(fresh(&batch, &options, &mut stream(0, "t", 0)));
    let mut fit = model.fit(&batch, &batch, Device::Cpu).unwrap();
    let lost = fit.step(&[0, 5, 9, 30], 1e-3);
    let parts = fit.parts();
    assert_eq!((parts.len(), parts[5].0), (6, "heads' own loss"));
    let sum: f64 = parts[..5].iter().map(|p| p.1).sum();
    // What is free of the divergence is free row by row; of an untrained model every row is above it or none.
    assert!((sum / lost - 1.0).abs() < 0.05, "{sum} {lost} {parts:?}");
    drop(fit);
    let mut rng = stream(0, "rows", 0);
    let mut draw = fit::uniform_rows(n, &mut rng);
    let curve = fit::train(&mut model, (&batch, &batch), &options, &mut draw, &|_| {}, &Ctx::quiet()).unwrap();
    assert!(curve.parts.len() == 6 && curve.parts.iter().all(|(_, v)| v.len() == curve.step.len() && v[0].is_nan()));
    assert!(curve.parts.iter().all(|(_, v)| v[1..].iter().all(|v| v.is_finite())), "{:?}", curve.parts);
}

#[test]
fn every_observation_of_the_past_and_every_action_counts() {
    let (model, space) = (model(), Space::unnamed("action", 1));
    let of = |past: &SequenceBatch<'_>| model.features(&model.begin(past)).to_vec();
    let plain = battery::past(1, &space, 1.0);
    for i in 0..2 {
        let mut other = plain.clone();
        let mut actions = plain.actions.stored().to_vec();
        actions[i] += 2.0;
        other.actions = Actions::new(&space, actions);
        assert_ne!(of(&other), of(&plain), "action {i}");
    }
    for i in 0..3 {
        // It is told by classes: not every change is another one.
        let changed = [-1.0_f32, 0.0, 6.0, -6.0].iter().any(|by| {
            let mut other = plain.clone();
            other.obs.to_mut()[2 * i..2 * i + 2].iter_mut().for_each(|v| *v *= by);
            of(&other) != of(&plain)
        });
        assert!(changed, "observation {i}");
    }
}

#[test]
fn draws_follow_the_prior() {
    let model = model();
    battery::draws_follow_the_prior(&model, CLASSES, |features| {
        let (deter, latents) = model.apart(features);
        model.prior.forward(&model.carry_on(&deter, &latents, &[0.5]))
    });
}

#[test]
fn networks_that_do_not_fit_are_named() {
    let mut wrong = model();
    wrong.decoder = net(&[UNITS, 6, 2], 7);
    assert_eq!(wrong.checked().unwrap_err(), "the decoder's inputs are 5, the other networks need 11");
    let layer = |inputs, outputs| net(&[inputs, outputs], 1).layers.remove(0);
    assert!(GruCell::new(layer(7, 15), layer(5, 14)).unwrap_err().contains("15 are needed"));
}

/// Swings of a pushed mass on a spring.
fn swings(episodes: usize, steps: usize, first: usize) -> TransitionBatch {
    let mut batch = TransitionBatch::empty(2, 1);
    for e in 0..episodes {
        let (mut x, mut v) = (((e + first) as f32 * 1.3).sin() * 2.0, ((e + first) as f32 * 2.1).cos());
        for t in 0..steps {
            let push = (((e * 31 + t * 7 + first) as f32) * 0.37).sin();
            batch.obs.extend([x, v]);
            batch.action.push(push);
            batch.reward.push(-x * x);
            batch.terminated.push(false);
            batch.truncated.push(false);
            batch.episode.push(e);
            batch.step.push(t);
            v += 0.15 * (push - x);
            x += 0.15 * v;
            batch.next_obs.extend([x, v]);
        }
    }
    batch
}

fn options() -> FitOptions {
    FitOptions {
        kind: ModelKind::Rssm,
        members: 1,
        elites: 1,
        hidden: 16,
        layers: 2,
        learning_rate: 3e-3,
        batch: 8,
        check_every: 40,
        checks: 6,
        patience: 6,
        ..FitOptions::default()
    }
}

fn fitted(train: &TransitionBatch, validation: &TransitionBatch) -> (Box<dyn WorldModel>, FitCurve) {
    let mut model: Box<dyn WorldModel> = Box::new(fresh(train, &options(), &mut stream(1, "weights", 0)));
    let mut rng = stream(1, "batches", 0);
    let mut draw = fit::uniform_rows(train.len(), &mut rng);
    let curve = fit::train(&mut model, (train, validation), &options(), &mut draw, &|_| {}, &Ctx::quiet()).unwrap();
    (model, curve)
}

#[test]
fn training_learns_a_simple_system_and_repeats_itself_to_the_bit() {
    let (train, validation) = (swings(12, 40, 0), swings(3, 40, 100));
    let (model, curve) = fitted(&train, &validation);
    let copied: f64 = (0..validation.len())
        .flat_map(|i| (0..2).map(move |c| (i, c)))
        .map(|(i, c)| f64::from(validation.next_obs[2 * i + c] - validation.obs[2 * i + c]).powi(2))
        .sum::<f64>()
        / (2 * validation.len()) as f64;
    assert!(curve.heldout[curve.best] < 0.3 * curve.heldout[0], "{curve:?} (copying: {copied})");
    assert!(fitted(&train, &validation).0.same(&*model));
}

#[test]
fn stretches_stay_within_episodes_and_every_row_has_one() {
    let mut batch = swings(3, 10, 0);
    // The second episode lacks a step: a run of 4 and one of 5.
    for list in [&mut batch.obs, &mut batch.next_obs] {
        list.drain(28..30);
    }
    for list in [&mut batch.action, &mut batch.reward] {
        list.remove(14);
    }
    for list in [&mut batch.terminated, &mut batch.truncated] {
        list.remove(14);
    }
    for list in [&mut batch.episode, &mut batch.step] {
        list.remove(14);
    }
    let model = fresh(&batch, &options(), &mut stream(1, "weights", 0));
    let table = Table::new(&model.scale, 1, &batch, 5).unwrap();
    let rows: Vec<usize> = (0..batch.len()).collect();
    let all = table.gather(&rows);
    assert_eq!((all.rows, all.steps, all.obs.len()), (29, 5, 6 * 29 * 2));
    // What an action leads to is the next observation: within a stretch the two agree.
    for b in 0..29 {
        let at = |t: usize| &all.obs[(t * 29 + b) * 2..(t * 29 + b + 1) * 2];
        let row = (0..batch.len()).find(|r| all.actions[b].to_bits() == batch.action[*r].to_bits()).unwrap();
        for t in 0..5 {
            assert_eq!(all.actions[t * 29 + b].to_bits(), batch.action[row + t].to_bits());
            assert_eq!(batch.episode[row], batch.episode[row + t]);
            let next: Vec<f32> = model.scale.apply(batch.next_obs_at(row + t)).into_iter().map(symlog).collect();
            assert!(at(t + 1).iter().zip(&next).all(|(a, b)| (a - b).abs() < 1e-5), "{b} {t}");
        }
    }
    assert!(Table::new(&model.scale, 1, &swings(2, 1, 0), 5).err().unwrap().contains("two transitions"));
}
