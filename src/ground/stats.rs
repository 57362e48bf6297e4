//! Moments, quantiles and ranks.

use std::cmp::Ordering;

/// Mean and population standard deviation (ddof 0) of each of `d` columns, in two passes of f64 sums.
pub fn column_mean_std(rows: &[f32], d: usize) -> (Vec<f64>, Vec<f64>) {
    let n = (rows.len() / d).max(1) as f64;
    let mut mean = vec![0.0; d];
    for row in rows.chunks_exact(d) {
        for (m, &v) in mean.iter_mut().zip(row) {
            *m += f64::from(v);
        }
    }
    for m in &mut mean {
        *m /= n;
    }
    let mut var = vec![0.0; d];
    for row in rows.chunks_exact(d) {
        for ((s, &m), &v) in var.iter_mut().zip(&mean).zip(row) {
            *s += (f64::from(v) - m).powi(2);
        }
    }
    (mean, var.into_iter().map(|s| (s / n).sqrt()).collect())
}

/// Arithmetic mean; NaN of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Root of the mean of the squares; NaN of nothing.
pub fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

/// Mean and population variance (ddof 0) in two passes; NaN of nothing.
pub fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    // As `sum` begins.
    let (n, sum) = values.clone().fold((0usize, -0.0), |(n, sum), v| (n + 1, sum + v));
    let mean = sum / n as f64;
    (mean, values.map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64)
}

/// Mean and population standard deviation (ddof 0); NaN of nothing.
pub fn mean_std(values: &[f64]) -> (f64, f64) {
    let (mean, variance) = moments(values.iter().copied());
    (mean, variance.sqrt())
}

/// Mean and its standard error (ddof 1); the error of fewer than two values is NaN.
pub fn mean_se(values: &[f64]) -> (f64, f64) {
    let (mean, std) = mean_std(values);
    (mean, std / (values.len() as f64 - 1.0).sqrt())
}

/// Middle value, or the mean of the two middle values; NaN of nothing.
pub fn median(mut all: Vec<f64>) -> f64 {
    let (n, mid) = (all.len(), all.len() / 2);
    if n == 0 {
        return f64::NAN;
    }
    let (below, &mut upper, _) = all.select_nth_unstable_by(mid, f64::total_cmp);
    if n.is_multiple_of(2) {
        return f64::midpoint(below.iter().copied().fold(f64::NEG_INFINITY, f64::max), upper);
    }
    upper
}

/// The value below which a share `q` lies, to the nearest rank and without a value between two; NaN of nothing.
pub fn nearest_rank(mut all: Vec<f64>, q: f64) -> f64 {
    if all.is_empty() {
        return f64::NAN;
    }
    let at = ((all.len() - 1) as f64 * q).round() as usize;
    *all.select_nth_unstable_by(at, f64::total_cmp).1
}

/// The values in ascending order; NaN sorts last.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut v = values.to_vec();
    v.sort_by(order);
    v
}

/// Ascending, NaN last whatever its sign.
pub fn order(a: &f64, b: &f64) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then_with(|| a.partial_cmp(b).unwrap_or(Ordering::Equal))
}

/// Quantile `q` of ascending values by linear interpolation (NumPy's default, Hyndman & Fan 7); NaN of nothing.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let at = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (lo, share) = (at.floor() as usize, at - at.floor());
    let (a, b) = (sorted[lo], sorted[(lo + 1).min(sorted.len() - 1)]);
    // Between equal infinite neighbours ∞ - ∞ would be no number.
    if share > 0.0 && b > a { a + (b - a) * share } else { a }
}

/// [`quantile_sorted`] of values in any order.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    quantile_sorted(&sorted(values), q)
}

/// Ranks from 1; equal values share the mean of their ranks (scipy's `rankdata`, method "average").
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut by_value: Vec<usize> = (0..values.len()).collect();
    by_value.sort_by(|&a, &b| order(&values[a], &values[b]));
    let mut out = vec![0.0; values.len()];
    let mut i = 0;
    while i < by_value.len() {
        let mut j = i + 1;
        while j < by_value.len() && order(&values[by_value[j]], &values[by_value[i]]).is_eq() {
            j += 1;
        }
        let rank = (i + 1 + j) as f64 / 2.0;
        by_value[i..j].iter().for_each(|&at| out[at] = rank);
        i = j;
    }
    out
}

/// `m` of `n` rows, evenly spread and without chance: `round(linspace(0, n-1, m))`, halves to even. All rows if n ≤ m.
pub fn evenly(n: usize, m: usize) -> Vec<usize> {
    if n <= m {
        return (0..n).collect();
    }
    let step = (n - 1) as f64 / (m.max(2) - 1) as f64;
    (0..m).map(|i| if i + 1 == m { n - 1 } else { (i as f64 * step).round_ties_even() as usize }).collect()
}

/// Positions of the rows of each episode, episodes in the order of their first row.
pub fn by_episode(owner: &[usize]) -> Vec<(usize, Vec<usize>)> {
    let mut at = std::collections::HashMap::new();
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for (i, &o) in owner.iter().enumerate() {
        let slot = *at.entry(o).or_insert_with(|| {
            groups.push((o, Vec::new()));
            groups.len() - 1
        });
        groups[slot].1.push(i);
    }
    groups
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    /// numpy 2.4: `np.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0, .1, .5, .95, 1])`.
    #[test]
    fn quantiles_are_numpys() {
        let v = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        for (q, want) in [(0.0, 1.0), (0.1, 1.0), (0.5, 3.5), (0.95, 7.95), (1.0, 9.0)] {
            assert!((quantile(&v, q) - want).abs() < 1e-12, "{q}");
        }
        assert!(quantile(&[], 0.5).is_nan());
        assert_eq!(quantile(&[1.0, f64::INFINITY, f64::INFINITY], 0.75), f64::INFINITY);
    }

    /// scipy 1.17: `rankdata([2, 7, 2, 1, 7, 7])`.
    #[test]
    fn ties_share_their_mean_rank() {
        assert_eq!(ranks(&[2.0, 7.0, 2.0, 1.0, 7.0, 7.0]), [2.5, 5.0, 2.5, 1.0, 5.0, 5.0]);
    }

    #[test]
    fn moments_survive_a_large_offset() {
        let rows: Vec<f32> = (0..1000).map(|i| 1.0e6 + (i % 2) as f32).collect();
        let (m, s) = column_mean_std(&rows, 1);
        assert!((m[0] - 1_000_000.5).abs() < 1e-6 && (s[0] - 0.5).abs() < 1e-9);
    }

    /// numpy 2.4: `np.mean`, `np.var`, `np.std(ddof=1) / 2`, `np.median` and `np.quantile(method="nearest")` of [1, 2, 4, 8].
    #[test]
    fn moments_and_middles_are_numpys() {
        let v = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(moments(v.into_iter()), (3.75, 7.1875));
        assert!((mean_se(&v).1 - 1.547_847_968_417_226).abs() < 1e-15);
        assert_eq!((median(v.to_vec()), median(vec![3.0, 1.0, 2.0])), (3.0, 2.0));
        assert_eq!((nearest_rank(v.to_vec(), 0.0), nearest_rank(v.to_vec(), 0.9)), (1.0, 8.0));
        assert!(median(vec![]).is_nan() && nearest_rank(vec![], 0.5).is_nan() && moments([].into_iter()).0.is_nan());
    }

    /// numpy 2.4: `np.round(np.linspace(0, 10, 5)).astype(int)` = [0, 2, 5, 8, 10].
    #[test]
    fn even_rows_are_numpys() {
        assert_eq!(evenly(11, 5), [0, 2, 5, 8, 10]);
        assert_eq!(evenly(3, 5), [0, 1, 2]);
        assert_eq!(evenly(100, 2), [0, 99]);
    }

    #[test]
    fn episodes_keep_their_order() {
        assert_eq!(by_episode(&[7, 7, 3, 7]), vec![(7, vec![0, 1, 3]), (3, vec![2])]);
    }
}
