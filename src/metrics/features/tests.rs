#![allow(clippy::float_cmp, reason = "results that are exact in binary")]

use super::*;
use crate::ground::task::Ctx;
use crate::metrics::neighbors::{self, Exclude};

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("x{i}")).collect()
}

#[test]
fn constant_dimensions_are_dropped_and_named() {
    let rows = [1.0, 7.0, 0.1, 3.0, 7.0, 0.1, 5.0, 7.0, 0.1];
    let f = Features::fit(&rows, &names(3)).unwrap();
    assert_eq!(f.kept, vec![0]);
    assert_eq!(f.dropped.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["x1", "x2"]);
    assert!((f.dropped[1].value - 0.1).abs() < 1e-7);
    assert!(f.sentence().contains("x1, x2"), "{}", f.sentence());
    let z = f.transform(&rows);
    let (m, s) = stats::column_mean_std(&z, 1);
    assert!(m[0].abs() < 1e-6 && (s[0] - 1.0).abs() < 1e-6);
}

#[test]
fn bad_references_are_refused_in_a_sentence() {
    assert!(Features::fit(&[], &names(2)).unwrap_err().to_string().contains("at least one whole row"));
    assert!(Features::fit(&[1.0, 2.0, 3.0], &names(2)).is_err());
    let nan = Features::fit(&[1.0, 2.0, 3.0, f32::NAN], &names(2)).unwrap_err().to_string();
    assert!(nan.contains("row 1") && nan.contains("'x1'"), "{nan}");
    assert!(Features::fit(&[1.0, 1.0], &names(1)).unwrap_err().to_string().contains("constant"));
}

#[test]
fn rows_of_another_space_are_refused() {
    let f = Features::fit(&[1.0, 2.0, 3.0, 5.0], &names(2)).unwrap();
    assert!(f.points(&[1.0, 2.0, 3.0], &[0]).is_err());
    assert_eq!(f.points(&[1.0, 2.0], &[4]).unwrap().len(), 1);
}

/// 60 rows of 5 dimensions that move together, the fourth constant; every value exact in f32.
fn together() -> Vec<f32> {
    (0..60u16)
        .flat_map(|i| {
            let (a, b) = (f32::from(i % 7), f32::from((i * i) % 11));
            [a, b, 0.5 * a + f32::from(i % 3), 2.0, a - b + 0.25 * f32::from(i % 5)]
        })
        .collect()
}

fn reduced(share: f64) -> Features {
    Features::fit_in(
        &together(),
        &names(5),
        Choice { what: "state dimensions", variance: Some(share), ..Choice::default() },
    )
    .unwrap()
}

/// scikit-learn 1.9.1: `PCA(n_components=share, svd_solver="full")` of the columns that vary, standardised with ddof 0.
#[test]
fn a_share_of_variance_keeps_as_many_axes_as_scikit_learn() {
    for (share, axes, carried) in
        [(0.5, 1, 0.580_014_22), (0.8, 2, 0.936_501_13), (0.95, 3, 0.998_709_74), (0.999, 4, 1.0), (1.0, 4, 1.0)]
    {
        let f = reduced(share);
        let r = f.rotation.as_ref().unwrap();
        assert_eq!((f.dim(), r.axes.len()), (axes, axes), "{share}");
        assert!((r.carried - carried).abs() < 1e-8, "{share}: {}", r.carried);
    }
    let f = reduced(0.8);
    let want = [
        [0.535_492_79, -0.348_148_59, 0.487_357_89, 0.595_417_76],
        [0.410_388_58, 0.703_099_21, 0.469_270_49, -0.342_078_82],
    ];
    for (axis, want) in f.rotation.as_ref().unwrap().axes.iter().zip(want) {
        assert!(axis.iter().zip(want).all(|(a, w)| (a - w).abs() < 1e-7), "{axis:?}");
    }
    // Its `transform`, with the signs of the axes above; f32 rounds at 6e-8.
    let rows = f.transform(&together());
    let want = [(0, [-1.133_014_36, -2.537_588_64]), (17, [0.734_596_63, 0.058_761_25])];
    for (row, want) in want {
        assert!((0..2).all(|c| (f64::from(rows[row * 2 + c]) - want[c]).abs() < 1e-6), "{row}");
    }
    let text = f.sentence();
    assert!(
        text.contains("2 principal axes of 4 state dimensions, which carry 93.7 %") && text.contains("x3"),
        "{text}"
    );
}

/// scikit-learn 1.9.1: `NearestNeighbors(n_neighbors=4).fit(T).kneighbors(T[[5]])` of the two axes above.
#[test]
fn distances_are_euclidean_along_the_axes_and_divide_over_the_real_dimensions() {
    let f = reduced(0.8);
    let points = f.points(&together(), &[0; 60]).unwrap();
    assert!((points.squared(0, &points, 17).sqrt() - 3.198_281_35).abs() < 1e-6);
    let parts = f.contributions(&points, 0, &points, 17);
    assert_eq!(parts.len(), f.names.len());
    assert!((parts.iter().sum::<f64>() - points.squared(0, &points, 17)).abs() < 1e-9);
    let query = points.pick(&[5]);
    let index = neighbors::index(points, &Ctx::quiet()).unwrap();
    let found = index.knn(&query, 4, Exclude::Nothing, &Ctx::quiet()).unwrap();
    assert!((found.kth(4)[0] - 0.496_677_34).abs() < 1e-6, "{:?}", found.kth(4));
    let plain = Features::fit(&together(), &names(5)).unwrap();
    let points = plain.points(&together(), &[0; 60]).unwrap();
    let parts: Vec<f64> = points.contributions(3, &points, 9).collect();
    assert!(plain.contributions(&points, 3, &points, 9).iter().zip(parts).all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn a_share_that_keeps_nothing_is_refused() {
    for share in [0.0, -1.0, 1.5, f64::NAN] {
        let f = Features::fit(&together(), &names(5)).unwrap();
        assert!(f.reduce(&together(), share).unwrap_err().to_string().contains("above 0 and at most 1"), "{share}");
    }
}

/// `PointMaze` says the position twice: as what was achieved, and within the observation.
#[test]
fn a_dimension_that_is_there_twice_is_counted_once_and_named() {
    let rows: Vec<f32> = (0..100)
        .flat_map(|i| {
            let (x, y) = ((0.37 * i as f32).sin(), (0.11 * i as f32).cos());
            [x, y, x, 0.5 * x * y]
        })
        .collect();
    let f = Features::fit(&rows, &names(4)).unwrap();
    assert_eq!((f.kept.as_slice(), f.dim()), (&[0, 1, 3][..], 3));
    let d = &f.duplicates[0];
    assert_eq!((d.name.as_str(), d.original.as_str(), d.of), (names(4)[2].as_str(), names(4)[0].as_str(), 0));
    assert!(f.sentence().contains("--keep-duplicates") && f.sentence().contains(&names(4)[2]), "{}", f.sentence());
    let kept = Features::fit_in(&rows, &names(4), Choice { keep_duplicates: true, ..Choice::default() }).unwrap();
    assert_eq!((kept.dim(), kept.duplicates.len()), (4, 0));
    assert!(f.parted(&rows).is_empty());
    let mut other = rows.clone();
    other[4 * 7 + 2] += 0.1;
    assert_eq!(f.parted(&other).iter().map(|p| p.1).collect::<Vec<_>>(), [0.01]);
}
