//! One battery over every strategy, with a plain f64 search and the `kdtree` crate as judges.
#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use proptest::prelude::*;
use rand::RngExt;

use super::*;
use crate::ground::fault::Fault;
use crate::ground::seed::keyed;
use crate::ground::task::Cancel;
use crate::metrics::features::Features;

/// Distances and rows by sorting all f64 distances.
fn by_sorting(points: &Points, queries: &Points, k: usize, exclude: Exclude) -> Knn {
    let mut out = Knn { k, distances: vec![], rows: vec![] };
    for q in 0..queries.len() {
        let mut all: Vec<(f64, u32)> = (0..points.len())
            .filter(|&r| match exclude {
                Exclude::Nothing => true,
                Exclude::SameRow => r != q,
                Exclude::SameEpisode => points.owner(r) != queries.owner(q),
            })
            .map(|r| (points.squared(r, queries, q), r as u32))
            .collect();
        all.sort_by(|a, b| a.partial_cmp(b).unwrap());
        out.distances.extend(all[..k].iter().map(|a| a.0.sqrt()));
        out.rows.extend(all[..k].iter().map(|a| a.1));
    }
    out
}

fn names(d: usize) -> Vec<String> {
    (0..d).map(|i| i.to_string()).collect()
}

fn judge(rows: &[f32], queries: &[f32], d: usize, k: usize, exclude: Exclude, episode: usize) {
    let Ok(features) = Features::fit(rows, &names(d)) else { return };
    let owner = |n: usize| (0..n).map(|i| i / episode).collect::<Vec<_>>();
    let points = features.points(rows, &owner(rows.len() / d)).unwrap();
    let queries = features.points(queries, &owner(queries.len() / d)).unwrap();
    let want = by_sorting(&points, &queries, k, exclude);
    for (name, index) in indices(&points) {
        let got = index.knn(&queries, k, exclude, &Ctx::quiet()).unwrap();
        assert_eq!(got, want, "{name}: the same rows and bit-equal distances");
    }
    // The last third comes later, to an index of the rest.
    let n = points.len();
    let (first, later) = (0..n - n / 3, n - n / 3..n);
    let settled = index(points.pick(&first.collect::<Vec<_>>()), &Ctx::quiet()).unwrap();
    let mut growing = growing::Growing::new(settled);
    growing.insert(&points.pick(&later.collect::<Vec<_>>())).unwrap();
    assert_eq!(growing.len(), n);
    if growing.settled().knn(&queries, k, exclude, &Ctx::quiet()).is_ok() {
        assert_eq!(growing.knn(&queries, k, exclude, &Ctx::quiet()).unwrap(), want, "rows that came later");
    }
    let rebuilt = growing.rebuilt(&Ctx::quiet()).unwrap();
    assert_eq!(rebuilt.knn(&queries, k, exclude, &Ctx::quiet()).unwrap(), want, "rebuilt");
}

/// An index of every strategy that takes the points.
fn indices(points: &Points) -> Vec<(&'static str, Box<dyn Neighbors>)> {
    let fit = STRATEGIES.iter().filter(|s| points.dim() <= s.most);
    fit.map(|s| (s.name, (s.build)(points.clone(), &Ctx::quiet()).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_strategy_equals_a_plain_search(
        seed in any::<u64>(), d in 1usize..14, n in 60usize..400, k in 1usize..12,
        offset in prop_oneof![Just(0.0f32), Just(1.0e4), Just(-3.0e6)],
        grain in prop_oneof![Just(0.0f32), Just(0.5)],
        exclude in prop_oneof![Just(Exclude::Nothing), Just(Exclude::SameRow), Just(Exclude::SameEpisode)],
    ) {
        let mut rng = keyed(seed, 0);
        // Large offsets cost f32 its digits, a coarse grain makes many equal distances.
        let mut draw = |n: usize| -> Vec<f32> {
            (0..n * d).map(|i| {
                let v: f32 = rng.random_range(-1.0..1.0) * 10.0f32.powi((i % d) as i32 - 3);
                offset + if grain > 0.0 { (v / grain).round() * grain } else { v }
            }).collect()
        };
        let rows = draw(n);
        let queries = if exclude == Exclude::Nothing { draw(20) } else { rows.clone() };
        judge(&rows, &queries, d, k, exclude, 25);
    }

    #[test]
    fn many_dimensions_and_many_neighbours_too(
        seed in any::<u64>(), d in prop_oneof![Just(17usize), Just(45), Just(90)], k in prop_oneof![Just(5usize), Just(200)],
        exclude in prop_oneof![Just(Exclude::Nothing), Just(Exclude::SameRow), Just(Exclude::SameEpisode)],
    ) {
        let mut rng = keyed(seed, 0);
        // States lie near a surface of few dimensions, and some are copies.
        let mix: Vec<f32> = (0..4 * d).map(|_| rng.random_range(-1.0f32..1.0)).collect();
        let mut draw = |n: usize, wide: f32| -> Vec<f32> {
            let mut rows = Vec::with_capacity(n * d);
            for i in 0..n {
                if i % 7 == 3 {
                    rows.extend_from_within((i - 1) * d..i * d);
                    continue;
                }
                let at: [f32; 4] = std::array::from_fn(|_| rng.random_range(-wide..wide));
                rows.extend((0..d).map(|c| (0..4).map(|j| at[j] * mix[j * d + c]).sum::<f32>() + 0.05 * rng.random_range(-1.0f32..1.0)));
            }
            rows
        };
        let rows = draw(700, 1.0);
        let queries = if exclude == Exclude::Nothing { draw(150, 3.0) } else { rows.clone() };
        judge(&rows, &queries, d, k, exclude, 25);
    }
}

/// A reference of which half is one and the same state, and queries that are it.
#[test]
fn copies_without_number_are_told_apart_by_row() {
    let d = 3;
    let rows: Vec<f32> = (0..2000 * d).map(|i| if i < 1000 * d { 0.5 } else { (i % 97) as f32 }).collect();
    judge(&rows, &vec![0.5; 4 * d], d, 5, Exclude::Nothing, 10);
    judge(&rows, &rows, d, 5, Exclude::SameRow, 10);
}

/// The owner's named crate as an independent judge: own tree, own arithmetic, f64.
#[test]
fn distances_equal_the_kdtree_crate() {
    let mut rng = keyed(5, 0);
    for d in [2, 5, 11] {
        let rows: Vec<f32> = (0..3000 * d).map(|_| rng.random_range(-1.0f32..1.0).powi(3)).collect();
        let queries: Vec<f32> = (0..200 * d).map(|_| rng.random_range(-1.5f32..1.5)).collect();
        let mut judge = kdtree::KdTree::new(d);
        let wide = |row: &[f32]| row.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        for (i, row) in rows.chunks_exact(d).enumerate() {
            judge.add(wide(row), i).unwrap();
        }
        let (points, asked) = (Points::plain(rows, d), Points::plain(queries.clone(), d));
        for (name, index) in indices(&points) {
            let got = index.knn(&asked, 10, Exclude::Nothing, &Ctx::quiet()).unwrap();
            for (i, row) in queries.chunks_exact(d).enumerate() {
                let want = judge.nearest(&wide(row), 10, &kdtree::distance::squared_euclidean).unwrap();
                for (j, (squared, at)) in want.iter().enumerate() {
                    // Both sum the same f64 squares, perhaps in another order.
                    assert!((got.distances[i * 10 + j] - squared.sqrt()).abs() <= 1e-12, "{name} d={d}");
                    assert_eq!(got.rows[i * 10 + j] as usize, **at, "{name} d={d}");
                }
            }
        }
    }
}

#[test]
fn a_state_that_is_not_finite_is_infinitely_far_and_a_huge_one_is_measured() {
    let points = Points::plain((0..600).map(|i| i as f32).collect(), 1);
    let queries = Points::plain(vec![f32::NAN, f32::INFINITY, 3.0e38, 4.0], 1);
    for (name, index) in indices(&points) {
        let got = index.knn(&queries, 2, Exclude::Nothing, &Ctx::quiet()).unwrap();
        assert_eq!(got.distances[..4], [f64::INFINITY; 4], "{name}");
        assert_eq!(got.distances[4], f64::from(3.0e38f32) - 599.0, "{name}");
        assert_eq!((got.distances[6], got.distances[7]), (0.0, 1.0), "{name}");
        assert_eq!(got.kth(2)[3], 1.0);
    }
}

#[test]
fn impossible_questions_are_refused_in_a_sentence() {
    let points = Points::new(vec![0.0, 1.0, 2.0, 3.0], &[0.0], &[1.0], &[0, 0, 0, 1]);
    let index = index(points.clone(), &Ctx::quiet()).unwrap();
    let ask = |k, exclude| index.knn(&points, k, exclude, &Ctx::quiet());
    assert!(ask(0, Exclude::Nothing).is_err());
    assert!(ask(4, Exclude::Nothing).is_ok());
    assert!(ask(4, Exclude::SameRow).is_err());
    let text = ask(2, Exclude::SameEpisode).unwrap_err().to_string();
    assert!(text.contains("only 1 reference states"), "{text}");
    assert!(index.knn(&Points::plain(vec![0.0, 0.0], 2), 1, Exclude::Nothing, &Ctx::quiet()).is_err());
    assert!(super::index(Points::plain(vec![], 3), &Ctx::quiet()).is_err());
}

#[test]
fn a_cancel_ends_building_and_searching() {
    let cancel = Cancel::default();
    let cx = Ctx::new(cancel.clone(), |_| {});
    let points = Points::plain((0..4000).map(|i| (i * 7919 % 4001) as f32).collect(), 2);
    let index = index(points.clone(), &cx).unwrap();
    cancel.cancel();
    assert_eq!(index.knn(&points, 1, Exclude::Nothing, &cx), Err(Fault::Cancelled));
    assert!(tree::Tree::build(points.clone(), &cx).is_err() && packets::Packets::build(points, &cx).is_err());
}
