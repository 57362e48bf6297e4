//! What one training step of an ensemble costs: `cargo bench --bench fit_step`. Prints the fused step beside the same
//! step through burn's autodiff, and beside PyTorch where `OODSCOPE_PYTHON` names a Python that has it. Asserts
//! nothing about times.

mod python;

mod fit_step {
    pub mod burn_path;
    pub mod rssm;
    pub mod torch;
}

use std::time::Instant;

use fit_step::burn_path::BurnPath;
use fit_step::torch::Torch;
use oodscope::ground::seed::stream;
use oodscope::world::ensemble::Ensemble;
use oodscope::world::ensemble::fused::Trainer;
use oodscope::world::net::init;
use oodscope::world::net::mlp::Activation;
use oodscope::world::net::normalizer::Normalizer;

/// Rounds of each; every path takes its turn in each round, so that a busy machine slows them alike.
const ROUNDS: usize = 9;
/// Steps a round.
const STEPS: usize = 20;

/// Members, sizes of the layers and rows a member: the default ensemble on a pendulum, and MOPO's on a hopper.
const SHAPES: [(usize, &[usize], usize); 2] = [(5, &[4, 64, 64, 64, 8], 256), (7, &[23, 200, 200, 200, 200, 36], 256)];

/// A batch of E members.
pub struct Batch {
    /// [E, B, in].
    pub x: Vec<f32>,
    /// [E, B, targets].
    pub y: Vec<f32>,
}

fn ensemble(members: usize, sizes: &[usize]) -> Ensemble {
    let (inputs, targets) = (sizes[0], sizes[sizes.len() - 1] / 2);
    let obs_dim = targets - 1;
    Ensemble {
        obs_dim,
        action_dim: inputs - obs_dim,
        learned_reward: true,
        learned_termination: false,
        deterministic: false,
        net: init::mlp(members, sizes, Activation::Silu, 1.0, &mut stream(0, "weights", 0)),
        input: Normalizer::identity(inputs),
        target: Normalizer::identity(targets),
        min_logvar: vec![-12.0; targets],
        max_logvar: vec![0.5; targets],
        elites: (0..members).collect(),
        absolute: Vec::new(),
        seen: Vec::new(),
    }
}

/// Milliseconds a step of so many steps.
fn time(steps: usize, mut step: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..steps).for_each(|_| step());
    start.elapsed().as_secs_f64() * 1e3 / steps as f64
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    if cfg!(debug_assertions) {
        println!("fit_step: built with debug assertions; times of an optimised build are shorter");
    }
    for (members, sizes, rows) in SHAPES {
        let model = ensemble(members, sizes);
        let rng = &mut stream(1, "rows", 0);
        let x = init::normal(members * rows * model.net.inputs(), rng);
        let batch = Batch { x, y: init::normal(members * rows * model.targets(), rng) };
        let ended = vec![0.0; members * rows];
        let mut trainer = Trainer::new(&model);
        let mut burn = BurnPath::new(&model);
        let mut torch = Torch::start(members, sizes, rows);
        let mut times: [Vec<f64>; 3] = Default::default();
        // The first round warms caches and threads up and is not counted.
        for round in 0..=ROUNDS {
            let fused = time(STEPS, || {
                trainer.step(&batch.x, &batch.y, &ended, 1e-4);
            });
            let autodiff = time(STEPS, || burn.step(&batch, &model, 1e-4));
            let peer = torch.as_mut().map_or(Ok(f64::NAN), |t| t.time(STEPS));
            if round > 0 {
                times[0].push(fused);
                times[1].push(autodiff);
                match peer {
                    Ok(ms) => times[2].push(ms),
                    Err(reason) => torch = Err(reason),
                }
            }
        }
        let [fused, autodiff] = [0, 1].map(|i| median(&mut times[i]));
        println!("{members} x ({sizes:?}), {rows} rows a member, medians of {ROUNDS} rounds of {STEPS} steps:");
        println!("  fused {fused:.2} ms a step; burn {autodiff:.2} ms, {:.1} times as long", autodiff / fused);
        match torch {
            Ok(_) => {
                let peer = median(&mut times[2]);
                println!("  PyTorch {peer:.2} ms, {:.2} times as long as fused", peer / fused);
            }
            Err(reason) => println!("  PyTorch was not measured: {reason}"),
        }
    }
    fit_step::rssm::all();
}
