//! Untrained world models, by kind.

use rand::Rng;

use super::fit::{FitOptions, ModelKind};
use super::world_model::WorldModel;
use super::{dreamer, ensemble, rssm};
use crate::data::episode::TransitionBatch;

/// An untrained world model for data like `train`.
///
/// # Errors
/// A sentence where its widths do not fit its form.
pub fn fresh(train: &TransitionBatch, options: &FitOptions, rng: &mut impl Rng) -> Result<Box<dyn WorldModel>, String> {
    Ok(match options.kind {
        ModelKind::Ensemble => Box::new(ensemble::fresh(train, options, rng)),
        ModelKind::Rssm if options.form.is_plain() => Box::new(rssm::fresh(train, options, rng)),
        ModelKind::Rssm => Box::new(dreamer::fresh(train, options, rng)?),
    })
}
