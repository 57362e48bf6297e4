use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::ground::seed::keyed;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::compare::energy;
use crate::metrics::compare::pairs::{Distances, Sums};
use crate::metrics::compare::sample::Sample;
use crate::metrics::features::Features;

#[test]
fn p_counts_the_real_labels_themselves() {
    assert!((p_value(3.0, &[1.0, 2.0, 3.0, 4.0]) - 3.0 / 5.0).abs() < 1e-12);
    assert!((p_value(9.0, &[1.0; 199]) - 0.005).abs() < 1e-12);
    assert!((p_value(1.0, &[f64::NAN]) - 1.0).abs() < 1e-12);
    let scaled = test_scaled(&[3.0, 2.0, 4.0], &[2.0, 1.0, 1.0]);
    assert!((scaled.p - 1.0 / 3.0).abs() < 1e-12 && (scaled.by_chance - 1.95).abs() < 1e-12, "{scaled:?}");
    assert!(test(&[1.0]).p.is_nan() && test(&[]).value.is_nan());
}

#[test]
fn few_episodes_bound_the_p_value() {
    // C(5, 2) = 10; C(6, 3) / 2 = 10; one against one says nothing.
    for ((all, a), want) in [((5, 2), 0.1), ((6, 3), 0.1), ((2, 1), 1.0), ((3, 3), 1.0)] {
        assert!((smallest(all, a) - want).abs() < 1e-12, "{all} {a}");
    }
}

/// A slow walk: steps of an episode hardly differ, as in a simulator. Episodes of 6 to 18 steps.
fn episodes(count: usize, rng: &mut Stream) -> (Vec<f32>, Vec<usize>) {
    let (mut rows, mut owner) = (Vec::new(), Vec::new());
    for e in 0..count {
        let mut normal = || -> f32 { StandardNormal.sample(rng) };
        let mut x = normal();
        for _ in 0..(12.0 + 3.0 * normal()).clamp(6.0, 18.0) as usize {
            x = 0.98 * x + 0.199 * normal();
            rows.push(x);
            owner.push(e);
        }
    }
    (rows, owner)
}

type Set = (Vec<f32>, Vec<usize>);

fn energy_p(a: &Set, b: &Set, rng: &mut Stream) -> f64 {
    let (a, b) = (States { rows: &a.0, owner: &a.1 }, States { rows: &b.0, owner: &b.1 });
    let features = Features::fit(a.rows, &["x".to_owned()]).unwrap();
    let sample = Sample::alike(&features, &[a], b, 100).unwrap();
    let distances = Distances::new(&sample.points, &Ctx::quiet()).unwrap();
    let labels = Labels::new(sample.blocks, sample.blocks_a, 49, rng);
    let blocks = distances.blocks(&sample, &Ctx::quiet(), |d| d).unwrap();
    let sums = blocks.split(&labels.all, &Ctx::quiet()).unwrap();
    let scale: Vec<f64> = sums.iter().map(Sums::scale).collect();
    test_scaled(&sums.iter().map(energy::of_sums).collect::<Vec<_>>(), &scale).p
}

/// 400 pairs of sets of 30 and 6 episodes from one source. By episode p is uniform: P(p ≤ 0.1) = 0.1 exactly with 49 shuffles
/// (5 of 50), so a binomial count lies within 4 standard errors (0.06) of it; Kolmogorov's distance stays below its 0.1 %
/// point, 0.098. Row by row the correlated steps pass for independent evidence, and most pairs look different.
#[test]
fn p_is_uniform_by_episode_and_is_not_by_row() {
    let mut rng = keyed(5, 0);
    let (mut by_episode, mut by_row) = (Vec::new(), Vec::new());
    for i in 0..400 {
        let (a, b) = (episodes(30, &mut rng), episodes(6, &mut rng));
        by_episode.push(energy_p(&a, &b, &mut rng));
        if i < 60 {
            let each = |set: &Set| (set.0.clone(), (0..set.0.len()).collect());
            by_row.push(energy_p(&each(&a), &each(&b), &mut rng));
        }
    }
    let share = |p: &[f64]| p.iter().filter(|p| **p <= 0.1 + 1e-9).count() as f64 / p.len() as f64;
    assert!((share(&by_episode) - 0.1).abs() < 0.06, "{}", share(&by_episode));
    let sorted = crate::ground::stats::sorted(&by_episode);
    let n = sorted.len() as f64;
    // p takes the values 1/50 … 1: the distribution function is held against itself at those.
    let gap = (1..=50)
        .map(|k| {
            (sorted.iter().filter(|p| **p <= f64::from(k) / 50.0 + 1e-9).count() as f64 / n - f64::from(k) / 50.0).abs()
        })
        .fold(0.0, f64::max);
    assert!(gap < 0.098, "{gap}");
    assert!(share(&by_row) > 0.5, "{}", share(&by_row));
}
