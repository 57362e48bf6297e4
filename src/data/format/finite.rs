//! Counting rows with NaN or Inf, so that they can be named: they stay in the columns, and statistics and learning
//! leave them out.

/// A warning that names `key`, how many of its rows hold a number that is not finite, and the first of them.
pub(super) fn warning<T: Copy + Into<f64>>(key: &str, values: &[T], width: usize) -> Option<String> {
    // Nearly every column is clean, and a plain scan is much faster than going row by row.
    if values.iter().all(|&v| v.into().is_finite()) {
        return None;
    }
    let mut bad = values
        .chunks_exact(width.max(1))
        .enumerate()
        .filter(|(_, row)| row.iter().any(|&v| !v.into().is_finite()))
        .map(|(row, _)| row);
    let first = bad.next()?;
    let count = 1 + bad.count();
    let rows = if count == 1 { "row holds" } else { "rows hold" };
    Some(format!(
        "{key}: {count} {rows} NaN or Inf (first: row {first}); kept as they are, left out of statistics and learning"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_once_and_the_first_is_named() {
        let values = [0.0, 1.0, f32::NAN, f32::INFINITY, 2.0, 3.0, 4.0, f32::NEG_INFINITY];
        let text = warning("observations", &values, 2).expect("two rows are bad");
        assert!(text.starts_with("observations: 2 rows hold NaN or Inf (first: row 1)"), "{text}");
        assert_eq!(warning("rewards", &[1.0f64, f64::MAX], 1), None);
    }
}
