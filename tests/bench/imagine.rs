//! What imagination costs: `cargo bench --bench imagine`. Prints states a second of an ensemble's open-loop rollouts with the
//! members' spread at every step, beside the same in PyTorch (batched `baddbmm`, `inference_mode`) where `OODSCOPE_PYTHON`
//! names a Python that has it. Both imagine from the same weights, starts and actions, and must agree; nothing is asserted
//! about times.

#![allow(clippy::expect_used, reason = "a bench may end here")]

mod python;

use std::path::Path;
use std::time::Instant;

use oodscope::data::sequence::SequenceBatch;
use oodscope::data::space::{Actions, Space};
use oodscope::ground::seed::stream;
use oodscope::ground::task::Ctx;
use oodscope::world::ensemble::Ensemble;
use oodscope::world::imagine::{Rollouts, open_loop};
use oodscope::world::net::init;
use oodscope::world::net::mlp::Activation;
use oodscope::world::net::normalizer::Normalizer;
use python::Python;

/// Rounds of each after one to warm up; both paths take their turn in each round, so that a busy machine slows them alike.
const ROUNDS: usize = 5;
/// Steps imagined.
const HORIZON: usize = 50;
/// Members, columns of observation and action, width of the four hidden layers, and starts: `HalfCheetah` as MOPO has it.
const SHAPES: [(usize, usize, usize, usize, usize); 2] = [(7, 17, 6, 200, 10_000), (5, 3, 1, 64, 256)];

const SCRIPT: &str = include_str!("imagine/torch_imagine.py");

/// Weights, starts and actions.
struct Case {
    model: Ensemble,
    starts: Vec<f32>,
    actions: Vec<f32>,
}

impl Case {
    fn new(members: usize, d: usize, a: usize, hidden: usize, starts: usize) -> Self {
        let rng = &mut stream(0, "weights", 0);
        let sizes = [d + a, hidden, hidden, hidden, hidden, 2 * (d + 1)];
        let net = init::mlp(members, &sizes, Activation::Silu, 1.0, rng);
        let model = Ensemble {
            obs_dim: d,
            action_dim: a,
            learned_reward: true,
            learned_termination: false,
            deterministic: false,
            net,
            input: Normalizer::identity(d + a),
            // Small changes: rollouts that stay where numbers can be compared.
            target: Normalizer { mean: vec![0.0; d + 1], std: vec![0.1; d + 1] },
            min_logvar: vec![-12.0; d + 1],
            max_logvar: vec![0.5; d + 1],
            elites: (0..members.min(5)).collect(),
            absolute: Vec::new(),
            seen: Vec::new(),
        };
        Self { model, starts: init::normal(starts * d, rng), actions: init::normal(starts * HORIZON * a, rng) }
    }

    fn imagined(&self) -> Rollouts {
        let (d, a) = (self.model.obs_dim, self.model.action_dim);
        let space = Space::unnamed("action", a);
        let past = SequenceBatch {
            rows: self.starts.len() / d,
            steps: 0,
            obs_dim: d,
            obs: (&self.starts[..]).into(),
            actions: Actions::new(&space, Vec::new()),
        };
        let actions = Actions::new(&space, &self.actions[..]);
        open_loop(&self.model, &past, &actions, HORIZON, None, &Ctx::quiet()).expect("nobody cancels")
    }

    /// Writes what the script reads: numbers as little-endian f32, one after the other.
    fn write(&self, folder: &Path) -> std::io::Result<Vec<String>> {
        let path = folder.join("case.f32");
        let layers = self.model.net.layers.iter().flat_map(|l| [&l.weight, &l.bias]);
        let all = layers.chain([&self.starts, &self.actions]).flatten();
        std::fs::write(&path, python::bytes(all.copied()))?;
        Ok(vec![path.display().to_string()])
    }

    /// A Python that waits to be asked, and what it says of its first imagination: the last observations' mean square.
    fn peer(&self, hidden: usize) -> Result<Python, String> {
        let m = &self.model;
        let starts = self.starts.len() / m.obs_dim;
        let numbers =
            [m.net.members, m.obs_dim, m.action_dim, hidden, starts, HORIZON, m.elites.len()].map(|n| n.to_string());
        let mut python = Python::start(SCRIPT, &numbers, |folder| self.write(folder))?;
        python.line().map(|_| python)
    }
}

/// Root mean squares of the last observations and of all spreads: what both must agree on.
fn digest(r: &Rollouts) -> (f64, f64) {
    let last: f64 = (0..r.starts).flat_map(|k| r.obs_at(k, r.horizon)).map(|v| f64::from(*v).powi(2)).sum();
    let spread: f64 = r.disagreement.iter().map(|v| f64::from(*v)).sum();
    ((last / (r.starts * r.obs_dim) as f64).sqrt(), spread / r.disagreement.len() as f64)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    if cfg!(debug_assertions) {
        println!("imagine: built with debug assertions; times of an optimised build are shorter");
    }
    for (members, d, a, hidden, starts) in SHAPES {
        let case = Case::new(members, d, a, hidden, starts);
        let mut peer = case.peer(hidden);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let begin = Instant::now();
            let rollouts = case.imagined();
            let own = begin.elapsed().as_secs_f64();
            if round > 0 {
                ours.push(own);
            }
            let Ok(python) = &mut peer else { continue };
            match python.ask("").and_then(|line| numbers(&line)) {
                Ok([_, last, spread]) if round == 0 => agree(digest(&rollouts), (last, spread)),
                Ok([seconds, ..]) => theirs.push(seconds),
                Err(reason) => peer = Err(reason),
            }
        }
        let own = median(&mut ours);
        println!(
            "{starts} starts x {HORIZON} steps x {members} members ({}-{hidden}^4-{}): {own:.3} s, {:.0} states a second",
            d + a,
            2 * (d + 1),
            (starts * HORIZON) as f64 / own
        );
        match peer {
            Ok(_) => {
                let peer = median(&mut theirs);
                println!("  PyTorch {peer:.3} s, {:.2} times as long", peer / own);
            }
            Err(reason) => println!("  PyTorch was not measured: {reason}"),
        }
    }
}

/// Seconds, and the two numbers of [`digest`].
fn numbers(line: &str) -> Result<[f64; 3], String> {
    let all: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    all.try_into().map_err(|_| format!("the script answered {line:?}"))
}

/// Says how far apart both are.
fn agree((last, spread): (f64, f64), (of_last, of_spread): (f64, f64)) {
    let apart = (last / of_last - 1.0).abs().max((spread / of_spread - 1.0).abs());
    println!("the two agree to {apart:.1e} in the size of the last states and in the mean spread");
    // Rounding of f32 alone, which networks that carry on fifty times can only multiply by little: nothing here is chaotic.
    assert!(apart < 1e-3, "{last} {of_last} {spread} {of_spread}");
}
