//! The ensemble's likelihood and normalisers by their formulas, and by burn.

use super::autodiff::{AutodiffFit, Gaussian};
use super::fused::Trainer;
use super::rows::{Batch, Rows};
use super::{FusedFit, fresh, member_errors, soft_bound};
use crate::data::episode::TransitionBatch;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::world::fit::FitOptions;
use crate::world::net::init;
use crate::world::net::mlp::Activation;
use crate::world::net::network::{Network, cpu, tensor, values};
use crate::world::world_model::Fit;

/// obs' = obs + 0.1 action + 0.05 (1, -1), reward = obs·(1, 2) − action: linear, so a small network learns it.
fn linear(n: usize, purpose: &str) -> TransitionBatch {
    let z = init::normal(n * 3, &mut stream(5, purpose, 0));
    let mut batch = TransitionBatch::empty(2, 1);
    for (i, row) in z.chunks_exact(3).enumerate() {
        batch.obs.extend_from_slice(&row[..2]);
        batch.action.push(row[2]);
        batch.next_obs.extend([row[0] + 0.1 * row[2] + 0.05, row[1] + 0.1 * row[2] - 0.05]);
        batch.reward.push(row[0] + 2.0 * row[1] - row[2]);
        batch.terminated.push(row[0] > 1.5);
        batch.truncated.push(false);
        batch.episode.push(i / 50);
        batch.step.push(i % 50);
    }
    batch
}

fn small() -> FitOptions {
    FitOptions { members: 3, hidden: 24, layers: 2, ..FitOptions::default() }
}

#[test]
fn the_likelihood_is_its_formula() {
    let data = linear(40, "train");
    let options = small();
    let model = fresh(&data, &options, &mut stream(1, "weights", 0));
    let rows: Vec<usize> = (0..3 * 8).map(|i| (i * 7) % 40).collect();
    let columns = Rows::new(&model, &data);
    let mut batch = Batch::default();
    columns.gather(&rows, &mut batch);
    let burn = f64::from(values(Gaussian::new(&model, cpu()).likelihood(&batch, &model))[0]);
    let fused = Trainer::new(&model).step(&batch.x, &batch.y, &batch.ended, 1e-3);
    let mut want = 0.0f64;
    for (i, &r) in rows.iter().enumerate() {
        let out = model.net.forward(&columns.input[r * 3..(r + 1) * 3]);
        let own = &out[(i / 8) * 7..(i / 8 + 1) * 7];
        for c in 0..3 {
            let logvar = f64::from(soft_bound(own[3 + c], model.min_logvar[c], model.max_logvar[c]));
            let error = f64::from(own[c] - columns.target[r * 3 + c]).powi(2);
            want += (error * (-logvar).exp() + logvar) / (8.0 * 3.0);
        }
        let z = f64::from(own[6]);
        want += (z.exp().ln_1p() - f64::from(columns.terminated[r]) * z) / 8.0;
    }
    want += 0.01 * model.max_logvar.iter().zip(&model.min_logvar).map(|(a, b)| f64::from(a - b)).sum::<f64>();
    // f32 sums of two hundred terms of magnitude 1.
    for got in [burn, fused] {
        assert!((got - want).abs() < 1e-4 * want.abs(), "burn {burn}, fused {fused}, formula {want}");
    }
}

#[test]
fn moving_the_normalisers_keeps_the_function() {
    let data = linear(300, "train");
    let mut model = fresh(&data, &small(), &mut stream(2, "weights", 0));
    let before = model.predict(&data.obs, &data.action);
    let mut wide = linear(300, "wide");
    wide.obs.iter_mut().for_each(|v| *v = *v * 7.0 + 3.0);
    wide.reward.iter_mut().for_each(|v| *v *= 0.2);
    model.renormalize(&wide);
    let after = model.predict(&data.obs, &data.action);
    // The first layer's weights grow sevenfold while inputs shrink: a few roundings of f32 at magnitude 10.
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-5 * (1.0 + b.abs()));
    assert!(close(&after.next_obs, &before.next_obs));
    let pair = |p: &crate::world::world_model::Prediction| (p.reward.clone().unwrap(), p.logvar.clone().unwrap());
    assert!(close(&pair(&after).0, &pair(&before).0) && close(&pair(&after).1, &pair(&before).1));
}

#[test]
fn burn_and_the_fused_pass_agree_for_every_activation() {
    for activation in Activation::USUAL.into_iter().chain([Activation::GeluTanh, Activation::Identity]) {
        let net = init::mlp(3, &[5, 16, 16, 4], activation, 1.0, &mut stream(4, "weights", 0));
        let x = init::normal(33 * 5, &mut stream(4, "rows", 0));
        let burn = Network::from_mlp(&net, &cpu());
        let theirs = values(burn.forward(tensor(x.clone(), [1, 33, 5], &cpu())));
        let ours = net.forward(&x);
        // Two ways of summing 16 products of magnitude 1 in f32.
        assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 2e-6), "{activation:?}");
        assert_eq!(burn.to_mlp(), net);
    }
}

#[test]
fn both_trainers_do_the_same_behind_the_trait() {
    let (training, validation) = (linear(200, "train"), linear(60, "validation"));
    let model = fresh(&training, &small(), &mut stream(4, "weights", 0));
    let after = |mut fit: Box<dyn Fit + '_>| {
        let losses: Vec<f64> =
            (0..5).map(|i| fit.step(&(0..96).map(|r| (r * 7 + i) % 200).collect::<Vec<_>>(), 1e-3)).collect();
        (losses, fit.validate(&Ctx::quiet()).expect("nobody cancels"))
    };
    let fused = after(Box::new(FusedFit::new(model.clone(), &training, &validation)));
    let burn = after(Box::new(AutodiffFit::new(model.clone(), &training, &validation, cpu())));
    // Five steps of Adam apart by roundings of f32, as in the comparison of ten steps.
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-4 * b.abs().max(1e-3));
    assert!(close(&fused.0, &burn.0) && close(&fused.1, &burn.1), "{fused:?} {burn:?}");
    let start = member_errors(&model, &validation, &Ctx::quiet()).expect("nobody cancels");
    assert!(
        fused.1.iter().zip(&start).all(|(now, then)| now.to_bits() != then.to_bits()),
        "the steps moved the weights"
    );
}
