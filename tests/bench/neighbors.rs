//! Exact nearest neighbours against the Python peers, on the same states in the same run.
//!
//! ```text
//! cargo bench --bench neighbors -- [--dims D] [--k 1,5,50] [--queries Q] [--more] [STATES.npz …]
//! ```
//!
//! `OODSCOPE_PYTHON` names the Python that has the peers. `--more` adds leave-own-episode-out self-scoring, insertion and
//! how cost grows with the number of states. Prints medians of five and ratios; asserts nothing about time.

mod python;

#[path = "neighbors/peers.rs"]
mod peers;
#[path = "neighbors/states.rs"]
mod states;

use std::path::PathBuf;
use std::time::Instant;

use oodscope::ground::task::Ctx;
use oodscope::metrics::neighbors::growing::Growing;
use oodscope::metrics::neighbors::points::Points;
use oodscope::metrics::neighbors::{self, Exclude, Knn, Neighbors};
use states::States;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REPEATS: usize = 5;

#[derive(Default)]
struct Options {
    dims: Option<usize>,
    ks: Vec<usize>,
    queries: Option<usize>,
    more: bool,
    files: Vec<PathBuf>,
}

fn main() {
    let o = options();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{threads} threads; medians of {REPEATS}; 'all' = build + query of every state asked");
    let sets: Vec<Result<States, String>> = if o.files.is_empty() {
        println!("no file named: made-up states (name files of simulator states for numbers that mean something)");
        vec![Ok(States::made_up(o.dims.unwrap_or(8), 200_000, 20_000))]
    } else {
        o.files.iter().map(|f| States::read(f, o.dims)).collect()
    };
    for set in sets {
        match set {
            Ok(set) => one(&set, &o, threads),
            Err(e) => println!("{e}"),
        }
    }
}

fn options() -> Options {
    let mut o = Options { ks: vec![5], ..Options::default() };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        match arg.as_str() {
            "--dims" => o.dims = value().parse().ok(),
            "--k" => o.ks = value().split(',').filter_map(|k| k.parse().ok()).collect(),
            "--queries" => o.queries = value().parse().ok(),
            "--more" => o.more = true,
            "--bench" => {}
            file => o.files.push(file.into()),
        }
    }
    o
}

fn one(set: &States, o: &Options, threads: usize) {
    let d = set.dim;
    let asked = thin(&set.q, d, o.queries.unwrap_or(usize::MAX));
    let queries = Points::plain(asked.clone(), d);
    println!("\n{}: {} states of {d}, {} queries", set.name, set.len(), queries.len());
    for &k in &o.ks {
        let (build, index) = median(REPEATS, || build(Points::plain(set.x.clone(), d)));
        let (query, found) = median(REPEATS, || ask(index.as_ref(), &queries, k, Exclude::Nothing));
        let ours = build + query;
        println!(
            "  k={k:<3} ours ({}): build {build:.3} s, query {query:.3} s ({:.2} us each), all {ours:.3} s; index {:.2} x the raw f32",
            index.name(),
            query * 1e6 / queries.len() as f64,
            index.bytes() as f64 / (set.x.len() * 4) as f64
        );
        against(set, &asked, k, threads, ours, &found);
    }
    if o.more {
        more(set);
    }
}

/// The peers on the same states, with how far their answers are from ours.
fn against(set: &States, asked: &[f32], k: usize, threads: usize, ours: f64, found: &Knn) {
    let peers = match peers::run(&set.x, asked, set.dim, k, threads) {
        Ok(peers) => peers,
        Err(why) => return println!("    peers not measured: {why}"),
    };
    let kth = found.kth(k);
    let mut fastest = f64::INFINITY;
    for p in peers {
        let all = p.build + p.query;
        fastest = fastest.min(all);
        let step = (kth.len() - 1) as f64 / 63.0;
        let off = p.kth.iter().enumerate().map(|(i, v)| {
            let own = kth[(i as f64 * step) as usize];
            (v - own).abs() / own.max(1e-3)
        });
        println!(
            "    {:<18} build {:7.3} s, query {:9.3} s, all {all:9.3} s = {:6.1} x ours ({} queries asked; k-th distance within {:.0e} of ours)",
            p.name,
            p.build,
            p.query,
            all / ours,
            p.asked,
            off.fold(0.0, f64::max)
        );
    }
    println!("    => {:.1} x faster than the fastest peer", fastest / ours);
}

/// Self-scoring, insertion, and growth with N.
fn more(set: &States) {
    let d = set.dim;
    let points = Points::grouped(set.x.clone(), d, &set.episode);
    let (_, index) = build(points.clone());
    let (plain, _) = ask(index.as_ref(), &points, 5, Exclude::Nothing);
    let (own, _) = ask(index.as_ref(), &points, 5, Exclude::SameEpisode);
    println!(
        "  all {} against themselves: plain {plain:.2} s, own episode left out {own:.2} s = {:.2} x",
        points.len(),
        own / plain
    );
    let new = points.pick(&(0..2000.min(points.len())).collect::<Vec<_>>());
    let mut growing = Growing::new(index);
    let (insert, ()) = median(REPEATS, || {
        let start = Instant::now();
        let done = growing.insert(&new);
        let took = start.elapsed().as_secs_f64();
        (took, done.unwrap_or_else(|e| println!("{e}")))
    });
    println!("  inserting {}: {:.3} ms", new.len(), insert * 1e3);
    let queries = Points::plain(thin(&set.q, d, 2000), d);
    let mut last: Option<(usize, f64)> = None;
    for n in [10_000, 100_000, 1_000_000, 10_000_000].into_iter().filter(|&n| n <= set.len()) {
        let (built, index) = build(Points::plain(thin(&set.x, d, n), d));
        let (query, _) = median(3, || ask(index.as_ref(), &queries, 5, Exclude::Nothing));
        let each = query * 1e6 / queries.len() as f64;
        let exponent = last.map_or(f64::NAN, |(m, t)| (each / t).ln() / (n as f64 / m as f64).ln());
        println!("  N = {n:>8}: build {built:.3} s, {each:9.2} us a query; cost ~ N^{exponent:.2} since the last");
        last = Some((n, each));
    }
}

/// `m` rows, evenly spread.
fn thin(rows: &[f32], d: usize, m: usize) -> Vec<f32> {
    let at = oodscope::ground::stats::evenly(rows.len() / d, m);
    at.iter().flat_map(|&i| &rows[i * d..(i + 1) * d]).copied().collect()
}

fn build(points: Points) -> (f64, Box<dyn Neighbors>) {
    let start = Instant::now();
    match neighbors::index(points, &Ctx::quiet()) {
        Ok(index) => (start.elapsed().as_secs_f64(), index),
        Err(e) => stop(&e.to_string()),
    }
}

fn ask(index: &dyn Neighbors, queries: &Points, k: usize, exclude: Exclude) -> (f64, Knn) {
    let start = Instant::now();
    match index.knn(queries, k, exclude, &Ctx::quiet()) {
        Ok(found) => (start.elapsed().as_secs_f64(), found),
        Err(e) => stop(&e.to_string()),
    }
}

/// The median time of `n` runs and the last result.
fn median<T>(n: usize, mut run: impl FnMut() -> (f64, T)) -> (f64, T) {
    let (mut times, mut last) = (Vec::new(), None);
    for _ in 0..n {
        let (time, value) = run();
        times.push(time);
        last = Some(value);
    }
    times.sort_by(f64::total_cmp);
    (times[n / 2], last.unwrap_or_else(|| stop("no run")))
}

fn stop(why: &str) -> ! {
    println!("{why}");
    std::process::exit(1)
}
