//! Actions that are choices: the file does not say so, its numbers do.

use super::hdf5::Column;
use crate::data::space::{Space, SpaceKind};

/// A column of integers with more different values than this is not a set of choices.
const MAX_CHOICES: f32 = 4096.0;

/// True if one column of whole numbers (by its type) may hold choices.
pub(super) fn may_be(column: &Column<'_>) -> bool {
    column.is_whole() && column.width() == 1
}

/// One column of non-negative integers is a set of choices, as many as the largest says; all else is unknown.
/// Returns the rule that was applied.
pub(super) fn settle(space: &mut Space, values: &[f32], dtype: &str) -> Option<String> {
    let largest = values.iter().copied().fold(0.0, f32::max);
    if !values.iter().all(|&v| v >= 0.0) || largest >= MAX_CHOICES {
        return None;
    }
    space.kind = SpaceKind::Discrete { n: largest as usize + 1, start: 0 };
    Some(format!("actions are whole numbers ({dtype}): choices, in one column"))
}
