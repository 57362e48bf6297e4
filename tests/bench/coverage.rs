//! How long the coverage report of a million states takes: `cargo bench --bench coverage -- [STATES [DIMENSIONS
//! [ACTIONS]]]`. Prints times, asserts nothing about them.
//!
//! States are auto-regressive trajectories of 1,000 steps whose dimensions are mixed, so that they are correlated in
//! time and with each other, as simulator states are. "First numbers" is the report that the screen shows at once; the
//! search for neighbours is timed apart from all other measures.

use std::time::Instant;

use oodscope::metrics::States;
use oodscope::metrics::bootstrap::Bootstrap;
use oodscope::metrics::coverage::recorded::{self, Dimensions, Episode, Peers, Recorded};
use oodscope::metrics::coverage::{self, Input, Options};
use oodscope::task::Ctx;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
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
            h.iter_mut().for_each(|h| *h = normal());
        }
        h.iter_mut().for_each(|h| *h = 0.98 * *h + 0.2 * normal());
        for row in mix.chunks_exact(hidden) {
            let mixed: f64 = row.iter().zip(&h).map(|(a, b)| a * b).sum();
            rows.push((mixed + 0.1 * normal()) as f32);
        }
        owner.push(i / STEPS);
    }
    (rows, owner)
}

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let at = |i: usize, default: usize| numbers.get(i).copied().unwrap_or(default);
    let (n, d, a) = (at(0, 1_000_000), at(1, 17), at(2, 6));
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (rows, owner) = states(n, d, &mut rng);
    let actions: Vec<f32> =
        (0..n * a).map(|_| StandardNormal.sample(&mut rng)).map(|v: f32| v.clamp(-1.0, 1.0)).collect();
    let rewards: Vec<f64> = rows.chunks_exact(d).map(|r| f64::from(r[0])).collect();
    let names: Vec<String> = (0..d).map(|i| format!("obs[{i}]")).collect();
    let data = Recorded {
        observation: Dimensions { names: names.clone(), bounds: vec![None; d], choices: None },
        action: Dimensions {
            names: (0..a).map(|i| format!("action[{i}]")).collect(),
            bounds: vec![Some((-1.0, 1.0)); a],
            choices: None,
        },
        episodes: (0..n.div_ceil(STEPS))
            .map(|e| {
                let (from, to) = (e * STEPS, ((e + 1) * STEPS).min(n));
                Episode {
                    states: &rows[from * d..to * d],
                    actions: &actions[from * a..to * a],
                    rewards: &rewards[from..to],
                }
            })
            .collect(),
    };
    // The last 2,000 states calibrate and are held out: enough to exercise the search, which has a bench of its own.
    let part = |from: usize, to: usize| States { rows: &rows[from * d..to * d], owner: &owner[from..to] };
    let (train, few) = (part(0, n - 2 * STEPS), part(n - 2 * STEPS, n));
    let input = Input { names: &names, train, calibration: few, heldout: few, rollouts: None, shared: false };
    let options = Options { bootstrap: Bootstrap { draws: 200, seed: 0 }, ..Options::default() };
    let cx = Ctx::quiet();
    let start = Instant::now();
    let mut more = oodscope::metrics::report::Report::new("coverage", "Coverage");
    recorded::tell(
        &mut more,
        &data,
        &Peers { reference: Some(data.clone()), ..Peers::default() },
        &options.bootstrap,
        &cx,
    )
    .expect("the bench's own data");
    let of_episodes = start.elapsed();
    let begun = coverage::begin(&input, &options, &cx).expect("the bench's own data");
    let first = start.elapsed();
    println!("{n} x {d} (+ {a}), {} episodes, 200 draws", data.episodes.len());
    println!(
        "ranges, actions, returns, SACo against itself: {of_episodes:.2?}; with cells and spectrum, \
            first numbers: {first:.2?}"
    );
    begun.finish(&cx).expect("the bench's own data");
    println!("whole report (of 4,000 + 5,000 neighbour searches): {:.2?}", start.elapsed());
}
