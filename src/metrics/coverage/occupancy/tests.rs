use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::ground::seed::{Stream, keyed};

/// Episodes of 30 correlated steps in the plane, counted in cells one wide.
fn world(episodes: usize, rng: &mut Stream) -> Cells {
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

/// 300 data sets of one process; the truth of each number is its mean over the sets. A 95 % interval misses in 15 of
/// 300 on average; up to 33 is chance (four standard deviations plus what a symmetric interval of a skewed number
/// costs). The missing masses and Chao2's total have conservative intervals: the jackknife's variance is too large,
/// never too small, on average (Efron & Stein 1981).
#[test]
fn intervals_hold_what_the_process_gives_on_average() {
    let mut rng = keyed(11, 0);
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

/// 100 data sets of 40 episodes around levels of their own in three dimensions; the truth of each number is its mean
/// over the sets. A 95 % interval misses in 5 of 100 on average; up to 14 is chance (four standard deviations). The
/// Vendi score's is wider than it need be: its draws keep the spreads and the kernel's width, which every new data set
/// would adapt.
#[test]
fn intervals_of_rank_and_vendi_hold_what_the_process_gives_on_average() {
    use crate::metrics::features::Features;
    let mut rng = keyed(12, 0);
    let names: Vec<String> = ["x", "y", "z"].map(String::from).to_vec();
    let owner: Vec<usize> = (0..400).map(|i| i / 10).collect();
    let mut numbers: Vec<Vec<(f64, (f64, f64))>> = vec![Vec::new(); 2];
    for set in 0..100 {
        let mut rows = Vec::new();
        for _ in 0..40 {
            let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
            let (a, b, c) = (normal(), normal(), normal());
            for _ in 0..10 {
                rows.extend([a, 0.8 * a + 0.6 * b, c].map(|level| (level + 0.3 * normal()) as f32));
            }
        }
        let states = States { rows: &rows, owner: &owner };
        let (b, cx) = (Bootstrap { draws: 200, seed: set }, Ctx::quiet());
        let mut report = Report::new("coverage", "Coverage");
        let spectrum = crate::metrics::coverage::spectrum::Spectrum::of(states, 3, &Units::of(&owner), &cx).unwrap();
        spectrum.tell(&mut report, &b, &cx).unwrap();
        let thin: Vec<usize> = (0..50).map(|i| 8 * i).collect();
        let few: Vec<f32> = thin.iter().flat_map(|&i| &rows[3 * i..3 * i + 3]).copied().collect();
        let of: Vec<usize> = thin.iter().map(|&i| owner[i]).collect();
        let features = Features::fit(&few, &names).unwrap();
        let few = States { rows: &few, owner: &of };
        crate::metrics::coverage::spread::vendi(&mut report, &features, few, &b, &cx).unwrap();
        for (key, told) in ["effective_rank", "vendi_score"].iter().zip(&mut numbers) {
            let s = report.stats.iter().find(|s| s.key == *key).unwrap();
            told.push((s.value, s.interval.unwrap()));
        }
    }
    let missed: Vec<usize> = numbers
        .iter()
        .map(|told| {
            let truth = told.iter().map(|t| t.0).sum::<f64>() / told.len() as f64;
            told.iter().filter(|(_, (lo, hi))| truth < *lo || truth > *hi).count()
        })
        .collect();
    assert!((1..=14).contains(&missed[0]) && missed[1] <= 14, "{missed:?} of 100");
}
