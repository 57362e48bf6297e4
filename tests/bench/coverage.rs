//! How long the coverage report of a million states takes: `cargo bench --bench coverage -- [STATES [DIMENSIONS
//! [ACTIONS]]]`. Prints times, asserts nothing about them.
//!
//! States are auto-regressive trajectories of 1,000 steps whose dimensions are mixed, so that they are correlated in
//! time and with each other, as simulator states are. "First numbers" is the report that the screen shows at once; the
//! search for neighbours is timed apart from all other measures.

use std::time::Instant;

use chacha20::ChaCha8Rng;
use oodscope::ground::bootstrap::Bootstrap;
use oodscope::ground::fault::Fault;
use oodscope::ground::task::Ctx;
use oodscope::metrics::States;
use oodscope::metrics::coverage::recorded::{Dimensions, Episode, Peers, Recorded};
use oodscope::metrics::coverage::whole;
use oodscope::metrics::coverage::{self, Input, Options};
use oodscope::metrics::features::Choice;
use oodscope::metrics::report::Report;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// Steps of an episode.
const STEPS: usize = 1000;

/// Rows [N, d] of episodes with hidden AR(1) processes mixed by a fixed matrix.
fn states(n: usize, d: usize, rng: &mut impl Rng) -> (Vec<f32>, Vec<usize>) {
    let mut normal = || -> f64 { StandardNormal.sample(rng) };
    let hidden = d.div_ceil(2);
    let mix: Vec<f64> = (0..d * hidden).map(|_| normal()).collect();
    let (mut rows, mut owner) = (Vec::with_capacity(n * d), Vec::with_capacity(n));
    let mut h = vec![0.0; hidden];
    for i in 0..n {
        if i % STEPS == 0 {
            h.fill_with(&mut normal);
        }
        for h in &mut h {
            *h = 0.98 * *h + 0.2 * normal();
        }
        for row in mix.chunks_exact(hidden) {
            let mixed: f64 = row.iter().zip(&h).map(|(a, b)| a * b).sum();
            rows.push((mixed + 0.1 * normal()) as f32);
        }
        owner.push(i / STEPS);
    }
    (rows, owner)
}

fn names(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{prefix}[{i}]")).collect()
}

fn main() -> Result<(), Fault> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let at = |i: usize, default: usize| numbers.get(i).copied().unwrap_or(default);
    let (n, d, a) = (at(0, 1_000_000).max(20 * STEPS), at(1, 17), at(2, 6));
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (rows, owner) = states(n, d, &mut rng);
    let action = |v: f32| v.clamp(-1.0, 1.0);
    let actions: Vec<f32> = (0..n * a).map(|_| action(StandardNormal.sample(&mut rng))).collect();
    let rewards: Vec<f64> = rows.chunks_exact(d).map(|r| f64::from(r[0])).collect();
    let episode = |e: usize| {
        let (from, to) = (e * STEPS, ((e + 1) * STEPS).min(n));
        let (states, actions) = (&rows[from * d..to * d], &actions[from * a..to * a]);
        Episode { states, actions, rewards: &rewards[from..to] }
    };
    let names_of = (names("obs", d), names("action", a));
    let data = Recorded {
        observation: Dimensions { names: names_of.0.clone(), bounds: vec![None; d], choices: None },
        action: Dimensions { names: names_of.1, bounds: vec![Some((-1.0, 1.0)); a], choices: None },
        episodes: (0..n.div_ceil(STEPS)).map(episode).collect(),
    };
    // A few episodes calibrate and are held out: enough to exercise the search, which has a bench of its own.
    let part = |from: usize, to: usize| States { rows: &rows[from * d..to * d], owner: &owner[from..to] };
    let (train, few) = (part(0, n - 2 * STEPS), part(n - 2 * STEPS, n));
    let names = &names_of.0;
    let choice = Choice::default();
    let input =
        Input { names, choice, train, calibration: few, heldout: few, rollouts: None, imagined: None, shared: false };
    let options = Options { bootstrap: Bootstrap { draws: 200, seed: 0 }, ..Options::default() };
    let (cx, b) = (Ctx::quiet(), &options.bootstrap);
    println!("{n} x {d} (+ {a}), {} episodes, 200 draws", data.episodes.len());
    let mut report = Report::new("coverage", "Coverage");
    let start = Instant::now();
    whole::tell(&mut report, &data, &Peers::default(), b, &cx)?;
    println!("ranges, actions, returns: {:.2?}", start.elapsed());
    let begun = coverage::begin(&input, &options, &cx)?;
    println!("with map, cells and spectrum (first numbers): {:.2?}", start.elapsed());
    begun.finish(&cx)?;
    println!("with novelty of 4,000 states, entropy, Vendi score (whole report): {:.2?}", start.elapsed());
    let start = Instant::now();
    let peers = Peers { reference: Some(data.clone()), ..Peers::default() };
    whole::tell(&mut report, &data, &peers, b, &cx)?;
    println!("ranges, actions, returns again, with SACo against a reference of equal size: {:.2?}", start.elapsed());
    Ok(())
}
