//! What columns of numbers mean where a file does not say.

use super::Column;
use crate::data::dataset::Dataset;
use crate::data::space::SpaceKind;

/// A column of integers with more different values than this is not a set of choices.
const MAX_CHOICES: f32 = 4096.0;

/// One column of non-negative integers is a set of choices, as many as the largest says.
pub(in crate::data::format) fn settle_actions(data: &mut Dataset, stored: &Column<'_>) {
    let largest = data.actions.iter().copied().fold(0.0, f32::max);
    let choices = data.action_dim() == 1 && largest < MAX_CHOICES && data.actions.iter().all(|&v| v >= 0.0);
    if stored.is_whole() && choices {
        data.action_space.kind = SpaceKind::Discrete { n: largest as usize + 1, start: 0 };
        data.origin.rules.push(format!("actions are whole numbers ({}): choices, in one column", stored.dtype()));
    }
}

/// Names of the dimensions of an observation's part: `key` for a single number, else `key.0`, `key.1`, …
pub(in crate::data::format) fn names_of(key: &str, width: usize) -> Vec<String> {
    if width == 1 { vec![key.to_owned()] } else { (0..width).map(|d| format!("{key}.{d}")).collect() }
}

/// The rule about a column with more than two dimensions.
pub(in crate::data::format) fn flattened(column: &Column<'_>) -> Option<String> {
    let inner = column.inner_shape();
    let shape = inner.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
    (inner.len() > 1)
        .then(|| format!("'{}' of {shape} values is flattened to {} columns, row by row", column.key(), column.width()))
}

/// Why a column of images is refused where observations are needed.
pub(in crate::data::format) fn images(column: &Column<'_>) -> String {
    format!(
        "holds images ({}, {}), which are not read; use the version of this dataset with states",
        column.dtype(),
        column.shape()
    )
}
