//! The fused training step against burn's autodiff and Adam.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use proptest::prelude::*;

use super::Ensemble;
use super::autodiff::{Gaussian, adam};
use super::fused::Trainer;
use super::rows::Batch;
use crate::ground::seed::stream;
use crate::world::net::init;
use crate::world::net::mlp::{Activation, Layer, Mlp};
use crate::world::net::network::{cpu, values};
use crate::world::net::normalizer::Normalizer;

/// Collects every parameter's gradient.
struct Collect<'a> {
    grads: &'a Gradients,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push(param.val().grad(self.grads).map(values).unwrap());
    }
}

impl Gaussian {
    /// Loss, and gradients in the order of `Trainer::gradients`: weights and biases by turns, lower bounds, upper ones.
    pub fn gradients(&self, batch: &Batch, model: &Ensemble) -> (f64, Vec<Vec<f32>>) {
        let loss = self.likelihood(batch, model);
        let value = f64::from(values(loss.clone())[0]);
        let grads = loss.backward();
        let mut collect = Collect { grads: &grads, found: Vec::new() };
        self.visit(&mut collect);
        // burn visits all weights, then all biases, then the bounds.
        let mut found = collect.found;
        let bounds = found.split_off(found.len() - 2);
        let biases = found.split_off(found.len() / 2);
        (value, found.into_iter().zip(biases).flat_map(|(w, b)| [w, b]).chain(bounds).collect())
    }
}

const ACTIVATIONS: [Activation; 6] = Activation::USUAL;

/// An untrained ensemble of `members` for 3 observation and 2 action columns, with bounds close enough to matter.
fn ensemble(members: usize, hidden: &[usize], activation: Activation, termination: bool, seed: u64) -> Ensemble {
    let mut sizes = vec![5];
    sizes.extend(hidden);
    sizes.push(8 + usize::from(termination));
    Ensemble {
        obs_dim: 3,
        action_dim: 2,
        learned_reward: true,
        learned_termination: termination,
        deterministic: false,
        net: init::mlp(members, &sizes, activation, 1.0, &mut stream(seed, "weights", 0)),
        input: Normalizer::identity(5),
        target: Normalizer::identity(4),
        min_logvar: vec![-4.0, -3.0, -0.5, -10.0],
        max_logvar: vec![0.5, 0.1, 0.3, 2.0],
        elites: (0..members).collect(),
        absolute: Vec::new(),
        seen: Vec::new(),
    }
}

fn batch(model: &Ensemble, rows: usize, seed: u64) -> Batch {
    let n = model.net.members * rows;
    let rng = &mut stream(seed, "rows", 0);
    let ended = init::normal(n, rng).iter().map(|&z| f32::from(u8::from(z > 1.0))).collect();
    Batch { x: init::normal(n * 5, rng), y: init::normal(n * 4, rng), ended }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |a, v| a.max(v.abs()))
}

/// The mean over rows of each row's own largest gradient, tensor by tensor: the size of the terms whose mean a gradient
/// is. Where they cancel, the gradient's own size says nothing of what was rounded.
fn terms(model: &Ensemble, data: &Batch) -> Vec<f32> {
    let members = model.net.members;
    let rows = data.ended.len() / members;
    let mut sums = Vec::new();
    for r in 0..rows {
        let take = |v: &[f32], c: usize| -> Vec<f32> {
            (0..members).flat_map(|e| v[(e * rows + r) * c..(e * rows + r + 1) * c].iter().copied()).collect()
        };
        let mut trainer = Trainer::new(model);
        trainer.step(&take(&data.x, 5), &take(&data.y, 4), &take(&data.ended, 1), 0.0);
        let own = trainer.gradients();
        sums.resize(own.len(), 0.0f32);
        sums.iter_mut().zip(&own).for_each(|(s, g)| *s += largest(g) / rows as f32);
    }
    sums
}

/// Loss and all gradients of one step agree to 1e-5 of the terms that are summed: both are sums in f32 over the rows of a
/// batch and the columns of a layer, in different orders.
fn agree(model: &Ensemble, data: &Batch) -> Result<(), TestCaseError> {
    let (loss, want) = Gaussian::new(model, cpu()).gradients(data, model);
    let mut trainer = Trainer::new(model);
    let got = trainer.step(&data.x, &data.y, &data.ended, 0.0);
    prop_assert!((got - loss).abs() <= 1e-5 * loss.abs().max(1.0), "loss {} burn {}", got, loss);
    let ours = trainer.gradients();
    prop_assert_eq!(ours.len(), want.len());
    let terms = terms(model, data);
    for (t, (a, b)) in ours.iter().zip(&want).enumerate() {
        prop_assert_eq!(a.len(), b.len());
        let scale = largest(b).max(terms[t]);
        let off = a.iter().zip(b).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        prop_assert!(off <= 1e-5 * scale, "tensor {}: off by {} at {}", t, off, scale);
    }
    Ok(())
}

#[test]
fn gradients_are_burns_for_every_activation_with_and_without_termination() {
    for activation in ACTIVATIONS {
        for termination in [false, true] {
            // Two full tiles of rows and a bit.
            let model = ensemble(3, &[16, 24, 10], activation, termination, 1);
            if let Err(e) = agree(&model, &batch(&model, 261, 2)) {
                panic!("{activation:?}, termination {termination}: {e}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn gradients_are_burns_for_every_shape(
        members in 1usize..4, hidden in prop::collection::vec(1usize..20, 0..4), rows in 1usize..150,
        which in 0usize..3, termination: bool, seed in 0u64..100,
    ) {
        let model = ensemble(members, &hidden, ACTIVATIONS[which], termination, seed);
        agree(&model, &batch(&model, rows, seed))?;
    }
}

/// Largest difference between the weights of two networks, and between bounds.
fn distance(a: &Ensemble, b: &Ensemble) -> f32 {
    let tensors = |m: &Ensemble| {
        let layers: Vec<f32> = m.net.layers.iter().flat_map(|l| l.weight.iter().chain(&l.bias).copied()).collect();
        [layers, m.min_logvar.clone(), m.max_logvar.clone()].concat()
    };
    tensors(a).iter().zip(tensors(b)).fold(0.0, |m, (a, b)| m.max((a - b).abs()))
}

#[test]
fn ten_steps_end_where_burns_adam_does() {
    for activation in ACTIVATIONS {
        let start = ensemble(3, &[16, 16], activation, true, 3);
        let (mut theirs, mut ours) = (start.clone(), start.clone());
        let (mut burn, mut optimiser) = (Gaussian::new(&start, cpu()), adam());
        let mut trainer = Trainer::new(&start);
        for step in 0..10 {
            // The step size changes on the way, as it does in training.
            let (data, rate) = (batch(&start, 64, 10 + step), if step < 5 { 1e-3 } else { 3e-4 });
            let loss;
            (burn, loss) = burn.step(&mut optimiser, &data, &start, rate);
            let own = trainer.step(&data.x, &data.y, &data.ended, rate);
            assert!((own - loss).abs() <= 1e-5 * loss.abs(), "{activation:?} step {step}: {own} burn {loss}");
        }
        burn.write_back(&mut theirs);
        trainer.write_back(&mut ours);
        let (off, moved) = (distance(&ours, &theirs), distance(&ours, &start));
        // Adam divides each gradient by its own size, so a rounding of a small one is seen in the weights.
        assert!(off <= 1e-5, "{activation:?}: off by {off} after moving {moved}");
        assert!(moved > 1e-3, "{activation:?}: moved by {moved}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let start = ensemble(5, &[32, 32], Activation::Silu, true, 4);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (mut trainer, mut model) = (Trainer::new(&start), start.clone());
            let losses: Vec<f64> = (0..6)
                .map(|i| {
                    let data = batch(&start, 300, i);
                    trainer.step(&data.x, &data.y, &data.ended, 1e-3)
                })
                .collect();
            trainer.write_back(&mut model);
            (losses, model)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(7));
}

#[test]
#[expect(clippy::float_cmp, reason = "the same sums in the same order are the same bits")]
fn batches_of_changing_size_and_none() {
    let start = ensemble(2, &[8], Activation::Tanh, false, 5);
    let mut trainer = Trainer::new(&start);
    assert_eq!(trainer.step(&[], &[], &[], 1.0), 0.0);
    let mut model = start.clone();
    trainer.write_back(&mut model);
    assert_eq!(model, start, "no rows, no step");
    let (large, little) = (batch(&start, 200, 6), batch(&start, 3, 7));
    let step = |t: &mut Trainer, d: &Batch| t.step(&d.x, &d.y, &d.ended, 0.0);
    let first = step(&mut trainer, &large);
    let second = step(&mut trainer, &little);
    // A step size of nothing moves nothing, so a fresh trainer sees the same losses.
    assert_eq!(step(&mut trainer, &large), first);
    assert_eq!(step(&mut Trainer::new(&start), &little), second);
}

#[test]
fn members_do_not_see_each_other() {
    let both = ensemble(2, &[12], Activation::Silu, true, 8);
    let second = Mlp::new(
        1,
        Activation::Silu,
        both.net
            .layers
            .iter()
            .map(|l| Layer {
                inputs: l.inputs,
                outputs: l.outputs,
                weight: l.weight[l.inputs * l.outputs..].to_vec(),
                bias: l.bias[l.outputs..].to_vec(),
            })
            .collect(),
    );
    let alone = Ensemble { net: second.unwrap(), elites: vec![0], ..both.clone() };
    let data = batch(&both, 40, 9);
    let (mut pair, mut single) = (Trainer::new(&both), Trainer::new(&alone));
    pair.step(&data.x, &data.y, &data.ended, 1e-3);
    single.step(&data.x[40 * 5..], &data.y[40 * 4..], &data.ended[40..], 1e-3);
    let (mut both, mut alone) = (both, alone);
    pair.write_back(&mut both);
    single.write_back(&mut alone);
    for (b, a) in both.net.layers.iter().zip(&alone.net.layers) {
        assert_eq!((&b.weight[a.weight.len()..], &b.bias[a.bias.len()..]), (&a.weight[..], &a.bias[..]));
    }
}

#[test]
#[should_panic(expected = "a deterministic ensemble")]
fn a_deterministic_ensemble_is_refused() {
    let mut model = ensemble(2, &[8], Activation::Relu, false, 5);
    model.deterministic = true;
    Trainer::new(&model);
}

#[test]
#[should_panic(expected = "x is [E, B, in]")]
fn rows_of_a_wrong_width_are_refused() {
    let model = ensemble(2, &[8], Activation::Relu, false, 5);
    Trainer::new(&model).step(&[0.0; 9], &[0.0; 8], &[0.0; 2], 1e-3);
}
