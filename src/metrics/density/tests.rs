#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use proptest::prelude::*;
use rand::RngExt;

use super::pairs::{BINS, Binned};
use super::zoom::Zoom;
use super::*;
use crate::ground::seed::keyed;
use crate::ground::task::Ctx;

/// numpy 2.4: `np.histogram2d(x, y, bins=2, range=[[0, 1], [0, 1]])[0]` = [[1, 1], [1, 2]] for the points below.
#[test]
fn the_upper_edge_is_inside_and_outside_is_ignored() {
    let mut d = Density::new((0.0, 1.0), (0.0, 1.0), 2);
    d.count(&[0.0, 0.25, 0.5, 1.0, 0.5, 1.1, f32::NAN], &[0.0, 0.5, 0.49, 1.0, 1.0, 0.5, 0.1]);
    // Ours is [y][x], numpy's [x][y].
    assert_eq!(d.counts, [1, 1, 1, 2]);
    assert_eq!((d.total(), d.occupied()), (5, 4));
}

#[test]
fn equal_cells_count_fully_and_a_single_one_counts_once() {
    let mut d = Density::new((0.0, 4.0), (0.0, 4.0), 4);
    let points: (Vec<f32>, Vec<f32>) = (0..16u8).map(|i| (f32::from(i % 4) + 0.5, f32::from(i / 4) + 0.5)).unzip();
    d.count(&points.0, &points.1);
    assert!((d.effective_cells() - 16.0).abs() < 1e-12);
    let mut one = Density::new((0.0, 1.0), (0.0, 1.0), 3);
    one.count(&[0.1, 0.2], &[0.1, 0.2]);
    assert!((one.effective_cells() - 1.0).abs() < 1e-12);
}

#[test]
fn missing_mass_is_the_share_of_singletons() {
    let mut d = Density::new((0.0, 8.0), (0.0, 8.0), 8);
    d.count(&[0.1, 0.2, 1.5, 5.5], &[0.1, 0.2, 0.5, 0.5]);
    assert_eq!(d.missing_mass(), 0.5);
}

#[test]
fn edges_are_numpys_linspace() {
    assert_eq!(edges((-1.0, 1.0), 4), [-1.0, -0.5, 0.0, 0.5, 1.0]);
    let e = edges((0.1, 0.7), 3);
    assert_eq!((e[0], e[3]), (0.1, 0.7));
    for (i, w) in e.windows(2).enumerate() {
        assert_eq!(bin(&e, w[0]), Some(i), "a lower edge belongs to its bin");
    }
    assert_eq!(bin(&e, 0.7), Some(2));
}

/// Counts point by point with a search among the edges.
fn direct(d: &Density, x: &[f32], y: &[f32]) -> Vec<u64> {
    let mut counts = vec![0; d.counts.len()];
    for (&x, &y) in x.iter().zip(y) {
        if let Some(c) = d.cell((f64::from(x), f64::from(y))) {
            counts[c] += 1;
        }
    }
    counts
}

/// Numbers that sit on edges, beside edges, far away, and nowhere.
fn odd_numbers() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -2.0f32..2.0,
        3 => (-20i32..20).prop_map(|i| i as f32 * 0.1),
        2 => (-20i32..20).prop_map(|i| (i as f32 * 0.1).next_up()),
        1 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, -0.0, f32::MIN_POSITIVE]),
    ]
}

proptest! {
    #[test]
    fn fast_counts_are_those_of_a_search_among_the_edges(
        points in prop::collection::vec((odd_numbers(), odd_numbers()), 0..600),
        bins in 1usize..70,
        lo in -2.0f64..1.0,
        span in prop_oneof![Just(2.0), Just(0.7), 1e-9f64..4.0],
        offset in prop_oneof![4 => Just(0.0), 1 => Just(1e8), 1 => Just(-3e5)],
    ) {
        let (x, y): (Vec<f32>, Vec<f32>) = points.into_iter().map(|(x, y)| ((f64::from(x) + offset) as f32, y)).unzip();
        let d = Density::of(&x, &y, ((lo + offset, lo + offset + span), (-1.0, 1.0)), bins);
        prop_assert_eq!(&d.counts, &direct(&d, &x, &y));
    }
}

/// A walk that visits part of a square, some of it rounded to a lattice.
fn walk(n: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let mut rng = keyed(seed, 0);
    let (mut x, mut y) = (0.0f32, 0.0f32);
    (0..n)
        .map(|i| {
            x = (x + rng.random_range(-0.05f32..0.05)).clamp(-1.0, 1.0);
            y = (0.9 * y + rng.random_range(-0.2f32..0.2)).clamp(-1.0, 1.0);
            if i % 5 == 0 { ((x * 64.0).round() / 64.0, (y * 64.0).round() / 64.0) } else { (x, y) }
        })
        .unzip()
}

#[test]
fn every_view_equals_direct_binning() {
    for n in [0, 5000, 260_000] {
        let (x, y) = walk(n, 7);
        let zoom = Zoom::new(&x, &y, ((-1.0, 1.0), (-0.8, 0.9)));
        let mut rng = keyed(n as u64, 0);
        for i in 0..60 {
            // From the whole map to a ten-thousandth of it.
            let size = 2.0 * 10f64.powf(-4.0 * rng.random::<f64>() * f64::from(u8::from(i > 0)));
            let (cx, cy) = (rng.random_range(-1.1..1.1), rng.random_range(-1.1..1.1));
            let (w, h) = (rng.random_range(1usize..300), rng.random_range(1usize..150));
            let view = zoom.view(((cx - size, cx + size), (cy - size, cy + size)), w, h);
            // A view that ends within the map leaves out its upper edge.
            let ends = (view.x_edges[view.width()], view.y_edges[view.height()]);
            let inside = |(x, y): &(f32, f32)| {
                (f64::from(*x) < ends.0 || ends.0 >= 1.0) && (f64::from(*y) < ends.1 || ends.1 >= 0.9)
            };
            let (x, y): (Vec<f32>, Vec<f32>) = x.iter().copied().zip(y.iter().copied()).filter(inside).unzip();
            assert_eq!(view.counts, direct(&view, &x, &y), "{n} points, view {i} of {w} x {h}");
            assert!(view.width() <= w && view.height() <= h);
        }
    }
}

#[test]
fn small_maps_of_all_pairs_are_histograms() {
    let ((a, b), (c, _)) = (walk(3000, 1), walk(3000, 2));
    let rows: Vec<f32> = (0..3000).flat_map(|i| [a[i], b[i], if i == 9 { f32::NAN } else { c[i] }]).collect();
    let ranges = [(-1.0, 1.0), (-0.5, 0.4), (-1.0, 1.0)];
    let binned = Binned::new(&rows, &ranges, &Ctx::quiet()).unwrap();
    let small = binned.pairs(&[0, 1, 2], &Ctx::quiet()).unwrap();
    assert_eq!(small.iter().map(|s| s.dims).collect::<Vec<_>>(), [(0, 1), (0, 2), (1, 2)]);
    for s in &small {
        let column = |d: usize| rows.iter().skip(d).step_by(3).copied().collect::<Vec<f32>>();
        let d = Density::of(&column(s.dims.0), &column(s.dims.1), (ranges[s.dims.0], ranges[s.dims.1]), BINS);
        assert_eq!(s.counts.iter().map(|&c| u64::from(c)).collect::<Vec<_>>(), d.counts, "{:?}", s.dims);
    }
    assert_eq!(binned.marginal(0).iter().sum::<u32>(), 3000);
    assert_eq!(binned.bin(2, 9), None);
}
