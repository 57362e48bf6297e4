//! Fewer points, no lost spike: each dot column keeps its first, lowest, highest and last point.

/// Thins points in dot coordinates, ordered by their horizontal coordinate. Of the points that share a column the
/// first, the two extremes and the last stay, in their order (the M4 aggregation of Jugel et al. 2014).
pub fn per_column(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let column = points[start].0.floor() as i64;
        let len = points[start..].iter().take_while(|p| p.0.floor() as i64 == column).count();
        let group = &points[start..start + len];
        let by = |a: &(usize, &(f64, f64)), b: &(usize, &(f64, f64))| a.1.1.total_cmp(&b.1.1);
        let lowest = group.iter().enumerate().min_by(by).map_or(0, |(i, _)| i);
        let highest = group.iter().enumerate().max_by(by).map_or(0, |(i, _)| i);
        let mut keep = [0, lowest, highest, len - 1];
        keep.sort_unstable();
        for (i, k) in keep.iter().enumerate() {
            if i == 0 || keep[i - 1] != *k {
                out.push(group[*k]);
            }
        }
        start += len;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_column_keeps_its_extremes(ys in prop::collection::vec(-1e3f64..1e3, 1..400), per in 1usize..50) {
            let points: Vec<(f64, f64)> = ys.iter().enumerate().map(|(i, y)| (i as f64 / per as f64, *y)).collect();
            let kept = per_column(&points);
            let extremes = |points: &[(f64, f64)], column: usize| {
                let ys = points.iter().filter(|p| p.0 as usize == column).map(|p| p.1);
                ys.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), y| (lo.min(y), hi.max(y)))
            };
            let columns = ys.len().div_ceil(per);
            prop_assert!(kept.len() <= 4 * columns);
            for column in 0..columns {
                prop_assert_eq!(extremes(&points, column), extremes(&kept, column));
            }
            prop_assert!(kept.windows(2).all(|w| w[0].0 <= w[1].0));
        }
    }
}
