//! What the way to Python costs: `OODSCOPE_PYTHON=... cargo bench --bench worker`. Steps a second of Gymnasium's environments
//! through the worker, in one process and in as many as the program starts by itself, beside a plain loop over
//! `gymnasium.make_vec(..., "sync")` in the same Python with as many copies. Episodes that end begin anew: here each with a
//! seed of its own, there without one. Random actions; nothing is asserted about times.

#![allow(clippy::expect_used, reason = "a bench may end here")]

mod python;

use std::time::Instant;

use oodscope::data::space::{Actions, Space, SpaceKind};
use oodscope::env::gymnasium::{Gymnasium, Options};
use oodscope::env::vector::VectorEnv;
use oodscope::ground::seed::stream;
use oodscope::ground::task::Ctx;
use python::Python;
use rand::RngExt as _;

/// Rounds of each; all take their turn in each round, so that a busy machine slows them alike.
const ROUNDS: usize = 5;
/// Id, copies, and steps of all of them.
const CASES: [(&str, usize, usize); 4] =
    [("Hopper-v5", 8, 1500), ("Hopper-v5", 1, 6000), ("CartPole-v1", 8, 5000), ("CartPole-v1", 32, 2000)];

/// Random actions of all copies for one step.
fn actions(space: &Space, copies: usize, t: usize) -> Vec<f32> {
    let rng = &mut stream(0, "actions", t as u64);
    let one = |d: usize, u: f32| match (&space.kind, space.choices()) {
        (SpaceKind::Box { low, high }, _) => low[d] + u * (high[d] - low[d]),
        (_, Some(choices)) => choices[d].1 as f32 + (u * choices[d].0 as f32).floor(),
        _ => u.round(),
    };
    (0..copies).flat_map(|_| 0..space.dim()).map(|d| one(d, rng.random())).collect()
}

/// Steps a second.
fn stepped(env: &mut Gymnasium, steps: usize) -> f64 {
    let (n, space) = (env.copies(), env.spec().action_space.clone());
    let copies: Vec<usize> = (0..n).collect();
    let pool: Vec<Vec<f32>> = (0..512).map(|t| actions(&space, n, t)).collect();
    let mut seeds = 0..;
    env.reset(&copies, &seeds.by_ref().take(n).collect::<Vec<u64>>()).expect("reset");
    let begun = Instant::now();
    for t in 0..steps {
        // As whoever collects does.
        env.announce(&(seeds.start..seeds.start + n as u64).collect::<Vec<u64>>());
        let batch = env.step(&copies, &Actions::new(&space, pool[t % pool.len()].as_slice())).expect("stepped");
        let over: Vec<usize> = copies.iter().copied().filter(|&c| batch.terminated[c] || batch.truncated[c]).collect();
        if !over.is_empty() {
            env.reset(&over, &seeds.by_ref().take(over.len()).collect::<Vec<u64>>()).expect("reset");
        }
    }
    (n * steps) as f64 / begun.elapsed().as_secs_f64()
}

fn main() {
    let mut peer = match Python::start(include_str!("worker/make_vec.py"), &[], |_| Ok(Vec::new())) {
        Ok(peer) => peer,
        Err(why) => return println!("nothing to measure: {why}"),
    };
    println!(
        "{:<24} {:>14} {:>14} {:>14} {:>22}",
        "steps a second", "one process", "by default", "make_vec", "of make_vec"
    );
    for (id, copies, steps) in CASES {
        let python = std::env::var_os("OODSCOPE_PYTHON").map(Into::into);
        let start = |processes| {
            let options = Options { copies, processes, python: python.clone(), ..Options::new(id) };
            Gymnasium::start(options, &Ctx::quiet()).expect("the environment")
        };
        let mut rates = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            rates[0].push(stepped(&mut start(Some(1)), steps));
            rates[1].push(stepped(&mut start(None), steps));
            rates[2].push(peer.ask(&format!("{id} {copies} {steps}")).expect("a peer").parse().expect("a number"));
        }
        let [one, all, plain] = rates.map(|mut rates: Vec<f64>| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        });
        let what = format!("{id}, {copies} copies");
        println!("{what:<24} {one:>14.0} {all:>14.0} {plain:>14.0} {:>10.2} {:>11.2}", one / plain, all / plain);
    }
}
