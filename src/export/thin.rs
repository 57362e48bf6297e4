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

/// Of a curve over places along an axis, one a number of `y`, the points that [`per_column`] would keep, by their numbers, and
/// every point that has no place or no number where a gap begins.
pub fn kept(x: &[Option<f64>], y: &[f64], columns: f64) -> Vec<usize> {
    let all: Vec<usize> = (0..x.len().min(y.len())).collect();
    if all.len() as f64 <= columns * 4.0 {
        return all;
    }
    let column = |i: &usize| x[*i].filter(|_| y[*i].is_finite()).map(|x| (x * columns) as i64);
    let mut out = Vec::new();
    for same in all.chunk_by(|a, b| column(a) == column(b)) {
        if column(&same[0]).is_none() {
            out.push(same[0]);
            continue;
        }
        let by_height = |a: &&usize, b: &&usize| y[**a].total_cmp(&y[**b]);
        let ends = [same.first(), same.iter().min_by(by_height), same.iter().max_by(by_height), same.last()];
        let mut ends: Vec<usize> = ends.into_iter().flatten().copied().collect();
        ends.sort_unstable();
        ends.dedup();
        out.extend(ends);
    }
    out
}

/// Of the points that share a cell of `across` × `up` cells the number of the first, with how many they are; in their order.
pub fn cloud(points: &[(f64, f64)], across: f64, up: f64) -> Vec<(usize, u32)> {
    let mut of = std::collections::HashMap::new();
    let mut out: Vec<(usize, u32)> = Vec::new();
    for (i, p) in points.iter().enumerate() {
        let at = *of.entry(((p.0 * across) as i64, (p.1 * up) as i64)).or_insert(out.len());
        match out.get_mut(at) {
            Some(cell) => cell.1 += 1,
            None => out.push((i, 1)),
        }
    }
    out
}

/// [`cloud`] with the smallest cells, from squares of `side` points on, that leave at most `most` points; and their side.
pub fn at_most(points: &[(f64, f64)], (w, h): (f64, f64), mut side: f64, most: usize) -> (Vec<(usize, u32)>, f64) {
    let mut seen = cloud(points, w / side, h / side);
    while seen.len() > most.max(1) && side < w.max(h) {
        side *= 1.3;
        seen = cloud(points, w / side, h / side);
    }
    (seen, side)
}
