//! The same of a recurrent state-space model.

#![allow(clippy::expect_used, reason = "a bench may end here")]

use oodscope::data::episode::TransitionBatch;
use oodscope::ground::seed::stream;
use oodscope::world::fit::{FitOptions, ModelKind, Size, Widths};
use oodscope::world::net::device::Device;
use oodscope::world::net::init;
use oodscope::world::rssm::{self, Autodiff, RssmFit, STEPS as LENGTH};
use oodscope::world::world_model::Fit;

use super::super::{ROUNDS, median, time};
use super::torch::Torch;

/// Width of the layers, stretches of a batch, columns of observation and action, and steps a round.
struct Shape {
    hidden: usize,
    widths: Widths,
    stretches: usize,
    columns: (usize, usize),
    steps: usize,
}

/// As wide as what is trained where no size is named, as `2m`, and `DreamerV3`'s S with as many steps as 16 stretches of 64.
fn shapes() -> [Shape; 3] {
    let beside = |hidden, columns| Shape { hidden, widths: Widths::beside(hidden), stretches: 16, columns, steps: 5 };
    let (hidden, _, widths) = Size::S.widths();
    [beside(64, (3, 1)), beside(256, (11, 3)), Shape { hidden, widths, stretches: 32, columns: (11, 3), steps: 1 }]
}

const SCRIPT: &str = include_str!("torch_rssm.py");

pub fn all() {
    for Shape { hidden, widths, stretches, columns: (d, a), steps } in shapes() {
        let kind = ModelKind::Rssm;
        // Without heads, which the peer has not.
        let options = FitOptions { kind, members: 1, hidden, layers: 2, widths: Some(widths), ..FitOptions::default() };
        let batch = walks(d, a);
        let model = rssm::fresh(&batch, &options, &mut stream(0, "weights", 0));
        let mut fit = RssmFit::new(model.clone(), &batch, &batch, Device::Cpu).expect("stretches are long enough");
        let burn = Box::new(Autodiff::new(&model, Device::Cpu.resolve().expect("the processor is there")));
        let mut autodiff = RssmFit::with(model, &batch, &batch, burn).expect("stretches are long enough");
        let drawn: Vec<usize> = (0..stretches).map(|i| i * batch.len() / stretches).collect();
        let numbers = [stretches, LENGTH, hidden, d, a, widths.units, widths.groups].map(|n| n.to_string());
        let mut torch = Torch::of(SCRIPT, &numbers);
        let (mut ours, mut plain, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let own = time(steps, || {
                fit.step(&drawn, 1e-4);
            });
            let burn = time(steps, || {
                autodiff.step(&drawn, 1e-4);
            });
            let peer = torch.as_mut().map_or(Ok(f64::NAN), |t| t.time(steps));
            if round > 0 {
                ours.push(own);
                plain.push(burn);
                match peer {
                    Ok(ms) => theirs.push(ms),
                    Err(reason) => torch = Err(reason),
                }
            }
        }
        let own = median(&mut ours);
        let Widths { units, groups, classes } = widths;
        println!(
            "rssm, {hidden} wide, {units} units, {groups} x {classes} latents, {stretches} x {LENGTH} steps of {d} + {a} columns: \
             {own:.1} ms a step"
        );
        let burn = median(&mut plain);
        println!("  burn {burn:.1} ms, {:.2} times as long", burn / own);
        match torch {
            Ok(_) => {
                let peer = median(&mut theirs);
                println!("  PyTorch {peer:.1} ms, {:.2} times as long", peer / own);
            }
            Err(reason) => println!("  PyTorch was not measured: {reason}"),
        }
    }
}

/// Random walks of 40 steps.
fn walks(d: usize, a: usize) -> TransitionBatch {
    let (episodes, steps) = (32, 40);
    let n = episodes * steps;
    let mut rng = stream(1, "rows", 0);
    TransitionBatch {
        obs: init::normal(n * d, &mut rng),
        next_obs: init::normal(n * d, &mut rng),
        action: init::normal(n * a, &mut rng),
        reward: init::normal(n, &mut rng),
        terminated: vec![false; n],
        truncated: vec![false; n],
        episode: (0..n).map(|i| i / steps).collect(),
        step: (0..n).map(|i| i % steps).collect(),
        ..TransitionBatch::empty(d, a)
    }
}
