use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::*;

/// Episodes of 30 correlated steps in the plane, counted in cells one wide.
fn world(episodes: usize, rng: &mut ChaCha8Rng) -> Cells {
    let mut pairs = Vec::new();
    for episode in 0..episodes as u32 {
        let mut normal = || -> f64 { StandardNormal.sample(&mut *rng) };
        let (mut x, mut y) = (2.0 * normal(), 2.0 * normal());
        for _ in 0..30 {
            (x, y) = (0.9 * x + 0.5 * normal(), 0.9 * y + 0.5 * normal());
            pairs.push(((x.floor() as i32, y.floor() as i32), episode));
        }
    }
    Cells::count(pairs, episodes)
}

/// 300 data sets of one process; the truth of each number is its mean over the sets. A 95 % interval misses in 15 of 300 on
/// average; up to 33 is chance (four standard deviations plus what a symmetric interval of a skewed number costs). The
/// missing masses and Chao2's total have conservative intervals: the jackknife's variance is too large, never too small, on
/// average (Efron & Stein 1981).
#[test]
fn intervals_hold_what_the_process_gives_on_average() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let sets: Vec<Cells> = (0..300).map(|_| world(60, &mut rng)).collect();
    let gets: [fn(&Tally) -> f64; 5] =
        [|t| t.occupied, |t| t.effective, |t| t.missing_by_state, |t| t.missing_by_episode, |t| t.estimated];
    let tallies: Vec<Tally> = sets.iter().map(Cells::tally).collect();
    let mut missed = [0; 5];
    for (cells, here) in sets.iter().zip(&tallies) {
        let left_out = cells.left_out();
        for (get, miss) in gets.iter().zip(&mut missed) {
            let truth = tallies.iter().map(get).sum::<f64>() / 300.0;
            let (lo, hi) = bootstrap::jackknife(left_out.iter().map(get), get(here), (0.0, f64::INFINITY)).unwrap();
            *miss += u32::from(truth < lo || truth > hi);
        }
    }
    assert!(
        missed[..2].iter().all(|m| (4..=33).contains(m)) && missed[2..].iter().all(|m| *m <= 33),
        "{missed:?} of 300"
    );
}
