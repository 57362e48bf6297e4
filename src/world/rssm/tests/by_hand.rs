//! The training step by hand against burn's autodiff and Adam.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

use super::*;
use crate::ground::seed::Stream;
use crate::world::latent::autodiff::{Autodiff, loss};
use crate::world::latent::learned::{CLIP, Learned, Taken, Trainer};
use crate::world::latent::stretches::Stretches;
use crate::world::net::network::{cpu, values};
use crate::world::rssm::fused::FusedRssm;

/// Collects every parameter's gradient, no longer than it may be.
struct Collect<'a> {
    grads: &'a Gradients,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let mut gradient = param.val().grad(self.grads).map(values).unwrap();
        let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        if norm > f64::from(CLIP) {
            for g in &mut gradient {
                *g = (f64::from(*g) * f64::from(CLIP) / norm) as f32;
            }
        }
        self.found.push(gradient);
    }
}

/// A model for episodes in which something happens, and 5 stretches of 9 steps of them.
fn case(seed: u64) -> (Rssm, Stretches) {
    let (episodes, steps) = (6, 12);
    let n = episodes * steps;
    let mut rng = stream(seed, "rows", 0);
    let data = TransitionBatch {
        obs: init::normal(n * 3, &mut rng),
        next_obs: init::normal(n * 3, &mut rng),
        action: init::normal(n * 2, &mut rng),
        reward: init::normal(n, &mut rng),
        terminated: (0..n).map(|i| i % steps == steps - 1 && i % 5 == 0).collect(),
        truncated: vec![false; n],
        episode: (0..n).map(|i| i / steps).collect(),
        step: (0..n).map(|i| i % steps).collect(),
        ..TransitionBatch::empty(3, 2)
    };
    let options = FitOptions { kind: ModelKind::Rssm, members: 1, hidden: 12, layers: 2, ..FitOptions::default() };
    let mut model = fresh(&data, &options, &mut rng);
    // Far from where divergence is free, with rewards and ends that depend on something.
    for net in [&mut model.prior, &mut model.posterior, &mut model.reward, &mut model.goes_on] {
        net.layers.iter_mut().flat_map(|layer| &mut layer.weight).for_each(|w| *w = 8.0 * *w + 0.02);
    }
    let table = Table::new(&model.scale, 2, &data, 9).unwrap();
    (model, table.gather(&[0, 14, 30, 41, 60]))
}

fn draws() -> Stream {
    stream(5, "latents", 0)
}

/// Every gradient within a few roundings of sums of some hundred terms, as a share of the largest of its kind.
#[test]
fn gradients_are_those_of_autodiff() {
    for seed in 0..4 {
        let (model, batch) = case(seed);
        let nets = model.nets(&cpu());
        let told = loss(&nets, model.shape(), &batch, &cpu(), &mut draws());
        let grads = told.loss.clone().backward();
        let mut wanted = Collect { grads: &grads, found: Vec::new() };
        nets.visit(&mut wanted);
        let mut fused = FusedRssm::new(&model);
        let taken = fused.step(&batch, &mut draws(), 0.0);
        let whole = f64::from(values(told.loss)[0]);
        assert!((taken.loss / whole - 1.0).abs() < 1e-5, "{} {whole}", taken.loss);
        let parts = |l: &Losses| [l.reconstruction, l.reward, l.goes_on, l.divergence];
        let close = parts(&taken.lost).into_iter().zip(parts(&told.lost)).all(|(a, b)| (a / b - 1.0).abs() < 1e-5);
        assert!(close && told.lost.divergence > 1.0, "{:?} {:?}", taken.lost, told.lost);
        assert!(near(&taken.features, &values(told.features)));
        let found = fused.gradients();
        assert_eq!(found.len(), wanted.found.len());
        for (i, (own, other)) in found.iter().zip(&wanted.found).enumerate() {
            let scale = other.iter().fold(1e-3_f32, |m, g| m.max(g.abs()));
            let apart = own.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(own.len() == other.len() && apart < 2e-4 * scale, "parameter {i}: {apart} of {scale}");
        }
    }
}

/// Ten steps of both: the losses stay together, and so do the weights.
#[test]
fn steps_are_those_of_autodiff() {
    let (model, batch) = case(7);
    let train = |trainer: &mut dyn Trainer<Rssm>| {
        let mut rng = draws();
        let losses: Vec<f64> = (0..10).map(|_| trainer.step(&batch, &mut rng, 1e-3).loss).collect();
        let mut trained = model.clone();
        trainer.write(&mut trained);
        (losses, trained)
    };
    let (own, fused) = train(&mut FusedRssm::new(&model));
    let (other, plain) = train(&mut Autodiff::new(&model, cpu()));
    // Adam divides small gradients by themselves: what is rounded otherwise moves weights by parts of a step.
    assert!(own.iter().zip(&other).all(|(a, b)| (a / b - 1.0).abs() < 1e-3), "{own:?} {other:?}");
    let moved = |a: &Mlp, b: &Mlp| {
        let pairs = a.layers.iter().zip(&b.layers).flat_map(|(a, b)| a.weight.iter().zip(&b.weight));
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    for (own, other) in
        [(&fused.encoder, &plain.encoder), (&fused.decoder, &plain.decoder), (&fused.prior, &plain.prior)]
    {
        assert!(moved(own, other) < 2e-3, "{}", moved(own, other));
    }
    assert!(moved(&fused.decoder, &model.decoder) > 5e-3, "it has learned");
}

/// The same numbers whatever the number of threads, and another draw gives others.
#[test]
fn threads_change_nothing() {
    let (model, batch) = case(2);
    let taken = |threads: usize, rng: &mut Stream| -> (Taken, Rssm) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut fused = FusedRssm::new(&model);
            let (taken, mut trained) = (fused.step(&batch, rng, 1e-3), model.clone());
            fused.write(&mut trained);
            (taken, trained)
        })
    };
    let (one, two) = (taken(1, &mut draws()), taken(3, &mut draws()));
    assert!(one.1 == two.1 && one.0.loss.to_bits() == two.0.loss.to_bits());
    assert!(taken(1, &mut stream(6, "latents", 0)).1 != one.1);
}
