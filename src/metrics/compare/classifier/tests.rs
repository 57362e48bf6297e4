use super::*;
use crate::metrics::States;
use crate::metrics::features::Features;

/// 60 states in 6 episodes of each set; B's first dimension is shifted by 3/4.
pub fn sample() -> Sample {
    let value = |i: usize, d: usize| ((i * 37 + d * 11 + i * i % 17) % 29) as f32 / 8.0;
    let rows = |first: usize, shift: f32| -> Vec<f32> {
        (first..first + 60).flat_map(|i| [value(i, 0) + shift, value(i, 1), value(i, 2)]).collect()
    };
    let (a, b) = (rows(0, 0.0), rows(7, 0.75));
    let owner: Vec<usize> = (0..60).map(|i| i / 10).collect();
    let names: Vec<String> = (0..3).map(|d| d.to_string()).collect();
    let features = Features::fit(&a, &names).unwrap();
    let states = |rows| States { rows, owner: &owner };
    Sample::new(&features, &[states(&a)], states(&b), 60).unwrap()
}

const ACCURACY: f64 = 0.658_333_333_333_333_3;
const AUROC: f64 = 0.700_833_333_333_333_3;
/// Of rows 0, 17, 59 of A and 0, 41, 59 of B.
const DECISION: [f64; 6] = [
    -1.868_745_424_317_939_8,
    -0.894_189_798_437_576_1,
    -0.123_210_670_805_418_62,
    0.579_673_578_986_420_2,
    1.774_183_350_937_585_3,
    0.066_243_157_350_832_75,
];

/// scikit-learn 1.9.1: `make_pipeline(StandardScaler(), LogisticRegression(C=1, class_weight="balanced", tol=1e-12,
/// solver="newton-cholesky"))` in
/// `cross_val_predict(method="decision_function")` and `cross_val_score` of "`balanced_accuracy`" and "`roc_auc`" over
/// `PredefinedSplit(episode % 3)`. Our states are standardised in f32 first, which moves them by 6e-8.
#[test]
fn numbers_of_scikit_learn() {
    let sample = sample();
    let folds = Folds { of: (0..12).map(|e| e % 3).collect(), count: 3 };
    let is_a: Vec<bool> = (0..12).map(|e| e < 6).collect();
    let classifier = Classifier::new(&sample);
    let got = classifier.cross_validate(&is_a, &folds, &Ctx::quiet()).unwrap();
    assert!((got.accuracy - ACCURACY).abs() < 1e-12 && (got.auroc - AUROC).abs() < 1e-12, "{got:?}");
    for (i, want) in [0, 17, 59, 60, 101, 119].into_iter().zip(DECISION) {
        assert!((got.decision[i] - want).abs() < 1e-5 * want.abs() + 1e-6, "{i}: {} {want}", got.decision[i]);
    }
    // A loose fit orders the states nearly as well.
    let loose = classifier.validate(&is_a, &folds, LOOSE, &Ctx::quiet()).unwrap();
    assert!((loose.auroc - got.auroc).abs() < 2e-3, "{} {}", loose.auroc, got.auroc);
}

#[test]
fn every_fold_has_episodes_of_both_sets() {
    let folds = Folds::new(&[[true; 6], [false; 6]].concat(), &mut keyed(3, 0)).unwrap();
    assert_eq!(folds.count, 5);
    for f in 0..5 {
        let of = |episodes: std::ops::Range<usize>| episodes.filter(|&e| folds.of[e] == f).count();
        assert!(of(0..6) >= 1 && of(6..12) >= 1, "{folds:?}");
    }
    assert_eq!(Folds::new(&[true, true, false], &mut keyed(3, 0)), None);
}

/// 150 pairs of sets of 12 and 5 episodes whose level differs by episode only: p is at most 0.1 in a tenth of them with 19
/// shuffles (2 of 20). Four binomial standard errors are 0.098.
#[test]
fn without_a_difference_the_p_value_is_uniform() {
    use rand_distr::{Distribution, StandardNormal};
    let mut rng = keyed(9, 0);
    let is_a: Vec<bool> = (0..17).map(|e| e < 12).collect();
    let low = (0..150).filter(|&seed| {
        let mut rows: Vec<f32> = Vec::new();
        for _ in 0..17 {
            let level: [f32; 2] = [StandardNormal.sample(&mut rng), StandardNormal.sample(&mut rng)];
            for _ in 0..6 {
                let noise: f32 = StandardNormal.sample(&mut rng);
                rows.extend([level[0] + 0.3 * noise, level[1] - 0.2 * noise]);
            }
        }
        let owner: Vec<usize> = (0..102).map(|i| i / 6).collect();
        let (a, b) = rows.split_at(144);
        let features = Features::fit(a, &["x".to_owned(), "y".to_owned()]).unwrap();
        let (a, b) = (States { rows: a, owner: &owner[..72] }, States { rows: b, owner: &owner[72..] });
        let sample = Sample::alike(&features, &[a], b, 100).unwrap();
        let labels = crate::metrics::compare::permute::Labels::new(17, 12, 19, &mut rng).all;
        assert_eq!(labels[0], is_a);
        let areas = Classifier::new(&sample).shuffled(&labels, seed, &Ctx::quiet()).unwrap();
        crate::metrics::compare::permute::test(&areas).p <= 0.1 + 1e-9
    });
    let share = low.count() as f64 / 150.0;
    assert!((share - 0.1).abs() < 0.098, "{share}");
}
