//! What density maps cost: `cargo bench --bench density`. Prints medians of counting, of preparing for views, of views
//! and of all pairs' small maps; beside counting, `numpy.histogram2d` and fast-histogram on the same points where
//! `OODSCOPE_PYTHON` names a Python that has them. Asserts nothing about times.

mod python;

mod density {
    pub mod peers;
}

use std::hint::black_box;
use std::time::Instant;

use chacha20::ChaCha8Rng;
use density::peers::Peers;
use oodscope::ground::task::Ctx;
use oodscope::metrics::density::pairs::Binned;
use oodscope::metrics::density::zoom::Zoom;
use oodscope::metrics::density::{Density, Range};
use rand::{RngExt, SeedableRng};

/// Rounds; every path takes its turn in each, so that a busy machine slows them alike.
const ROUNDS: usize = 9;
/// Cells along each axis of the map.
const BINS: usize = 400;
/// Views of a map.
const VIEWS: usize = 200;
/// Both axes.
const RANGE: Range = (-1.0, 1.0);

/// Points of episodes that start anywhere and wander: neighbours in time are neighbours on the map, and some regions are
/// visited far more than others.
fn points(n: usize) -> (Vec<f32>, Vec<f32>) {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (mut x, mut v) = (0.0f32, 0.0f32);
    (0..n)
        .map(|i| {
            if i % 1000 == 0 {
                (x, v) = (rng.random_range(-0.9..0.9), 0.0);
            }
            v = 0.98 * v - 0.02 * x + rng.random_range(-0.05f32..0.05);
            x = (x + 0.1 * v).clamp(-1.0, 1.0);
            (x, v.clamp(-1.0, 1.0))
        })
        .unzip()
}

/// Milliseconds of `work`, and its result.
fn time<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let out = black_box(work());
    (start.elapsed().as_secs_f64() * 1e3, out)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

fn count(n: usize, x: &[f32], y: &[f32]) {
    let mut peers = Peers::start(x, y, BINS);
    let (mut ours, mut numpy, mut fast) = (Vec::new(), Vec::new(), Vec::new());
    let mut counted = 0;
    for _ in 0..ROUNDS {
        let (took, d) = time(|| Density::of(x, y, (RANGE, RANGE), BINS));
        ours.push(took);
        counted = d.total();
        if let Ok(peers) = &mut peers {
            numpy.extend(peers.time("numpy").map(|t| t.0));
            fast.extend(peers.time("fast-histogram").map(|t| t.0));
        }
    }
    let ours = median(&mut ours);
    println!("{n} points into {BINS} x {BINS}: {ours:.2} ms ({counted} counted)");
    match peers {
        Err(why) => println!("  peers were not measured: {why}"),
        Ok(_) => {
            for (peer, times) in [("numpy.histogram2d", &mut numpy), ("fast-histogram", &mut fast)] {
                let theirs = median(times);
                println!("  {peer}: {theirs:.2} ms, {:.1} times ours", theirs / ours);
            }
        }
    }
}

fn views(n: usize, x: &[f32], y: &[f32]) {
    let (mut prepare, mut zoom) = (Vec::new(), None);
    for _ in 0..5 {
        let (took, made) = time(|| Zoom::new(x, y, (RANGE, RANGE)));
        prepare.push(took);
        zoom = Some(made);
    }
    let Some(zoom) = zoom else { return };
    println!("{n} points prepared for views: {:.1} ms", median(&mut prepare));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (what, least, most) in [("the whole to a fifth", 0.2, 1.0), ("a fifth to a thousandth", 0.001, 0.2)] {
        let mut times: Vec<f64> = (0..VIEWS)
            .map(|_| {
                let half = rng.random_range(least..most);
                let (a, b) = (rng.random_range(-0.9..0.9), rng.random_range(-0.5..0.5));
                time(|| zoom.view(((a - half, a + half), (b - half, b + half)), BINS, BINS)).0
            })
            .collect();
        let middle = median(&mut times);
        let slowest = times.last().copied().unwrap_or(f64::NAN);
        println!("  a view of {what}: {middle:.2} ms, the slowest of {VIEWS} {slowest:.2} ms");
    }
}

fn pairs(n: usize, dims: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (x, y) = points(n);
    let phase: Vec<f32> = (0..dims).map(|_| rng.random_range(0.0f32..6.3)).collect();
    let rows: Vec<f32> =
        (0..n).flat_map(|i| phase.iter().map(|p| p.cos() * x[i] + p.sin() * y[i]).collect::<Vec<_>>()).collect();
    let (ranges, all) = (vec![RANGE; dims], (0..dims).collect::<Vec<_>>());
    let mut times = Vec::new();
    for _ in 0..5 {
        let work = || Binned::new(&rows, &ranges, &Ctx::quiet()).and_then(|b| b.pairs(&all, &Ctx::quiet()));
        times.push(time(work).0);
    }
    let maps = dims * (dims - 1) / 2;
    println!("{n} rows, small maps of all {maps} pairs of {dims} dimensions: {:.0} ms", median(&mut times));
}

fn main() {
    println!("{} threads", rayon::current_num_threads());
    for n in [1_000_000, 10_000_000] {
        let (x, y) = points(n);
        count(n, &x, &y);
        views(n, &x, &y);
    }
    pairs(1_000_000, 17);
}
