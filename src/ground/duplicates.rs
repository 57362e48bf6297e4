//! Columns that say the same twice: equal up to a positive factor and a shift, but for rounding.
//!
//! Standardised, such columns are equal in every row, so a Euclidean distance counts them twice. A negative factor is not
//! looked for: of a choice between two, written as two columns, each is one minus the other.

use super::stats;

/// Rows that are looked at before all are.
const LOOKED_AT: usize = 64;
/// Half a unit in the last place of an f32 relative to its size, 2^-24, with room for two numbers and their moments.
const ROUNDING: f64 = 4.0 / 16_777_216.0;

/// Pairs (duplicate, original) of columns of rows [N, `mean.len()`] that are finite, ascending by the duplicate; an original is
/// never a duplicate itself. Columns of which `std` is 0 are left out.
pub fn columns(rows: &[f32], mean: &[f64], std: &[f64]) -> Vec<(usize, usize)> {
    let d = mean.len();
    if d < 2 || rows.len() < 2 * d {
        return Vec::new();
    }
    let size = |c: usize| rows.iter().skip(c).step_by(d).fold(0.0f32, |m, v| m.max(v.abs()));
    let step: Vec<f64> = (0..d).map(|c| ROUNDING * f64::from(size(c)) / std[c]).collect();
    let sample = stats::evenly(rows.len() / d, LOOKED_AT);
    let equal = |row: usize, (i, j): (usize, usize)| {
        let z = |c: usize| (f64::from(rows[row * d + c]) - mean[c]) / std[c];
        let (a, b) = (z(i), z(j));
        (a - b).abs() <= (step[i] + step[j]) * (1.0 + a.abs())
    };
    let mut found: Vec<(usize, usize)> = Vec::new();
    for j in (0..d).filter(|&j| std[j] > 0.0) {
        let original = (0..j)
            .filter(|&i| std[i] > 0.0 && found.iter().all(|f| f.0 != i))
            .find(|&i| sample.iter().all(|&r| equal(r, (j, i))) && (0..rows.len() / d).all(|r| equal(r, (j, i))));
        found.extend(original.map(|i| (j, i)));
    }
    found
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::ground::seed::stream;

    fn of(rows: &[f32], d: usize) -> Vec<(usize, usize)> {
        let (mean, std) = stats::column_mean_std(rows, d);
        columns(rows, &mean, &std)
    }

    #[test]
    fn copies_and_other_units_are_found_and_what_differs_once_is_not() {
        let mut rng = stream(0, "duplicates", 0);
        let mut rows: Vec<f32> = Vec::new();
        for i in 0..2000 {
            let (x, y): (f32, f32) = (rng.random_range(-3.0..9.0), rng.random_range(-1.0..1.0));
            // x, y, a copy of x, x in other units, its mirror image, a constant, and a copy of y but for one row.
            rows.extend([x, y, x, 57.295_78 * x + 1000.0, 1.0 - x, 2.0, if i == 777 { y + 0.01 } else { y }]);
        }
        assert_eq!(of(&rows, 7), [(2, 0), (3, 0)]);
    }

    #[test]
    fn a_choice_of_two_is_no_duplicate_and_a_single_row_tells_nothing() {
        let rows: Vec<f32> = (0..200).flat_map(|i| if i % 3 == 0 { [1.0, 0.0] } else { [0.0, 1.0] }).collect();
        assert_eq!(of(&rows, 2), []);
        assert_eq!(of(&[1.0, 1.0], 2), []);
        assert_eq!(of(&[], 2), []);
    }

    /// Large numbers that hardly move: what single precision cannot tell apart is not told apart, what it can is.
    #[test]
    fn rounding_is_allowed_for_at_its_own_size() {
        let mut rng = stream(1, "duplicates", 0);
        let mut rows: Vec<f32> = Vec::new();
        for _ in 0..500 {
            let x: f64 = 1e4 + rng.random_range(-1.0..1.0);
            rows.extend([x as f32, (x / 1000.0) as f32, (x + 0.05 * rng.random_range(-1.0..1.0)) as f32]);
        }
        assert_eq!(of(&rows, 3), [(1, 0)]);
    }
}
