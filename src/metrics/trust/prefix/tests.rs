use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::ground::seed::stream;
use crate::metrics::trust::{auroc, average_precision};

/// Episode `i` of twelve, of unequal lengths, with ties.
fn made(i: usize, steps: usize) -> Vec<f64> {
    running((0..steps).map(|t| ((i * 37 + t * t * 11 + i * t * 7) % 23) as f64))
}

fn measured(episodes: &[Vec<f64>], positive: &[bool], weight: &[f64]) -> (f64, f64) {
    let running: Vec<&[f64]> = episodes.iter().map(Vec::as_slice).collect();
    let held = Pairs::new(&running, positive).measure(weight);
    if weight.iter().all(|w| (*w - 1.0).abs() < f64::EPSILON) {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        let streamed = super::measure(&running, positive);
        assert!(same(held.0, streamed.0) && same(held.1, streamed.1), "{held:?} {streamed:?}");
    }
    held
}

/// numpy 2.4.6, all pairs one by one: `mean(a > b) + mean(a == b) / 2` over the common prefixes, and the mean over failed i of
/// the share of failed ones among those with `max >= max_i`; then the same of the episodes repeated 0, 2, 0, 2, … times.
#[test]
fn unequal_lengths_are_those_of_brute_force() {
    let episodes: Vec<Vec<f64>> = (0..12).map(|i| made(i, 3 + (5 * i) % 9)).collect();
    let positive: Vec<bool> = (0..12).map(|i| i % 3 == 0).collect();
    let close = |(a, b): (f64, f64), want: (f64, f64)| (a - want.0).abs() < 1e-12 && (b - want.1).abs() < 1e-12;
    assert!(close(measured(&episodes, &positive, &[1.0; 12]), (0.796_875, 0.594_444_444_444_444_4)));
    let weight: Vec<f64> = (0..12).map(|i| f64::from((2 * i) % 4)).collect();
    assert!(close(measured(&episodes, &positive, &weight), (0.687_5, 0.5)));
}

/// scikit-learn 1.9.1: `roc_auc_score` and `average_precision_score` of the maxima of four steps.
#[test]
fn equal_lengths_are_those_of_scikit_learn() {
    let episodes: Vec<Vec<f64>> = (0..12).map(|i| made(i, 4)).collect();
    let positive: Vec<bool> = (0..12).map(|i| i % 3 == 0).collect();
    let (area, precision) = measured(&episodes, &positive, &[1.0; 12]);
    assert!((area - 0.781_25).abs() < 1e-12 && (precision - 0.535_714_285_714_285_7).abs() < 1e-12);
    let last: Vec<f64> = episodes.iter().map(|e| e[3]).collect();
    assert!((auroc(&last, &positive) - area).abs() < 1e-12);
    assert!((average_precision(&last, &positive) - precision).abs() < 1e-12);
    assert!(measured(&episodes, &[true; 12], &[1.0; 12]).0.is_nan());
    assert!(measured(&episodes, &[false; 12], &[1.0; 12]).1.is_nan());
}

#[test]
fn what_is_no_number_does_not_hide() {
    assert_eq!(running([1.0, f64::NAN, 0.0]), [1.0, f64::INFINITY, f64::INFINITY]);
    assert_eq!(by_episode(&[2.0, 1.0, 3.0, 0.0], &[7, 7, 2, 7]), [vec![2.0, 2.0, 2.0], vec![3.0]]);
}

/// `n` episodes of `steps` scores that know nothing: AR(1) with coefficient `ar` and variance 1.
fn blind(n: usize, steps: usize, ar: f64, rng: &mut crate::ground::seed::Stream) -> Vec<Vec<f64>> {
    let mut normal = || -> f64 { StandardNormal.sample(rng) };
    (0..n)
        .map(|_| {
            let mut s = normal();
            running((0..steps).map(|_| {
                let now = s;
                s = ar * s + (1.0 - ar * ar).sqrt() * normal();
                now
            }))
        })
        .collect()
}

/// A score that knows nothing, failures of one length and successes of another: of whole episodes it has the AUROC
/// `L_failed / (L_failed + L_sound)` if steps are independent (1/6 of 200 against 1000, 3/4 of 300 against 100); over common
/// steps it has 1/2. The standard error of an AUROC of 1/2 of 300 against 300 is 0.024; four of them are allowed.
#[test]
fn a_score_that_knows_nothing_has_half_whatever_the_lengths() {
    let mut rng = stream(0, "blind scores", 0);
    for (failed, sound, ar, whole) in [(200, 1000, 0.0, 0.167), (200, 1000, 0.9, 0.166), (300, 100, 0.0, 0.75)] {
        let mut episodes = blind(300, failed, ar, &mut rng);
        episodes.extend(blind(300, sound, ar, &mut rng));
        let positive: Vec<bool> = (0..600).map(|i| i < 300).collect();
        let maxima: Vec<f64> = episodes.iter().map(|e| e[e.len() - 1]).collect();
        let naive = auroc(&maxima, &positive);
        let (fair, precision) = measured(&episodes, &positive, &[1.0; 600]);
        assert!((naive - whole).abs() < 0.06, "{failed} against {sound}: {naive} of whole episodes");
        assert!((fair - 0.5).abs() < 0.096, "{failed} against {sound}: {fair}");
        assert!((precision - 0.5).abs() < 0.1, "{failed} against {sound}: {precision}");
    }
}

/// A score that does know keeps its worth: failed episodes are shifted by one standard deviation in every step.
#[test]
fn a_score_that_knows_is_not_hidden_by_length() {
    let mut rng = stream(1, "blind scores", 0);
    let mut episodes = blind(200, 30, 0.0, &mut rng);
    episodes.iter_mut().flatten().for_each(|s| *s += 1.0);
    episodes.extend(blind(200, 300, 0.0, &mut rng));
    let positive: Vec<bool> = (0..400).map(|i| i < 200).collect();
    let maxima: Vec<f64> = episodes.iter().map(|e| e[e.len() - 1]).collect();
    let (fair, _) = measured(&episodes, &positive, &[1.0; 400]);
    assert!(auroc(&maxima, &positive) < 0.75 && fair > 0.88, "{} {fair}", auroc(&maxima, &positive));
}
