//! Long curves without the points that nobody sees.

/// Of the points that share one of `columns` columns the first, the lowest, the highest and the last, in their order.
pub fn per_column(points: &[(f64, f64)], columns: f64) -> Vec<(f64, f64)> {
    if points.len() as f64 <= columns * 4.0 {
        return points.to_vec();
    }
    let column = |p: &(f64, f64)| (p.0 * columns) as i64;
    let mut out = Vec::new();
    for same in points.chunk_by(|a, b| column(a) == column(b)) {
        let by_height = |a: &usize, b: &usize| same[*a].1.total_cmp(&same[*b].1);
        let low = (0..same.len()).min_by(by_height).unwrap_or(0);
        let high = (0..same.len()).max_by(by_height).unwrap_or(0);
        let mut kept = [0, low, high, same.len() - 1];
        kept.sort_unstable();
        for (i, at) in kept.iter().enumerate() {
            if i == 0 || kept[i - 1] != *at {
                out.push(same[*at]);
            }
        }
    }
    out
}

/// Of the bands that share one of `columns` columns one that holds them all: place, lower and upper end.
pub fn band(points: &[(f64, f64, f64)], columns: f64) -> Vec<(f64, f64, f64)> {
    if points.len() as f64 <= columns * 2.0 {
        return points.to_vec();
    }
    let column = |p: &(f64, f64, f64)| (p.0 * columns) as i64;
    let mut out = Vec::new();
    for same in points.chunk_by(|a, b| column(a) == column(b)) {
        let low = same.iter().fold(f64::INFINITY, |m, p| m.min(p.1));
        let high = same.iter().fold(f64::NEG_INFINITY, |m, p| m.max(p.2));
        out.push((same[same.len() / 2].0, low, high));
    }
    // Both ends keep their place, so that the band is as long as its curve.
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        out.insert(0, *first);
        out.push(*last);
    }
    out
}

/// A path without the points that are less than one of `cells` parts of the map from the one before; the ends stay.
pub fn walk(points: &[(f64, f64)], cells: f64) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for (i, p) in points.iter().enumerate() {
        let far = out.last().is_none_or(|q| (p.0 - q.0).hypot(p.1 - q.1) * cells >= 1.0);
        if far || i + 1 == points.len() {
            out.push(*p);
        }
    }
    out
}
