#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use super::*;
use crate::ground::fault::Fault;
use crate::metrics::novelty::Rule;
use crate::metrics::threshold::Kind;

/// 40 training states of three dimensions, and five others.
#[rustfmt::skip]
const TRAIN: [f32; 120] = [
    0.0, 3.0, 5.0, 0.644, 1.447, 5.1, 0.985, -1.585, 5.2, 0.863, -1.315, 5.3, 0.335, 1.741, 5.4, -0.351,
    2.579, 5.5, -0.872, -0.71, 5.6, -0.982, -3.826, 5.7, -0.631, -2.314, 5.8, 0.017, 1.96, 5.9, 0.657,
    3.379, 5.0, 0.988, 0.502, 5.1, 0.855, -2.128, 5.2, 0.319, -0.79, 5.3, -0.366, 2.023, 5.4, -0.88,
    1.508, 5.5, -0.979, -2.091, 5.6, -0.618, -3.6, 5.7, 0.034, -0.45, 5.8, 0.67, 3.393, 5.9, 0.991,
    2.931, 5.0, 0.846, -0.839, 5.1, 0.303, -2.539, 5.2, -0.382, -0.218, 5.3, -0.888, 2.043, 5.4, -0.976,
    0.428, 5.5, -0.605, -2.784, 5.6, 0.05, -2.519, 5.7, 0.682, 1.487, 5.8, 0.993, 3.993, 5.9, 0.837,
    1.637, 5.0, 0.287, -2.285, 5.1, -0.398, -2.574, 5.2, -0.895, 0.513, 5.3, -0.972, 1.957, 5.4, -0.591,
    -0.432, 5.5, 0.067, -2.777, 5.6, 0.694, -0.987, 5.7, 0.995, 2.939, 5.8, 0.827, 3.549, 5.9,
];
#[rustfmt::skip]
const OTHER: [f32; 15] = [
    0.774, -0.492, 5.1, 1.0, 5.091, 5.202, 0.756, 4.707, 5.304, 0.156, -1.445, 5.406, 4.0, -9.0, 9.0,
];

/// scikit-learn 1.9.1 and numpy 2.4.6 on Z = (TRAIN - mean) / std, ddof 0, in double precision:
/// `NearestNeighbors(n_neighbors=3, algorithm="brute")`, third distance.
const NEAREST: [f64; 5] = [
    0.668_814_958_154_943_7,
    1.706_839_811_149_250_9,
    1.487_013_810_710_343_7,
    0.907_664_321_867_704_5,
    12.961_174_862_387_32,
];
/// The same: `numpy.sqrt(EmpiricalCovariance().fit(Z).mahalanobis(Q))`.
const MAHALANOBIS: [f64; 5] = [
    1.544_716_612_042_381_2,
    2.424_716_913_564_767,
    2.112_550_177_927_952_5,
    0.801_912_600_319_787_3,
    16.405_786_768_694_437,
];
/// The same: `-KernelDensity(bandwidth=40 ** (-1 / 7), rtol=0, atol=0).fit(Z).score_samples(Q)` less the kernel's constant
/// 1.5 ln 2π + 3 ln h.
const DENSITY: [f64; 5] = [
    2.258_601_727_600_092,
    4.801_714_201_068_986,
    4.883_436_283_078_644,
    2.628_721_355_169_539_6,
    242.341_695_728_524_68,
];

/// numpy 2.4.6 on c [3, 2, 2] and s [3, 2, 3] below, m = c.mean(0): `(c.std(0) / [0.5, 2.0]).mean(1)`,
/// `norm(s, axis=2).max(0)`, `norm(c - m, axis=2).max(0)`, `sqrt(c.var(0).mean(1))`,
/// `norm(c[:, None] - c[None], axis=3).max((0, 1))`; and on c and v = s[..., :2] ** 2 the formulas of Infoprop's
/// `infoprop_dyna.py` and `gaussian_mlp.py` and of MACURA's `distance_measures.py`, term by term.
const CHANGE: [f32; 12] = [2.04, -2.56, 0.42, -0.57, -0.45, -0.22, -2.02, -0.23, -0.87, 3.32, 0.23, -0.35];
#[rustfmt::skip]
const STD: [f32; 18] = [
    0.49, 0.63, 0.76, 0.96, 0.36, 0.68, 0.73, 0.36, 0.1, 0.98, 0.37, 0.38, 0.9, 0.63, 0.52, 0.8, 0.13,
    0.74,
];
const MEMBERS: [(&str, [f64; 2]); 7] = [
    ("disagreement", [1.888_566_082_527_566_3, 1.143_359_481_690_034_5]),
    ("aleatoric", [1.215_442_278_037_128, 1.230_284_511_334_037_3]),
    ("pairwise_diff", [3.330_420_331_712_324, 1.570_834_864_316_729]),
    ("ensemble_std", [1.935_432_730_383_948_3, 0.789_887_465_917_662_5]),
    ("discrepancy", [6.560_678_192_668_748, 2.463_574_605_168_051_6]),
    ("infoprop", [42.116_012_021_266_83, 40.340_121_686_204_37]),
    ("macura", [7.926_413_413_411_137_5, 0.759_765_316_776_297_4]),
];

fn names(d: usize) -> Vec<String> {
    (0..d).map(|i| format!("x{i}")).collect()
}

/// Every score of `rows`, fresh, against `train` in episodes of ten; with the notes.
fn scored(train: &[f32], d: usize, rows: &[f32], shared: bool) -> (Vec<Column>, Vec<String>) {
    let cx = Ctx::quiet();
    let owner: Vec<usize> = (0..train.len() / d).map(|i| i / 10).collect();
    let states = States { rows: train, owner: &owner };
    let rule = Rule { k: 3, kind: Kind::Conformal, alpha: 0.1, shared };
    let novelty = Novelty::fit(&names(d), states, states, rule, &cx).unwrap();
    let fitted = Fitted::new(&novelty, states, &cx).unwrap();
    let owner: Vec<usize> = (0..rows.len() / d).map(|i| i / 10).collect();
    (fitted.of(States { rows, owner: &owner }, !shared, &cx).unwrap(), fitted.notes())
}

fn column<'a>(columns: &'a [Column], name: &str) -> &'a [f64] {
    &columns.iter().find(|c| c.score.name == name).unwrap().values
}

fn close(got: &[f64], want: &[f64], tolerance: f64) {
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= tolerance * w.abs().max(1.0), "{got:?} against {want:?}");
    }
}

#[test]
fn scores_of_states_are_those_of_scikit_learn() {
    let (columns, _) = scored(&TRAIN, 3, &OTHER, false);
    close(column(&columns, "novelty"), &NEAREST, 1e-12);
    close(column(&columns, "mahalanobis"), &MAHALANOBIS, 1e-12);
    // Kernels and their squared distances are in f32.
    close(column(&columns, "density"), &DENSITY, 1e-5);
}

#[test]
fn cells_by_hand() {
    // One live dimension: N = 40, so 5 bins (at least) over 0..=39; eight states each.
    let train: Vec<f32> = (0..40).flat_map(|i| [i as f32, 7.0]).collect();
    let (columns, notes) = scored(&train, 2, &[0.0, 7.0, 39.0, 7.0, 39.1, 7.0, -1.0, 7.0, f32::NAN, 7.0], false);
    let (inside, empty) = ((41.0f64 / 9.0).ln(), 41.0f64.ln());
    close(&column(&columns, "cells")[..4], &[inside, inside, empty, empty], 1e-12);
    assert_eq!(column(&columns, "cells")[4], f64::INFINITY);
    assert!(notes.iter().any(|n| n.contains("5 bins along each of 1 principal axes")), "{notes:?}");
}

#[test]
fn a_singular_covariance_is_shrunk_and_said() {
    let sum: Vec<f32> = TRAIN.chunks_exact(3).flat_map(|r| [r[0], r[1], r[0] + r[1]]).collect();
    let (columns, notes) = scored(&sum, 3, &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0], false);
    let d = column(&columns, "mahalanobis");
    assert!(d[0] < 3.0 && d[1] > 100.0, "off the plane of the data is far: {d:?}");
    assert!(notes.iter().any(|n| n.contains("singular")), "{notes:?}");
    assert!(!scored(&TRAIN, 3, &OTHER, false).1.iter().any(|n| n.contains("singular")));
}

#[test]
fn the_own_episode_is_left_out_where_parts_are_shared() {
    let (apart, _) = scored(&TRAIN, 3, &TRAIN, false);
    let (shared, _) = scored(&TRAIN, 3, &TRAIN, true);
    for name in ["novelty", "density"] {
        let mean = |c: &[Column]| column(c, name).iter().sum::<f64>();
        assert!(mean(&shared) > mean(&apart), "{name}");
    }
}

fn members<'a>(change: &'a [f32], std: Option<&'a [f32]>, count: usize) -> Members<'a> {
    Members { count, change, std, targets: 3, scale: &[0.5, 2.0] }
}

#[test]
fn scores_of_members_are_numpys() {
    let columns = of_members(&members(&CHANGE, Some(&STD), 3));
    for (name, want) in MEMBERS {
        close(column(&columns, name), &want, 1e-12);
    }
    let of = |m: &Members<'_>| of_members(m).iter().map(|c| c.score.name).collect::<Vec<_>>();
    assert_eq!(of(&members(&CHANGE, None, 3)), ["disagreement", "pairwise_diff", "ensemble_std", "discrepancy"]);
    assert_eq!(of(&members(&CHANGE[..4], Some(&STD[..6]), 1)), ["aleatoric"], "a single member disagrees with nobody");
    assert!(of(&members(&CHANGE[..4], None, 1)).is_empty());
}

#[test]
fn members_that_agree_lose_nothing() {
    let columns = of_members(&members(&CHANGE[..4].repeat(3), Some(&STD[..6].repeat(3)), 3));
    for name in ["infoprop", "macura"] {
        close(column(&columns, name), &[0.0, 0.0], 1e-12);
    }
    // Means alike and deviations not: only the one that looks at whole distributions sees it.
    let columns = of_members(&members(&CHANGE[..4].repeat(3), Some(&STD), 3));
    assert!(column(&columns, "macura").iter().all(|v| *v > 0.01));
    close(column(&columns, "infoprop"), &[0.0, 0.0], 1e-12);
}

#[test]
fn a_dimension_that_never_changes_has_no_say_in_disagreement() {
    let m = Members { scale: &[0.5, 0.0], ..members(&CHANGE, None, 3) };
    let both = Members { scale: &[0.5, f64::INFINITY], ..m };
    let of = |m: &Members<'_>| column(&of_members(m), "disagreement").to_vec();
    assert!(of(&m).iter().zip(of(&both)).all(|(a, b)| (a - 2.0 * b).abs() < 1e-12));
}

/// What every score owes, whoever adds one: names are unique and said, finite states have a number, the order of the
/// states does not matter, a state that is no number is infinitely strange, and the same question has the same answer.
#[test]
fn every_score_keeps_the_contract() {
    let mut rows = OTHER.to_vec();
    rows.extend([1e30, -1e30, 1e30, f32::NAN, 0.0, 5.5, 0.0, f32::INFINITY, 5.5]);
    let (columns, _) = scored(&TRAIN, 3, &rows, false);
    let backwards: Vec<f32> = rows.chunks_exact(3).rev().flatten().copied().collect();
    let (reversed, _) = scored(&TRAIN, 3, &backwards, false);
    let (again, _) = scored(&TRAIN, 3, &rows, false);
    for ((c, r), a) in columns.iter().zip(&reversed).zip(&again) {
        battery(c.score.name, &c.values, &r.values, &a.values, 2);
    }
    let broken: Vec<f32> = CHANGE.iter().enumerate().map(|(i, v)| if i == 3 { f32::NAN } else { *v }).collect();
    let noise: Vec<f32> = STD.iter().enumerate().map(|(i, v)| if i == 4 { f32::NAN } else { *v }).collect();
    let swap =
        |v: &[f32], w: usize| -> Vec<f32> { v.chunks_exact(2 * w).flat_map(|m| [&m[w..], &m[..w]].concat()).collect() };
    let of = |change: &[f32], std: &[f32]| of_members(&members(change, Some(std), 3));
    let (columns, again) = (of(&broken, &noise), of(&broken, &noise));
    let reversed = of(&swap(&broken, 2), &swap(&noise, 3));
    for ((c, r), a) in columns.iter().zip(&reversed).zip(&again) {
        battery(c.score.name, &c.values, &r.values, &a.values, 1);
    }
    let mut seen: Vec<&str> = SCORES.iter().map(|s| s.name).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), SCORES.len());
    for s in SCORES {
        assert!(
            !s.label.is_empty() && !s.definition.contains("  ") && s.definition.ends_with('.') && !s.needs().is_empty()
        );
        assert!(s.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{} is a column name", s.name);
    }
}

/// The last `broken` rows are not finite.
fn battery(name: &str, values: &[f64], reversed: &[f64], again: &[f64], broken: usize) {
    let n = values.len();
    assert!(values.iter().all(|v| *v >= 0.0), "{name}: a number, and never below zero: {values:?}");
    assert!(values[..n - broken - usize::from(n > 5)].iter().all(|v| v.is_finite()), "{name}: {values:?}");
    assert!(values[n - broken..].iter().all(|v| *v == f64::INFINITY), "{name}: {values:?}");
    assert!(values.iter().eq(reversed.iter().rev()), "{name} depends on the order");
    assert_eq!(values, again, "{name} is not the same twice");
}

#[test]
fn a_cancel_is_heard() {
    let cancel = crate::ground::task::Cancel::default();
    let cx = Ctx::new(cancel.clone(), |_| {});
    let owner = vec![0; 40];
    let states = States { rows: &TRAIN, owner: &owner };
    let rule = Rule { k: 3, kind: Kind::Conformal, alpha: 0.1, shared: false };
    let novelty = Novelty::fit(&names(3), states, states, rule, &cx).unwrap();
    let fitted = Fitted::new(&novelty, states, &cx).unwrap();
    cancel.cancel();
    assert!(matches!(fitted.of(states, true, &cx), Err(Fault::Cancelled)));
    assert!(matches!(Fitted::new(&novelty, states, &cx), Err(Fault::Cancelled)));
    assert!(matches!(Reference::new(&novelty, states, &cx), Err(Fault::Cancelled)));
}
