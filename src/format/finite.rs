//! Counting rows with NaN or Inf, so that they can be named: they stay in the columns, and statistics and learning
//! leave them out.

/// Numbers that are looked at together.
const SCAN: usize = 4096;

/// Rows of a matrix that hold a number that is not finite.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    rows: usize,
    /// The first of them.
    first: usize,
}

impl Count {
    /// Counts in further rows, of which the first is row `base`.
    pub fn add<T: Copy + Into<f64>>(&mut self, values: &[T], width: usize, base: usize) {
        // Nearly every column is clean, and a scan that stops late is much faster than going row by row.
        let clean = |part: &[T]| part.iter().fold(true, |clean, &v| clean & v.into().is_finite());
        if values.chunks(SCAN).all(clean) {
            return;
        }
        for (row, values) in values.chunks_exact(width.max(1)).enumerate() {
            if values.iter().any(|&v| !v.into().is_finite()) {
                self.first = if self.rows == 0 { base + row } else { self.first };
                self.rows += 1;
            }
        }
    }

    /// A warning that names `key`, how many rows there are and the first of them.
    pub fn warning(self, key: &str) -> Option<String> {
        let Self { rows, first } = self;
        let hold = if rows == 1 { "row holds" } else { "rows hold" };
        let told = format!(
            "{key}: {rows} {hold} NaN or Inf (first: row {first}); kept as they are, left out of statistics and learning"
        );
        (rows > 0).then_some(told)
    }
}

/// [`Count::warning`] of a whole matrix.
pub(super) fn warning<T: Copy + Into<f64>>(key: &str, values: &[T], width: usize) -> Option<String> {
    let mut count = Count::default();
    count.add(values, width, 0);
    count.warning(key)
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
