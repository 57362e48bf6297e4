//! Bounds of actions: stated beside the file, in the file, or by the environment; never guessed.

use super::PolicyGiven;
use super::table::Stated;
use crate::checkpoint::tensors::Tensors;
use crate::data::space::{Space, SpaceKind};
use crate::ground::fault::Fault;

/// Lower and upper bounds, [A] each.
pub type Bounds = (Vec<f32>, Vec<f32>);

/// Bounds of actions of `a` dimensions: what is stated beside the file, else `in_file`, else those of the environment.
///
/// # Errors
/// [`Fault`] that asks for them, or names those that are for another number of dimensions.
pub fn bounds(
    tensors: &Tensors,
    a: usize,
    in_file: Option<Bounds>,
    stated: &Stated,
    given: &PolicyGiven<'_>,
) -> Result<Bounds, Fault> {
    let of_table = match (&stated.low, &stated.high) {
        (Some(low), Some(high)) => Some((low.clone(), high.clone())),
        (None, None) => None,
        _ => return Err(Fault::at(&stated.file, "of policy.action_low and policy.action_high only one is stated")),
    };
    let of_environment = || given.actions.and_then(of_space);
    let Some((low, high)) = of_table.or(in_file).or_else(of_environment) else {
        return Err(tensors.error(format!(
            "the bounds of its {a} actions are not in the file, and no environment states them: {}",
            stated.asks("action_low = [...] and action_high = [...]")
        )));
    };
    if low.len() != a || high.len() != a {
        return Err(tensors.error(format!(
            "bounds of {} and {} dimensions for a policy of {a} actions; {}",
            low.len(),
            high.len(),
            stated.asks("action_low = [...] and action_high = [...]")
        )));
    }
    Ok((low, high))
}

/// The bounds of a space of numbers that has finite ones.
pub fn of_space(space: &Space) -> Option<Bounds> {
    let SpaceKind::Box { low, high } = &space.kind else { return None };
    let finite = low.iter().chain(high).all(|b| b.is_finite());
    finite.then(|| (low.clone(), high.clone()))
}
