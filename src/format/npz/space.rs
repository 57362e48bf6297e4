//! What columns of numbers mean where a file does not say.

use super::Column;
/// Names of the dimensions of an observation's part: `key` for a single number, else `key.0`, `key.1`, …
pub(in crate::format) fn names_of(key: &str, width: usize) -> Vec<String> {
    if width == 1 { vec![key.to_owned()] } else { (0..width).map(|d| format!("{key}.{d}")).collect() }
}

/// The rule about a column with more than two dimensions.
pub(in crate::format) fn flattened(column: &Column<'_>) -> Option<String> {
    let inner = column.inner_shape();
    let shape = inner.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
    (inner.len() > 1)
        .then(|| format!("'{}' of {shape} values is flattened to {} columns, row by row", column.key(), column.width()))
}

/// Why a column of images is refused where observations are needed.
pub(in crate::format) fn images(column: &Column<'_>) -> String {
    format!(
        "holds images ({}, {}), which are not read; use the version of this dataset with states",
        column.dtype(),
        column.shape()
    )
}
