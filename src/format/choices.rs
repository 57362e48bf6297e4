//! Actions that are choices: the file does not say so, its numbers do.

use crate::data::dataset::Dataset;
use crate::data::space::SpaceKind;

/// A column of integers with more different values than this is not a set of choices.
const MAX_CHOICES: f32 = 4096.0;

/// A set of choices, as many as the largest of these whole numbers says; nothing where they cannot be that.
pub(super) fn of(mut values: impl Iterator<Item = f32>) -> Option<SpaceKind> {
    let largest = values.try_fold(0.0f32, |most, v| (v >= 0.0).then_some(most.max(v)));
    largest.filter(|&m| m < MAX_CHOICES).map(|m| SpaceKind::Discrete { n: m as usize + 1, start: 0 })
}

/// Actions are choices where they were stored in one column of the whole type `dtype` and their numbers can be.
pub(super) fn settle(data: &mut Dataset, dtype: Option<&String>) {
    if let Some(dtype) = dtype
        && let Some(kind) = of(data.actions.iter().copied())
    {
        data.action_space.kind = kind;
        data.origin.rules.push(format!("actions are whole numbers ({dtype}): choices, in one column"));
    }
}
