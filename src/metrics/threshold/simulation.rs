//! The promise of the conformal threshold by simulation: with n calibration episodes and rank r = ⌈(n+1)(1-α)⌉ a fresh
//! exchangeable episode is beyond it with probability exactly 1 - r/(n+1), whatever the distribution, if no two scores
//! are equal. So of 2,000 independent repetitions the number of false alarms is binomial with that probability.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::ground::binomial::cumulative;
use crate::ground::seed::{Stream, keyed};
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::novelty::{self, Novelty};

const REPETITIONS: usize = 2000;

/// Both tails of the binomial beyond 5e-5 for each of about ten cases: all together a wrong alarm once in a thousand
/// seeds, and this seed is fixed.
fn within(alarms: usize, expected: f64, what: &str) {
    let below = cumulative(alarms, REPETITIONS, expected);
    let above = 1.0 - if alarms == 0 { 0.0 } else { cumulative(alarms - 1, REPETITIONS, expected) };
    assert!(below > 5e-5 && above > 5e-5, "{what}: {alarms} of {REPETITIONS} alarms, expected {expected}");
}

/// Exact false-alarm rate of the order statistic.
fn expected(n: usize, alpha: f64) -> f64 {
    1.0 - rank(n, alpha) as f64 / (n + 1) as f64
}

/// Steps that follow each other (AR(1), coefficient 0.9), with a level of their own for every episode.
fn steps(rng: &mut Stream, length: usize) -> Vec<f64> {
    let level: f64 = StandardNormal.sample(rng);
    let mut s = 0.0;
    (0..length)
        .map(|_| {
            s = 0.9 * s + rng.random_range(-1.0..1.0);
            s + level
        })
        .collect()
}

#[test]
fn false_alarms_come_as_often_as_the_order_statistic_says() {
    let mut rng = keyed(11, 0);
    for (n, alpha) in [(9, 0.1), (19, 0.1), (19, 0.05), (25, 0.2), (50, 0.1), (99, 0.01), (100, 0.05)] {
        let mut alarms = 0;
        for _ in 0..REPETITIONS {
            let episodes: Vec<Vec<f64>> = (0..=n).map(|_| steps(&mut rng, 10)).collect();
            let scores = episodes[..n].concat();
            let owner: Vec<usize> = (0..scores.len()).map(|i| i / 10).collect();
            let threshold = of_kind(Kind::Conformal, &scores, &owner, alpha, false).unwrap();
            assert!(threshold.is_calibrated());
            alarms += usize::from(episodes[n].iter().any(|&s| is_alarm_of(&threshold, s)));
        }
        assert!(expected(n, alpha) <= alpha + 1e-12);
        within(alarms, expected(n, alpha), &format!("n = {n}, alpha = {alpha}"));
    }
}

/// Beyond the threshold itself: these scores may be negative, which ratios are not made for.
fn is_alarm_of(threshold: &Threshold, score: f64) -> bool {
    score > threshold.value
}

/// What the promise is not: per-step quantiles alarm far more episodes than their level.
#[test]
fn a_quantile_of_steps_alarms_more_episodes_than_its_level() {
    let mut rng = keyed(12, 0);
    let (scores, owner): (Vec<f64>, Vec<usize>) =
        (0..200).flat_map(|e| steps(&mut rng, 50).into_iter().map(move |s| (s, e))).unzip();
    let threshold = per_step(&scores, &owner, 0.1).unwrap();
    let alarmed = (0..200).filter(|_| steps(&mut rng, 50).iter().any(|&s| s > threshold.value)).count();
    assert!(alarmed > 60, "{alarmed} of 200 episodes at a level of 10 % of steps");
}

/// AR trajectories in the plane; the training states are drawn once, calibration and fresh episodes anew each time.
fn novelty_keeps_its_promise(n: usize, alpha: f64, length: usize, train: usize) {
    let mut rng = keyed(13, 0);
    let mut episodes = |count: usize| -> Vec<f32> {
        let mut rows = Vec::with_capacity(count * length * 2);
        for _ in 0..count {
            let mut s = [0.0f64; 2];
            for _ in 0..length {
                for v in &mut s {
                    *v = 0.8 * *v + 0.6 * Distribution::<f64>::sample(&StandardNormal, &mut rng);
                }
                rows.extend([s[0] as f32, (s[0] * s[1]) as f32]);
            }
        }
        rows
    };
    let owner = |rows: &[f32]| -> Vec<usize> { (0..rows.len() / 2).map(|i| i / length).collect() };
    let names = ["x".to_owned(), "y".to_owned()];
    let reference = episodes(train);
    let rule = novelty::Rule { k: 3, kind: Kind::Conformal, alpha, shared: false };
    let cx = Ctx::quiet();
    let of_train = owner(&reference);
    let states = States { rows: &reference, owner: &of_train };
    let novelty = Novelty::fit(&names, states, states, rule, &cx).unwrap();
    // One search for all repetitions: scores of single states do not depend on each other.
    let all = episodes(REPETITIONS * (n + 1));
    let scores = novelty.score_fresh(&all, &cx).unwrap();
    let alarms = scores
        .chunks_exact((n + 1) * length)
        .filter(|one| {
            let (calibration, fresh) = one.split_at(n * length);
            let owner: Vec<usize> = (0..calibration.len()).map(|i| i / length).collect();
            let threshold = of_kind(Kind::Conformal, calibration, &owner, alpha, false).unwrap();
            fresh.iter().any(|&s| is_alarm(threshold.ratio(s)))
        })
        .count();
    within(alarms, expected(n, alpha), &format!("k-NN novelty, n = {n}, alpha = {alpha}"));
}

#[test]
fn novelty_of_correlated_trajectories_keeps_its_promise() {
    novelty_keeps_its_promise(9, 0.1, 10, 60);
}

#[test]
fn novelty_of_long_trajectories_keeps_its_promise() {
    novelty_keeps_its_promise(19, 0.05, 50, 200);
    novelty_keeps_its_promise(30, 0.1, 50, 200);
}
