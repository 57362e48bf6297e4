//! Models that are trained here: one step against PyTorch, the networks in training against those that imagine, and what is learned.

use burn::tensor::Tensor;
use rand::RngExt;
use serde_json::Value;

use super::*;
use crate::data::episode::TransitionBatch;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::world::fit::{self, FitCurve, FitOptions, Form, ModelKind, Size, Widths};
use crate::world::imagine;
use crate::world::latent::autodiff::{loss, two_hot};
use crate::world::latent::learned::{Learned, Recurrent};
use crate::world::latent::stretches::Stretches;
use crate::world::net::network::{cpu, tensor, values};

/// The options one by one, and all at once.
const FORMS: [Form; 4] = [
    Form { rms_norm: true, blocks: 0, two_hot: false },
    Form { rms_norm: false, blocks: 2, two_hot: false },
    Form { rms_norm: false, blocks: 0, two_hot: true },
    Form { rms_norm: true, blocks: 2, two_hot: true },
];

fn small(form: Form) -> FitOptions {
    FitOptions {
        kind: ModelKind::Rssm,
        members: 3,
        hidden: 4,
        layers: 2,
        widths: Some(Widths { units: 6, groups: 2, classes: 3 }),
        form,
        ..FitOptions::default()
    }
}

/// A model whose weights are the sines that `tests/reference/make_dreamer_step.py` has too: network after network, layer after
/// layer; weights and biases, scales of norms around 1.
fn by_sines(form: Form) -> Dreamer {
    let data = TransitionBatch { obs: vec![-1.0, -1.0, 1.0, 1.0], ..TransitionBatch::empty(2, 1) };
    let mut model = fresh(&data, &small(form), &mut stream(0, "t", 0)).unwrap();
    let mut seed = 0;
    let mut fill = |stack: &mut Stack| {
        for layer in stack.layers_mut() {
            seed += 1;
            let wave = |i: usize| ((i + 100 * seed) as f32 * 0.731 + 0.1).sin();
            layer.weight.iter_mut().enumerate().for_each(|(i, v)| *v = 0.5 * wave(i));
            layer.bias.iter_mut().enumerate().for_each(|(i, v)| *v = 2.0 * wave(i + 7));
            if let Norm::Rms { scale, .. } = &mut layer.norm {
                scale.iter_mut().enumerate().for_each(|(i, v)| *v = 1.0 + 0.2 * wave(i + 13));
            }
        }
    };
    fill(&mut model.encoder);
    fill(&mut model.posterior);
    match &mut model.cell {
        Cell::Normed { input, gates } => [input, gates].into_iter().for_each(&mut fill),
        Cell::Blocks { units, latents, action, gates } => {
            [units, latents, action, gates].into_iter().for_each(&mut fill);
        }
    }
    fill(&mut model.prior);
    fill(&mut model.decoder);
    fill(model.reward.stack_mut());
    fill(&mut model.goes_on);
    model
}

/// Two stretches of three steps.
fn stretches() -> Stretches {
    let value = |i: usize| (i as f32 * 0.917).sin();
    Stretches {
        rows: 2,
        steps: 3,
        begins: vec![0, 3],
        obs: (0..16).map(value).collect(),
        actions: (0..6).map(|i| value(i + 40)).collect(),
        rewards: (0..6).map(|i| 2.0 * value(i + 60)).collect(),
        goes_on: vec![1.0, 1.0, 1.0, 0.0, 1.0, 1.0],
    }
}

/// Loss, its parts and every gradient of one step as PyTorch has them in double precision, with the same draws.
#[test]
fn a_step_of_every_form_is_that_of_pytorch() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/oracles/dreamer-step.json");
    let oracle: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let numbers = |v: &Value| v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<f64>>();
    let mut rng = stream(0, "latents", 0);
    let draws: Vec<f64> = (0..16).map(|_| f64::from(rng.random::<f32>())).collect();
    // A number that is read from JSON may be off by its last bit.
    let same = draws.iter().zip(numbers(&oracle["draws"])).all(|(own, theirs)| (own - theirs).abs() < 1e-12);
    assert!(same, "not the numbers that the script draws with: {draws:?}");
    for (form, case) in FORMS.into_iter().zip(oracle["cases"].as_array().unwrap()) {
        let model = by_sines(form);
        let (device, batch) = (cpu(), stretches());
        let nets = model.nets(&device);
        let told = loss(&nets, model.shape(), &batch, &device, &mut stream(0, "latents", 0));
        let want = numbers(&case["loss"]);
        let lost = told.lost;
        let value = f64::from(values(told.loss.clone())[0]);
        // Sums of some hundred terms in single precision.
        let near =
            |a: f64, b: f64, what: &str| assert!((a - b).abs() < 2e-4 * b.abs().max(1.0), "{form:?} {what}: {a} {b}");
        for (i, own) in [value, lost.reconstruction, lost.reward, lost.goes_on, lost.divergence].into_iter().enumerate()
        {
            near(own, want[i], ["loss", "reconstruction", "reward", "continue", "divergence"][i]);
        }
        let grads = told.loss.backward();
        let own = nets.gradients(&grads);
        let theirs = case["gradients"].as_array().unwrap();
        assert_eq!(own.len(), theirs.len(), "{form:?}");
        for (at, (own, theirs)) in own.iter().zip(theirs).enumerate() {
            let theirs = numbers(theirs);
            let own: Vec<f64> = own.iter().map(|v| f64::from(*v)).collect();
            let norm = own.iter().map(|v| v * v).sum::<f64>().sqrt();
            let waves: f64 = own.iter().enumerate().map(|(i, v)| v * (i as f64).cos()).sum();
            let scale = theirs[0].max(1e-2);
            for (a, b) in [(norm, theirs[0]), (own.iter().sum(), theirs[1]), (waves, theirs[2])] {
                assert!((a - b).abs() < 1e-3 * scale * (own.len() as f64).sqrt(), "{form:?} tensor {at}: {a} {b}");
            }
        }
    }
}

/// What the networks in training say of a state is what the model says that is made of them.
#[test]
fn what_is_trained_is_what_imagines() {
    let (device, rows) = (cpu(), 3);
    let value = |i: usize| (i as f32 * 1.31).sin();
    for form in FORMS {
        let mut model = by_sines(form);
        let nets = model.nets(&device);
        let (h, s) = (model.units(), model.latents());
        let (units, latents): (Vec<f32>, Vec<f32>) =
            ((0..rows * h).map(value).collect(), (0..rows * s).map(|i| value(i + 9)).collect());
        let (actions, obs): (Vec<f32>, Vec<f32>) =
            ((0..rows).map(|i| 2.0 * value(i + 5)).collect(), (0..rows * 2).map(|i| 3.0 * value(i + 3)).collect());
        let of = |all: &[f32], width: usize| -> Tensor<3> { tensor(all.to_vec(), [1, rows, width], &device) };
        let close = |own: Vec<f32>, theirs: Tensor<3>, what: &str| {
            assert!(near(&own, &values(theirs.clone())), "{form:?} {what}: {own:?} {theirs}");
        };
        let after = model.carry_on(&units, &latents, &actions);
        close(after.clone(), nets.carry_on(of(&units, h), of(&latents, s), of(&actions, 1)), "units");
        close(model.prior.forward(&after), nets.prior(of(&after, h)), "prior");
        let small: Vec<f32> = model.scale.as_ref().unwrap().apply(&obs).into_iter().map(symlog).collect();
        let embedded = nets.embed(of(&small, 2));
        close(model.encoder.forward(&small), embedded.clone(), "embedding");
        let width = embedded.dims()[2];
        let seen = beside(&[(&units, h), (&values(embedded.clone()), width)]);
        close(model.posterior.forward(&seen), nets.posterior(of(&units, h), embedded), "posterior");
        let features = beside(&[(&units, h), (&latents, s)]);
        let decoded: Vec<f32> = values(nets.decode(of(&features, h + s))).into_iter().map(symexp).collect();
        let scale = model.scale.clone().unwrap();
        let raw: Vec<f32> = decoded.iter().enumerate().map(|(i, v)| v * scale.std[i % 2] + scale.mean[i % 2]).collect();
        assert!(near(&model.decode(&features), &raw));
        let told = values(nets.reward(of(&features, h + s)));
        let expected: Vec<f32> = told
            .chunks_exact(told.len() / rows)
            .map(|bins| {
                let all: f64 = bins.iter().map(|v| f64::from(*v).exp()).sum();
                let step = 40.0 / (bins.len() as f64 - 1.0).max(1.0);
                let mean = |(i, v): (usize, &f32)| f64::from(*v).exp() / all * (step * i as f64 - 20.0);
                symexp(if bins.len() > 1 { bins.iter().enumerate().map(mean).sum::<f64>() as f32 } else { bins[0] })
            })
            .collect();
        assert!(near(&model.reward.forward(&features), &expected), "{form:?}");
        close(model.goes_on.forward(&features), nets.goes_on(of(&features, h + s)), "going on");
        // What was written back is what was taken.
        let before = model.clone();
        model.write(&nets);
        assert_eq!(model, before);
    }
}

#[test]
fn a_compressed_number_lies_between_two_bins() {
    let bins = 255;
    let told = [-25.0, -20.0, -3.3, 0.0, 0.1, 12.345, 20.0, 31.0];
    for (v, weights) in told.into_iter().zip(two_hot(&told, bins).chunks_exact(bins)) {
        let mean: f64 = weights.iter().enumerate().map(|(i, w)| f64::from(*w) * (40.0 / 254.0 * i as f64 - 20.0)).sum();
        assert!((mean - f64::from(v.clamp(-20.0, 20.0))).abs() < 1e-5, "{v}: {mean}");
        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-6 && weights.iter().filter(|w| **w > 0.0).count() <= 2);
    }
}

/// Swings of a pushed mass on a spring, rewarded for standing still in the middle.
fn swings(episodes: usize, first: usize) -> TransitionBatch {
    let mut batch = TransitionBatch::empty(2, 1);
    for e in first..first + episodes {
        let (mut x, mut v) = ((e as f32 * 1.3).sin() * 2.0, (e as f32 * 2.1).cos());
        for t in 0..40 {
            let push = (((e * 31 + t * 7) as f32) * 0.37).sin();
            batch.obs.extend([x, v]);
            batch.action.push(push);
            v += 0.15 * (push - x);
            x += 0.15 * v;
            batch.next_obs.extend([x, v]);
            batch.reward.push(-x * x);
            batch.terminated.push(false);
            batch.truncated.push(false);
            batch.episode.push(e);
            batch.step.push(t);
        }
    }
    batch
}

fn fitted(form: Form, train: &TransitionBatch, validation: &TransitionBatch) -> (Box<dyn WorldModel>, FitCurve) {
    let options = FitOptions {
        kind: ModelKind::Rssm,
        members: 3,
        hidden: 16,
        layers: 2,
        learning_rate: 3e-3,
        batch: 8,
        check_every: 40,
        checks: 6,
        patience: 6,
        form,
        ..FitOptions::default()
    };
    let mut model: Box<dyn WorldModel> = Box::new(fresh(train, &options, &mut stream(1, "weights", 0)).unwrap());
    let mut rng = stream(1, "batches", 0);
    let mut draw = fit::uniform_rows(train.len(), &mut rng);
    let curve = fit::train(&mut model, (train, validation), &options, &mut draw, &|_| {}, &Ctx::quiet()).unwrap();
    (model, curve)
}

#[test]
fn all_forms_at_once_learn_a_simple_system_and_repeat_themselves_to_the_bit() {
    let (train, validation) = (swings(12, 0), swings(3, 100));
    let (model, curve) = fitted(FORMS[3], &train, &validation);
    assert!(curve.heldout[curve.best] < 0.3 * curve.heldout[0], "{curve:?}");
    assert_eq!((model.kind(), model.dims().members, model.draws()), ("dreamer", 3, 1));
    let said = imagine::one_step(&*model, &validation, &Ctx::quiet()).unwrap();
    // 255 bins begin even, at ln 255 nats; Adam's small steps take long to leave most of them behind.
    let (name, rewards) = &curve.parts[1];
    let last = rewards.last().copied().unwrap();
    assert!(*name == "reward loss" && rewards[1] < 255.0f64.ln() && last < 0.8 * rewards[1], "{rewards:?}");
    assert!(said.reward.unwrap().iter().all(|v| v.is_finite()));
    assert!(said.disagreement.iter().all(|v| *v > 0.0));
    assert!(fitted(FORMS[3], &train, &validation).0.same(&*model));
}

#[test]
fn a_model_that_is_trained_here_keeps_the_rules_of_the_others() {
    for form in FORMS {
        let model = Dreamer { context: 3, ..by_sines(form) };
        battery::rows_are_apart(&model, 4.0, near);
        battery::following_is_filtering(&model, 4.0, near);
        model.trainable().unwrap();
    }
    let data = TransitionBatch { obs: vec![0.0, 1.0], ..TransitionBatch::empty(2, 1) };
    let odd = FitOptions { form: Form { blocks: 4, ..FORMS[1] }, ..small(FORMS[1]) };
    let refused = fresh(&data, &odd, &mut stream(0, "t", 0)).unwrap_err();
    assert!(refused.contains("6 units") && refused.contains("4 whole blocks"), "{refused}");
}

/// By the sums that the widths say, written out: millions, without heads, for 11 columns of observations and 3 of actions.
#[test]
fn sizes_are_as_large_as_their_names() {
    let data = TransitionBatch { obs: (0..22u8).map(f32::from).collect(), ..TransitionBatch::empty(11, 3) };
    for (name, most) in [("0.2m", 0.16), ("0.6m", 0.61), ("2m", 2.44), ("s", 6.84), ("18m", 17.91)] {
        let size: Size = name.parse().unwrap();
        assert_eq!(size.to_string(), name);
        let (hidden, layers, widths) = size.widths();
        let options = FitOptions { members: 1, hidden, layers, widths: Some(widths), ..FitOptions::default() };
        let model = crate::world::rssm::fresh(&data, &options, &mut stream(0, "t", 0));
        let millions = model.parameters().unwrap() as f64 / 1e6;
        assert!((millions - most).abs() < 0.006, "{name}: {millions}");
    }
    assert!("xl".parse::<Size>().unwrap_err().contains("0.2m, 0.6m, 2m, s, 18m"));
}
